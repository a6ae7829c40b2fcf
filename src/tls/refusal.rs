//! Why a certificate was refused, in words.

use alloc::string::String;

use pki_types::UnixTime;

use super::anchors::Found;
use super::sig::{self, SigError};
use super::x509::{Certificate, name_text};
use crate::error::{Error, Kind, dec};
use crate::url::Host;

/// How many of a certificate's names are listed.
const MAX_NAMES: usize = 5;

/// A refusal whose text is the concatenation of `parts`.
pub(super) fn refuse(parts: &[&str]) -> Error {
    Error::new(Kind::Source, parts)
}

/// What was sent is not a certificate.
pub(super) fn malformed() -> Error {
    refuse(&["malformed certificate"])
}

/// The server's certificate is refused because of `error`.
pub(super) fn plain(error: &webpki::Error) -> Error {
    refuse(&["certificate ", &reason(error)])
}

/// No path leads to an anchor, because of `error`; what is wrong with the server's own certificate is known by then.
pub(super) fn of_path(error: &webpki::Error) -> Error {
    let subject = match error {
        webpki::Error::CertExpired { .. }
        | webpki::Error::CertNotValidYet { .. }
        | webpki::Error::EndEntityUsedAsCa
        | webpki::Error::RequiredEkuNotFoundContext(_)
        | webpki::Error::PathLenConstraintViolated
        | webpki::Error::NameConstraintViolation => "certificate of an issuer ",
        _ => "certificate chain ",
    };
    refuse(&[subject, &reason(error)])
}

/// The only anchors found cannot be used; `error` is why this one cannot.
pub(super) fn anchor(certificate: &Certificate<'_>, error: &webpki::Error, found: &Found) -> Error {
    let name = name_text(certificate.subject);
    refuse(&[
        "trusted certificate \"",
        &name,
        "\" ",
        &reason(error),
        &trusting(found),
    ])
}

/// Nobody vouches for the certificate but itself.
pub(super) fn self_signed(found: &Found) -> Error {
    refuse(&["self-signed certificate", &trusting(found)])
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
    let hint = if chain.len() == 1 {
        ", and the server sent no intermediate certificate"
    } else {
        ""
    };
    refuse(&[
        "unknown issuer \"",
        &name_text(issuer),
        "\"",
        hint,
        &trusting(found),
    ])
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
    refuse(&["bad signature on a certificate"])
}

/// Whether the key of a certificate can be used. What cannot be read has no key to complain of.
fn key(der: &[u8]) -> Result<(), SigError> {
    Certificate::parse(der).map_or(Ok(()), |certificate| sig::check_key(certificate.spki))
}

/// A key cannot be used.
pub(super) fn bad_key(error: SigError) -> Error {
    refuse(&["certificate with ", error.text()])
}

/// The certificate is for others.
pub(super) fn wrong_name(host: &Host, leaf: &Certificate<'_>) -> Error {
    let host = host.text();
    let Some((names, count)) = leaf.alternative_names(MAX_NAMES) else {
        return refuse(&[
            "certificate is not valid for ",
            &host,
            ": it has no subjectAltName",
        ]);
    };
    let list = names.join(", ");
    let more = match count - names.len() {
        0 => String::new(),
        more => [" and ", &dec(more as u64), " more"].concat(),
    };
    let names = if count == 0 { "no host" } else { list.as_str() };
    refuse(&[
        "certificate is not valid for ",
        &host,
        ", only for ",
        names,
        &more,
    ])
}

/// Which anchors there were.
fn trusting(found: &Found) -> String {
    let damaged = if found.damaged {
        ", where a certificate is damaged"
    } else {
        ""
    };
    [" (trusting ", &found.source, damaged, ")"].concat()
}

/// What `error` says of a certificate, after the word "certificate".
fn reason(error: &webpki::Error) -> String {
    use webpki::Error as E;
    let text = match error {
        E::CertExpired { not_after, .. } => {
            return ["has expired (on ", &date(*not_after), ")"].concat();
        }
        E::CertNotValidYet { not_before, .. } => {
            return ["is not yet valid (until ", &date(*not_before), ")"].concat();
        }
        E::InvalidCertValidity => "has expired before it became valid",
        E::CaUsedAsEndEntity => "is that of a CA, not of a server",
        E::EndEntityUsedAsCa => "is not that of a CA",
        E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            "is not for servers (extended key usage)"
        }
        E::PathLenConstraintViolated => "allows fewer intermediate certificates (path length)",
        E::NameConstraintViolation
        | E::MalformedNameConstraint
        | E::InvalidNetworkMaskConstraint => "does not allow a name below it (name constraints)",
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | E::SignatureAlgorithmMismatch => "has an unsupported signature algorithm",
        E::UnsupportedCertVersion => "is not of version 3",
        E::UnsupportedCriticalExtension => "has an unknown critical extension",
        E::MaximumSignatureChecksExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumNameConstraintComparisonsExceeded => "has too many possible issuers",
        _ => "is malformed",
    };
    String::from(text)
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
    let two = |n: u64| [if n < 10 { "0" } else { "" }, &dec(n)].concat();
    [dec(era * 400 + year + next), two(month), two(day)].join("-")
}
