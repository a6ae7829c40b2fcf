//! Which version of the content an answer is of, which part of it, and where that ends.
//!
//! Pure: what was delivered, and what is done about it, is the caller's.

use crate::deliver::{Delivery, changed};
use crate::error::Result;
use crate::http::Head;
use crate::url::Url;
use alloc::string::String;

/// What is known of the content of which a part was delivered.
#[derive(Default)]
pub(super) struct Version {
    /// Which source said so.
    pub source: usize,
    /// Host and port of the server that said so, at the end of all redirects.
    pub server: String,
    /// What makes a range request conditional on the content being the same (RFC 9110, section 13.1.5).
    pub validator: Option<String>,
    /// The size of all of it.
    pub total: Option<u64>,
    /// Whether bytes of this version were delivered, and not only compared with others.
    pub is_delivered: bool,
    /// All of it is to be asked for when so many bytes are there: at first, or because the rest could not be had.
    pub asks_for_all_at: u64,
}

/// What an answer says of its content.
#[derive(Default)]
pub(super) struct Said<'a> {
    /// Which source led to it.
    pub source: usize,
    /// Host and port of the server that said it.
    pub server: String,
    /// What will be the same as long as the content is.
    pub validator: Option<&'a str>,
    /// The size of all of the content.
    pub total: Option<u64>,
    /// Where in the content this part of it begins: at 0, or after what was delivered.
    pub from: u64,
    /// Where it ends, if that may be before the end of the content; where it begins, if it is empty.
    pub end: Option<u64>,
}

/// What an answer means for what was delivered.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Its content is to be delivered; if it is all of it, what was delivered is compared.
    Take,
    /// Nothing was missing.
    End,
    /// The rest can't be had, or nothing tells whether it is of the same content: all of it is to be asked for.
    AskForAll,
    /// The content is another one.
    Refuse,
}

impl<'a> Said<'a> {
    /// What the head of a successful answer, or of one with the status 416, says to a request for the content from the byte
    /// `asked` on.
    pub(super) fn of(head: &'a Head, asked: u64, source: usize, url: &Url) -> Self {
        let length = head.content_length();
        let mut said = Said {
            source,
            server: url.host_port(),
            validator: head.validator(),
            total: length,
            from: 0,
            end: None,
        };
        let status = head.status();
        if asked > 0 && matches!(status, 206 | 416) {
            said.total = None;
            said.from = asked;
            said.end = Some(asked);
            // A part that is another one than that asked for, or does not say which, is as good as none. A 416 should say how
            // much there is, and need not (RFC 9110, section 15.5.17).
            if let Ok(Some(range)) = head.content_range() {
                match range.range {
                    None if status == 416 => said.total = range.complete_length,
                    Some((first, last))
                        if status == 206
                            && first == asked
                            && length.is_none_or(|length| {
                                length.checked_sub(1) == Some(last - first)
                            }) =>
                    {
                        said.total = range.complete_length;
                        said.end = Some(last.saturating_add(1));
                    }
                    _ => {}
                }
            }
        }
        said
    }
}

impl Version {
    /// What the answer means for what was delivered.
    ///
    /// # Errors
    /// [`Kind::Content`](crate::error::Kind::Content) if it is of another content.
    pub(super) fn judge(&self, said: &Said, delivery: &Delivery) -> Result<Step> {
        if let Some(total) = said.total {
            delivery.check_size(total)?;
        }
        match self.decide(said, delivery.delivered(), delivery.is_proven_by_hash()) {
            Step::Refuse => Err(changed()),
            step => Ok(step),
        }
    }

