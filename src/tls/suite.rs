//! The cipher suite that embedded-tls is given: TLS_AES_128_GCM_SHA256 on the `cpu` crate, and two fences inside of it.
//!
//! A [`Cipher`] is made anew for each record and sees its plaintext before embedded-tls does. It lets only regular
//! handshake flights pass: embedded-tls panics on an empty record, and compares no message with its length. Anything
//! else it replaces by a Certificate message with a *note* for our verifier, which is how the reason gets out.
//!
//! And it hands out the application keys: [`super::session13`] asks for them in ways that no bytes of a network can.
//! embedded-tls never protects application data here.

use aead::consts::{U0, U12, U16, U54};
use aead::{AeadCore, AeadInPlace, Buffer, Error, Key, KeyInit, KeySizeUser, Nonce, Tag};
use embedded_tls::blocking::TlsCipherSuite;

use super::alert;
use super::codec::{Reader, alpn_choice};
use super::fault;
use super::hello::{ALPN, HTTP_1_1, SERVER_NAME, SUPPORTED_GROUPS};
use super::record::{ALERT, APPLICATION_DATA, HANDSHAKE, HEADER};
use crate::error::{Error as Failure, Kind};
use os::text;

/// The minor version in the header of the record that asks for the keys. The filter lets none from the network pass
/// that is not 3.
pub(super) const EXPORT: u8 = 4;
/// The bytes of an exported key and its IV.
pub(super) const EXPORTED: usize = 16 + 12;

const CERTIFICATE: u8 = 11;
/// What a certificate never begins with; DER begins with 0x30.
const NOTE_ALERT: u8 = 1;
const NOTE_SPLIT: u8 = 2;
const NOTE_BROKEN: u8 = 3;

pub(super) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = 0x1301;
    type Cipher = Cipher;
    type KeyLen = U16;
    type IvLen = U12;
    type Hash = cpu::Sha256;
    type LabelBufferSize = U54;
}

pub(super) struct Cipher {
    aes: cpu::AesGcm,
    key: [u8; 16],
}

impl Drop for Cipher {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.key);
    }
}

impl KeySizeUser for Cipher {
    type KeySize = U16;
}

impl KeyInit for Cipher {
    fn new(key: &Key<Self>) -> Self {
        Cipher {
            aes: cpu::AesGcm::new(key),
            key: (*key).into(),
        }
    }
}

impl AeadCore for Cipher {
    type NonceSize = U12;
    type TagSize = U16;
    type CiphertextOverhead = U0;
}

impl Cipher {
    /// Puts key and nonce, which is the IV for record 0, at the head of `data`.
    fn export(&self, nonce: &Nonce<Self>, data: &mut [u8]) -> Result<(), Error> {
        let both = self.key.iter().chain(nonce.iter());
        let room = data.get_mut(..EXPORTED).ok_or(Error)?;
        for (to, from) in room.iter_mut().zip(both) {
            *to = *from;
        }
        Ok(())
    }
}

impl AeadInPlace for Cipher {
    fn encrypt_in_place(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        buffer: &mut dyn Buffer,
    ) -> Result<(), Error> {
        if buffer.as_ref().last() == Some(&APPLICATION_DATA) {
            return self.export(nonce, buffer.as_mut());
        }
        let tag = self.encrypt_in_place_detached(nonce, aad, buffer.as_mut())?;
        buffer.extend_from_slice(&tag)
    }

    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        data: &mut [u8],
    ) -> Result<Tag<Self>, Error> {
        Ok(self.aes.seal(nonce.as_ref(), aad, data).into())
    }

    fn decrypt_in_place(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        buffer: &mut dyn Buffer,
    ) -> Result<(), Error> {
        if aad.get(2) == Some(&EXPORT) {
            self.export(nonce, buffer.as_mut())?;
            *buffer.as_mut().get_mut(EXPORTED).ok_or(Error)? = APPLICATION_DATA;
            buffer.truncate(EXPORTED + 1);
            return Ok(());
        }
        let (data, tag) = buffer.as_mut().split_last_chunk_mut::<16>().ok_or(Error)?;
        if !self.aes.open(nonce.as_ref(), aad, data, tag) {
            return Err(Error);
        }
        let mut length = data.len();
        if let Err([kind, detail]) = check_flight(data) {
            let note = [
                CERTIFICATE,
                0,
                0,
                11,
                0,
                0,
                0,
                7,
                0,
                0,
                2,
                kind,
                detail,
                0,
                0,
                HANDSHAKE,
            ];
            length = note.len();
            // A record that comes here has more than 16 bytes: the filter saw to it.
            let room = buffer.as_mut().get_mut(..length).ok_or(Error)?;
            room.copy_from_slice(&note);
        }
        buffer.truncate(length);
        Ok(())
    }

    fn decrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        aad: &[u8],
        data: &mut [u8],
        tag: &Tag<Self>,
    ) -> Result<(), Error> {
        let sound = self.aes.open(nonce.as_ref(), aad, data, tag.as_ref());
        if sound { Ok(()) } else { Err(Error) }
    }
}

