//! CONNECT: a tunnel through an http proxy (RFC 9110, section 9.3.6).

use crate::auth;
use crate::error::{Result, Shown, filled};
use crate::http::{Head, HeadParser, Method, request};
use crate::report::Report;
use crate::stream::Stream;
use crate::url::Url;
use alloc::boxed::Box;
use os::text;

/// Bytes of a status line quoted in an error.
const MAX_QUOTE: usize = 100;

/// Asks the proxy at the other end of `stream` for a tunnel to the host and port of `url`; the head of what it answers.
///
/// Nothing behind the head is read: in a tunnel that stands, it is from the other end. `authorization` is the value of
/// `Proxy-Authorization`; `report` is to show the lines of the answer.
pub fn connect(
    stream: &mut dyn Stream,
    url: &Url,
    authorization: Option<&str>,
    report: &mut Report,
) -> Result<Box<Head>> {
    stream.write_all(&request::connect(url.host(), url.port(), authorization)?)?;
    let (head, _) = HeadParser::new(Method::Connect).read(stream, &mut [0], report)?;
    Ok(head)
}

/// An error unless `head` says that the tunnel stands; of the kind that its status is for a request.
pub fn check(head: &Head, now: u64) -> Result<()> {
    head.check_status(now).map_err(|mut error| {
        let line = Shown(head.status_line(), MAX_QUOTE);
        error.text = filled(text!("no tunnel: %%"), &[&line, &auth::unsupported(head)]);
        error
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::error::Kind;
    use crate::proxy::socks::Negotiation;
    use crate::proxy::{Protocol, tests::Script};

    const CONNECT: &str = concat!(
        "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nUser-Agent: ptex/",
        env!("CARGO_PKG_VERSION"),
        "\r\n\r\n"
    );

    /// What comes of an answer, and what was not read of it.
    fn answered(answer: &[u8]) -> (Result<()>, usize) {
        let mut stream = Script::new(answer);
        let url = Url::parse("https://u:p@h/x").unwrap();
        let mut arguments = [&b"-s"[..], b"u"].into_iter();
        let (_, options) = cli::parse(&mut || arguments.next(), &|_| None).unwrap();
        let mut report = Report::new(&options);
        let result = connect(&mut stream, &url, None, &mut report).and_then(|head| check(&head, 0));
        assert_eq!(stream.sent, CONNECT.as_bytes());
        (result, stream.left())
    }

    fn error(answer: &str) -> (Kind, alloc::string::String) {
        let e = answered(answer.as_bytes()).0.unwrap_err();
        (e.kind, e.text.clone())
    }

    #[test]
    fn tunnels() {
        for head in [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200\r\n\r\n",
            "HTTP/1.1 100 wait\r\n\r\nHTTP/1.1 200 OK\r\nVia: x\r\n\r\n",
            // RFC 9110, section 9.3.6: these mean nothing in a 2xx.
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            let answer = [head, "in the tunnel"].concat();
            assert_eq!(answered(answer.as_bytes()), (Ok(()), 13), "{head}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(
            error("HTTP/1.1 403 Not \x1b[2J here\r\n\r\n").0,
            Kind::Source
        );
        assert_eq!(
            error("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
            (Kind::Source, "no tunnel: HTTP/1.1 403 Forbidden".into())
        );
        assert_eq!(
            error("HTTP/1.1 503 Later\r\n\r\n"),
            (Kind::Transient, "no tunnel: HTTP/1.1 503 Later".into())
        );
        assert_eq!(
            error("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n").0,
            Kind::Source
        );
        let long = ["HTTP/1.1 500 ", &"x".repeat(5000), "\r\n\r\n"].concat();
        assert_eq!(error(&long).1.len(), "no tunnel: ".len() + MAX_QUOTE);
        assert_eq!(
            error("HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n").1,
            "no tunnel: HTTP/1.1 407 Who (unsupported authentication: NTLM, Negotiate)"
        );
        assert_eq!(
            error("HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM, Basic realm=\"x\"\r\n\r\n").1,
            "no tunnel: HTTP/1.1 407 Who"
        );
    }

    #[test]
    fn misbehaviour() {
        assert_eq!(
            error(""),
            (Kind::Transient, "Empty reply from server".into())
        );
        assert_eq!(error("HTTP/1.1 200 OK\r\nVia: x\r\n").0, Kind::Transient);
        for answer in [
            "HTTP/2 200 OK\r\n\r\n",
            "HTTP/0.9 200 OK\r\n\r\n",
            "SSH-2.0-OpenSSH_9.2\r\n",
            "<html>",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
        ] {
            assert_eq!(error(answer).0, Kind::Source, "{answer}");
        }
        let endless_line = ["HTTP/1.1 200 OK\r\nX: ", &"x".repeat(1 << 20)].concat();
        let endless_head = ["HTTP/1.1 200 OK\r\n", &"X: y\r\n".repeat(1 << 17)].concat();
        let endless_wait = "HTTP/1.1 100 Wait\r\n\r\n".repeat(1 << 10);
        for answer in [endless_line, endless_head, endless_wait] {
            let (result, left) = answered(answer.as_bytes());
            assert_eq!(result.unwrap_err().kind, Kind::Source);
            assert!(left > 0);
        }
    }

    #[test]
    fn socks_over_a_stream() {
        let url = Url::parse("https://h/x").unwrap();
        let run = |answer: &[u8]| {
            let mut stream = Script::new(answer);
            let mut socks =
                Negotiation::new(Protocol::Socks5h, url.host(), url.port(), None).unwrap();
            let result = socks.run(&mut stream).map_err(|e| e.kind);
            (result, stream.left())
        };
        let answer = b"\x05\0\x05\0\0\x03\x01p\0\x01in the tunnel";
        assert_eq!(run(answer), (Ok(()), 13));
        for end in 0..answer.len() - 13 {
            assert_eq!(run(&answer[..end]).0, Err(Kind::Transient), "{end}");
        }
        assert_eq!(run(b"HTTP/1.1 400 Bad Request\r\n").0, Err(Kind::Source));
    }
}
