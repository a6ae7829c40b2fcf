//! Arguments and variables to a [`Command`].
//!
//! Options that curl has too have curl's names and meanings. Each number can also be given by a variable, since whoever
//! runs a scie cannot reach the arguments of the ptex inside it.

use crate::error::{Error, Kind, Result, Shown, fill};
use alloc::string::String;
use alloc::vec::Vec;
use os::text;
use os::text::Template;
use os::text::filled;
use os::text::split_once;

/// The version, bare.
pub const VERSION: Template = text!(env!("CARGO_PKG_VERSION"));

/// What `--help` prints.
pub const USAGE: Template = text!(include_str!("usage.txt").trim_ascii_end());

/// What to do.
#[derive(Debug)]
pub enum Command<'a> {
    /// Print the usage text.
    Help,
    /// Print the version.
    Version,
    /// Deliver what a URL names, to stdout or, with `-O`, to a file.
    Url(&'a str),
    /// Deliver one file of a manifest to stdout.
    Manifest {
        /// The path of the manifest.
        path: &'a [u8],
        /// The name of the file in it.
        file: &'a [u8],
    },
}

/// How to do it.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// The values of `-H`, in order.
    pub headers: Vec<&'a [u8]>,
    /// `-D`: header lines to stderr.
    pub dump_headers: bool,
    /// `-O`: to a file named after the URL.
    pub remote_name: bool,
    /// `-C -`: go on where an earlier `-C -` was cut off.
    pub resume: bool,
    /// `-s`: no progress bar.
    pub silent: bool,
    /// `-v`: say what happens.
    pub verbose: bool,
    /// `--allow-downgrade`: follow a redirect from https to http or ftp.
    pub allow_downgrade: bool,
    numbers: [u64; NUMBERS.len()],
}

/// What a number counts, and so how it is written.
#[derive(Clone, Copy)]
enum Unit {
    /// Seconds with up to three decimals; kept in milliseconds.
    Seconds,
    /// A plain count.
    Count,
    /// Bytes (per second), with K, M or G for 1024, 1024², 1024³.
    Bytes,
}

/// Long option, unit, default. The variable of `--max-time` is `PTEX_MAX_TIME`, and so on.
const NUMBERS: [(&str, Unit, u64); 7] = [
    ("connect-timeout", Unit::Seconds, 30_000),
    ("limit-rate", Unit::Bytes, 0),
    ("max-redirs", Unit::Count, 30),
    ("max-time", Unit::Seconds, 0),
    ("retry", Unit::Count, 5),
    ("retry-max-time", Unit::Seconds, 0),
    ("speed-time", Unit::Seconds, 30_000),
];

/// Long options and the letters that stand for them.
const LONG: [(&str, u8); 9] = [
    ("header", b'H'),
    ("continue-at", b'C'),
    ("dump-header", b'D'),
    ("remote-name", b'O'),
    ("silent", b's'),
    ("verbose", b'v'),
    ("version", b'V'),
    ("help", b'h'),
    ("allow-downgrade", ALLOW_DOWNGRADE),
];

/// Not a letter, and in no argument: this option has only its long name.
const ALLOW_DOWNGRADE: u8 = 0;

/// Bytes of an argument quoted in an error.
const MAX_QUOTE: usize = 80;

impl Options<'_> {
    /// The time in which a connection must stand (name, TCP, proxy and TLS together), in ms; 0 is no limit.
    pub fn connect_timeout(&self) -> u64 {
        self.numbers[0]
    }
    /// The number of bytes per second that is not to be exceeded; 0 is no limit.
    pub fn limit_rate(&self) -> u64 {
        self.numbers[1]
    }
    /// How many redirects in a row are followed.
    pub fn max_redirs(&self) -> u64 {
        self.numbers[2]
    }
    /// The time for the whole fetch, in ms; 0 is no limit.
    pub fn max_time(&self) -> u64 {
        self.numbers[3]
    }
    /// How many times a source is tried again without progress.
    pub fn retry(&self) -> u64 {
        self.numbers[4]
    }
    /// The time after which nothing is tried again, in ms; 0 is no limit.
    pub fn retry_max_time(&self) -> u64 {
        self.numbers[5]
    }
    /// The time without a byte after which a connection counts as broken, in ms; 0 is no limit.
    pub fn speed_time(&self) -> u64 {
        self.numbers[6]
    }
}