/// Whether `inner`, a TLSInnerPlaintext, is whole messages of a server's flight (RFC 8446, section 4), in their order,
/// each as long as it says. `Err` is a note.
fn check_flight(inner: &[u8]) -> Result<(), [u8; 2]> {
    let Some(at) = inner.iter().rposition(|&b| b != 0) else {
        return Err([NOTE_BROKEN, 0]);
    };
    let (content, content_type) = (inner.get(..at).unwrap_or_default(), inner.get(at));
    match (content_type, content) {
        (Some(&ALERT), &[_, description]) => return Err([NOTE_ALERT, description]),
        (Some(&HANDSHAKE), [_, ..]) if at <= super::record::MAX_PLAINTEXT => {}
        _ => return Err([NOTE_BROKEN, 0]),
    }
    let mut messages = Reader(content);
    let mut last = 0;
    while !messages.is_empty() {
        let (message_type, body) = messages.message().ok_or([NOTE_SPLIT, 0])?;
        // The numbers of EncryptedExtensions, Certificate, CertificateRequest, CertificateVerify and Finished grow with
        // their place in the flight but for the second and third.
        let place = match message_type {
            8 => 1,
            13 => 2,
            CERTIFICATE => 3,
            15 => 4,
            20 => 5,
            _ => 0,
        };
        if place <= last || check_message(message_type, body).is_none() {
            return Err([NOTE_BROKEN, message_type]);
        }
        last = place;
    }
    Ok(())
}

/// Whether a message is exactly as long as what is in it. embedded-tls reads on where it stopped, not where a message ends.
fn check_message(message_type: u8, body: &[u8]) -> Option<()> {
    let mut body = Reader(body);
    match message_type {
        8 => {
            let mut extensions = Reader(body.vector(2)?);
            while !extensions.is_empty() {
                // RFC 8446, section 4.2: only answers to what was offered.
                match extensions.extension()? {
                    (SERVER_NAME, []) | (SUPPORTED_GROUPS, _) => {}
                    (ALPN, data) if alpn_choice(data)? == HTTP_1_1 => {}
                    _ => return None,
                }
            }
        }
        13 => {
            body.vector(1)?;
            body.vector(2)?;
        }
        // The context is empty: no certificate of the server was asked for after the handshake.
        CERTIFICATE => {
            if body.u8()? != 0 {
                return None;
            }
            let mut list = Reader(body.vector(3)?);
            while !list.is_empty() {
                list.vector(3)?;
                list.vector(2)?;
            }
        }
        15 => {
            body.u16()?;
            body.vector(2)?;
        }
        _ => {
            body.take(32)?;
        }
    }
    body.is_empty().then_some(())
}

/// The failure that `certificate` tells of, if it is a note rather than a certificate.
pub(super) fn note(peer: &str, certificate: &[u8]) -> Option<Failure> {
    let text = match *certificate {
        [NOTE_ALERT, description] => return Some(alert::received(peer, description)),
        [NOTE_SPLIT, _] => {
            let text = text!("a handshake message is split over records");
            return Some(fault(Kind::Negotiation, peer, &text));
        }
        [NOTE_BROKEN, 0] => text!("an empty or unexpected record in the handshake"),
        [NOTE_BROKEN, _] => text!("a malformed or unexpected handshake message"),
        _ => return None,
    };
    Some(fault(Kind::Source, peer, &text))
}

/// The room that the record which asks for the reading key needs, with its header.
pub(super) const EXPORT_RECORD: [u8; HEADER + EXPORTED + 16] = {
    let mut record = [0; HEADER + EXPORTED + 16];
    record[0] = APPLICATION_DATA;
    record[1] = 3;
    record[2] = EXPORT;
    record[4] = (EXPORTED + 16) as u8;
    record
};
