//! The pairs of bytes that pack the program's texts best (`platform/os/src/text/template.rs`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use package::build::workspace;

/// What is only in programs for other systems: the pairs are to be the best for Linux.
const OTHER_SYSTEMS: [&str; 3] = ["macos", "wide", "windows"];

/// Where the pairs are kept.
const FILE: &str = "platform/os/src/text/pairs.rs";

/// Finds the pairs for the texts that the sources have now, and keeps them.
pub(crate) fn write() -> Result<(), String> {
    let mut texts = Vec::new();
    for folder in ["src", "platform"] {
        collect(&workspace().join(folder), &mut texts)?;
    }
    let before: usize = texts.iter().map(Vec::len).sum();
    let pairs = train(&mut texts);
    let after: usize = texts.iter().map(Vec::len).sum();
    let file = workspace().join(FILE);
    fs::write(&file, source(&pairs)).map_err(|e| format!("{}: {e}", file.display()))?;
    println!("{} texts of {before} bytes take {after}", texts.len());
    Ok(())
}

/// Adds the arguments of `text!` in the sources below `folder`, but for those of tests.
fn collect(folder: &Path, texts: &mut Vec<Vec<u8>>) -> Result<(), String> {
    let failed = |path: &Path, e| format!("{}: {e}", path.display());
    for entry in fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let path = entry.map_err(|e| failed(folder, e))?.path();
        let is_other = |name: &&str| path.ends_with(name);
        if OTHER_SYSTEMS.iter().any(is_other) {
            continue;
        }
        if path.is_dir() {
            collect(&path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
            let source = source.split("#[cfg(test)]\nmod tests").next();
            for rest in source.unwrap_or_default().split("text!(").skip(1) {
                let rest = rest.trim_start();
                if let Some(literal) = rest.strip_prefix('"') {
                    texts.push(literal_text(literal));
                } else if let Some(name) = rest.strip_prefix("include_str!(\"") {
                    let name = name.split('"').next().unwrap_or_default();
                    let file = folder.join(name);
                    texts.push(fs::read(&file).map_err(|e| failed(&file, e))?);
                }
            }
        }
    }
    Ok(())
}

/// What a string literal stands for, given what follows its opening quote.
fn literal_text(literal: &str) -> Vec<u8> {
    let mut text = String::new();
    let mut rest = literal.chars().peekable();
    while let Some(c) = rest.next().filter(|c| *c != '"') {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('\n') => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            other => text.extend(other),
        }
    }
    text.into_bytes()
}

/// Puts bytes from 128 on in place of the pair that is then the most frequent one, and says which.
fn train(texts: &mut [Vec<u8>]) -> Vec<[u8; 2]> {
    let mut pairs = Vec::new();
    for code in 128..=255 {
        let mut counts: BTreeMap<[u8; 2], usize> = BTreeMap::new();
        for text in texts.iter() {
            for pair in text.windows(2) {
                *counts.entry([pair[0], pair[1]]).or_default() += 1;
            }
        }
        let most = counts.iter().max_by_key(|(_, count)| **count);
        let pair = most.map_or([b' '; 2], |(pair, _)| *pair);
        for text in texts.iter_mut() {
            let mut packed = Vec::with_capacity(text.len());
            let mut rest = &text[..];
            while let [byte, tail @ ..] = rest {
                if rest.starts_with(&pair) {
                    packed.push(code);
                    rest = &rest[2..];
                } else {
                    packed.push(*byte);
                    rest = tail;
                }
            }
            *text = packed;
        }
        pairs.push(pair);
    }
    pairs
}

/// The source file with `pairs`.
fn source(pairs: &[[u8; 2]]) -> String {
    let mut text = String::from(
        "//! Made by `cargo run -p size-report -- --pairs`.\n\n\
         /// What the bytes from 128 on stand for: any pairs of ASCII or of bytes before them do.\n\
         pub(super) const PAIRS: &[u8; 256] = b\"\\\n",
    );
    for line in pairs.chunks(8) {
        text.push_str("    ");
        for byte in line.iter().flatten() {
            // The space too, or a line would be indented further by one that it begins with.
            let _ = match byte {
                b'!' | b'#'..=b'[' | b']'..=b'~' => write!(text, "{}", char::from(*byte)),
                _ => write!(text, "\\x{byte:02x}"),
            };
        }
        text.push_str("\\\n");
    }
    text.push_str("\";\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        assert_eq!(literal_text("a \\\"b\\\"\\n\" c"), b"a \"b\"\n");
        assert_eq!(literal_text("a \\\n    b\""), b"a b");
    }

    #[test]
    fn the_most_frequent_pair_is_replaced() {
        let mut texts = [b"abab".to_vec(), b"xaba".to_vec()];
        let pairs = train(&mut texts);
        assert_eq!(pairs[..2], [*b"ab", [128, 128]]);
        assert_eq!(texts[0], [129]);
        assert!(pairs.len() == 128 && texts[1].len() < 4);
    }
}
