use super::*;

const NAME: &[u8] = b"python.tar.gz";
const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

fn scan_pieces<'a>(
    name: &[u8],
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<Entry>> {
    let mut scanner = Scanner::new(name);
    for piece in pieces {
        scanner.push(piece)?;
    }
    scanner.finish()
}

fn scan(document: impl AsRef<[u8]>) -> Result<Option<Entry>> {
    scan_pieces(NAME, [document.as_ref()])
}

fn urls(document: &str) -> Vec<String> {
    scan(document).unwrap().unwrap().urls
}

/// The reason and the position of the error for `document`, which must not depend on how it is cut into pieces.
fn why(document: impl AsRef<[u8]>) -> String {
    let document = document.as_ref();
    let error = scan(document).unwrap_err();
    assert_eq!(error.kind, Kind::Local);
    assert_eq!(
        scan_pieces(NAME, document.chunks(1)).unwrap_err(),
        error,
        "byte by byte"
    );
    error
        .text
        .strip_prefix("Failed to parse ptex config: ")
        .unwrap()
        .to_string()
}

fn lift(files: &str) -> String {
    format!(
        r#"{{"scie":{{"lift":{{"name":"x","files":{files}}}}},"ptex":{{"python.tar.gz":"https://a/"}}}}"#
    )
}

