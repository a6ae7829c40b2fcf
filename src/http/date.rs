//! HTTP dates (RFC 9110, section 5.6.7).

use crate::text::number;
use os::text::{alike, find, split};

/// Seconds since 1970 of `text` in any of the three forms of an HTTP-date; `None` if it is none, or before 1970.
///
/// The parts are told from each other by what they look like, since the forms have the same ones in different order. The
/// day of the week and the zone, which is GMT in all of them, are words that are not looked at.
pub fn parse(text: &[u8]) -> Option<u64> {
    let (mut day, mut month, mut year, mut time) = (None, 0, 0, None);
    for part in text.split(|byte| matches!(byte, b' ' | b',' | b'-')) {
        if find(part, b':').is_some() {
            time = Some(parse_time(part)?);
        } else if part.first().is_some_and(u8::is_ascii_digit) {
            let value = number(part, 10)?;
            match part.len() {
                1 | 2 if day.is_none() => day = Some(value),
                4 => year = value,
                // RFC 850 dates: nothing on the web is older than 1970.
                2 => year = if value < 70 { 2000 } else { 1900 } + value,
                _ => return None,
            }
        } else if !part.iter().all(u8::is_ascii_alphabetic) {
            return None;
        } else if month == 0 {
            month = month_number(part);
        }
    }
    let (day, time) = (day?, time?);
    if year < 1970 || month == 0 || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin with March have their leap day at the end.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1;
    // 1970-01-01 by the same count; 1970-01-01 is the least that comes here.
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + time)
}

/// Seconds of `hh:mm:ss`.
fn parse_time(text: &[u8]) -> Option<u64> {
    let &[_, _, b':', _, _, b':', _, _] = text else {
        return None;
    };
    let mut parts = split(text, b':');
    let mut next = |limit| number(parts.next()?, 10).filter(|value| *value < limit);
    // A leap second is the 60th.
    Some((next(24)? * 60 + next(60)?) * 60 + next(61)?)
}

/// From 1 on; 0 if it is none.
fn month_number(name: &[u8]) -> u64 {
    let mut months = b"JanFebMarAprMayJunJulAugSepOctNovDec".chunks_exact(3);
    let index = months.position(|month| alike(month, name));
    index.map_or(0, |index| index as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_three_forms_of_the_rfc() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text.as_bytes()), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn days_of_the_calendar() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Fri, 31 Dec 1999 23:59:60 GMT", 946_684_800),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 1 << 31),
            ("Sunday, 07-Feb-36 06:28:16 GMT", 2_085_978_496),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "120",
            "Sun, 06 Nov 1994",
            "06 Nov 08:49:37",
            "Sun, 06 1994 08:49:37 GMT",
            "W/Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 \"",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:1 GMT",
            "Sun, 06 Nov 1994 08:+9:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
            "Sun, 06 Nov 199x 08:49:37 GMT",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