/// Reads arguments (without the program's name) and variables.
///
/// # Errors
/// Unknown options, missing and bad values (those of variables too), too few or too many arguments: [`Kind::Local`]. An
/// empty text asks for the usage text instead.
#[inline(never)]
pub fn parse<'a>(
    next_argument: &mut dyn FnMut() -> Option<&'a [u8]>,
    variable: &dyn Fn(&str) -> Option<&'a [u8]>,
) -> Result<(Command<'a>, Options<'a>)> {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    // ptex 1.7.0 takes a 0 there for a yes too; what is new does not.
    let is_on = |name| is_set(name) && variable(name) != Some(b"0");
    let mut options = Options {
        dump_headers: is_set("PTEX_DUMP_HEADERS"),
        verbose: is_on("PTEX_VERBOSE"),
        allow_downgrade: is_on("PTEX_ALLOW_DOWNGRADE"),
        ..Options::default()
    };
    for ((name, unit, default), number) in NUMBERS.iter().zip(&mut options.numbers) {
        let name = variable_name(name);
        *number = match variable(&name) {
            Some(value) if !value.is_empty() => parse_number(&name, *unit, value)?,
            _ => *default,
        };
    }

    let mut operands: [&[u8]; 2] = [&[]; 2];
    let mut count = 0;
    let mut only_operands = false;
    while let Some(argument) = next_argument() {
        if only_operands || argument == b"-" || !argument.starts_with(b"-") {
            if let Some(operand) = operands.get_mut(count) {
                *operand = argument;
            }
            count += 1;
            continue;
        }
        if argument == b"--" {
            only_operands = true;
            continue;
        }
        let mut letters = argument.get(1..).unwrap_or_default();
        let mut given = None;
        if let Some(long) = argument.strip_prefix(b"--") {
            let mut name = long;
            if let Some((before, after)) = split_once(long, b'=') {
                (name, given) = (before, Some(after));
            }
            let known = |known: &str| known.as_bytes() == name;
            if let Some(i) = NUMBERS.iter().position(|number| known(number.0)) {
                let value = given.or_else(&mut *next_argument);
                let value = value.ok_or_else(|| no_value(argument))?;
                let text = filled(text!("--%"), &[&NUMBERS[i].0]);
                options.numbers[i] = parse_number(&text, NUMBERS[i].1, value)?;
                continue;
            }
            let Some((_, letter)) = LONG.iter().find(|option| known(option.0)) else {
                return Err(unknown(argument));
            };
            letters = core::slice::from_ref(letter);
        }
        while let Some((&letter, rest)) = letters.split_first() {
            letters = rest;
            match letter {
                b'V' => return Ok((Command::Version, options)),
                b'h' => return Ok((Command::Help, options)),
                b'H' | b'C' => {
                    // What is left of the argument is the value.
                    let value = match given.take() {
                        None if rest.is_empty() => next_argument(),
                        None => Some(rest),
                        given => given,
                    };
                    options.set_value(letter, value.ok_or_else(|| no_value(argument))?)?;
                    letters = &[];
                }
                b'D' => options.dump_headers = true,
                b'O' => options.remote_name = true,
                b's' => options.silent = true,
                b'v' => options.verbose = true,
                ALLOW_DOWNGRADE => options.allow_downgrade = true,
                _ => return Err(unknown(argument)),
            }
        }
        if given.is_some() {
            return Err(refused(text!("Option % takes no value"), argument));
        }
    }
    let [first, second] = operands;
    let command = match count {
        1 => Command::Url(
            core::str::from_utf8(first).map_err(|_| refused(text!("Not a URL: %"), first))?,
        ),
        2 if options.remote_name => {
            return Err(local(text!("-O goes with a URL, not with a manifest")));
        }
        2 => Command::Manifest {
            path: first,
            file: second,
        },
        _ => return Err(local(text!(""))),
    };
    if options.resume && !options.remote_name {
        return Err(local(text!(
            "-C goes with -O: what is on stdout cannot be continued"
        )));
    }
    Ok((command, options))
}

