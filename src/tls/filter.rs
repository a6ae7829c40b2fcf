//! The transport that embedded-tls gets: it shows it only what belongs in a TLS 1.3 handshake, and sends nothing for it
//! before the server has proven who it is.
//!
//! embedded-tls takes any ServerHello for one of TLS 1.3, and accepts plaintext alerts and handshake messages at any
//! time. So the ServerHello is checked here, whole (RFC 8446, section 4.1.3), and of the records after it only the
//! headers: application data alone, and one change_cipher_spec that is dropped (appendix D.4).

use alloc::vec::Vec;
use core::cell::Cell;
use core::ops::Range;

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use super::alert::{self, PROTOCOL_VERSION, UNRECOGNIZED_NAME};
use super::codec::Reader;
use super::fault;
use super::hello::{HELLO_RETRY_REQUEST, KEY_SHARE, SUPPORTED_VERSIONS, ServerHello};
use super::link::Link;
use super::record::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE};
use super::suite::EXPORT_RECORD;
use crate::error::{Error, Kind, Result, Template};
use os::text;

/// Records in a handshake at most: embedded-tls would take EncryptedExtensions for ever. A server sends two to seven.
const MAX_RECORDS: usize = 32;

/// How far the server has proven who it is, and what was decided about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// No Certificate yet.
    Hello,
    /// One Certificate with a verified chain; its owner is still to be proven.
    Certified,
    /// And then one CertificateVerify by its key.
    Verified,
    /// The handshake is over: nothing of embedded-tls reaches the transport any more.
    Export,
}

/// What the filter and the verifier know together.
pub(super) struct Shared {
    pub(super) step: Cell<Step>,
    /// The first thing that went wrong: embedded-tls's own errors say little.
    pub(super) error: Cell<Option<Error>>,
    /// Whether the server behaves as if it knew no TLS 1.3.
    pub(super) claims_old: Cell<bool>,
    /// What embedded-tls wrote in [`Step::Export`].
    pub(super) exported: Cell<Vec<u8>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Shared {
            step: Cell::new(Step::Hello),
            error: Cell::new(None),
            claims_old: Cell::new(false),
            exported: Cell::new(Vec::new()),
        }
    }

    pub(super) fn fail(&self, error: Error) {
        self.error.set(Some(self.error.take().unwrap_or(error)));
    }
}

/// See the module.
pub(super) struct Filter<'a> {
    pub(super) link: &'a mut Link,
    pub(super) shared: &'a Shared,
    /// What is left of the record that embedded-tls is reading.
    record: Range<usize>,
    /// How much of [`EXPORT_RECORD`] was read.
    exported: usize,
    records: usize,
    hello_sent: bool,
    hello_seen: bool,
    change_cipher_spec_seen: bool,
}

impl<'a> Filter<'a> {
    pub(super) fn new(link: &'a mut Link, shared: &'a Shared) -> Self {
        Filter {
            link,
            shared,
            record: 0..0,
            exported: 0,
            records: 0,
            hello_sent: false,
            hello_seen: false,
            change_cipher_spec_seen: false,
        }
    }

    /// The next record that embedded-tls may see.
    fn next_record(&mut self) -> Result<Range<usize>> {
        loop {
            let at = self.link.record()?;
            let (content_type, minor) = self.link.header(&at);
            self.records += 1;
            if self.records > MAX_RECORDS {
                return Err(self.link.broken(text!("a handshake without an end")));
            }
            let fragment = self.link.fragment(&at);
            match (content_type, fragment) {
                // RFC 6066, section 3: an older server that goes on although it does not know the name may say so.
                (ALERT, &[1, UNRECOGNIZED_NAME]) if !self.hello_seen => {}
                (ALERT, &[_, description]) if !self.hello_seen => {
                    self.shared.claims_old.set(description == PROTOCOL_VERSION);
                    return Err(alert::received(&self.link.peer, description));
                }
                (HANDSHAKE, hello) if !self.hello_seen => {
                    check_server_hello(hello, &self.shared.claims_old)
                        .map_err(|(kind, what)| fault(kind, &self.link.peer, &what))?;
                    self.hello_seen = true;
                    return Ok(at);
                }
                (APPLICATION_DATA, [_, ..]) if self.hello_seen && minor == 3 => {
                    // A tag and at least the content type.
                    if fragment.len() <= 16 {
                        return Err(self.link.broken(text!("an empty record")));
                    }
                    return Ok(at);
                }
                (CHANGE_CIPHER_SPEC, [1]) if self.hello_seen && !self.change_cipher_spec_seen => {
                    self.change_cipher_spec_seen = true;
                }
                // Unprotected, so anyone may have sent it: it ends the attempt and means nothing more.
                (ALERT, _) => {
                    let what = text!("an unprotected alert");
                    return Err(fault(Kind::Transient, &self.link.peer, &what));
                }
                _ => {
                    return Err(self
                        .link
                        .broken(text!("an unexpected record in the handshake")));
                }
            }
        }
    }
}

