//! Trust on Windows: the stores ROOT and Disallowed of the user, which include those of the machine, and the verdict of
//! the system's chain engine.

use alloc::vec::Vec;
use core::ffi::c_void;
use core::mem::size_of;
use core::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    CERT_E_CHAINING, CERT_E_CN_NO_MATCH, CERT_E_CRITICAL, CERT_E_EXPIRED, CERT_E_INVALID_NAME,
    CERT_E_PURPOSE, CERT_E_REVOKED, CERT_E_ROLE, CERT_E_UNTRUSTEDROOT, CERT_E_UNTRUSTEDTESTROOT,
    CERT_E_VALIDITYPERIODNESTING, CERT_E_WRONG_USAGE, CRYPT_E_REVOKED, FILETIME,
    TRUST_E_BASIC_CONSTRAINTS, TRUST_E_CERT_SIGNATURE, TRUST_E_EXPLICIT_DISTRUST,
};
use windows_sys::Win32::Security::Cryptography::{
    AUTHTYPE_SERVER, CERT_CHAIN_CONTEXT, CERT_CHAIN_PARA, CERT_CHAIN_POLICY_PARA,
    CERT_CHAIN_POLICY_SSL, CERT_CHAIN_POLICY_STATUS, CERT_CONTEXT,
    CERT_DISALLOWED_FILETIME_PROP_ID, CERT_FIND_EXISTING, CERT_FIND_PROP_ONLY_ENHKEY_USAGE_FLAG,
    CERT_NOT_BEFORE_FILETIME_PROP_ID, CERT_STORE_ADD_ALWAYS, CERT_STORE_PROV_MEMORY,
    CERT_STORE_PROV_SYSTEM_W, CERT_STORE_READONLY_FLAG, CERT_SYSTEM_STORE_CURRENT_USER,
    CERT_TRUST_IS_CYCLIC, CERT_TRUST_IS_EXPLICIT_DISTRUST, CERT_TRUST_IS_NOT_SIGNATURE_VALID,
    CERT_TRUST_IS_NOT_TIME_VALID, CERT_TRUST_IS_NOT_VALID_FOR_USAGE, CERT_TRUST_IS_PARTIAL_CHAIN,
    CERT_TRUST_IS_REVOKED, CERT_TRUST_IS_UNTRUSTED_ROOT, CERT_USAGE_MATCH, CTL_USAGE, HCERTSTORE,
    HTTPSPolicyCallbackData, HTTPSPolicyCallbackData_0, USAGE_MATCH_TYPE_OR, X509_ASN_ENCODING,
    szOID_PKIX_KP_SERVER_AUTH,
};
use windows_sys::core::{BOOL, PCSTR, PCWSTR, w};

use super::dll;
use crate::trust::Refusal;

dll::functions! { c"crypt32.dll":
    fn CertOpenStore(provider: PCSTR, encoding: u32, csp: usize, flags: u32, argument: *const c_void)
        -> HCERTSTORE, else null_mut();
    fn CertCloseStore(store: HCERTSTORE, flags: u32) -> BOOL, else 0;
    fn CertAddEncodedCertificateToStore(
        store: HCERTSTORE, encoding: u32, der: *const u8, length: u32, disposition: u32, added: *mut *mut CERT_CONTEXT,
    ) -> BOOL, else 0;
    fn CertEnumCertificatesInStore(store: HCERTSTORE, last: *const CERT_CONTEXT) -> *mut CERT_CONTEXT, else null_mut();
    fn CertFindCertificateInStore(
        store: HCERTSTORE, encoding: u32, flags: u32, by: u32, what: *const c_void, last: *const CERT_CONTEXT,
    ) -> *mut CERT_CONTEXT, else null_mut();
    fn CertCreateCertificateContext(encoding: u32, der: *const u8, length: u32) -> *mut CERT_CONTEXT, else null_mut();
    fn CertFreeCertificateContext(context: *const CERT_CONTEXT) -> BOOL, else 0;
    fn CertGetCertificateContextProperty(
        context: *const CERT_CONTEXT, property: u32, data: *mut c_void, size: *mut u32,
    ) -> BOOL, else 0;
    fn CertGetEnhancedKeyUsage(context: *const CERT_CONTEXT, flags: u32, usage: *mut CTL_USAGE, size: *mut u32)
        -> BOOL, else 0;
    fn CertGetCertificateChain(
        engine: *mut c_void, leaf: *const CERT_CONTEXT, time: *const FILETIME, issuers: HCERTSTORE,
        parameters: *const CERT_CHAIN_PARA, flags: u32, reserved: *const c_void, chain: *mut *mut CERT_CHAIN_CONTEXT,
    ) -> BOOL, else 0;
    fn CertFreeCertificateChain(chain: *const CERT_CHAIN_CONTEXT) -> (), else ();
    fn CertVerifyCertificateChainPolicy(
        policy: PCSTR, chain: *const CERT_CHAIN_CONTEXT, parameters: *const CERT_CHAIN_POLICY_PARA,
        status: *mut CERT_CHAIN_POLICY_STATUS,
    ) -> BOOL, else 0;
}