impl<'a> Options<'a> {
    fn set_value(&mut self, letter: u8, value: &'a [u8]) -> Result<()> {
        if letter == b'H' {
            self.headers.push(value);
        } else if value == b"-" {
            self.resume = true;
        } else {
            return Err(local(text!(
                "Bad value of -C: only - is known, the end of what is there"
            )));
        }
        Ok(())
    }
}

/// `PTEX_MAX_TIME` for `max-time`.
fn variable_name(option: &str) -> String {
    let mut name = String::from("PTEX_");
    for byte in option.bytes() {
        let byte = if byte == b'-' { b'_' } else { byte };
        name.push(char::from(byte.to_ascii_uppercase()));
    }
    name
}

/// The value of the number called `name`.
fn parse_number(name: &str, unit: Unit, value: &[u8]) -> Result<u64> {
    number(unit, value).ok_or_else(|| {
        let value = Shown(value, MAX_QUOTE);
        Error::say(Kind::Local, text!("Bad value of %: %"), &[&name, &value])
    })
}

fn number(unit: Unit, value: &[u8]) -> Option<u64> {
    let (digits, factor, mut decimals) = match (unit, value.split_last()?) {
        (Unit::Seconds, _) => (value, 1, 3),
        (Unit::Count, _) => (value, 1, 0),
        (Unit::Bytes, (b'k' | b'K', digits)) => (digits, 1 << 10, 0),
        (Unit::Bytes, (b'm' | b'M', digits)) => (digits, 1 << 20, 0),
        (Unit::Bytes, (b'g' | b'G', digits)) => (digits, 1 << 30, 0),
        (Unit::Bytes, _) => (value, 1, 0),
    };
    let mut result: u64 = 0;
    let mut after_point = false;
    let mut any = false;
    for &byte in digits {
        match byte {
            b'.' if decimals > 0 && !after_point => after_point = true,
            b'0'..=b'9' if !after_point || decimals > 0 => {
                any = true;
                decimals -= u8::from(after_point);
                result = result
                    .checked_mul(10)?
                    .checked_add(u64::from(byte - b'0'))?;
            }
            _ => return None,
        }
    }
    for _ in 0..decimals {
        result = result.checked_mul(10)?;
    }
    if any {
        result.checked_mul(factor)
    } else {
        None
    }
}

#[cold]
fn unknown(argument: &[u8]) -> Error {
    refused(
        text!("Unknown option % (ptex --help lists the options)"),
        argument,
    )
}

#[cold]
fn no_value(argument: &[u8]) -> Error {
    let mut error = refused(text!("Option % needs a value\n\n"), argument);
    fill(&mut error.text, USAGE, &[]);
    error
}

#[cold]
#[inline(never)]
fn refused(why: Template, argument: &[u8]) -> Error {
    Error::say(Kind::Local, why, &[&Shown(argument, MAX_QUOTE)])
}

