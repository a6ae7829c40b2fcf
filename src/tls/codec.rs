//! Reading and writing the vectors of RFC 8446, section 3.4 (the same as RFC 5246, section 4.3).
//!
//! A [`Reader`] never reads past its bytes and never panics; whether all of them were used is for its user to ask.

use alloc::vec::Vec;

/// What is left of some bytes.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of `width` bytes, of at most three.
    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        Some(bytes.iter().fold(0, |n, &b| n << 8 | usize::from(b)))
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.number(1).map(|n| n as u8)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.number(2).map(|n| n as u16)
    }

    /// A vector whose length is told in `width` bytes before it.
    pub(crate) fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let n = self.number(width)?;
        self.take(n)
    }

    /// A handshake message: its type and its body.
    pub(crate) fn message(&mut self) -> Option<(u8, &'a [u8])> {
        Some((self.u8()?, self.vector(3)?))
    }

    /// An extension: its type and its data.
    pub(crate) fn extension(&mut self) -> Option<(u16, &'a [u8])> {
        Some((self.u16()?, self.vector(2)?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends what `body` writes, with its length in `width` bytes before it. The caller knows that it fits.
pub(crate) fn put_vector(out: &mut Vec<u8>, width: usize, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice([0; 3].get(..width).unwrap_or_default());
    body(out);
    let mut n = out.len() - at - width;
    for byte in out.iter_mut().skip(at).take(width).rev() {
        *byte = n as u8;
        n >>= 8;
    }
}

/// The one name in an ALPN extension (RFC 7301, section 3.1), if it is one.
pub(crate) fn alpn_choice(data: &[u8]) -> Option<&[u8]> {
    let mut outer = Reader(data);
    let mut list = Reader(outer.vector(2)?);
    let name = list.vector(1)?;
    (outer.is_empty() && list.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_within_its_bytes() {
        let mut r = Reader(&[2, 0, 1, 7, 0, 3, 1]);
        assert_eq!(r.u8(), Some(2));
        assert_eq!(r.vector(2), Some(&[7][..]));
        assert_eq!(r.vector(2), None);
        assert_eq!(Reader(&[1, 0, 0]).message(), None);
        assert_eq!(Reader(&[20, 0, 0, 1, 9]).message(), Some((20, &[9][..])));
    }

    #[test]
    fn writes_lengths() {
        let mut out = alloc::vec![1];
        put_vector(&mut out, 3, |out| {
            put_vector(out, 1, |out| out.extend_from_slice(&[5; 200]));
        });
        assert_eq!(out.get(..6), Some(&[1, 0, 0, 201, 200, 5][..]));
        assert_eq!(out.len(), 1 + 3 + 1 + 200);
    }

    #[test]
    fn alpn_is_one_name() {
        assert_eq!(alpn_choice(&[0, 3, 2, b'h', b'2']), Some(&b"h2"[..]));
        assert_eq!(alpn_choice(&[0, 4, 1, b'a', 1, b'b']), None);
        assert_eq!(alpn_choice(&[0, 3, 2, b'h', b'2', 0]), None);
        assert_eq!(alpn_choice(&[]), None);
    }
}