/// What the store is called in an error line.
pub const STORE: &str = "the Windows root store";

/// How long the system may take for one thing that it fetches, in milliseconds: a handshake waits for it.
const FETCH_LIMIT: u32 = 10_000;

/// What no policy may overlook.
const FATAL: u32 = CERT_TRUST_IS_NOT_TIME_VALID
    | CERT_TRUST_IS_REVOKED
    | CERT_TRUST_IS_NOT_SIGNATURE_VALID
    | CERT_TRUST_IS_NOT_VALID_FOR_USAGE
    | CERT_TRUST_IS_UNTRUSTED_ROOT
    | CERT_TRUST_IS_CYCLIC
    | CERT_TRUST_IS_PARTIAL_CHAIN
    | CERT_TRUST_IS_EXPLICIT_DISTRUST;

/// An open store, closed on drop.
struct Store(HCERTSTORE);

impl Store {
    /// The user's store of this name, which includes the machine's.
    fn system(name: PCWSTR) -> Option<Store> {
        let flags = CERT_SYSTEM_STORE_CURRENT_USER | CERT_STORE_READONLY_FLAG;
        // SAFETY: for this provider the last argument is a string of 16-bit units that ends with a zero, as `w!` makes it.
        let store = unsafe { CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, flags, name.cast()) };
        (!store.is_null()).then_some(Store(store))
    }

    /// One in memory with these certificates; what is not a certificate is left out.
    fn of(certificates: &[&[u8]]) -> Option<Store> {
        // SAFETY: this provider takes no argument.
        let store = unsafe { CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, null()) };
        let store = (!store.is_null()).then_some(Store(store))?;
        for der in certificates {
            // SAFETY: the store is open, the bytes are there for the call, and no context is asked for.
            unsafe {
                CertAddEncodedCertificateToStore(
                    store.0,
                    X509_ASN_ENCODING,
                    der.as_ptr(),
                    length(der),
                    CERT_STORE_ADD_ALWAYS,
                    null_mut(),
                )
            };
        }
        Some(store)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody else has it.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// A certificate as the system holds it, freed on drop.
struct Context(*mut CERT_CONTEXT);

impl Context {
    fn new(der: &[u8]) -> Option<Context> {
        // SAFETY: the bytes are there for the call, which copies them.
        let context =
            unsafe { CertCreateCertificateContext(X509_ASN_ENCODING, der.as_ptr(), length(der)) };
        (!context.is_null()).then_some(Context(context))
    }
}

/// A copy of the certificate of `context`, and of those of the store that it is in, but for itself.
///
/// # Safety
/// `context` is null or valid, and not used again: it is freed.
pub(super) unsafe fn with_store(context: *mut CERT_CONTEXT) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    // SAFETY: it is null or valid.
    let Some(certificate) = (unsafe { context.as_ref() }) else {
        return all;
    };
    let _freed = Context(context);
    // SAFETY: a context holds so many bytes for as long as it is there.
    let own = unsafe {
        core::slice::from_raw_parts(
            certificate.pbCertEncoded,
            certificate.cbCertEncoded as usize,
        )
    };
    all.push(own.to_vec());
    // SAFETY: its store is open while the context is there.
    unsafe {
        each_in(certificate.hCertStore, &mut |_, der| {
            if der != own {
                all.push(der.to_vec());
            }
        });
    }
    all
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: it is a context of ours that was not freed.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

/// A chain as the system built it, freed on drop.
struct Chain(*mut CERT_CHAIN_CONTEXT);

impl Drop for Chain {
    fn drop(&mut self) {
        // SAFETY: it is a chain of ours that was not freed.
        unsafe { CertFreeCertificateChain(self.0) };
    }
}

/// The length of a certificate, which is far below 4 GiB: messages of TLS are.
fn length(der: &[u8]) -> u32 {
    u32::try_from(der.len()).unwrap_or(0)
}

