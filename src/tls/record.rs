//! Record protection for both versions (RFC 8446, section 5; RFC 5246, section 6.2.3.3; RFC 5288; RFC 7905) over bytes.
//!
//! [`Keys`] is one direction of a connection: an AEAD, its nonces and its sequence number. Who may send what when is for
//! its users.

use alloc::vec::Vec;
use core::ops::Range;

use cpu::{AesGcm, ChaCha20Poly1305};
use zeroize::Zeroize;

pub(crate) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(crate) const ALERT: u8 = 21;
pub(crate) const HANDSHAKE: u8 = 22;
pub(crate) const APPLICATION_DATA: u8 = 23;

/// Bytes of a record's header.
pub(crate) const HEADER: usize = 5;
/// Bytes of plaintext in a record at most (RFC 8446, section 5.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;
/// Bytes after a record's header at most (RFC 8446, section 5.2). TLS 1.2 allows more in general, its AEAD suites do not
/// use as much.
pub(crate) const MAX_FRAGMENT: usize = MAX_PLAINTEXT + 256;

const TAG: usize = 16;

/// How the nonce and the additional data of a record are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// TLS 1.3: nonce = IV xor sequence number; the content type is inside.
    Tls13,
    /// AES-GCM in TLS 1.2 (RFC 5288): four bytes of salt, eight sent with the record.
    Gcm12,
    /// ChaCha20-Poly1305 in TLS 1.2 (RFC 7905): nonce = IV xor sequence number.
    ChaCha12,
}

#[allow(
    clippy::large_enum_variant,
    reason = "a connection has two, and no heap is better than a small one"
)]
pub(crate) enum Aead {
    Gcm(AesGcm),
    ChaCha(ChaCha20Poly1305),
}

/// The protection of one direction.
pub(crate) struct Keys {
    aead: Aead,
    form: Form,
    /// The IV; with [`Form::Gcm12`] the salt and eight zeros.
    iv: [u8; 12],
    sequence: u64,
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.iv.zeroize();
    }
}

impl Keys {
    pub(crate) fn new(aead: Aead, form: Form, iv: [u8; 12]) -> Self {
        Keys {
            aead,
            form,
            iv,
            sequence: 0,
        }
    }

    /// The length of the explicit part of the nonce at the head of each fragment.
    fn explicit(&self) -> usize {
        if self.form == Form::Gcm12 { 8 } else { 0 }
    }

    /// The IV with `number` added to its last eight bytes by xor; with zeros there, that is `number` itself.
    fn nonce(&self, number: [u8; 8]) -> [u8; 12] {
        let mut nonce = self.iv;
        for (n, s) in nonce.iter_mut().skip(4).zip(number) {
            *n ^= s;
        }
        nonce
    }

    /// The additional data of a record of `content_type` with `length` bytes: of ciphertext in TLS 1.3, else of plaintext.
    fn additional_data<'a>(
        &self,
        buf: &'a mut [u8; 13],
        content_type: u8,
        length: usize,
    ) -> &'a [u8] {
        let [high, low] = (length as u16).to_be_bytes();
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.sequence.to_be_bytes();
        *buf = [
            s0,
            s1,
            s2,
            s3,
            s4,
            s5,
            s6,
            s7,
            content_type,
            3,
            3,
            high,
            low,
        ];
        let from = if self.form == Form::Tls13 { 8 } else { 0 };
        buf.get(from..).unwrap_or_default()
    }

    /// Decrypts a record, header included, in place: its content type, and where its content is.
    ///
    /// `None` for a record that is not authentic or has more content than the limit, and once the sequence numbers are
    /// used up. The caller gives up the connection then.
    pub(crate) fn open(&mut self, record: &mut [u8]) -> Option<(u8, Range<usize>)> {
        let (header, fragment) = record.split_at_mut_checked(HEADER)?;
        let mut content_type = *header.first()?;
        let explicit = self.explicit();
        let (number, body) = fragment.split_at_mut_checked(explicit)?;
        let (data, tag) = body.split_last_chunk_mut::<TAG>()?;
        let number: [u8; 8] = match self.form {
            Form::Gcm12 => (&*number).try_into().ok()?,
            _ => self.sequence.to_be_bytes(),
        };
        let length = match self.form {
            Form::Tls13 => data.len() + TAG,
            _ => data.len(),
        };
        let mut buf = [0; 13];
        let aad = self.additional_data(&mut buf, content_type, length);
        let nonce = self.nonce(number);
        let authentic = match &self.aead {
            Aead::Gcm(aead) => aead.open(&nonce, aad, data, tag),
            Aead::ChaCha(aead) => aead.open(&nonce, aad, data, tag),
        };
        if !authentic {
            return None;
        }
        self.sequence = self.sequence.checked_add(1)?;
        let mut length = data.len();
        if self.form == Form::Tls13 {
            let at = data.iter().rposition(|&b| b != 0)?;
            content_type = *data.get(at)?;
            length = at;
        }
        let start = HEADER + explicit;
        (length <= MAX_PLAINTEXT).then_some((content_type, start..start + length))
    }

    /// Appends `data`, which is at most [`MAX_PLAINTEXT`] bytes, as a record. `None` once the sequence numbers are used
    /// up.
    pub(crate) fn seal(&mut self, content_type: u8, data: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let next = self.sequence.checked_add(1)?;
        let inner = usize::from(self.form == Form::Tls13);
        let explicit = self.explicit();
        let outer_type = if inner == 1 {
            APPLICATION_DATA
        } else {
            content_type
        };
        let [high, low] = ((explicit + data.len() + inner + TAG) as u16).to_be_bytes();
        out.extend_from_slice(&[outer_type, 3, 3, high, low]);
        let number = self.sequence.to_be_bytes();
        out.extend_from_slice(number.get(..explicit).unwrap_or_default());
        let start = out.len();
        out.extend_from_slice(data);
        let length = if inner == 1 {
            out.push(content_type);
            data.len() + 1 + TAG
        } else {
            data.len()
        };
        let mut buf = [0; 13];
        let aad = self.additional_data(&mut buf, outer_type, length);
        let nonce = self.nonce(number);
        let data = out.get_mut(start..)?;
        let tag = match &self.aead {
            Aead::Gcm(aead) => aead.seal(&nonce, aad, data),
            Aead::ChaCha(aead) => aead.seal(&nonce, aad, data),
        };
        out.extend_from_slice(&tag);
        self.sequence = next;
        Some(())
    }
}
