use super::*;
use crate::text::dec;
use alloc::string::String;

/// The head in these pieces, and how much of the last one that was needed it left.
fn parse_pieces(method: Method, pieces: &[&[u8]]) -> Result<Option<(Box<Head>, usize)>> {
    let mut parser = HeadParser::new(method);
    for &(mut piece) in pieces {
        if parser.feed(&mut piece)? {
            return Ok(Some((parser.head()?, piece.len())));
        }
        assert!(piece.is_empty());
    }
    Ok(None)
}

/// The head in `text`, fed in one piece, and how much of `text` it left.
fn parse_all(method: Method, text: &[u8]) -> Result<Option<(Box<Head>, usize)>> {
    parse_pieces(method, &[text])
}

/// The same in pieces: whatever the cuts, the result is that of one piece.
fn parse(text: &[u8]) -> Result<Option<(Box<Head>, usize)>> {
    let whole = parse_all(Method::Get, text);
    let summary = |result: &Result<Option<(Box<Head>, usize)>>| match result {
        Ok(Some((head, left))) => (head.raw().to_vec(), *left, String::new()),
        Ok(None) => (Vec::new(), 0, "incomplete".into()),
        Err(e) => (Vec::new(), 0, e.text.clone()),
    };
    // Every place to cut in a text of usual size, and a few in one that is there to reach a limit.
    for cut in (0..=text.len()).step_by(1 + text.len() / 2000 * 300) {
        let (first, second) = text.split_at(cut);
        let parts = parse_pieces(Method::Get, &[first, second]).map(|found| {
            found.map(|(head, left)| {
                // Of a head that was whole with the first part, nothing of the second was looked at.
                let is_first = head.raw().len() <= cut;
                (head, if is_first { left + second.len() } else { left })
            })
        });
        assert_eq!(summary(&parts), summary(&whole), "cut at {cut}");
    }
    whole
}

fn head(text: &str) -> Box<Head> {
    match parse(text.as_bytes()) {
        Ok(Some((head, 0))) => head,
        Ok(other) => panic!("{text:?}: left {:?}", other.map(|(_, left)| left)),
        Err(e) => panic!("{text:?}: {}", e.text),
    }
}

fn error(text: &[u8]) -> String {
    match parse(text) {
        Ok(_) => panic!("accepted {:?}", String::from_utf8_lossy(text)),
        Err(e) => {
            assert_eq!(e.kind, Kind::Source);
            e.text.clone()
        }
    }
}

/// A 200 with these field lines.
fn with(fields: &str) -> Box<Head> {
    head(&["HTTP/1.1 200 OK\r\n", fields, "\r\n"].concat())
}

fn bad_with(fields: &str) -> String {
    error(["HTTP/1.1 200 OK\r\n", fields, "\r\n"].concat().as_bytes())
}

#[test]
fn a_plain_one() {
    let text = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\na:\tc \r\n\r\n";
    let head = head(text);
    assert_eq!(head.status(), 200);
    assert_eq!(head.status_line(), b"HTTP/1.1 200 OK");
    assert_eq!(head.raw(), text.as_bytes());
    assert_eq!(head.header("A"), Some(&b"b"[..]));
    assert_eq!(head.values("A").collect::<Vec<_>>(), [b"b", b"c"]);
    assert_eq!(head.header("HTTP/1.1 200 OK"), None);
    assert_eq!(head.content_length(), Some(5));
}

#[test]
fn what_follows_is_left() {
    let (head, left) = parse(b"HTTP/1.1 200 OK\r\n\r\nbody\r\n\r\n")
        .unwrap()
        .unwrap();
    assert_eq!((head.raw().len(), left), (19, 8));
}

