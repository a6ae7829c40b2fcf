//! The scanner against tinyjson and a lookup in its tree, on seeded generated documents, whole and damaged.
//!
//! Where tinyjson and the scanner differ on purpose, `check` says so and holds the scanner to its own rule.

use std::collections::HashMap;

use tinyjson::JsonValue;

use super::*;

const NAME: &str = "a\u{e9}\u{1f600}.tar";

/// xorshift64
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Writes a document, with whitespace and escapes wherever they may be.
struct Writer {
    random: Random,
    out: String,
}

impl Writer {
    fn raw(&mut self, text: &str) {
        self.space();
        self.out.push_str(text);
        self.space();
    }

    fn space(&mut self) {
        while self.random.one_in(8) {
            self.out
                .push_str(self.random.pick(&[" ", "\n", "\t", "\r\n"]));
        }
    }

    fn string(&mut self, text: &str) {
        self.space();
        self.out.push('"');
        for c in text.chars() {
            if c < ' ' || c == '"' || c == '\\' || self.random.one_in(20) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let lower = format!("\\u{unit:04x}");
                    let upper = format!("\\u{unit:04X}");
                    self.out.push_str(self.random.pick(&[&lower, &upper]));
                }
            } else {
                self.out.push(c);
            }
        }
        self.out.push('"');
        self.space();
    }

    fn list(
        &mut self,
        open: &str,
        close: &str,
        items: usize,
        mut item: impl FnMut(&mut Self, usize),
    ) {
        self.raw(open);
        for i in 0..items {
            if i > 0 {
                self.raw(",");
            }
            item(self, i);
        }
        self.raw(close);
    }

    fn array(&mut self, items: usize, item: impl FnMut(&mut Self, usize)) {
        self.list("[", "]", items, item);
    }

    fn object(&mut self, names: &[&str], mut value: impl FnMut(&mut Self, &str)) {
        self.list("{", "}", names.len(), |w, i| {
            w.string(names[i]);
            w.raw(":");
            value(w, names[i]);
        });
    }

    /// A subset of `names` in any order.
    fn some<'a>(&mut self, names: &[&'a str]) -> Vec<&'a str> {
        let mut names = names.to_vec();
        for i in (1..names.len()).rev() {
            names.swap(i, self.random.below(i + 1));
        }
        if self.random.one_in(4) {
            names.pop();
        }
        names
    }

    fn anything(&mut self, depth: usize) {
        match self.random.below(if depth > 0 { 6 } else { 4 }) {
            0 => {
                let number = self
                    .random
                    .pick(&["0", "-0", "-12", "3.25", "1E5", "2e-3", "1.0e+2"]);
                self.raw(number);
            }
            1 => {
                let literal = self.random.pick(&["true", "false", "null"]);
                self.raw(literal);
            }
            2 | 3 => {
                let text = self.random.pick(&[
                    "",
                    "a",
                    "\u{7f}\u{80}\u{7ff}",
                    "\0\\\"/",
                    "\u{800}\u{10ffff}",
                ]);
                self.string(text);
            }
            4 => {
                let items = self.random.below(4);
                self.array(items, |w, _| w.anything(depth - 1));
            }
            _ => {
                let names = self.some(&["ptex", "scie", "lift", "files", NAME]);
                self.object(&names, |w, _| w.anything(depth - 1));
            }
        }
    }

    /// Now and then something else than what is due.
    fn or_anything(&mut self, due: impl FnOnce(&mut Self)) {
        if self.random.one_in(40) {
            self.anything(2);
        } else {
            due(self);
        }
    }

    fn url(&mut self) {
        let url = self.random.pick(&[
            "https://a/b?c",
            "http://\u{e9}/\u{6f22}",
            "",
            "file:///x\ny",
        ]);
        self.string(url);
    }

    fn table(&mut self) {
        let names = self.some(&["other", NAME, "a", "name"]);
        self.object(&names, |w, _| {
            w.or_anything(|w| {
                if w.random.one_in(3) {
                    let mirrors = 1 + w.random.below(3);
                    w.array(mirrors, |w, _| w.or_anything(Self::url));
                } else {
                    w.url();
                }
            });
        });
    }

    fn files(&mut self) {
        let files = self.random.below(4);
        self.array(files, |w, _| {
            w.or_anything(|w| {
                let names = w.some(&["name", "size", "hash", "type"]);
                w.object(&names, |w, name| {
                    w.or_anything(|w| match name {
                        "name" => {
                            let name = w.random.pick(&[NAME, NAME, "other", "a"]);
                            w.string(name);
                        }
                        "size" => {
                            let size = w.random.pick(&["0", "123456", "123450"]);
                            w.raw(size);
                        }
                        "hash" => {
                            let byte = w.random.pick(&["5a", "A5"]);
                            w.string(&byte.repeat(32));
                        }
                        _ => w.anything(1),
                    });
                });
            });
        });
    }

    fn document(random: Random) -> (String, Random) {
        let mut w = Writer {
            random,
            out: String::new(),
        };
        let names = w.some(&["x", "scie", "ptex"]);
        w.object(&names, |w, name| {
            w.or_anything(|w| match name {
                "ptex" => w.table(),
                "scie" => {
                    let names = w.some(&["y", "lift"]);
                    w.object(&names, |w, name| match name {
                        "lift" => {
                            let names = w.some(&["files", "name", "scie"]);
                            w.object(&names, |w, name| match name {
                                "files" => w.or_anything(Self::files),
                                _ => w.anything(2),
                            });
                        }
                        _ => w.anything(2),
                    });
                }
                _ => w.anything(4),
            });
        });
        (w.out, w.random)
    }
}

