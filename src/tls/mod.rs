//! TLS: https over any [`Stream`].
//!
//! [`connect`] tries TLS 1.3, which embedded-tls negotiates within narrow limits, and on a new connection TLS 1.2 of our
//! own if the server is sound but beyond those limits; with servers other than HTTP's the other way round, for the sake of
//! resumption. On Windows Schannel is the last that is tried, in the same way.

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

use crate::error::{Error, Kind, Part, Result, Template, fill};
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

/// A version of TLS, and whose.
#[derive(Clone, Copy)]
enum Version {
    Tls13,
    Tls12,
    #[cfg(windows)]
    System,
}

/// How many there are.
const VERSIONS: usize = if cfg!(windows) { 3 } else { 2 };

impl Version {
    /// What it is called in errors.
    fn name(self) -> &'static str {
        match self {
            Version::Tls13 => "TLS 1.3",
            Version::Tls12 => "TLS 1.2",
            #[cfg(windows)]
            Version::System => "Schannel",
        }
    }
}

/// What is known of a server, and learnt for the next session with it.
#[derive(Default)]
pub struct Known {
    /// Whether it is an HTTP server. Others are not told of HTTP (RFC 7301): those that heed ALPN would refuse. They are
    /// FTP's, which may demand that data connections resume the session of the control connection. So TLS 1.2, which can
    /// do so here, is tried first with them.
    pub http: bool,
    /// How many versions failed, so that they are not tried again.
    pub failed: usize,
    /// Whether TLS 1.3 failed, and the server claimed to know none.
    pub claims_old: bool,
    /// The session that a further connection is to resume.
    session: Option<Box<tls12::Resumable>>,
}

impl Known {
    /// An HTTP server, of which nothing else is known.
    pub fn http() -> Self {
        Known {
            http: true,
            ..Known::default()
        }
    }

    /// What to try next.
    fn version(&self) -> Version {
        let [first, second] = match self.http {
            true => [Version::Tls13, Version::Tls12],
            false => [Version::Tls12, Version::Tls13],
        };
        match self.failed {
            0 => first,
            #[cfg(windows)]
            2.. => Version::System,
            _ => second,
        }
    }
}

/// What opens a transport to the same server each time it is called.
pub type Open<'a> = dyn FnMut() -> Result<Box<dyn Stream>> + 'a;

/// Opens a session with `host` over a transport that `open` gives; a second one if the first attempt shows that the
/// server speaks TLS, but not the version that is tried first. `known` keeps that for further sessions, and the session
/// itself if it can be resumed.
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
    let mut met = String::new();
    let mut has_tls13_alone = false;
    loop {
        let so_far = |error: Error| error.context(text!("%"), &[&met]);
        let link = Link::new(open().map_err(so_far)?, peer);
        let version = known.version();
        let session = match version {
            Version::Tls13 => {
                let claims_old = &mut known.claims_old;
                session13::handshake(link, name, known.http, verify, random, claims_old)
            }
            Version::Tls12 => tls12::handshake(link, name, verify, random, known),
            #[cfg(windows)]
            Version::System => native::handshake(link, name, known.http, verify, known.claims_old),
        };
        let mut error = match session {
            Err(error) if error.kind == Kind::Negotiation => error,
            session => return session.map_err(so_far),
        };
        if let Version::Tls12 = version {
            has_tls13_alone = error.text.ends_with("protocol_version");
        }
        if known.failed + 1 == VERSIONS {
            // (Schannel has more than that.)
            let hint = match has_tls13_alone && !known.claims_old && VERSIONS == 2 {
                true => TLS13_ALONE,
                false => NOTHING_IN_COMMON,
            };
            fill(&mut error.text, hint, &[]);
            return Err(so_far(error));
        }
        known.failed += 1;
        let next = known.version().name();
        fill(&mut met, text!("%; then with %: "), &[&error.text, &next]);
    }
}
