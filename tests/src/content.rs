//! A file as a sound server answers for it (RFC 9110, sections 13 and 14), ranges included.

use std::sync::Arc;

use crate::server::Request;

/// The server's clock.
const NOW: &str = "Sun, 06 Nov 2094 08:49:37 GMT";

/// A file of a server.
#[derive(Clone, Debug)]
pub struct Content {
    /// What is in it.
    pub bytes: Arc<[u8]>,
    /// Its ETag, quotes included.
    pub etag: Option<&'static str>,
    /// When it was last changed.
    pub last_modified: Option<&'static str>,
    /// Whether a request for a part of it is heard.
    pub ranges: bool,
}

impl Content {
    /// A file with an ETag.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Content {
            bytes: bytes.into(),
            etag: Some("\"v1\""),
            last_modified: None,
            ranges: true,
        }
    }

    /// A file with a date of change alone.
    pub fn dated(bytes: impl Into<Arc<[u8]>>) -> Self {
        Content {
            etag: None,
            last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT"),
            ..Content::new(bytes)
        }
    }

    /// A file without anything that tells its versions apart.
    pub fn anonymous(bytes: impl Into<Arc<[u8]>>) -> Self {
        Content {
            etag: None,
            ..Content::new(bytes)
        }
    }

    /// Head and body of the answer to a request for it.
    pub fn answer(&self, request: &Request) -> (String, &[u8]) {
        let mut fields = format!("Date: {NOW}\r\n");
        for (name, value) in [("ETag", self.etag), ("Last-Modified", self.last_modified)] {
            if let Some(value) = value {
                fields += &format!("{name}: {value}\r\n");
            }
        }
        let total = self.bytes.len();
        let (status, body) = match self.first_byte(request) {
            None => ("200 OK", &self.bytes[..]),
            Some(first) if first >= total => {
                fields += &format!("Content-Range: bytes */{total}\r\n");
                ("416 Range Not Satisfiable", &[][..])
            }
            Some(first) => {
                let last = total - 1;
                fields += &format!("Content-Range: bytes {first}-{last}/{total}\r\n");
                ("206 Partial Content", &self.bytes[first..])
            }
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n");
        (head, body)
    }

    /// Where the part begins that is asked for, if one is, and of this version.
    fn first_byte(&self, request: &Request) -> Option<usize> {
        let range = request.header("Range").filter(|_| self.ranges)?;
        if let Some(version) = request.header("If-Range")
            && Some(version) != self.etag.or(self.last_modified)
        {
            return None;
        }
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse()
            .ok()
    }
}