/// What the tree says, by the rules in `Scanner`'s documentation.
fn look_up(document: &JsonValue) -> core::result::Result<Option<Entry>, ()> {
    type Object = HashMap<String, JsonValue>;

    let root: &Object = document.get().ok_or(())?;
    let table: &Object = root.get("ptex").and_then(JsonValue::get).ok_or(())?;
    let mut found = None;
    for (name, value) in table {
        let urls = match value {
            JsonValue::String(url) => vec![url.clone()],
            JsonValue::Array(mirrors) if !mirrors.is_empty() => mirrors
                .iter()
                .map(|url| url.get::<String>().cloned().ok_or(()))
                .collect::<core::result::Result<_, _>>()?,
            _ => return Err(()),
        };
        if name == NAME {
            found = Some(urls);
        }
    }
    let lift = |value: &JsonValue, name: &str| value.get::<Object>()?.get(name).cloned();
    let files = lift(document, "scie")
        .and_then(|scie| lift(&scie, "lift"))
        .and_then(|lift_| lift(&lift_, "files"));
    let (mut size, mut sha256) = (None, None);
    if let Some(JsonValue::Array(files)) = files {
        for file in files.iter().filter_map(|file| file.get::<Object>()) {
            if file
                .get("name")
                .and_then(|name| name.get::<String>())
                .map(String::as_str)
                != Some(NAME)
            {
                continue;
            }
            match file.get("size") {
                None | Some(JsonValue::Null) => {}
                Some(JsonValue::Number(n))
                    if n.is_sign_positive() && n.fract() == 0.0 && *n < 1.8e19 =>
                {
                    if size
                        .replace(*n as u64)
                        .is_some_and(|known| known != *n as u64)
                    {
                        return Err(());
                    }
                }
                _ => return Err(()),
            }
            match file.get("hash") {
                None | Some(JsonValue::Null) => {}
                Some(JsonValue::String(hex)) if hex.len() == 64 && hex.is_ascii() => {
                    let hash: Vec<u8> = (0..64)
                        .step_by(2)
                        .map(|i| u8::from_str_radix(&hex[i..i + 2], 16).map_err(|_| ()))
                        .collect::<core::result::Result<_, _>>()?;
                    let hash = hash.try_into().map_err(|_| ())?;
                    if hex.contains('+') || sha256.replace(hash).is_some_and(|known| known != hash)
                    {
                        return Err(());
                    }
                }
                _ => return Err(()),
            }
        }
    }
    Ok(found.map(|urls| Entry { urls, size, sha256 }))
}

/// What a valid document has outside of its strings, and whether a \u escape has whitespace among its digits, which
/// tinyjson allows.
fn outside_of_strings(document: &str) -> (String, bool) {
    let (mut outside, mut spaced) = (String::new(), false);
    let mut in_string = false;
    let mut bytes = document.bytes().enumerate();
    while let Some((i, b)) = bytes.next() {
        match b {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                let escape = &document.as_bytes()[i..];
                let digits = escape.iter().skip(2).take(4);
                spaced |= escape[1] == b'u' && digits.into_iter().any(u8::is_ascii_whitespace);
                bytes.next();
            }
            _ if !in_string => outside.push(char::from(b)),
            _ => {}
        }
    }
    (outside, spaced)
}

