//! TLS: https over any [`Stream`].
//!
//! [`connect`] tries TLS 1.3, which embedded-tls negotiates within narrow limits, and on a new connection TLS 1.2 of our
//! own if the server is sound but beyond those limits. On Windows Schannel is the last that is tried, in the same way.

#[cfg(any(windows, test, fuzzing))]
pub mod agreed;
mod alert;
pub mod anchors;
mod codec;
mod filter;
mod hello;
mod keyed;
mod link;
mod name_hash;
#[cfg(windows)]
mod native;
pub mod pem;
mod record;
mod refusal;
pub mod roots;
mod session;
mod session13;
pub mod sig;
mod suite;
#[cfg(any(windows, target_os = "macos"))]
mod system;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tls12;
pub mod verify;
pub mod x509;

use alloc::boxed::Box;
use alloc::string::String;

use crate::error::{Error, Kind, Part, Result, Template, fill, filled};
use crate::stream::Stream;
use crate::url::Host;
use anchors::Trust;
use link::Link;
use os::text;
use sig::SigError;

/// Fills its argument with random bytes of cryptographic quality.
pub type Random = fn(&mut [u8]);

/// What went wrong with `peer`.
#[cold]
#[inline(never)]
fn fault(kind: Kind, peer: &str, what: &dyn Part) -> Error {
    Error::say(kind, text!("TLS with %: %"), &[&peer, what])
}

/// Who is believed to be the server. The sessions ask, [`verify`] answers.
pub trait Verify {
    /// Whether `chain`, the leaf first, is of the server that is wanted, and trusted.
    fn chain(&mut self, chain: &[&[u8]]) -> Result<()>;

    /// As [`Verify::chain`], of a session by the system's own TLS.
    #[cfg(windows)]
    fn system_chain(&mut self, chain: &[&[u8]]) -> Result<()> {
        self.chain(chain)
    }

    /// Verifies that `signature` of `message` is by the key of the certificate `leaf`, as the SignatureScheme `scheme`
    /// (RFC 8446, section 4.2.3) says. `tls13` tells whose rules apply.
    fn signature(
        &mut self,
        leaf: &[u8],
        scheme: u16,
        tls13: bool,
        message: &[u8],
        signature: &[u8],
    ) -> core::result::Result<(), SigError>;
}

/// Believes whoever `trust` vouches for as `host`.
struct Identity<'a> {
    trust: &'a Trust<'a>,
    host: &'a Host,
    now: u64,
}

impl Verify for Identity<'_> {
    fn chain(&mut self, chain: &[&[u8]]) -> Result<()> {
        verify::verify_chain(self.trust, chain, self.host, self.now)
    }

    #[cfg(windows)]
    fn system_chain(&mut self, chain: &[&[u8]]) -> Result<()> {
        verify::verify_chain(&self.trust.judged(), chain, self.host, self.now)
    }

    fn signature(
        &mut self,
        leaf: &[u8],
        scheme: u16,
        tls13: bool,
        message: &[u8],
        signature: &[u8],
    ) -> core::result::Result<(), SigError> {
        let key = verify::public_key(leaf).map_err(|_| SigError::BadKey)?;
        if tls13 {
            sig::verify_tls13(scheme, key, message, signature)
        } else {
            sig::verify_tls12(scheme, key, message, signature)
        }
    }
}

/// What is said of a server that neither version could negotiate with.
const NOTHING_IN_COMMON: Template = text!(
    " (TLS 1.1 and older, CBC ciphers, RSA key exchange and groups other than P-256, P-384 and X25519 are refused)"
);

/// What is said of one that has TLS 1.3 and not 1.2.
const TLS13_ALONE: Template = text!(" (TLS 1.3 is spoken with P-256 and AES-128-GCM alone)");

/// What is known of a server, and learnt for the next session with it.
#[derive(Default)]
pub struct Known {
    /// Whether it is an HTTP server. Others are not told of HTTP (RFC 7301): those that heed ALPN would refuse.
    pub http: bool,
    /// Whether TLS 1.3 failed, so that it is not tried again: then, whether the server claimed to know none.
    pub without_tls13: Option<bool>,
    /// Whether TLS 1.2 failed as well, so that the system's TLS is all that is tried.
    #[cfg(windows)]
    pub by_system: bool,
}

impl Known {
    /// An HTTP server, of which nothing else is known.
    pub fn http() -> Self {
        Known {
            http: true,
            ..Known::default()
        }
    }
}

/// What opens a transport to the same server each time it is called.
pub type Open<'a> = dyn FnMut() -> Result<Box<dyn Stream>> + 'a;

/// Opens a session with `host` over a transport that `open` gives; a second one if the first attempt shows that the
/// server speaks TLS, but not the TLS 1.3 that is spoken here. `known` keeps that for further sessions.
///
/// `peer` names the server in errors, with its port. `now` is in seconds since 1970.
///
/// # Errors
/// `Kind::Source` for a server that is not who it should be, or breaks the protocol; `Kind::Negotiation` for one that
/// has no version or parameters in common with us; else the transport's errors.
pub fn connect(
    open: &mut Open<'_>,
    host: &Host,
    peer: &str,
    known: &mut Known,
    trust: &Trust<'_>,
    now: u64,
    random: Random,
) -> Result<Box<dyn Stream>> {
    let mut identity = Identity { trust, host, now };
    connect_with(open, host, peer, known, &mut identity, random)
}

/// [`connect`], with `verify` to say who is believed.
pub fn connect_with(
    open: &mut Open<'_>,
    host: &Host,
    peer: &str,
    known: &mut Known,
    verify: &mut dyn Verify,
    random: Random,
) -> Result<Box<dyn Stream>> {
    // RFC 6066, section 3: a name without its final dot, and no address.
    let name = match host {
        Host::Name(name) => Some(name.strip_suffix('.').unwrap_or(name)),
        _ => None,
    };
    let mut first = String::new();
    let claims_old = match known.without_tls13 {
        Some(claims_old) => claims_old,
        None => {
            let mut claims_old = false;
            let link = Link::new(open()?, peer);
            let session =
                session13::handshake(link, name, known.http, verify, random, &mut claims_old);
            first = match session {
                Ok(session) => return Ok(session),
                Err(error) if error.kind != Kind::Negotiation => return Err(error),
                Err(error) => filled(text!("%; then with TLS 1.2: "), &[&error.text]),
            };
            known.without_tls13 = Some(claims_old);
            claims_old
        }
    };
    #[cfg(windows)]
    if known.by_system {
        let link = Link::new(open()?, peer);
        return native::handshake(link, name, known.http, verify, claims_old);
    }
    let second = open().and_then(|stream| {
        let link = Link::new(stream, peer);
        tls12::handshake(link, name, known.http, verify, random, claims_old)
    });
    #[cfg(windows)]
    let second = match second {
        Err(error) if error.kind == Kind::Negotiation => {
            known.by_system = true;
            let text = text!("%; then with Schannel: ");
            fill(&mut first, text, &[&error.text]);
            open().and_then(|stream| {
                let link = Link::new(stream, peer);
                native::handshake(link, name, known.http, verify, claims_old)
            })
        }
        second => second,
    };
    second.map_err(|mut error| {
        if error.kind == Kind::Negotiation {
            let has_tls13_alone = !claims_old && error.text.ends_with("protocol_version");
            let hint = match has_tls13_alone {
                true => TLS13_ALONE,
                false => NOTHING_IN_COMMON,
            };
            fill(&mut error.text, hint, &[]);
        }
        error.context(text!("%"), &[&first])
    })
}