#[test]
fn harmless_oddities() {
    for text in [
        "HTTP/1.1 200 OK\nA: b\n\n",
        "\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n",
        "\n\r\n\nHTTP/1.1 200 OK\r\nA: b\r\n\n",
        "HTTP/1.1 200\r\nA: b\r\n\r\n",
        "HTTP/1.1 200 \r\nA: b\r\n\r\n",
        "HTTP/1.1 200  \t\u{e9}\r\nA: b\r\n\r\n",
        "HTTP/1.0 200 OK\r\nA:b\r\n\r\n",
    ] {
        let head = head(text);
        assert_eq!(head.status(), 200, "{text:?}");
        assert_eq!(head.header("a"), Some(&b"b"[..]), "{text:?}");
    }
    let (head, _) = parse(b"HTTP/1.1 200 OK\r\nA: \xe9\r\n\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(head.header("A"), Some(&b"\xe9"[..]));
    assert_eq!(head.header_text("A"), None);
}

#[test]
fn not_http_1() {
    let old = "Received HTTP/0.9 when not allowed";
    for text in [
        "<html>",
        "X",
        "HTTX",
        "http/1.1 200 OK\r\n",
        "ICY 200 OK\r\n",
        "\rX",
        " HTTP/1.1",
    ] {
        assert_eq!(error(text.as_bytes()), old, "{text:?}");
    }
    assert_eq!(error(&[0; 10]), old);
    for text in [
        "HTTP/2 200\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.2 200 OK\n",
        "HTTP/0.9 200 OK\n",
        "HTTP/\n",
    ] {
        assert_eq!(
            error(text.as_bytes()),
            "Unsupported HTTP version in response",
            "{text:?}"
        );
    }
}

#[test]
fn status_lines() {
    for line in [
        "099 x", "20 OK", "2000 OK", "200OK", "-20 x", "+20 x", "2x0 OK", "", " 200 OK", "200\tOK",
        "200 \0", "200 a\rb",
    ] {
        let text = ["HTTP/1.1 ", line, "\r\n\r\n"].concat();
        assert_eq!(
            error(text.as_bytes()),
            "Bad status line in response",
            "{line:?}"
        );
    }
    assert_eq!(head("HTTP/1.1 999 x\r\n\r\n").status(), 999);
}

#[test]
fn field_lines_that_smuggle() {
    for line in [
        "Content-Length : 5",
        "Content-Length\t: 5",
        " Content-Length: 5",
        "\tX: y",
        ": x",
        "X",
        "X Y: z",
        "X\0: z",
        "X: a\0b",
        "X: a\rb",
        "X: a\r\r",
        "X: \x1b[2J",
        "X: \x7f",
        "\u{e9}: x",
        "(x): y",
    ] {
        assert_eq!(
            bad_with(&[line, "\r\n"].concat()),
            "Bad response header",
            "{line:?}"
        );
    }
    assert_eq!(bad_with("\r"), "Bad response header");
}

/// RFC 9112, section 5.2.
#[test]
fn folded_lines_are_one() {
    let head = with("A: b\r\n c\r\n\t \r\n  d\r\nB: e\n f\r\n");
    assert_eq!(head.header("A"), Some(&b"b   c  \t     d"[..]));
    assert_eq!(head.header("B"), Some(&b"e  f"[..]));
    assert_eq!(head.values("B").count(), 1);
    // It cannot hide a length, nor make one.
    assert_eq!(
        bad_with("Content-Length: 1\r\n 2\r\n"),
        "Invalid Content-Length"
    );
    assert_eq!(
        with("X: y\r\n Content-Length: 5\r\n").framing(),
        Framing::UntilClose
    );
    assert_eq!(
        with("Transfer-Encoding:\r\n chunked\r\n").framing(),
        Framing::Chunked
    );
    assert_eq!(bad_with("X: y\r\n z\0\r\n"), "Bad response header");
    // Not behind an interim response either.
    assert_eq!(
        error(b"HTTP/1.1 103 x\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n A: b\r\n\r\n"),
        "Bad response header"
    );
}

#[test]
fn interim_responses_are_passed_over() {
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\nContent-Length: 9\r\n\r\n\
                HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let early = head(text);
    assert_eq!((early.status(), early.content_length()), (200, Some(5)));
    assert_eq!(early.header("Link"), None);
    assert_eq!(early.raw(), text.as_bytes());
    assert_eq!(early.status_line(), b"HTTP/1.1 200 OK");
    assert_eq!(
        error(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
        "The server switched protocols unasked"
    );
    let many = |n| {
        [
            "HTTP/1.1 100 Continue\r\n\r\n".repeat(n).as_str(),
            "HTTP/1.1 200 OK\r\n\r\n",
        ]
        .concat()
    };
    assert_eq!(head(&many(MAX_INTERIM as usize)).status(), 200);
    assert_eq!(
        error(many(MAX_INTERIM as usize + 1).as_bytes()),
        "Too many interim responses"
    );
}

#[test]
fn limits() {
    let large = "Too large response headers";
    let line = |len: usize| ["A: ", &"x".repeat(len - 5), "\r\n"].concat();
    assert!(with(&line(MAX_LINE)).header("A").is_some());
    assert_eq!(bad_with(&line(MAX_LINE + 1)), large);
    let endless = ["HTTP/1.1 200 ", &"x".repeat(MAX_LINE)].concat();
    assert_eq!(error(endless.as_bytes()), large);

    let start = "HTTP/1.1 200 OK\r\n";
    let left = MAX_HEAD - start.len() - 2;
    let fields = |left: usize| {
        let third = left / 3;
        [line(third), line(third), line(left - 2 * third)].concat()
    };
    assert_eq!(with(&fields(left)).raw().len(), MAX_HEAD);
    assert_eq!(bad_with(&fields(left + 1)), large);
    // The interim ones count, and so do empty lines.
    let interim = ["HTTP/1.1 100 x\r\n", &fields(left / 2), "\r\n"]
        .concat()
        .repeat(2);
    let text = [&interim, start, "\r\n"].concat();
    assert_eq!(error(text.as_bytes()), large);
    assert_eq!(error(&[b'\n'; MAX_HEAD + 1]), large);
}

#[test]
fn the_end_of_the_connection() {
    let mut parser = HeadParser::new(Method::Get);
    assert_eq!(parser.end().text, "Empty reply from server");
    assert!(!parser.feed(&mut &b"HTTP/1.1 2"[..]).unwrap());
    assert_eq!(parser.end().kind, Kind::Transient);
    assert_eq!(
        parser.end().text,
        "The connection ended within the response headers"
    );
    assert_eq!(parser.lines(), b"");
    assert!(!parser.feed(&mut &b"00 OK\r\nX: y\r\nX: "[..]).unwrap());
    assert_eq!(parser.lines(), b"HTTP/1.1 200 OK\r\nX: y\r\n");
}

/// RFC 9112, section 6.3.
#[test]
fn framing() {
    use Framing::*;
    assert_eq!(with("").framing(), UntilClose);
    assert_eq!(with("Content-Length: 0\r\n").framing(), Length(0));
    assert_eq!(
        with("Content-Length: 18446744073709551615\r\n").framing(),
        Length(u64::MAX)
    );
    assert_eq!(
        with("Content-Length: 005, 5\r\ncontent-length: 5\r\n").framing(),
        Length(5)
    );
    assert_eq!(with("transfer-encoding: CHUNKED\r\n").framing(), Chunked);
    assert_eq!(
        with("Transfer-Encoding: , chunked ,\r\n").framing(),
        Chunked
    );
    assert_eq!(
        with("Transfer-Encoding: identity\r\nContent-Length: 5\r\n").framing(),
        Length(5)
    );
    for lengths in ["Content-Length: 5\r\n", "Content-Length: 5, 6\r\n"] {
        let head = with(&[lengths, "Transfer-Encoding: chunked\r\n"].concat());
        assert_eq!(head.framing(), Chunked);
    }
    for (status, framing) in [
        ("204", None),
        ("304", None),
        ("205", Length(5)),
        ("404", Length(5)),
    ] {
        let text = ["HTTP/1.1 ", status, " x\r\nContent-Length: 5\r\n\r\n"].concat();
        assert_eq!(head(&text).framing(), framing);
    }
}

#[test]
fn lengths_that_are_none() {
    for value in [
        "",
        "5 ",
        "+5",
        "-5",
        "5x",
        "0x5",
        "5,",
        ",5",
        "5 5",
        "18446744073709551616",
        "5;6",
        "5.0",
    ] {
        let fields = ["Content-Length: ", value, "\r\n"].concat();
        if value.trim() == "5" {
            assert_eq!(with(&fields).framing(), Framing::Length(5));
        } else {
            assert_eq!(bad_with(&fields), "Invalid Content-Length", "{value:?}");
        }
    }
    let conflict = "Conflicting Content-Length";
    assert_eq!(bad_with("Content-Length: 5, 6\r\n"), conflict);
    assert_eq!(
        bad_with("Content-Length: 5\r\nX: y\r\nContent-Length: 6\r\n"),
        conflict
    );
}

#[test]
fn codings_that_are_not_undone() {
    for value in [
        "",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "chunked\r\nTransfer-Encoding: chunked",
        "identity, chunked",
        "xchunked",
        "chunked;q=1",
        "\"chunked\"",
    ] {
        let fields = ["Content-Length: 5\r\nTransfer-Encoding: ", value, "\r\n"].concat();
        assert_eq!(
            bad_with(&fields),
            "Unsupported transfer encoding",
            "{value:?}"
        );
    }
}

#[test]
fn tunnels_have_no_content() {
    let connect = |text: &[u8]| parse_all(Method::Connect, text).unwrap().unwrap();
    let (head, left) =
        connect(b"HTTP/1.1 200 x\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\nhello");
    assert_eq!((head.framing(), left), (Framing::None, 5));
    let (head, _) = connect(b"HTTP/1.1 407 x\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(head.framing(), Framing::Length(5));
}

#[test]
fn content_ranges() {
    let range = |value: &str| with(&["Content-Range: ", value, "\r\n"].concat()).content_range();
    let some = |range, complete_length| {
        Ok(Some(ContentRange {
            range,
            complete_length,
        }))
    };
    assert_eq!(with("").content_range(), Ok(None));
    assert_eq!(
        range("bytes 42-1233/1234"),
        some(Some((42, 1233)), Some(1234))
    );
    assert_eq!(range("Bytes 42-1233/*"), some(Some((42, 1233)), None));
    assert_eq!(range("bytes */1234"), some(None, Some(1234)));
    assert_eq!(range("bytes 0-0/1"), some(Some((0, 0)), Some(1)));
    let max = u64::MAX;
    assert_eq!(
        range("bytes 0-18446744073709551614/18446744073709551615"),
        some(Some((0, max - 1)), Some(max))
    );
    for bad in [
        "",
        "bytes",
        "bytes */*",
        "bytes 5-4/10",
        "bytes 0-10/10",
        "bytes 0-1",
        "bytes -1/10",
        "bytes 1-/10",
        "bytes 1/10",
        "bytes +1-2/10",
        "bytes 1-2/10x",
        "bytes 1-2/",
        "bytes 1 - 2/10",
        "bytes=1-2/10",
        "items 1-2/10",
        "bytes 1-18446744073709551616/*",
    ] {
        assert!(range(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn validators() {
    let validator = |fields: &str| with(fields).validator().map(String::from);
    let modified = "Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT\r\n";
    assert_eq!(validator("ETag: \"a b\"\r\n"), Some("\"a b\"".into()));
    assert_eq!(validator("ETag: W/\"a\"\r\n"), None);
    assert_eq!(validator("ETag: a\r\n"), None);
    assert_eq!(validator("ETag: \"\r\n"), None);
    assert_eq!(validator(modified), None);
    for (date, is_strong) in [
        ("Tue, 15 Nov 1994 12:45:27 GMT", true),
        ("Tue, 15 Nov 1994 12:45:26 GMT", false),
        ("Tue, 15 Nov 1994 12:45:25 GMT", false),
        ("never", false),
    ] {
        let fields = ["ETag: W/\"a\"\r\nDate: ", date, "\r\n", modified].concat();
        let expected = is_strong.then(|| "Tue, 15 Nov 1994 12:45:26 GMT".into());
        assert_eq!(validator(&fields), expected, "{date}");
    }
}

#[test]
fn retry_after() {
    let after = |fields: &str| with(fields).retry_after(784_111_700);
    assert_eq!(after(""), None);
    assert_eq!(after("Retry-After: 120\r\n"), Some(120));
    assert_eq!(after("Retry-After: 99999999999\r\n"), Some(u32::MAX));
    assert_eq!(after("Retry-After: soon\r\n"), None);
    assert_eq!(after("Retry-After: -1\r\n"), None);
    let date = "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    assert_eq!(after(date), Some(77));
    assert_eq!(
        after(&[date, "Date: Sun, 06 Nov 1994 08:49:30 GMT\r\n"].concat()),
        Some(7)
    );
    assert_eq!(
        after(&[date, "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"].concat()),
        Some(0)
    );
}

#[test]
fn statuses() {
    let check = |status: u16| {
        let text = [
            "HTTP/1.1 ",
            &dec(status.into()),
            " x\r\nRetry-After: 7\r\n\r\n",
        ]
        .concat();
        head(&text).check_status(0)
    };
    for status in [200, 204, 206] {
        assert_eq!(check(status), Ok(()));
    }
    for status in 300..600 {
        let e = check(status).unwrap_err();
        let passes = [408, 425, 429, 500, 502, 503, 504].contains(&status);
        assert_eq!(e.kind == Kind::Transient, passes, "{status}");
        assert_eq!(
            e.text,
            ["The requested URL returned error: ", &dec(status.into())].concat()
        );
        assert_eq!(e.retry_after, Some(7));
    }
}