fn members(value: &JsonValue) -> usize {
    match value {
        JsonValue::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        JsonValue::Array(values) => values.iter().map(members).sum(),
        _ => 0,
    }
}

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Entry>> {
    let mut scanner = Scanner::new(NAME.as_bytes());
    for piece in pieces {
        scanner.push(piece)?;
    }
    scanner.finish()
}

/// What came of a document.
#[derive(Default)]
struct Tally {
    found: usize,
    with_hash: usize,
    none: usize,
    refused: usize,
    invalid: usize,
    excepted: usize,
}

fn check(document: &[u8], random: &mut Random, tally: &mut Tally) {
    let shown = String::from_utf8_lossy(document);
    let ours = scan([document]);
    let (first, second) = document.split_at(random.below(document.len() + 1));
    assert_eq!(scan([first, second]), ours, "cut in two: {shown}");
    let size = 1 + random.below(9);
    assert_eq!(scan(document.chunks(size)), ours, "by {size}: {shown}");

    let tree = str::from_utf8(document).ok().and_then(|text| {
        let tree: JsonValue = text.parse().ok()?;
        let (outside, spaced) = outside_of_strings(text);
        (!spaced).then_some((tree, outside))
    });
    let Some((tree, outside)) = tree else {
        assert!(ours.is_err(), "is not JSON: {shown}");
        tally.invalid += 1;
        return;
    };
    let theirs = look_up(&tree);
    // tinyjson keeps the last of several members of a name, the scanner looks at all of them.
    let repeated = members(&tree) != outside.matches(':').count();
    // tinyjson does not tell how a number was written, the scanner takes no `12.0` or `1e2` for a size.
    let unusual_size = ours.as_ref().is_err_and(|e| {
        e.text.contains("a file's size that is not") && outside.contains(['.', 'e', 'E'])
    });
    if repeated || unusual_size {
        tally.excepted += 1;
        return;
    }
    match (&ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(*ours, theirs, "{shown}");
            match ours {
                None => tally.none += 1,
                Some(entry) => {
                    tally.found += 1;
                    tally.with_hash += usize::from(entry.sha256.is_some());
                }
            }
        }
        (Err(_), Err(())) => tally.refused += 1,
        (ours, theirs) => panic!("{ours:?} but {theirs:?}: {shown}"),
    }
}

#[test]
fn whole_documents() {
    let mut random = Random(0x5eed_0001);
    let mut tally = Tally::default();
    for _ in 0..4_000 {
        let document;
        (document, random) = Writer::document(random);
        check(document.as_bytes(), &mut random, &mut tally);
    }
    assert_eq!(tally.invalid, 0);
    assert!(tally.found > 500 && tally.with_hash > 100, "too few hits");
    assert!(tally.none > 100 && tally.refused > 100, "too few misses");
    assert!(tally.excepted < 100, "too many exceptions");
}

#[test]
fn damaged_documents() {
    let mut random = Random(0x5eed_0002);
    let mut tally = Tally::default();
    for _ in 0..2_000 {
        let document;
        (document, random) = Writer::document(random);
        for _ in 0..8 {
            let mut document = document.clone().into_bytes();
            for _ in 0..1 + random.below(2) {
                damage(&mut document, &mut random);
            }
            check(&document, &mut random, &mut tally);
        }
    }
    assert!(tally.invalid > 2_000 && tally.found > 500, "one-sided");
    assert!(tally.excepted < 1_000, "too many exceptions");
}

fn damage(document: &mut Vec<u8>, random: &mut Random) {
    const BYTES: &[u8] =
        b"{}[]:,\"\\ \t\n0123456789.eE+-truflsnabDd8cCux/\x00\x1f\x7f\x80\xbf\xc3\xe2\xed\xf4\xff";

    let at = random.below(document.len().max(1)).min(document.len());
    let end = (at + random.below(6)).min(document.len());
    let byte = BYTES[random.below(BYTES.len())];
    match random.below(5) {
        0 => document.truncate(at),
        1 => drop(document.drain(at..end)),
        2 => {
            let copy = document[at..end].to_vec();
            drop(document.splice(at..at, copy));
        }
        3 => document.insert(at, byte),
        _ => {
            if let Some(place) = document.get_mut(at) {
                *place = byte;
            }
        }
    }
}
