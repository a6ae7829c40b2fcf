//! Whether a server's certificate may be believed: RFC 5280 paths by webpki, and names by RFC 6125.
//!
//! Two cases are added to webpki's, as OpenSSL's users know them: an anchor may be the server's own certificate, which
//! is then trusted for its own names and time only; and an anchor that comes as a certificate is held to what it says
//! about itself (time, CA, path length, purpose). There is no revocation: no CRL or OCSP answer is asked for.

use alloc::vec::Vec;

use pki_types::{
    CertificateDer, Der, DnsName, IpAddr, ServerName, SignatureVerificationAlgorithm, TrustAnchor,
    UnixTime,
};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

#[cfg(any(windows, target_os = "macos"))]
use super::anchors::Store;
use super::anchors::{Found, Trust};
use super::refusal::{self, malformed, refuse};
use super::sig;
#[cfg(any(windows, target_os = "macos"))]
use super::system;
use super::x509::Certificate;
use crate::error::Result;
use crate::url::Host;
use os::text;

type Algorithms<'a> = &'a [&'a dyn SignatureVerificationAlgorithm];

/// How many certificates a server may send. Real chains have up to 5; webpki builds paths of 8.
pub const MAX_CHAIN: usize = 16;
/// How many bytes they may have together: a certificate of a thousand names has 40 KiB.
pub const MAX_CHAIN_BYTES: usize = 64 * 1024;

/// What the checks of one chain have in common.
pub(super) struct Check<'a> {
    algorithms: Algorithms<'a>,
    now: UnixTime,
    pub(super) chain: &'a [&'a [u8]],
    #[cfg(any(windows, target_os = "macos"))]
    pub(super) host: &'a Host,
    pub(super) leaf: Certificate<'a>,
    pub(super) found: &'a Found,
}

/// The SubjectPublicKeyInfo (DER, header included) of a certificate that [`verify_chain`] has accepted.
///
/// # Errors
/// `certificate` is not a certificate.
pub fn public_key(certificate: &[u8]) -> Result<&[u8]> {
    match Certificate::parse(certificate) {
        Some(certificate) => Ok(certificate.spki),
        None => Err(malformed()),
    }
}

/// Verifies that the server `host` may have the certificate that `chain` begins with: DER, in the order in which the
/// server sent them. `now` is in seconds since 1970.
///
/// # Errors
/// `Kind::Source`, saying why the certificate is refused; `Kind::Local` if the trust anchors cannot be read.
pub fn verify_chain(trust: &Trust<'_>, chain: &[&[u8]], host: &Host, now: u64) -> Result<()> {
    verify_with(sig::ALL, trust, chain, host, now)
}

fn verify_with(
    algorithms: Algorithms<'_>,
    trust: &Trust<'_>,
    chain: &[&[u8]],
    host: &Host,
    now: u64,
) -> Result<()> {
    let mut bytes = 0;
    // The issuer of each certificate may be an anchor, and the server's own certificate may be one.
    let mut names = Vec::with_capacity(chain.len() + 1);
    for der in chain {
        bytes += der.len();
        names.extend(Certificate::parse(der).map(|certificate| certificate.issuer));
    }
    if chain.len() > MAX_CHAIN || bytes > MAX_CHAIN_BYTES {
        return Err(refuse(text!("the server sent too many certificates"), &[]));
    }
    let Some((first, _)) = chain.split_first() else {
        return Err(refuse(text!("the server sent no certificate"), &[]));
    };
    let der = CertificateDer::from(*first);
    let end_entity = EndEntityCert::try_from(&der).map_err(|error| refusal::plain(&error))?;
    let leaf = Certificate::parse(first).ok_or_else(malformed)?;

    names.push(leaf.subject);
    let found = trust.find(&names)?;

    let check = Check {
        algorithms,
        now: UnixTime::since_unix_epoch(core::time::Duration::from_secs(now)),
        chain,
        #[cfg(any(windows, target_os = "macos"))]
        host,
        leaf,
        found: &found,
    };
    #[cfg(windows)]
    system::path(&check, &end_entity, &names)?;
    #[cfg(not(windows))]
    check.path(&end_entity, &names)?;
    check.name(&end_entity, host)
}

