//! The minimal transport: what a socket, a TLS session, a tunnel and an injected fault have in common.

use crate::error::Result;

/// A connected, ordered stream of bytes in both directions.
///
/// Implementations enforce their own time limits and give errors whose text names the peer. Nothing above a `Stream`
/// knows what is below it.
pub trait Stream {
    /// Reads at least one byte into `buf`, which is not empty, and returns how many. 0 is the orderly end of the
    /// stream (a TCP FIN, a close_notify); an end that is not orderly is an error.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize>;

    /// Whether a `read` would return something without waiting, as far as that is known. The body is handed on in
    /// large writes while bytes keep coming, and at once when they do not.
    fn ready(&mut self) -> bool {
        false
    }

    /// Writes all of `data` and hands it to the layer below before it returns.
    fn write_all(&mut self, data: &[u8]) -> Result<()>;
}

impl<S: Stream + ?Sized> Stream for alloc::boxed::Box<S> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        (**self).read(buf)
    }
    fn ready(&mut self) -> bool {
        (**self).ready()
    }
    fn write_all(&mut self, data: &[u8]) -> Result<()> {
        (**self).write_all(data)
    }
}