#[cold]
fn local(why: Template) -> Error {
    Error::say(Kind::Local, why, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        args: &[&'static str],
    ) -> core::result::Result<(Command<'static>, Options<'static>), String> {
        run_with(args, &[])
    }

    fn run_with(
        args: &[&'static str],
        vars: &[(&str, &'static str)],
    ) -> core::result::Result<(Command<'static>, Options<'static>), String> {
        let variable = |name: &str| {
            vars.iter()
                .find(|(n, _)| *n == name)
                .map(|(_, v)| v.as_bytes())
        };
        let mut args = args.iter().map(|a| a.as_bytes());
        parse(&mut || args.next(), &variable).map_err(|e| e.text.clone())
    }

    #[test]
    fn operands() {
        assert!(matches!(run(&["u"]), Ok((Command::Url("u"), _))));
        assert!(matches!(
            run(&["m", "f"]),
            Ok((
                Command::Manifest {
                    path: b"m",
                    file: b"f"
                },
                _
            ))
        ));
        assert!(matches!(
            run(&["--", "-m", "--f"]),
            Ok((
                Command::Manifest {
                    path: b"-m",
                    file: b"--f"
                },
                _
            ))
        ));
        assert_eq!(run(&[]).err().as_deref(), Some(""));
        assert_eq!(run(&["a", "b", "c"]).err().as_deref(), Some(""));
    }

    #[test]
    fn options() {
        let (_, o) = run(&["-sD", "-OvHa: b", "--header=c:", "-H", "d;", "u", "-C-"]).unwrap();
        assert!(
            o.silent
                && o.dump_headers
                && o.remote_name
                && o.verbose
                && o.resume
                && !o.allow_downgrade
        );
        assert_eq!(o.headers, [&b"a: b"[..], b"c:", b"d;"]);
        let (_, o) = run(&["--allow-downgrade", "--dump-header", "u"]).unwrap();
        assert!(o.allow_downgrade && o.dump_headers && !o.silent);
        assert!(matches!(run(&["-V"]), Ok((Command::Version, _))));
        assert!(matches!(
            run(&["--help", "u", "v", "w"]),
            Ok((Command::Help, _))
        ));
    }

    #[test]
    fn bad_options() {
        for (args, text) in [
            (&["--frob", "u"][..], "Unknown option --frob"),
            (&["-x", "u"], "Unknown option -x"),
            (&["-sx", "u"], "Unknown option -sx"),
            (&["u", "-H"], "Option -H needs a value"),
            (&["u", "--header"], "Option --header needs a value"),
            (&["u", "--retry"], "Option --retry needs a value"),
            (&["--silent=yes", "u"], "Option --silent=yes takes no value"),
            (&["--retry=x", "u"], "Bad value of --retry: x"),
            (&["-C", "5", "-O", "u"], "Bad value of -C"),
            (&["-C", "-", "u"], "-C goes with -O"),
            (&["-O", "m", "f"], "-O goes with a URL"),
        ] {
            let error = run(args).unwrap_err();
            assert!(error.starts_with(text), "{args:?}: {error}");
        }
        let mut bad = [&b"\xff\xfe"[..]].into_iter();
        assert!(
            parse(&mut || bad.next(), &|_| None)
                .unwrap_err()
                .text
                .starts_with("Not a URL")
        );
    }

    #[test]
    fn numbers() {
        let (_, o) = run(&["u"]).unwrap();
        assert_eq!(
            (o.connect_timeout(), o.speed_time(), o.max_time()),
            (30_000, 30_000, 0)
        );
        assert_eq!(
            (
                o.retry(),
                o.retry_max_time(),
                o.limit_rate(),
                o.max_redirs()
            ),
            (5, 0, 0, 30)
        );
        let (_, o) = run_with(
            &["--max-time", "2.5", "--limit-rate=10k", "u"],
            &[
                ("PTEX_MAX_TIME", "9"),
                ("PTEX_RETRY", "0"),
                ("PTEX_SPEED_TIME", ""),
            ],
        )
        .unwrap();
        assert_eq!(
            (o.max_time(), o.limit_rate(), o.retry(), o.speed_time()),
            (2500, 10240, 0, 30_000)
        );
        for bad in [
            "",
            ".",
            "1.2345",
            "-1",
            "1s",
            "18446744073709551615",
            "1..2",
        ] {
            assert_eq!(number(Unit::Seconds, bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(number(Unit::Bytes, b"2G"), Some(2 << 30));
        assert_eq!(number(Unit::Bytes, b"K"), None);
        assert_eq!(number(Unit::Count, b"1.0"), None);
        let error = run_with(&["u"], &[("PTEX_MAX_REDIRS", "many")]).unwrap_err();
        assert_eq!(error, "Bad value of PTEX_MAX_REDIRS: many");
    }

    #[test]
    fn switches_by_variable() {
        let (_, o) = run_with(&["u"], &[("PTEX_DUMP_HEADERS", "1"), ("PTEX_VERBOSE", "")]).unwrap();
        assert!(o.dump_headers && !o.verbose);
        let zero = [("PTEX_ALLOW_DOWNGRADE", "0"), ("PTEX_VERBOSE", "1")];
        let (_, o) = run_with(&["u"], &zero).unwrap();
        assert!(!o.allow_downgrade && o.verbose);
    }
}