impl Check<'_> {
    /// Checks that a path leads from the leaf to an anchor.
    pub(super) fn path(&self, end_entity: &EndEntityCert<'_>, names: &[&[u8]]) -> Result<()> {
        let is_anchor = self
            .found
            .certificates
            .iter()
            .any(|der| self.chain.first() == Some(&der.as_slice()));
        // With no issuer to be found, this checks what the leaf says about itself: RFC 5280, section 6.1.3 (a) (2).
        match self.alone(end_entity) {
            webpki::Error::UnknownIssuer if is_anchor => return self.key(),
            webpki::Error::UnknownIssuer => {}
            // What `openssl req -x509` makes is a CA. webpki finds that after the time and before the purpose.
            webpki::Error::CaUsedAsEndEntity if is_anchor && self.leaf.allows_servers() => {
                return self.key();
            }
            webpki::Error::CaUsedAsEndEntity if self.is_self_signed() => {
                return Err(refusal::self_signed(self.found));
            }
            error => return Err(refusal::plain(&error)),
        }
        self.key()?;

        let intermediates: Vec<CertificateDer<'_>> = self
            .chain
            .iter()
            .skip(1)
            .map(|&der| CertificateDer::from(der))
            .collect();
        let mut anchors = Vec::new();
        // How many intermediates each anchor allows.
        let mut lengths = Vec::new();
        let mut unusable = None;
        for der in &self.found.certificates {
            let Some(certificate) = Certificate::parse(der) else {
                continue;
            };
            match self.anchor(der, &certificate) {
                Ok((anchor, length)) => {
                    anchors.push(anchor);
                    lengths.push(length);
                }
                Err(why) => unusable = Some((certificate, why)),
            }
        }
        for (place, root) in &self.found.roots {
            let Some(&name) = names.get(*place) else {
                continue;
            };
            anchors.push(TrustAnchor {
                subject: Der::from_slice(name),
                subject_public_key_info: Der::from_slice(&root.spki),
                name_constraints: root.name_constraints.map(Der::from_slice),
            });
            lengths.push(usize::MAX);
        }

        let fits = |path: &VerifiedPath<'_>| {
            let place = anchors
                .iter()
                .position(|anchor| core::ptr::eq(anchor, path.anchor()));
            let length = place.and_then(|place| lengths.get(place));
            if length.is_some_and(|&length| path.intermediate_certificates().count() <= length) {
                Ok(())
            } else {
                Err(webpki::Error::PathLenConstraintViolated)
            }
        };
        let Err(error) = end_entity.verify_for_usage(
            self.algorithms,
            &anchors,
            &intermediates,
            self.now,
            KeyUsage::server_auth(),
            None,
            Some(&fits),
        ) else {
            return Ok(());
        };
        #[cfg(any(windows, target_os = "macos"))]
        if error == webpki::Error::UnknownIssuer && self.found.store != Store::Unused {
            return system::judge(self);
        }
        Err(match (error, unusable) {
            (webpki::Error::UnknownIssuer, Some((certificate, why))) => {
                refusal::anchor(&certificate, &why, self.found)
            }
            (webpki::Error::UnknownIssuer, None) if self.is_self_signed() => {
                refusal::self_signed(self.found)
            }
            (webpki::Error::UnknownIssuer, None) => refusal::unknown_issuer(self.chain, self.found),
            (webpki::Error::InvalidSignatureForPublicKey, _) => {
                refusal::bad_signature(self.chain, self.found)
            }
            (error, _) => refusal::of_path(&error),
        })
    }

    /// What webpki says of a certificate without an issuer.
    pub(super) fn alone(&self, certificate: &EndEntityCert<'_>) -> webpki::Error {
        let usage = KeyUsage::server_auth();
        match certificate.verify_for_usage(self.algorithms, &[], &[], self.now, usage, None, None) {
            Ok(_) => webpki::Error::UnknownIssuer,
            Err(error) => error,
        }
    }

    pub(super) fn is_self_signed(&self) -> bool {
        self.leaf.issuer == self.leaf.subject
    }

    /// Checks that the leaf's key can be used. Those of its issuers are checked with the signatures that they make.
    fn key(&self) -> Result<()> {
        sig::check_key(self.leaf.spki).map_err(refusal::bad_key)
    }

    /// The certificate `der` as an anchor, and how many intermediates may stand below it; or why it cannot be one.
    fn anchor<'d>(
        &self,
        der: &[u8],
        certificate: &Certificate<'d>,
    ) -> core::result::Result<(TrustAnchor<'d>, usize), webpki::Error> {
        let length = certificate
            .path_length()
            .ok_or(webpki::Error::EndEntityUsedAsCa)?;
        if !certificate.allows_servers() {
            return Err(webpki::Error::EmptyEkuExtension);
        }
        match EndEntityCert::try_from(&CertificateDer::from(der)) {
            Ok(parsed) => {
                let error = self.alone(&parsed);
                if let webpki::Error::CertExpired { .. }
                | webpki::Error::CertNotValidYet { .. }
                | webpki::Error::InvalidCertValidity = error
                {
                    return Err(error);
                }
            }
            // Version 1 is not for webpki to parse, nor are anchors with critical extensions of which it knows nothing:
            // they are taken, and their time goes unchecked.
            Err(
                webpki::Error::UnsupportedCertVersion | webpki::Error::UnsupportedCriticalExtension,
            ) => {}
            Err(error) => return Err(error),
        }
        let anchor = certificate.anchor().ok_or(webpki::Error::BadDer)?;
        Ok((anchor, length))
    }

    /// Checks that the leaf is for `host` (RFC 6125): by its subjectAltName alone.
    fn name(&self, end_entity: &EndEntityCert<'_>, host: &Host) -> Result<()> {
        let name = match host {
            Host::Name(name) => {
                // The dot of an absolute name is no part of the names in certificates.
                let name = name.strip_suffix('.').unwrap_or(name);
                match DnsName::try_from(name) {
                    Ok(name) => ServerName::DnsName(name),
                    Err(_) => return Err(refusal::wrong_name(host, &self.leaf)),
                }
            }
            Host::V4(octets) => ServerName::IpAddress(IpAddr::V4((*octets).into())),
            Host::V6(octets) => {
                let mut groups = [0; 8];
                for (group, pair) in groups.iter_mut().zip(octets.as_chunks::<2>().0) {
                    *group = u16::from_be_bytes(*pair);
                }
                ServerName::IpAddress(IpAddr::V6(groups.into()))
            }
        };
        match end_entity.verify_is_valid_for_subject_name(&name) {
            Ok(()) => Ok(()),
            Err(_) => Err(refusal::wrong_name(host, &self.leaf)),
        }
    }
}

#[cfg(test)]
mod tests;
