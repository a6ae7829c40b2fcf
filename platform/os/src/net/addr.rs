//! Addresses as text, both ways, without `core::fmt`: dotted quads, and IPv6 by RFC 4291 (section 2.2), RFC 5952 and
//! RFC 4007 (zones).

use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::append;
use crate::sys::net::interface_index;
use crate::text::{self, append_number, find, split, split_once};

/// The socket address of an address literal, or `None` if `text` is something else. An IPv6 literal stands without its
/// brackets and may have a zone: `fe80::1%eth0`, `fe80::1%2`.
#[inline(never)]
pub fn parse(text: &[u8], port: u16) -> Option<SocketAddr> {
    if let Some(v4) = parse_v4(text) {
        return Some(SocketAddr::V4(SocketAddrV4::new(v4.into(), port)));
    }
    let (address, zone) = split_once(text, b'%').unwrap_or((text, b"0"));
    let v6 = parse_v6(address)?;
    let zone = match number(zone) {
        Some(index) => index,
        None => interface_index(core::str::from_utf8(zone).ok()?)?,
    };
    Some(SocketAddr::V6(SocketAddrV6::new(v6.into(), port, 0, zone)))
}

/// A dotted quad. No part has leading zeros: some would read it as octal.
fn parse_v4(text: &[u8]) -> Option<u32> {
    let (mut value, mut count) = (0, 0);
    for part in split(text, b'.') {
        if part.len() > 1 && part.starts_with(b"0") {
            return None;
        }
        value = value << 8 | u32::from(u8::try_from(number(part)?).ok()?);
        count += 1;
    }
    (count == 4).then_some(value)
}

fn parse_v6(text: &[u8]) -> Option<u128> {
    let Some(gap) = text.windows(2).position(|pair| pair == b"::") else {
        let (value, count) = groups(text)?;
        return (count == 8).then_some(value);
    };
    let head = text.get(..gap)?;
    if find(head, b'.').is_some() {
        return None;
    }
    let (head, head_count) = groups(head)?;
    let (tail, tail_count) = groups(text.get(gap + 2..)?)?;
    // The gap stands for one group at least, as RFC 5952 has it and every parser reads it.
    if head_count + tail_count > 7 {
        return None;
    }
    let shift = 16 * (8 - head_count);
    Some(head.checked_shl(shift).unwrap_or(0) | tail)
}

/// The value and the number, at most eight, of groups of hexadecimal digits; the last two may be a dotted quad.
fn groups(text: &[u8]) -> Option<(u128, u32)> {
    let (mut value, mut count) = (0u128, 0);
    if text.is_empty() {
        return Some((value, count));
    }
    let mut parts = split(text, b':').peekable();
    while let Some(part) = parts.next() {
        if find(part, b'.').is_some() {
            // At the end alone.
            if parts.peek().is_some() {
                return None;
            }
            value = value << 32 | u128::from(parse_v4(part)?);
            count += 2;
        } else {
            if part.is_empty() || part.len() > 4 {
                return None;
            }
            let mut group = 0;
            for &digit in part {
                group = group << 4 | char::from(digit).to_digit(16)?;
            }
            value = value << 16 | u128::from(group);
            count += 1;
        }
        if count > 8 {
            return None;
        }
    }
    Some((value, count))
}

/// The socket address of `ip`, without a zone.
#[inline(never)]
pub(crate) fn with_port(ip: IpAddr, port: u16) -> SocketAddr {
    match ip {
        IpAddr::V4(v4) => SocketAddr::V4(SocketAddrV4::new(v4, port)),
        IpAddr::V6(v6) => SocketAddr::V6(SocketAddrV6::new(v6, port, 0, 0)),
    }
}

/// Appends the address in its canonical form (RFC 5952), its zone as a number if it has one, and never the port.
#[inline(never)]
pub fn push(text: &mut String, address: &SocketAddr) {
    match address {
        SocketAddr::V4(v4) => push_v4(text, v4.ip()),
        SocketAddr::V6(v6) => {
            push_v6(text, v6.ip());
            if v6.scope_id() != 0 {
                text.push('%');
                push_number(text, v6.scope_id(), 10);
            }
        }
    }
}

fn push_v4(text: &mut String, ip: &Ipv4Addr) {
    let mut before = "";
    for byte in &ip.octets() {
        append(text, before);
        push_number(text, (*byte).into(), 10);
        before = ".";
    }
}