    /// The same when `delivered` bytes are there, whose hash will be checked in the end or not.
    fn decide(&self, said: &Said, delivered: u64, is_proven_by_hash: bool) -> Step {
        if delivered == 0 {
            return Step::Take;
        }
        // All of it is compared, whatever it calls itself; the rest is taken at its word.
        let is_on_trust = said.from > 0 && !is_proven_by_hash;
        // Two servers may well have different files of one date; only an ETag is not met by chance.
        let is_by_chance = is_on_trust
            && !self.server.is_empty()
            && self.server != said.server
            && matches!(&self.validator, Some(old) if !old.starts_with('"'));
        let is_nothing = said.end == Some(delivered);
        if is_by_chance {
            return Step::AskForAll;
        }
        let is_other = is_on_trust
            && self.source == said.source
            && matches!((&self.validator, said.validator), (Some(old), Some(new)) if old != new);
        let is_changed = is_other
            || said.total.or(self.total).is_some_and(|total| {
                self.total.is_some_and(|old| old != total) || total < said.end.unwrap_or(delivered)
            });
        match (is_changed, is_nothing) {
            (true, _) => Step::Refuse,
            (_, true) if said.total == Some(delivered) => Step::End,
            (_, true) => Step::AskForAll,
            _ => Step::Take,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Step::*;
    use super::*;
    use crate::http::{HeadParser, Method};
    use alloc::boxed::Box;

    const TAG: &str = "\"v1\"";
    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn head(status: &str, fields: &str) -> Box<Head> {
        let text = std::format!("HTTP/1.1 {status}\r\nETag: {TAG}\r\n{fields}\r\n\r\n");
        let mut parser = HeadParser::new(Method::Get);
        assert!(parser.feed(&mut text.as_bytes()).unwrap());
        parser.head().unwrap()
    }

    #[test]
    fn what_heads_say() {
        let url = Url::parse("http://h:81/f").unwrap();
        let length = "Content-Length: 40";
        // The status, the first byte that was asked for, fields; the total, where it begins, where it ends.
        let all = (Some(40), 0, None);
        let nothing = (None, 60, Some(60));
        for (status, asked, fields, expected) in [
            ("200", 0, length, all),
            ("200", 60, length, all),
            ("200", 60, "Transfer-Encoding: chunked", (None, 0, None)),
            // A part of what the user's own header asks for is all there is.
            (
                "206",
                0,
                "Content-Range: bytes 60-99/100\r\nContent-Length: 40",
                all,
            ),
            (
                "206",
                60,
                "Content-Range: bytes 60-99/100\r\nContent-Length: 40",
                (Some(100), 60, Some(100)),
            ),
            (
                "206",
                60,
                "Content-Range: bytes 60-79/100\r\nContent-Length: 20",
                (Some(100), 60, Some(80)),
            ),
            (
                "206",
                60,
                "Content-Range: bytes 60-99/*",
                (None, 60, Some(100)),
            ),
            (
                "206",
                60,
                "Content-Range: bytes 60-99/*\r\nContent-Length: 0",
                nothing,
            ),
            (
                "206",
                60,
                "Content-Range: bytes 60-99/100\r\nContent-Length: 39",
                nothing,
            ),
            (
                "206",
                60,
                "Content-Range: bytes 59-98/100\r\nContent-Length: 40",
                nothing,
            ),
            (
                "206",
                60,
                "Content-Range: bytes 0-39/40\r\nContent-Length: 40",
                nothing,
            ),
            ("206", 60, "Content-Range: bytes 60-59/*", nothing),
            ("206", 60, "Content-Range: bytes */60", nothing),
            ("206", 60, "Content-Range: x", nothing),
            ("206", 60, length, nothing),
            (
                "416",
                60,
                "Content-Range: bytes */60",
                (Some(60), 60, Some(60)),
            ),
            (
                "416",
                60,
                "Content-Range: bytes */99",
                (Some(99), 60, Some(60)),
            ),
            ("416", 60, "Content-Range: bytes 60-99/100", nothing),
            ("416", 60, "Content-Range: bytes */*", nothing),
            ("416", 60, length, nothing),
        ] {
            let head = head(status, fields);
            let said = Said::of(&head, asked, 3, &url);
            assert_eq!(
                (said.total, said.from, said.end),
                expected,
                "{status} {fields}"
            );
            assert_eq!(
                (said.source, &*said.server, said.validator),
                (3, "h:81", Some(TAG))
            );
        }
    }

    /// From the server `h`.
    fn said(total: Option<u64>, from: u64, end: Option<u64>) -> Said<'static> {
        Said {
            server: "h".into(),
            validator: Some(TAG),
            total,
            from,
            end,
            ..Said::default()
        }
    }

    fn known(validator: &str, total: Option<u64>) -> Version {
        Version {
            server: "h".into(),
            validator: Some(validator.into()),
            total,
            ..Version::default()
        }
    }

    #[test]
    fn where_the_content_ends() {
        let (hundred, ninety) = (Some(100), Some(90));
        // The total that is known, what is said of 60 delivered bytes.
        for (total, said, expected) in [
            // All of it.
            (None, said(None, 0, None), Take),
            (None, said(hundred, 0, None), Take),
            (hundred, said(None, 0, None), Take),
            (hundred, said(hundred, 0, None), Take),
            (hundred, said(ninety, 0, None), Refuse),
            (None, said(Some(60), 0, None), Take),
            (None, said(Some(59), 0, None), Refuse),
            // The rest, or a part of it.
            (None, said(None, 60, ninety), Take),
            (None, said(hundred, 60, hundred), Take),
            (hundred, said(None, 60, ninety), Take),
            (hundred, said(hundred, 60, ninety), Take),
            (hundred, said(None, 60, Some(101)), Refuse),
            (hundred, said(ninety, 60, ninety), Refuse),
            (None, said(ninety, 60, hundred), Refuse),
            // Nothing.
            (None, said(Some(60), 60, Some(60)), End),
            (Some(60), said(Some(60), 60, Some(60)), End),
            (None, said(hundred, 60, Some(60)), AskForAll),
            (hundred, said(hundred, 60, Some(60)), AskForAll),
            (Some(99), said(hundred, 60, Some(60)), Refuse),
            (None, said(Some(59), 60, Some(60)), Refuse),
            (hundred, said(Some(60), 60, Some(60)), Refuse),
            (None, said(None, 60, Some(60)), AskForAll),
            (hundred, said(None, 60, Some(60)), AskForAll),
        ] {
            let what = (total, said.total, said.from, said.end);
            for is_proven_by_hash in [false, true] {
                let step = known(TAG, total).decide(&said, 60, is_proven_by_hash);
                assert_eq!(step, expected, "{what:?}");
            }
            if said.from == 0 {
                // Where nothing was delivered, nothing is known.
                assert_eq!(known(TAG, total).decide(&said, 0, false), Take, "{what:?}");
            }
        }
    }

    #[test]
    fn who_may_send_the_rest() {
        let rest = |source, server: &str, validator| Said {
            source,
            server: server.into(),
            validator,
            ..said(Some(100), 60, Some(100))
        };
        let other = Some("\"v2\"");
        // What is known, what is said, what it means without a hash.
        for (validator, said, expected) in [
            (TAG, rest(0, "h", Some(TAG)), Take),
            (TAG, rest(0, "h", None), Take),
            (TAG, rest(0, "h", other), Refuse),
            (TAG, rest(0, "i", Some(TAG)), Take),
            (TAG, rest(1, "i", other), Take),
            (DATE, rest(0, "h", Some(DATE)), Take),
            (DATE, rest(0, "i", Some(DATE)), AskForAll),
        ] {
            let version = known(validator, None);
            assert_eq!(version.decide(&said, 60, false), expected);
            assert_eq!(version.decide(&said, 60, true), Take);
            // All of it is compared.
            let all = Said {
                from: 0,
                end: None,
                ..said
            };
            assert_eq!(version.decide(&all, 60, false), Take);
        }
        // Nobody knows which server an earlier process was sent its part by.
        let mut version = known(DATE, None);
        version.server.clear();
        assert_eq!(version.decide(&rest(0, "i", Some(DATE)), 60, false), Take);
    }
}