#[test]
fn the_table_alone_is_a_manifest() {
    let document = r#"{"ptex": {"other": "http://x/", "python.tar.gz": "https://a/b?c#d"}}"#;
    let entry = scan(document).unwrap().unwrap();
    assert_eq!(entry.urls, ["https://a/b?c#d"]);
    assert_eq!((entry.size, entry.sha256), (None, None));
    assert_eq!(scan(r#"{"ptex":{}}"#), Ok(None));
    assert_eq!(scan(r#" { "ptex" : { "python.tar" : "" } } "#), Ok(None));
    assert_eq!(
        scan(r#"{"ptex":{"python.tar.gz/":"x","python.tar.gzz":"y"}}"#),
        Ok(None)
    );
}

#[test]
fn mirrors_keep_their_order() {
    assert_eq!(
        urls(r#"{"ptex":{"python.tar.gz":["b","a","b"],"z":["c"]}}"#),
        ["b", "a", "b"]
    );
}

#[test]
fn the_last_mapping_wins() {
    let twice = |a, b| {
        urls(&format!(
            r#"{{"ptex":{{"python.tar.gz":{a},"x":"y","python.tar.gz":{b}}}}}"#
        ))
    };
    assert_eq!(twice(r#""a""#, r#""b""#), ["b"]);
    assert_eq!(twice(r#"["a","b","c"]"#, r#"["d"]"#), ["d"]);
    assert_eq!(twice(r#""a""#, r#"["b","c"]"#), ["b", "c"]);
}

#[test]
fn names_compare_decoded() {
    assert_eq!(
        urls(r#"{"pt\u0065x":{"pyth\u006fn.tar.g\u007a":"https:\/\/a\u002f\n"}}"#),
        ["https://a/\n"]
    );
    assert_eq!(
        urls(
            r#"{"ptex":{"python.tar.gz":"\ud800\udc00\udbff\udfff\ud7ff\ue000\u007f\u0080\u0000"}}"#
        ),
        ["\u{10000}\u{10ffff}\u{d7ff}\u{e000}\u{7f}\u{80}\0"]
    );
    let document = "{\"ptex\":{\"\\ud83d\\uDE00\u{e9}\\\"\":\"\u{1f600}\"}}";
    for piece in 1..document.len() {
        let entry = scan_pieces(
            "\u{1f600}\u{e9}\"".as_bytes(),
            document.as_bytes().chunks(piece),
        );
        assert_eq!(entry.unwrap().unwrap().urls, ["\u{1f600}"]);
    }
    // A name that is not UTF-8 is in no document.
    assert_eq!(scan_pieces(b"\xff", [document.as_bytes()]), Ok(None));
    let empty = scan_pieces(b"", [&br#"{"ptex":{"":"a"}}"#[..]]);
    assert_eq!(empty.unwrap().unwrap().urls, ["a"]);
}

#[test]
fn size_and_hash_stand_before_or_after() {
    let file = format!(
        r#"{{"name":"other","size":1}},{{"hash":"{HASH}","size":18,"type":"blob","name":"python.tar.gz"}}"#
    );
    let files = format!(r#""scie":{{"lift":{{"files":[{file}]}}}}"#);
    let table = r#""ptex":{"python.tar.gz":"a"}"#;
    for document in [
        format!("{{{files},{table}}}"),
        format!("{{{table},{files}}}"),
    ] {
        let entry = scan(&document).unwrap().unwrap();
        assert_eq!(entry.size, Some(18));
        let half = [
            0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
            0xee, 0xff,
        ];
        assert_eq!(entry.sha256.unwrap()[..], [half, half].concat());
    }
}

#[test]
fn only_the_lift_tells_sizes() {
    for elsewhere in [
        r#""files":[{"name":"python.tar.gz","size":1}]"#,
        r#""lift":{"files":[{"name":"python.tar.gz","size":1}]}"#,
        r#""scie":{"files":[{"name":"python.tar.gz","size":1}]}"#,
        r#""scie":{"lift":{"boot":{"files":[{"name":"python.tar.gz","size":1}]}}}"#,
        r#""scie":{"lift":{"files":{"name":"python.tar.gz","size":1}}}"#,
        r#""scie":{"lift":{"files":[[{"name":"python.tar.gz","size":1}]]}}"#,
        r#""scie":{"lift":{"files":[{"x":{"name":"python.tar.gz","size":1}}]}}"#,
        r#""scie":[{"lift":{"files":[{"name":"python.tar.gz","size":1}]}}]"#,
        r#""scie":{"lift":{"files":[{"name":["python.tar.gz"],"size":1}]}}"#,
    ] {
        let document = format!(r#"{{{elsewhere},"ptex":{{"python.tar.gz":"a"}}}}"#);
        let entry = scan(&document).unwrap().unwrap();
        assert_eq!((entry.urls.len(), entry.size), (1, None), "{document}");
    }
}

#[test]
fn the_rest_of_the_lift_may_be_anything() {
    for scie in [
        "null",
        "1",
        "[]",
        "\"\"",
        r#"{"lift":3,"jump":[{}]}"#,
        r#"{"lift":{"files":[1,null,"a",[{}],{},{"name":1},{"size":-1,"hash":[{"name":0}]}]}}"#,
        r#"{"lift":{"files":[{"name":"other","size":"x","hash":5}]}}"#,
    ] {
        let document = format!(r#"{{"scie":{scie},"ptex":{{"python.tar.gz":"a"}}}}"#);
        let entry = scan(&document).unwrap().unwrap();
        assert_eq!((entry.size, entry.sha256), (None, None), "{document}");
    }
}

#[test]
fn what_cannot_be_checked_is_an_error() {
    let none = lift(r#"[{"name":"python.tar.gz","size":null,"hash":null}]"#);
    let entry = scan(&none).unwrap().unwrap();
    assert_eq!((entry.size, entry.sha256), (None, None));
    let largest = lift(r#"[{"name":"python.tar.gz","size":18446744073709551615}]"#);
    assert_eq!(scan(&largest).unwrap().unwrap().size, Some(u64::MAX));

    for size in [
        "-1",
        "1.0",
        "1e3",
        "\"1\"",
        "[1]",
        "{}",
        "true",
        "18446744073709551616",
    ] {
        for file in [
            format!(r#"[{{"name":"python.tar.gz","size":{size}}}]"#),
            format!(r#"[{{"size":{size},"size":1,"name":"python.tar.gz"}}]"#),
        ] {
            let why = why(lift(&file));
            assert!(
                why.starts_with("a file's size that is not a number of bytes at line 1 column "),
                "{size}: {why}"
            );
        }
    }
    let short = &HASH[1..];
    for hash in [
        "\"\"".to_string(),
        "1".to_string(),
        "false".to_string(),
        format!("\"{short}\""),
        format!("\"0{HASH}\""),
        format!("\"g{short}\""),
        format!("[\"{HASH}\"]"),
    ] {
        let file = format!(r#"[{{"hash":{hash},"hash":"{HASH}","name":"python.tar.gz"}}]"#);
        assert!(
            why(lift(&file)).starts_with("a file's hash that is not 64 hex digits at"),
            "{hash}"
        );
    }
}

#[test]
fn contradictions_are_errors() {
    let two = |a: &str, b: &str| {
        lift(&format!(
            r#"[{{"name":"python.tar.gz",{a}}},{{"name":"python.tar.gz",{b}}}]"#
        ))
    };
    let other = HASH.replace('0', "1");
    let hash = format!("\"hash\":\"{HASH}\"");
    let lower = format!("\"hash\":\"{}\"", HASH.to_lowercase());
    let other = format!("\"hash\":\"{other}\"");

    let entry = scan(two(&hash, "\"size\":2")).unwrap().unwrap();
    assert!(entry.size == Some(2) && entry.sha256.is_some());
    assert!(scan(two(&hash, &lower)).is_ok());
    assert!(why(two(&hash, &other)).starts_with("two different hashes"));
    assert!(why(two("\"size\":1", "\"size\":2")).starts_with("two different sizes"));
    let one = format!(r#"[{{"name":"python.tar.gz",{hash},{other}}}]"#);
    assert!(why(lift(&one)).starts_with("two different hashes"));
    let one = r#"[{"name":"python.tar.gz","size":1,"size":null,"size":2}]"#;
    assert!(why(lift(one)).starts_with("two different sizes"));
}

#[test]
fn the_table_has_to_be_one() {
    for (document, reason) in [
        ("", "unexpected end of the document at line 1 column 0"),
        ("{", "unexpected end of the document at line 1 column 1"),
        (
            "{\n\n  ",
            "unexpected end of the document at line 3 column 2",
        ),
        ("[]", "the document is not an object at line 1 column 1"),
        ("{}", "there is no \"ptex\" member at line 1 column 2"),
        (
            r#"{"scie":{"ptex":{"python.tar.gz":"a"}}}"#,
            "there is no \"ptex\" member at line 1 column 39",
        ),
        (
            "{\"ptex\":\n1}",
            "\"ptex\" is not an object at line 2 column 1",
        ),
        (
            "{\"ptex\":[]}",
            "\"ptex\" is not an object at line 1 column 9",
        ),
        (
            "{\"ptex\":null}",
            "\"ptex\" is not an object at line 1 column 12",
        ),
        (
            "{\"ptex\":{},\n \"ptex\":{}}",
            "a second \"ptex\" member at line 2 column 7",
        ),
        (
            r#"{"ptex":{},"pt\u0065x":{}}"#,
            "a second \"ptex\" member at line 1 column 22",
        ),
        (
            r#"{"ptex":{"other":[]}}"#,
            "a file in \"ptex\" without a URL at line 1 column 19",
        ),
    ] {
        assert_eq!(why(document), reason, "{document}");
    }
    for value in [
        "1",
        "null",
        "true",
        "{}",
        "[[]]",
        "[{}]",
        "[1]",
        "[\"a\",null]",
    ] {
        for name in ["python.tar.gz", "other"] {
            let why = why(format!(r#"{{"ptex":{{"{name}":{value}}}}}"#));
            assert!(
                why.starts_with(
                    "a URL in \"ptex\" that is neither a string nor an array of strings at"
                ),
                "{value}: {why}"
            );
        }
    }
}

#[test]
fn bounds() {
    let with = |value: String| format!(r#"{{"ptex":{{"other":{value},"python.tar.gz":{value}}}}}"#);
    let url = |length| format!("\"{}\"", "u".repeat(length));
    let mirrors = |count| format!("[{}\"a\"]", "\"a\",".repeat(count - 1));

    assert_eq!(urls(&with(url(MAX_URL)))[0].len(), MAX_URL);
    let reason = format!("a URL of more than {MAX_URL} bytes at");
    assert!(why(with(url(MAX_URL + 1))).starts_with(&reason));
    assert_eq!(urls(&with(mirrors(MAX_MIRRORS))).len(), MAX_MIRRORS);
    let reason = format!("more than {MAX_MIRRORS} URLs for one file at");
    assert!(why(with(mirrors(MAX_MIRRORS + 1))).starts_with(&reason));
    // What is not ours is not kept, so it has no bound.
    let others = format!(
        r#"{{"ptex":{{"o":{},"p":{},"python.tar.gz":"a"}}}}"#,
        url(MAX_URL + 1),
        mirrors(MAX_MIRRORS + 1)
    );
    assert_eq!(urls(&others), ["a"]);
}

#[test]
fn nesting() {
    let nested = |open: &str, close: &str, depth: usize| {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        format!(r#"{{"x":{open}0{close},"ptex":{{"python.tar.gz":"a"}}}}"#)
    };
    assert_eq!(urls(&nested("[", "]", 100_000)), ["a"]);
    assert_eq!(urls(&nested("{\"\":", "}", 100_000)), ["a"]);
    assert_eq!(urls(&nested("[[{\"k\":[", "]}]]", 25_000)), ["a"]);
    assert_eq!(urls(&nested("[", "]", json::MAX_DEPTH - 1)), ["a"]);
    let deep = scan(nested("[", "]", json::MAX_DEPTH))
        .unwrap_err()
        .text
        .clone();
    let reason = format!(
        "Failed to parse ptex config: more than {} levels of nesting at line 1 column {}",
        json::MAX_DEPTH,
        json::MAX_DEPTH + 5
    );
    assert_eq!(deep, reason);
}

/// Values that RFC 8259 allows, and which the tests put into documents.
const VALID: &[&str] = &[
    "0",
    "-0",
    "10",
    "1.0",
    "-1.50",
    "0e0",
    "1E+2",
    "1.5e-07",
    "1e999",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[1]",
    "[[],{}]",
    "{\"a\":{\"a\":[]}}",
    "{\"\":0,\"\":1}",
    "\"\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"",
    "\"\\ud800\\udc00\"",
    "\"\\uDBFF\\uDFFF\\uFFFF\"",
    "\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
    "\t\r\n [ \n1\n,\n2\n]\n",
];

#[test]
fn valid_json() {
    for value in VALID {
        let document = format!(r#"{{"x":{value},"ptex":{{"python.tar.gz":"a"}},"y":[{value}]}}"#);
        assert_eq!(urls(&document), ["a"], "{value}");
    }
}

#[test]
fn invalid_json() {
    for (value, reason) in [
        ("01", "neither ',' nor '}' after a value"),
        ("-", "an incomplete number"),
        ("1.", "an incomplete number"),
        ("1.e1", "an incomplete number"),
        ("1e", "an incomplete number"),
        ("1e+", "an incomplete number"),
        (".5", "no value where one is expected"),
        ("+1", "no value where one is expected"),
        ("NaN", "no value where one is expected"),
        ("0x1", "neither ',' nor '}' after a value"),
        ("nul", "an unknown literal"),
        ("truE", "an unknown literal"),
        ("truee", "neither ',' nor '}' after a value"),
        ("'a'", "no value where one is expected"),
        ("", "no value where one is expected"),
        ("\u{c}1", "no value where one is expected"),
        ("/**/1", "no value where one is expected"),
        ("[1,]", "no value where one is expected"),
        ("[,1]", "no value where one is expected"),
        ("[1 2]", "neither ',' nor ']' after a value"),
        ("[1}", "neither ',' nor ']' after a value"),
        ("[}", "no value where one is expected"),
        ("{\"a\":1,}", "no name of a member in quotes"),
        ("{,}", "neither a member's name nor '}'"),
        ("{1:1}", "neither a member's name nor '}'"),
        ("{\"a\" 1}", "no ':' after a member's name"),
        ("{\"a\"}", "no ':' after a member's name"),
        ("{\"a\":}", "no value where one is expected"),
        ("{\"a\":1]", "neither ',' nor '}' after a value"),
        ("{]", "neither a member's name nor '}'"),
        ("[[1]}", "neither ',' nor ']' after a value"),
        ("\"\\a\"", "an unknown escape in a string"),
        ("\"\\U0041\"", "an unknown escape in a string"),
        ("\"\\u004g\"", "an escape without its four hex digits"),
        ("\"\\u 041\"", "an escape without its four hex digits"),
        ("\"\\u41\"", "an escape without its four hex digits"),
        ("\"\\ud800\"", "a lone surrogate in a string"),
        ("\"\\ud800a\"", "a lone surrogate in a string"),
        ("\"\\ud800\\n\"", "a lone surrogate in a string"),
        ("\"\\ud800\\ud800\"", "a lone surrogate in a string"),
        ("\"\\ud800\\u0041\"", "a lone surrogate in a string"),
        ("\"\\udc00\\ud800\"", "a lone surrogate in a string"),
        ("\"\n\"", "a control character in a string"),
        ("\"\t\"", "a control character in a string"),
        ("\"\0\"", "a control character in a string"),
    ] {
        // First in the document, and after what was skipped or looked at.
        for before in ["", "\"x\":[[2],{\"y\":\"z\"}],", "\"scie\":{},"] {
            let why = why(format!(r#"{{{before}"x":{value},"ptex":{{}}}}"#));
            assert!(
                why.starts_with(&format!("{reason} at line 1 column ")),
                "{value:?}: {why}"
            );
        }
    }
}

#[test]
fn strings_are_utf8() {
    for bytes in [
        &b"\x80"[..],
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc3",
        b"\xc3(",
        b"\xe0\x9f\xbf",
        b"\xe2\x82",
        b"\xe2(\xa1",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x90\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xfe",
        b"\xff",
        b"\xc3\xc3\xa9",
    ] {
        for (before, after) in [
            (&b"{\"x\":\""[..], &b"\",\"ptex\":{}}"[..]),
            (b"{\"x", b"\":0,\"ptex\":{}}"),
            (b"{\"ptex\":{\"python.tar.gz\":\"", b"\"}}"),
        ] {
            let document = [before, bytes, after].concat();
            assert!(
                why(&document).starts_with("a string that is not UTF-8 at line 1 column "),
                "{bytes:?}"
            );
        }
    }
}

#[test]
fn where_the_error_is() {
    for (document, reason) in [
        (
            "\u{feff}{\"ptex\":{}}",
            "a byte order mark at line 1 column 1",
        ),
        (
            "{\"ptex\":{}}\n x",
            "trailing characters at line 2 column 2",
        ),
        ("{\"ptex\":{}}{}", "trailing characters at line 1 column 12"),
        ("{\"ptex\":{}},", "trailing characters at line 1 column 12"),
        (
            "{\r\n\t\"a\": 1,\r\n\t\"b\": 2,\r\n}",
            "no name of a member in quotes at line 4 column 1",
        ),
        (
            "{\n\"\u{e9}\": tru\n}",
            "an unknown literal at line 2 column 10",
        ),
        (
            "{\"ptex\":\n{\"python.tar.gz\":\n 12\n}}",
            "a URL in \"ptex\" that is neither a string nor an array of strings at line 3 column 3",
        ),
        (
            "{\"ptex\":{\"a\":\"b\"",
            "unexpected end of the document at line 1 column 16",
        ),
    ] {
        assert_eq!(why(document), reason, "{document}");
    }
}

#[test]
fn cuts_make_no_difference() {
    let document = format!(
        "{{\r\n \"scie\":{{\"lift\":{{\"files\":[{{\"n\\u0061me\":\"python.tar.gz\",\"size\":18,\"hash\":\"{HASH}\"}}]}}}},\n\
         \"x\":[-1.25e+3,true,null,\"\u{1f600}\\ud83d\\ude00\\n\"],\n \"ptex\":{{\"python.tar.gz\":[\"a\u{e9}\",\"b\"]}}}}\n"
    );
    let document = document.as_bytes();
    let whole = scan(document);
    assert!(
        matches!(&whole, Ok(Some(entry)) if entry.size == Some(18) && entry.urls == ["a\u{e9}", "b"])
    );
    for cut in 0..=document.len() {
        let (first, second) = document.split_at(cut);
        assert_eq!(scan_pieces(NAME, [first, second]), whole, "cut at {cut}");
        assert_eq!(scan_pieces(NAME, [first, b"", second]), whole, "{cut}");
        // The document up to the cut is none, however it is handed over, but for the newline at its end.
        let complete = first.trim_ascii_end().len() == document.trim_ascii_end().len();
        let cut_off = scan_pieces(NAME, [first]);
        assert_eq!(cut_off.is_ok(), complete, "cut off at {cut}");
        assert_eq!(scan_pieces(NAME, first.chunks(1)), cut_off, "{cut}");
    }
}
