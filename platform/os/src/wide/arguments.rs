//! A command line to arguments, as C programs for Windows take it apart.
//!
//! Blanks divide, quotes bind, a backslash means something before quotes alone: `2n` of them and a quote are `n` and the
//! quote, `2n + 1` are `n` and a quote that is text. Between quotes, two quotes are one that is text.

use alloc::vec::Vec;

const QUOTE: u16 = b'"' as u16;
const BACKSLASH: u16 = b'\\' as u16;

fn is_blank(unit: u16) -> bool {
    unit == b' '.into() || unit == b'\t'.into()
}

/// Takes the program's name off the front of `line`: no backslash is special there.
pub(crate) fn program(line: &mut &[u16]) -> Vec<u16> {
    let mut name = Vec::new();
    let mut is_quoted = false;
    while let Some((&unit, rest)) = line.split_first() {
        if is_blank(unit) && !is_quoted {
            break;
        }
        *line = rest;
        if unit == QUOTE {
            is_quoted = !is_quoted;
        } else {
            name.push(unit);
        }
    }
    name
}

/// Takes the next argument off the front of `line`, if there is one.
pub(crate) fn next(line: &mut &[u16]) -> Option<Vec<u16>> {
    let blanks = line.iter().position(|&unit| !is_blank(unit))?;
    let mut rest = line.get(blanks..)?;
    let mut argument = Vec::new();
    let mut is_quoted = false;
    while let Some((&unit, after)) = rest.split_first() {
        if is_blank(unit) && !is_quoted {
            break;
        }
        let backslashes = rest.iter().take_while(|&&unit| unit == BACKSLASH).count();
        if backslashes > 0 {
            rest = rest.get(backslashes..)?;
            let is_before_quote = rest.first() == Some(&QUOTE);
            let kept = if is_before_quote {
                backslashes / 2
            } else {
                backslashes
            };
            argument.extend(core::iter::repeat_n(BACKSLASH, kept));
            if is_before_quote && backslashes % 2 == 1 {
                argument.push(QUOTE);
                rest = rest.get(1..)?;
            }
            continue;
        }
        rest = after;
        if unit != QUOTE {
            argument.push(unit);
        } else if is_quoted && rest.first() == Some(&QUOTE) {
            argument.push(QUOTE);
            rest = rest.get(1..)?;
        } else {
            is_quoted = !is_quoted;
        }
    }
    *line = rest;
    Some(argument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec;

    fn split(line: &str) -> Vec<String> {
        let line: Vec<u16> = line.encode_utf16().collect();
        let mut rest = &line[..];
        let mut all = vec![program(&mut rest)];
        while let Some(argument) = next(&mut rest) {
            all.push(argument);
        }
        all.iter().map(|a| String::from_utf16(a).unwrap()).collect()
    }

    /// The examples of Microsoft's documentation of C's `main`, and those of CommandLineToArgvW.
    #[test]
    fn documented() {
        assert_eq!(split(r#"p "abc" d e"#), ["p", "abc", "d", "e"]);
        assert_eq!(split(r#"p a\\b d"e f"g h"#), ["p", r"a\\b", "de fg", "h"]);
        assert_eq!(split(r#"p a\\\"b c d"#), ["p", r#"a\"b"#, "c", "d"]);
        assert_eq!(split(r#"p a\\\\"b c" d e"#), ["p", r"a\\b c", "d", "e"]);
        assert_eq!(split(r#"p a"b"" c d"#), ["p", r#"ab" c d"#]);
    }

    #[test]
    fn programs() {
        assert_eq!(
            split(r#""C:\Program Files\p.exe" x"#),
            [r"C:\Program Files\p.exe", "x"]
        );
        assert_eq!(split(r#""C:\dir\" x"#), [r"C:\dir\", "x"]);
        assert_eq!(split(r#"C:\"a b"\p x"#), [r"C:\a b\p", "x"]);
        assert_eq!(split(" x"), ["", "x"]);
        assert_eq!(split(""), [""]);
    }

    #[test]
    fn blanks_and_empty_arguments() {
        assert_eq!(split("p  \t a \t"), ["p", "a"]);
        assert_eq!(split(r#"p "" a """#), ["p", "", "a", ""]);
        assert_eq!(split(r#"p a""b"#), ["p", "ab"]);
        assert_eq!(split("p a\nb"), ["p", "a\nb"]);
        assert_eq!(split(r#"p "open end"#), ["p", "open end"]);
        assert_eq!(split(r"p \"), ["p", r"\"]);
        assert_eq!(split(r#"p "a\\" b"#), ["p", r"a\", "b"]);
        assert_eq!(split("p bücher 🦀"), ["p", "bücher", "🦀"]);
    }

    /// What Rust's and other libraries make of arguments when they start a program is taken apart again.
    #[test]
    fn there_and_back() {
        let quote = |argument: &str| {
            let mut text = String::from("\"");
            let mut backslashes = 0;
            for c in argument.chars() {
                if c == '\\' {
                    backslashes += 1;
                } else {
                    if c == '"' {
                        text.extend(core::iter::repeat_n('\\', backslashes + 1));
                    }
                    backslashes = 0;
                }
                text.push(c);
            }
            text.extend(core::iter::repeat_n('\\', backslashes));
            text + "\""
        };
        let alphabet = ['a', ' ', '"', '\\'];
        for number in 0..4usize.pow(6) {
            let argument: String = (0..6).map(|i| alphabet[number >> (2 * i) & 3]).collect();
            let line = std::format!("p {} end", quote(&argument));
            assert_eq!(split(&line), ["p", &argument, "end"], "{line}");
        }
    }
}