/// Calls `each` with every certificate of `store`: as a context, which is valid until `each` returns, and in DER.
///
/// # Safety
/// `store` is open.
unsafe fn each_in(store: HCERTSTORE, each: &mut dyn FnMut(*const CERT_CONTEXT, &[u8])) {
    let mut context: *mut CERT_CONTEXT = null_mut();
    loop {
        // SAFETY: the store is open; the call frees the context that it gave before.
        context = unsafe { CertEnumCertificatesInStore(store, context) };
        // SAFETY: a context that is not null is valid until it is given to the next call.
        let Some(certificate) = (unsafe { context.as_ref() }) else {
            return;
        };
        // SAFETY: a context holds so many bytes for as long as it is there.
        let der = unsafe {
            core::slice::from_raw_parts(
                certificate.pbCertEncoded,
                certificate.cbCertEncoded as usize,
            )
        };
        each(context, der);
    }
}

/// Calls `each` with every root (DER) that is trusted for servers without condition. Those that are trusted for some
/// certificates only, as by the day on which these were issued, are left to [`verify`].
pub fn roots(each: &mut dyn FnMut(&[u8])) {
    let Some(store) = Store::system(w!("ROOT")) else {
        return;
    };
    // SAFETY: the store is open, and the context is that of the certificate at hand.
    unsafe {
        each_in(store.0, &mut |context, der| {
            if is_unconditional(context) {
                each(der);
            }
        });
    }
}

/// Whether the store says nothing that limits for what a root is trusted, or says that it is for servers.
///
/// # Safety
/// `context` is valid.
unsafe fn is_unconditional(context: *const CERT_CONTEXT) -> bool {
    /// More than what roots have: a dozen uses of 20 bytes. In words, since the list begins with pointers.
    const ROOM: usize = 256;
    for property in [
        CERT_DISALLOWED_FILETIME_PROP_ID,
        CERT_NOT_BEFORE_FILETIME_PROP_ID,
    ] {
        let mut size = 0;
        // SAFETY: the context is valid; with no buffer only the size is told.
        let has =
            unsafe { CertGetCertificateContextProperty(context, property, null_mut(), &mut size) };
        if has != 0 {
            return false;
        }
    }
    // The uses in the certificate itself are for the verifier to look at.
    let flags = CERT_FIND_PROP_ONLY_ENHKEY_USAGE_FLAG;
    let mut size = 0;
    // SAFETY: as above.
    if unsafe { CertGetEnhancedKeyUsage(context, flags, null_mut(), &mut size) } == 0 {
        return true; // CRYPT_E_NOT_FOUND: the store says nothing.
    }
    let mut buffer = [0usize; ROOM];
    size = size_of_val(&buffer) as u32;
    let list: *mut CTL_USAGE = buffer.as_mut_ptr().cast();
    // SAFETY: the buffer has the size that is told, and is aligned for pointers, which the list has.
    if unsafe { CertGetEnhancedKeyUsage(context, flags, list, &mut size) } == 0 {
        return false;
    }
    // SAFETY: the call has written a list, which begins with its length and a pointer to as many pointers to strings
    // that end with a zero, all in the buffer.
    unsafe {
        let count = (*list).cUsageIdentifier as usize;
        let uses = (*list).rgpszUsageIdentifier;
        (0..count).any(|n| {
            core::ffi::CStr::from_ptr((*uses.add(n)).cast())
                == core::ffi::CStr::from_ptr(szOID_PKIX_KP_SERVER_AUTH.cast())
        })
    }
}

/// Whether one of these certificates (DER) was put among those that are never to be trusted.
pub fn distrusts(certificates: &[&[u8]]) -> bool {
    let Some(store) = Store::system(w!("Disallowed")) else {
        return false;
    };
    certificates.iter().any(|der| {
        let Some(context) = Context::new(der) else {
            return false;
        };
        // SAFETY: the store is open, and this search is for the certificate of a context, which is valid.
        let found = unsafe {
            CertFindCertificateInStore(
                store.0,
                X509_ASN_ENCODING,
                0,
                CERT_FIND_EXISTING,
                context.0.cast_const().cast(),
                null(),
            )
        };
        let found = (!found.is_null()).then_some(Context(found));
        found.is_some()
    })
}