fn push_v6(text: &mut String, ip: &Ipv6Addr) {
    if let Some(v4) = ip.to_ipv4_mapped() {
        append(text, "::ffff:");
        return push_v4(text, &v4);
    }
    // RFC 5952, section 4.2: the longest run of two or more zero groups, the first of equals, becomes `::`.
    let groups = ip.segments();
    let (mut best, mut best_len, mut run) = (8, 1, 0);
    for (i, group) in groups.iter().enumerate() {
        run = if *group == 0 { run + 1 } else { 0 };
        if run > best_len {
            (best, best_len) = (i + 1 - run, run);
        }
    }
    for (i, group) in groups.iter().enumerate() {
        if i == best {
            append(text, "::");
        } else if i < best || i >= best + best_len {
            if i > 0 && i != best + best_len {
                text.push(':');
            }
            push_number(text, (*group).into(), 16);
        }
    }
}

/// Appends `n` in base 10 or 16.
pub(crate) fn push_number(text: &mut String, n: u32, radix: u32) {
    append_number(text, n.into(), radix.into());
}

/// The value of a string of decimal digits, if it is one and fits.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    text::number(digits, 10)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn text(address: &SocketAddr) -> String {
        let mut text = String::new();
        push(&mut text, address);
        text
    }

    /// RFC 5952, sections 4 and 5, and the ends of the range.
    #[test]
    fn canonical_text() {
        for literal in [
            "0.0.0.0",
            "127.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "1::",
            "2001:db8::1",
            "2001:db8:0:1:1:1:1:1",
            "2001:db8::1:0:0:1",
            "2001:0:0:1::1",
            "1:2:3:4:5:6:7:8",
            "0:1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:0",
            "1:2:3:4:5:6::",
            "::3:4:5:6:7:8",
            "fe80::abcd:ef01:2345:6789",
            "::ffff:192.0.2.1",
            "64:ff9b::c000:221",
        ] {
            assert_eq!(text(&parse(literal.as_bytes(), 1).unwrap()), literal);
        }
        assert_eq!(
            text(&parse(b"2001:DB8:0:0:0:0:0:AA", 1).unwrap()),
            "2001:db8::aa"
        );
    }

    #[test]
    fn text_is_as_the_standard_library_has_it() {
        // Every pattern of zero groups, against an independent implementation.
        for pattern in 0u32..256 {
            let mut groups = [0u16; 8];
            for (i, group) in groups.iter_mut().enumerate() {
                if pattern & (1 << i) != 0 {
                    *group = 0x0a0 + i as u16;
                }
            }
            let ip = Ipv6Addr::from(groups);
            // `::a.b.c.d` was deprecated (RFC 4291, section 2.5.5.1) and is written in groups on both sides.
            assert_eq!(text(&with_port(ip.into(), 0)), ip.to_string());
            assert_eq!(
                parse(ip.to_string().as_bytes(), 0).unwrap().ip(),
                IpAddr::V6(ip)
            );
        }
    }

    #[test]
    fn zones() {
        let address = parse(b"fe80::1%7", 80).unwrap();
        assert_eq!(text(&address), "fe80::1%7");
        let SocketAddr::V6(v6) = address else {
            panic!("not IPv6")
        };
        assert_eq!((v6.scope_id(), v6.port()), (7, 80));
        assert_eq!(parse(b"fe80::1%no-such-interface0", 80), None);
        assert_eq!(parse(b"fe80::1%", 80), None);
    }

    /// On Windows they have numbers alone.
    #[cfg(unix)]
    #[test]
    fn zones_by_name() {
        let name: &[u8] = if cfg!(target_os = "macos") {
            b"fe80::1%lo0"
        } else {
            b"fe80::1%lo"
        };
        let SocketAddr::V6(lo) = parse(name, 80).unwrap() else {
            panic!("not IPv6")
        };
        assert_ne!(lo.scope_id(), 0);
    }

    #[test]
    fn what_is_no_literal() {
        for name in [
            "",
            "1",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3.4 ",
            "1..3.4",
            "+1.2.3.4",
            "1.2.3.4294967297",
            "[::1]",
            ":",
            ":::",
            "1::2::3",
            "12345::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "example.com",
            "127.0.0.1%lo",
            "::1.2.3.256",
            "::1.2.3.4:1",
            "1.2.3.4::",
            "1:1.2.3.4::1",
            "1:2:3:4:5:6:7:1.2.3.4",
            "1:2:3:4:5:6:7::8",
            "1:2:3:4::5:6:7:8",
            "::g",
            "::+1",
            ":1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:",
            "1:",
        ] {
            assert_eq!(parse(name.as_bytes(), 1), None, "{name}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        assert_eq!(number(b"4294967296"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"-1"), None);
        let mut text = String::new();
        push_number(&mut text, u32::MAX, 10);
        push_number(&mut text, 0, 10);
        push_number(&mut text, u32::from(u16::MAX), 16);
        assert_eq!(text, "42949672950ffff");
    }
}
