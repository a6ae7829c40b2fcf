//! Why a certificate was refused, in words.

use alloc::string::String;

use pki_types::UnixTime;

use super::anchors::Found;
use super::sig::{self, SigError};
use super::x509::{Certificate, name_text};
use crate::error::{Error, Kind, Part, Template, append, fill, filled};
use crate::url::Host;
use os::text;

/// How many of a certificate's names are listed.
const MAX_NAMES: usize = 5;

/// A refusal with a template and its parts for its text.
pub(super) fn refuse(template: Template, parts: &[&dyn Part]) -> Error {
    Error::say(Kind::Source, template, parts)
}

/// What was sent is not a certificate.
pub(super) fn malformed() -> Error {
    refuse(text!("malformed certificate"), &[])
}

/// The server's certificate is refused because of `error`.
pub(super) fn plain(error: &webpki::Error) -> Error {
    refuse(text!("certificate %"), &[&Reason(error)])
}

/// No path leads to an anchor, because of `error`; what is wrong with the server's own certificate is known by then.
pub(super) fn of_path(error: &webpki::Error) -> Error {
    let template = match error {
        webpki::Error::CertExpired { .. }
        | webpki::Error::CertNotValidYet { .. }
        | webpki::Error::EndEntityUsedAsCa
        | webpki::Error::RequiredEkuNotFoundContext(_)
        | webpki::Error::PathLenConstraintViolated
        | webpki::Error::NameConstraintViolation => text!("certificate of an issuer %"),
        _ => text!("certificate chain %"),
    };
    refuse(template, &[&Reason(error)])
}

/// The only anchors found cannot be used; `error` is why this one cannot.
pub(super) fn anchor(certificate: &Certificate<'_>, error: &webpki::Error, found: &Found) -> Error {
    let name = name_text(certificate.subject);
    let text = text!("trusted certificate \"%\" %%");
    refuse(text, &[&name, &Reason(error), &Trusting(found)])
}

/// Nobody vouches for the certificate but itself.
pub(super) fn self_signed(found: &Found) -> Error {
    refuse(text!("self-signed certificate%"), &[&Trusting(found)])
}

/// The chain ends without an anchor.
pub(super) fn unknown_issuer(chain: &[&[u8]], found: &Found) -> Error {
    let mut certificates = chain.iter().filter_map(|der| Certificate::parse(der));
    let mut issuer = certificates.next().map_or(&[][..], |leaf| leaf.issuer);
    // As many steps as there are certificates: names may go in circles.
    for _ in chain {
        match certificates.clone().find(|next| next.subject == issuer) {
            Some(next) => issuer = next.issuer,
            None => break,
        }
    }
    let text = if chain.len() == 1 {
        text!("unknown issuer \"%\", and the server sent no intermediate certificate%")
    } else {
        text!("unknown issuer \"%\"%")
    };
    refuse(text, &[&name_text(issuer), &Trusting(found)])
}

/// A signature is wrong; that of a key that is out of bounds always is.
pub(super) fn bad_signature(chain: &[&[u8]], found: &Found) -> Error {
    for der in chain {
        if let Err(error) = key(der) {
            return bad_key(error);
        }
    }
    for der in &found.certificates {
        if let Err(error) = key(der) {
            return bad_key(error);
        }
    }
    refuse(text!("bad signature on a certificate"), &[])
}

/// Whether the key of a certificate can be used. What cannot be read has no key to complain of.
fn key(der: &[u8]) -> Result<(), SigError> {
    Certificate::parse(der).map_or(Ok(()), |certificate| sig::check_key(certificate.spki))
}

/// A key cannot be used.
pub(super) fn bad_key(error: SigError) -> Error {
    refuse(text!("certificate with %"), &[&error.text()])
}

/// The certificate is for others.
pub(super) fn wrong_name(host: &Host, leaf: &Certificate<'_>) -> Error {
    let host = host.text();
    let Some((names, count)) = leaf.alternative_names(MAX_NAMES) else {
        let text = text!("certificate is not valid for %: it has no subjectAltName");
        return refuse(text, &[&host]);
    };
    let text = text!("certificate is not valid for %, only for ");
    let mut error = refuse(text, &[&host]);
    let mut before = "";
    for name in &names {
        fill(&mut error.text, text!("%%"), &[&before, name]);
        before = ", ";
    }
    match count - names.len() {
        0 if count == 0 => append(&mut error.text, "no host"),
        0 => {}
        more => fill(&mut error.text, text!(" and % more"), &[&(more as u64)]),
    }
    error
}

/// Which anchors there were.
struct Trusting<'a>(&'a Found);

impl Part for Trusting<'_> {
    fn append_to(&self, text: &mut String) {
        let template = if self.0.damaged {
            text!(" (trusting %, where a certificate is damaged)")
        } else {
            text!(" (trusting %)")
        };
        fill(text, template, &[&self.0.source]);
    }
}

/// What an error says of a certificate, after the word "certificate".
struct Reason<'a>(&'a webpki::Error);

impl Part for Reason<'_> {
    fn append_to(&self, text: &mut String) {
        use webpki::Error as E;
        let mut day = String::new();
        let template = match self.0 {
            E::CertExpired { not_after, .. } => {
                day = date(*not_after);
                text!("has expired (on %)")
            }
            E::CertNotValidYet { not_before, .. } => {
                day = date(*not_before);
                text!("is not yet valid (until %)")
            }
            E::InvalidCertValidity => text!("has expired before it became valid"),
            E::CaUsedAsEndEntity => text!("is that of a CA, not of a server"),
            E::EndEntityUsedAsCa => text!("is not that of a CA"),
            E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
                text!("is not for servers (extended key usage)")
            }
            E::PathLenConstraintViolated => {
                text!("allows fewer intermediate certificates (path length)")
            }
            E::NameConstraintViolation
            | E::MalformedNameConstraint
            | E::InvalidNetworkMaskConstraint => {
                text!("does not allow a name below it (name constraints)")
            }
            E::UnsupportedSignatureAlgorithmContext(_)
            | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
            | E::SignatureAlgorithmMismatch => text!("has an unsupported signature algorithm"),
            E::UnsupportedCertVersion => text!("is not of version 3"),
            E::UnsupportedCriticalExtension => text!("has an unknown critical extension"),
            E::MaximumSignatureChecksExceeded
            | E::MaximumPathBuildCallsExceeded
            | E::MaximumPathDepthExceeded
            | E::MaximumNameConstraintComparisonsExceeded => text!("has too many possible issuers"),
            _ => text!("is malformed"),
        };
        fill(text, template, &[&day]);
    }
}

/// The day of a time, as `2024-01-31`.
pub(super) fn date(time: UnixTime) -> String {
    // Days since 0000-03-01, where a leap day is the last day of its year; 400 years have 146,097 days.
    let days = time.as_secs() / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let parts: &[&dyn Part] = &[
        &(era * 400 + year + next),
        &(month / 10),
        &(month % 10),
        &(day / 10),
        &(day % 10),
    ];
    filled(text!("%-%%-%%"), parts)
}