/// Whether `fragment` is one ServerHello, whole, that takes what embedded-tls offers: TLS 1.3,
/// TLS_AES_128_GCM_SHA256, secp256r1, nothing else. `claims_old` is told if it answers as if TLS 1.3 did not exist.
fn check_server_hello(
    fragment: &[u8],
    claims_old: &Cell<bool>,
) -> core::result::Result<(), (Kind, Template)> {
    let mut messages = Reader(fragment);
    // The least that tells what it is, also when the rest is in the next record.
    if fragment.first() != Some(&2) {
        return Err((Kind::Source, text!("no ServerHello")));
    }
    let Some((_, body)) = messages.message() else {
        let what = text!("the ServerHello is split over records");
        return Err((Kind::Negotiation, what));
    };
    let Some(hello) = ServerHello::parse(body) else {
        return Err((Kind::Source, text!("a malformed ServerHello")));
    };
    let Some(version) = hello.extension(SUPPORTED_VERSIONS) else {
        claims_old.set(true);
        let what = text!("the server does not speak TLS 1.3");
        return Err((Kind::Negotiation, what));
    };
    if *hello.random == HELLO_RETRY_REQUEST {
        let what = text!("the server wants another group (HelloRetryRequest)");
        return Err((Kind::Negotiation, what));
    }
    let share = hello.extension(KEY_SHARE).unwrap_or_default();
    // RFC 8446, section 4.2.8.2: secp256r1, 65 bytes, an uncompressed point.
    let share_is_right = share.len() == 4 + 65 && share.starts_with(&[0, 0x17, 0, 65, 4]);
    let mut rest = hello.extensions;
    let mut extensions = 0;
    while rest.extension().is_some() {
        extensions += 1;
    }
    if !messages.is_empty()
        || version != [3, 4]
        || hello.version != 0x0303
        || !hello.session_id.is_empty()
        || hello.suite != 0x1301
        || hello.compression != 0
        || !share_is_right
        || extensions != 2
    {
        let what = text!("the ServerHello takes what was not offered (illegal_parameter)");
        return Err((Kind::Source, what));
    }
    Ok(())
}

impl ErrorType for Filter<'_> {
    type Error = ErrorKind;
}

impl Read for Filter<'_> {
    fn read(&mut self, buf: &mut [u8]) -> core::result::Result<usize, ErrorKind> {
        let source = if self.shared.step.get() == Step::Export {
            EXPORT_RECORD.get(self.exported..)
        } else {
            if self.record.is_empty() {
                match self.next_record() {
                    Ok(at) => self.record = at,
                    Err(error) => {
                        self.shared.fail(error);
                        return Err(ErrorKind::Other);
                    }
                }
            }
            self.link.buf.get(self.record.clone())
        };
        let source = source.unwrap_or_default();
        let n = source.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(source) {
            *to = *from;
        }
        if self.shared.step.get() == Step::Export {
            self.exported += n;
        } else {
            self.record.start += n;
        }
        Ok(n)
    }
}

impl Write for Filter<'_> {
    fn write(&mut self, data: &[u8]) -> core::result::Result<usize, ErrorKind> {
        let result = match self.shared.step.get() {
            Step::Export => {
                let mut exported = self.shared.exported.take();
                exported.extend_from_slice(data);
                self.shared.exported.set(exported);
                Ok(())
            }
            Step::Verified => self.link.write_all(data),
            _ if !self.hello_sent => {
                self.hello_sent = true;
                self.link.write_all(data)
            }
            // An alert before the keys are there, which embedded-tls sends as a change_cipher_spec: nobody would
            // understand it.
            _ if data.first() == Some(&CHANGE_CIPHER_SPEC) => Ok(()),
            // The client's Finished: embedded-tls has the server's, and did not miss what comes before it.
            _ => Err(self.link.broken(text!(
                "the server sent no Certificate or no CertificateVerify"
            ))),
        };
        match result {
            Ok(()) => Ok(data.len()),
            Err(error) => {
                self.shared.fail(error);
                Err(ErrorKind::Other)
            }
        }
    }

    fn flush(&mut self) -> core::result::Result<(), ErrorKind> {
        Ok(())
    }
}