/// Has the system judge a server's certificates (DER, the server's own first): whether it trusts them, now, for a server
/// with this DNS name; whatever the server, without one. It may fetch roots, or issuers that are missing. It is not asked
/// about revocation, as nobody is elsewhere.
pub fn verify(chain: &[&[u8]], name: Option<&str>) -> Result<(), Refusal> {
    const MALFORMED: Refusal = Refusal::Because("is malformed");
    let (leaf, issuers) = chain.split_first().ok_or(MALFORMED)?;
    let leaf = Context::new(leaf).ok_or(MALFORMED)?;
    let issuers = Store::of(issuers).ok_or(Refusal::UnknownIssuer)?;

    let mut uses = [szOID_PKIX_KP_SERVER_AUTH.cast_mut()];
    let parameters = CERT_CHAIN_PARA {
        cbSize: size_of::<CERT_CHAIN_PARA>() as u32,
        RequestedUsage: CERT_USAGE_MATCH {
            dwType: USAGE_MATCH_TYPE_OR,
            Usage: CTL_USAGE {
                cUsageIdentifier: 1,
                rgpszUsageIdentifier: uses.as_mut_ptr(),
            },
        },
        dwUrlRetrievalTimeout: FETCH_LIMIT,
        ..CERT_CHAIN_PARA::default()
    };
    let mut built = null_mut();
    // SAFETY: the context, the store and what the parameters point to are there for the call; the default engine and the
    // present time are asked for.
    let done = unsafe {
        CertGetCertificateChain(
            null_mut(),
            leaf.0,
            null(),
            issuers.0,
            &parameters,
            0,
            null(),
            &mut built,
        )
    };
    if done == 0 || built.is_null() {
        return Err(Refusal::UnknownIssuer);
    }
    let built = Chain(built);

    let mut name: Option<Vec<u16>> = name.map(|name| name.encode_utf16().chain([0]).collect());
    let mut server = HTTPSPolicyCallbackData {
        Anonymous: HTTPSPolicyCallbackData_0 {
            cbStruct: size_of::<HTTPSPolicyCallbackData>() as u32,
        },
        dwAuthType: AUTHTYPE_SERVER,
        fdwChecks: 0,
        pwszServerName: name.as_mut().map_or(null_mut(), |name| name.as_mut_ptr()),
    };
    let policy = CERT_CHAIN_POLICY_PARA {
        cbSize: size_of::<CERT_CHAIN_POLICY_PARA>() as u32,
        dwFlags: 0,
        pvExtraPolicyPara: (&raw mut server).cast(),
    };
    let mut status = CERT_CHAIN_POLICY_STATUS {
        cbSize: size_of::<CERT_CHAIN_POLICY_STATUS>() as u32,
        ..CERT_CHAIN_POLICY_STATUS::default()
    };
    // SAFETY: the chain is valid, this policy's extra parameters are of this type, and the name in them ends with a zero.
    let done = unsafe {
        CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, built.0, &policy, &mut status)
    };
    if done == 0 {
        return Err(Refusal::UnknownIssuer);
    }
    // SAFETY: the chain is valid.
    let trust = unsafe { (*built.0).TrustStatus.dwErrorStatus };
    match refusal(status.dwError) {
        None if trust & FATAL != 0 => Err(Refusal::UnknownIssuer),
        None => Ok(()),
        Some(refusal) => Err(refusal),
    }
}

/// What a policy's verdict means.
fn refusal(error: u32) -> Option<Refusal> {
    let error = error.cast_signed();
    Some(match error {
        0 => return None,
        CERT_E_UNTRUSTEDROOT | CERT_E_UNTRUSTEDTESTROOT | CERT_E_CHAINING => Refusal::UnknownIssuer,
        CERT_E_CN_NO_MATCH => Refusal::WrongName,
        CERT_E_EXPIRED => Refusal::Because("of an issuer has expired or is not yet valid"),
        CERT_E_VALIDITYPERIODNESTING => Refusal::Because("is valid for longer than its issuer's"),
        CERT_E_ROLE | TRUST_E_BASIC_CONSTRAINTS => {
            Refusal::Because("of an issuer is not that of a CA")
        }
        CERT_E_PURPOSE | CERT_E_WRONG_USAGE => {
            Refusal::Because("is not for servers (extended key usage)")
        }
        CERT_E_REVOKED | CRYPT_E_REVOKED => Refusal::Because("has been revoked"),
        TRUST_E_EXPLICIT_DISTRUST => Refusal::Because("is explicitly distrusted on this machine"),
        TRUST_E_CERT_SIGNATURE => Refusal::Because("has a bad signature"),
        CERT_E_CRITICAL => Refusal::Because("has an unknown critical extension"),
        CERT_E_INVALID_NAME => {
            Refusal::Because("does not allow a name below it (name constraints)")
        }
        other => Refusal::Other(other),
    })
}
