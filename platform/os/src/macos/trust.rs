//! Trust on macOS: the judgement of the system, which knows the keychains and what users, administrators and profiles
//! say of the certificates in them.

use super::cf::{self, Owned, Ref};
use crate::trust::Refusal;
use alloc::vec::Vec;
use core::ptr::null;

/// What it goes by, for an error line.
pub const STORE: &str = "the keychain";

/// No error (`errSecSuccess`).
const SUCCESS: i32 = 0;

/// The results of an evaluation (`SecTrustResultType`) that mean trust: because somebody says so, because nobody says
/// otherwise.
const PROCEED: u32 = 1;
const UNSPECIFIED: u32 = 4;
/// Somebody says that it is not to be trusted.
const DENY: u32 = 3;
/// There is no such path as would be trusted.
const RECOVERABLE_TRUST_FAILURE: u32 = 5;

#[link(name = "Security", kind = "framework")]
unsafe extern "C" {
    fn SecCertificateCreateWithData(allocator: Ref, data: Ref) -> Ref;
    fn SecPolicyCreateSSL(server: u8, hostname: Ref) -> Ref;
    fn SecTrustCreateWithCertificates(certificates: Ref, policies: Ref, trust: *mut Ref) -> i32;
    fn SecTrustSetNetworkFetchAllowed(trust: Ref, allowed: u8) -> i32;
    /// Deprecated for a successor that macOS 10.12 and 10.13 do not have.
    fn SecTrustEvaluate(trust: Ref, result: *mut u32) -> i32;
}

/// Has the system judge a server's certificates (DER, the server's own first): whether it trusts them, now, for a server
/// with this DNS name; whatever the server, without one. It asks nobody else: what it does in the network has no limit
/// of time.
pub fn verify(chain: &[&[u8]], name: Option<&str>) -> Result<(), Refusal> {
    match evaluate(chain, name) {
        Some(PROCEED | UNSPECIFIED) => Ok(()),
        Some(DENY) => Err(Refusal::Because("is marked as never to be trusted")),
        Some(RECOVERABLE_TRUST_FAILURE) | None => Err(Refusal::UnknownIssuer),
        Some(other) => Err(Refusal::Other(other as i32)),
    }
}

/// What the system says; None if it can't be asked, such as of what is no certificate.
fn evaluate(chain: &[&[u8]], name: Option<&str>) -> Option<u32> {
    let name = match name {
        Some(name) => Some(cf::string(name)?),
        None => None,
    };
    let mut certificates = Vec::with_capacity(chain.len());
    for der in chain {
        let data = cf::data(der)?;
        // SAFETY: the data are a live object, and the certificate, or null, is ours.
        certificates.push(unsafe { Owned::new(SecCertificateCreateWithData(null(), data.get())) }?);
    }
    let certificates = cf::array(&certificates)?;
    let name = name.as_ref().map_or(null(), Owned::get);
    let (mut trust, mut result) = (null(), 0);
    // SAFETY: the arguments are live objects, or null where that is allowed; what is created is null, or ours, and of the
    // type that the function after it takes. The results are written to live variables of their size.
    unsafe {
        let policy = Owned::new(SecPolicyCreateSSL(1, name))?;
        let status =
            SecTrustCreateWithCertificates(certificates.get(), policy.get(), &raw mut trust);
        let trust = Owned::new(trust)?;
        let is_evaluated = status == SUCCESS
            && SecTrustSetNetworkFetchAllowed(trust.get(), 0) == SUCCESS
            && SecTrustEvaluate(trust.get(), &raw mut result) == SUCCESS;
        is_evaluated.then_some(result)
    }
}
