//! What of a session lets further connections resume it (RFC 5246, section 7.3; RFC 5077), which FTP servers demand of data
//! connections: so they know that whoever fetches the data is who logged in.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use zeroize::Zeroizing;

use super::hello::Suite;
use crate::tls::codec::Reader;

/// Bytes of a ticket: enough to make a session ID of, and no more than fit into a ClientHello of one record. Servers make
/// them of some hundred bytes, or of a client's certificate, which there is none of.
const TICKET: RangeInclusive<usize> = 32..=8192;

/// A session that can be resumed.
///
/// RFC 7627, section 5.3, advises against that without an extended master secret, and section 5.4 tells what it would be a
/// danger to: client certificates, renegotiation and channel bindings, none of which there are here. Servers that are too
/// old for it demand resumption as well.
pub(in crate::tls) struct Resumable {
    /// What the server repeats if it resumes the session: its own ID of it or, with a ticket, one that we make of that.
    pub(super) id: Vec<u8>,
    /// Empty if there is none.
    pub(super) ticket: Vec<u8>,
    pub(super) suite: &'static Suite,
    pub(super) extended_master_secret: bool,
    pub(super) master: Zeroizing<[u8; 48]>,
}

/// The ticket in a NewSessionTicket (RFC 5077, section 3.3), empty if it is of no use. `None` if it is malformed.
///
/// For how long the server takes it is of no interest: what it does not take, it answers with a new session.
pub(super) fn ticket(body: &[u8]) -> Option<&[u8]> {
    let mut body = Reader(body);
    body.take(4)?;
    let ticket = body.vector(2).filter(|_| body.is_empty())?;
    Some(match TICKET.contains(&ticket.len()) {
        true => ticket,
        false => &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets() {
        let (least, most) = (*TICKET.start(), *TICKET.end());
        for (length, kept) in [
            (0, 0),
            (least - 1, 0),
            (least, least),
            (most, most),
            (most + 1, 0),
            (65535, 0),
        ] {
            // For four seconds: whatever that says, it is tried.
            let mut body = vec![0, 0, 0, 4];
            body.extend_from_slice(&(length as u16).to_be_bytes());
            body.resize(6 + length, 7);
            assert_eq!(ticket(&body).map(<[u8]>::len), Some(kept));
            body.push(7);
            assert_eq!(ticket(&body), None);
            for short in 0..6.min(6 + length) {
                assert_eq!(ticket(&body[..short]), None);
            }
            if length > 0 {
                assert_eq!(ticket(&body[..5 + length]), None);
            }
        }
    }
}
