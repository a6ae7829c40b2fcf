//! URLs: the part of RFC 3986 that http, https, ftp, ftps and file need, and reference resolution (section 5).
//!
//! A [`Url`] is checked and normalised when it is made: whatever is printed from it is ASCII without spaces and control
//! characters, so nothing can be injected into a request line or a header through one. It leaves to others what a path
//! means on a file system or an FTP server, and which schemes a redirect may go to. There are no IDNA names.

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use os::net::addr;

use crate::error::{Error, Kind, Result};
use crate::text::{Part, Shown, append, fill, filled, number, printable};
use os::text;
use os::text::Template;
use os::text::{alike, find};

/// Bytes of a URL, as given and as printed. Signed URLs have a few KiB; servers refuse more than 8 to 64 KiB.
pub const MAX_URL: usize = 64 * 1024;

/// Bytes of a host name (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;

/// Bytes of foreign text quoted in an error.
const MAX_QUOTE: usize = 64;

/// What a URL's bytes are fetched with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// RFC 9110, section 4.2.1.
    Http,
    /// RFC 9110, section 4.2.2.
    Https,
    /// RFC 1738, section 3.2.
    Ftp,
    /// FTP over implicit TLS.
    Ftps,
    /// RFC 8089.
    File,
}

const SCHEMES: [Scheme; 5] = [
    Scheme::Http,
    Scheme::Https,
    Scheme::Ftp,
    Scheme::Ftps,
    Scheme::File,
];

impl Scheme {
    /// The scheme in lower case, without a colon.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Ftp => "ftp",
            Scheme::Ftps => "ftps",
            Scheme::File => "file",
        }
    }

    /// The port of a URL that names none; 0 for `file`.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Ftp => 21,
            Scheme::Ftps => 990,
            Scheme::File => 0,
        }
    }

    /// Whether TLS protects what is fetched.
    pub fn is_secure(self) -> bool {
        matches!(self, Scheme::Https | Scheme::Ftps)
    }

    fn named(name: &str) -> Result<Scheme> {
        for scheme in SCHEMES {
            if alike(scheme.name().as_bytes(), name.as_bytes()) {
                return Ok(scheme);
            }
        }
        let name = Shown(name.as_bytes(), MAX_QUOTE);
        let text = text!("Protocol \"%\" not supported");
        Err(Error::say(Kind::Local, text, &[&name]))
    }
}

/// The host of a URL (RFC 3986, section 3.2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// A registered name in lower case; empty in `file` URLs only.
    Name(String),
    /// An IPv4 address, in network order.
    V4([u8; 4]),
    /// An IPv6 address, in network order.
    V6([u8; 16]),
}

impl Host {
    /// The host as in a URL: IPv6 addresses by RFC 5952, in brackets.
    pub fn text(&self) -> String {
        let text = self.bare_text();
        match self {
            Host::V6(_) => filled(text!("[%]"), &[&text]),
            _ => text,
        }
    }

    /// The host without the brackets of a URL: for a resolver, or to be compared.
    pub fn bare_text(&self) -> String {
        let address = match self {
            Host::Name(name) => return name.clone(),
            Host::V4(octets) => SocketAddr::from((*octets, 0)),
            Host::V6(octets) => SocketAddr::from((*octets, 0)),
        };
        let mut text = String::new();
        addr::push(&mut text, &address);
        text
    }

    /// The host of `text`, a host without port as in a URL. A number in one of the forms of `inet_aton` is an IPv4
    /// address, as it is to curl and to resolvers: it must not be a name to whoever compares hosts.
    pub fn parse(text: &str) -> Result<Host> {
        if let Some(rest) = text.strip_prefix('[') {
            // A zone means something on this machine alone (RFC 6874).
            let address = rest
                .strip_suffix(']')
                .filter(|text| split_first(text, b'%').is_none());
            return match address.and_then(|text| addr::parse(text.as_bytes(), 0)) {
                Some(SocketAddr::V6(address)) => Ok(Host::V6(address.ip().octets())),
                _ => Err(bad(text!("bad IPv6 address"))),
            };
        }
        let mut name = String::new();
        for byte in percent_decode(text) {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                    name.push(char::from(byte.to_ascii_lowercase()));
                }
                _ => return Err(bad(text!("bad character in the host name"))),
            }
        }
        if name.is_empty() {
            return Err(bad(text!("no host part in the URL")));
        }
        if name.len() > MAX_HOST {
            return Err(bad(text!("the host name is too long")));
        }
        Ok(match parse_v4(&name) {
            Some(address) => Host::V4(address),
            None => Host::Name(name),
        })
    }
}

/// A checked, absolute URL without fragment. One pointer: it is handed on, and kept, in many places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url(Rc<Parts>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Parts {
    scheme: Scheme,
    userinfo: String,
    host: Host,
    port: u16,
    /// Path and query as in a request line.
    target: String,
    path_len: usize,
}

impl Url {
    /// The URL in `text`, as a user writes one: without a scheme, it is http.
    ///
    /// Errors are [`Kind::Local`] and do not repeat `text`; see [`redact`] for what may be shown of it.
    pub fn parse(text: &str) -> Result<Url> {
        let text = checked(text)?;
        match split_scheme(text) {
            // What follows is needed to tell a scheme from a host with a port or a user with a password.
            Some((name, rest)) if rest.starts_with('/') => Self::absolute(name, rest),
            _ => Self::with_authority(Scheme::Http, text),
        }
    }

    /// The URL that `reference` stands for in a document at this URL (RFC 3986, section 5.2, strict).
    ///
    /// The userinfo is that of the base if `reference` names no authority. Errors as in [`Url::parse`].
    pub fn join(&self, reference: &str) -> Result<Url> {
        let reference = checked(reference)?;
        if let Some((name, rest)) = split_scheme(reference) {
            return Self::absolute(name, rest);
        }
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::with_authority(self.0.scheme, rest);
        }
        let tail = match reference.as_bytes() {
            [] => self.target(),
            [b'?', ..] => filled(text!("%%"), &[&self.path(), &reference]),
            [b'/', ..] => reference.to_owned(),
            _ => {
                let folder = split_last(self.path(), b'/').map_or("", |(folder, _)| folder);
                filled(text!("%/%"), &[&folder, &reference])
            }
        };
        Self::with_parts(
            self.0.scheme,
            &self.0.userinfo,
            self.0.host.clone(),
            self.0.port,
            &tail,
        )
    }

    fn absolute(name: &str, rest: &str) -> Result<Url> {
        let scheme = Scheme::named(name)?;
        match rest.strip_prefix("//") {
            Some(rest) => Self::with_authority(scheme, rest),
            // RFC 8089, section 2: file URLs need no authority.
            None if scheme == Scheme::File && rest.starts_with('/') => {
                Self::with_parts(scheme, "", Host::Name(String::new()), 0, rest)
            }
            None => Err(bad(text!("no host part in the URL"))),
        }
    }

    /// A URL of `scheme` from what follows the `//`.
    fn with_authority(scheme: Scheme, rest: &str) -> Result<Url> {
        let (authority, tail) = rest
            .bytes()
            .position(|byte| matches!(byte, b'/' | b'?'))
            .and_then(|at| rest.split_at_checked(at))
            .unwrap_or((rest, ""));
        // Browsers end the authority here and RFC 3986 does not: who reads it must not depend on taste.
        if find(authority.as_bytes(), b'\\').is_some() {
            return Err(bad(text!("backslash in the host")));
        }
        let (userinfo, host_port) = split_last(authority, b'@').unwrap_or(("", authority));
        // They go into FTP commands, where a line end would begin another one.
        if percent_decode(userinfo)
            .iter()
            .any(|byte| byte.is_ascii_control())
        {
            return Err(bad(text!("control character in the user name or password")));
        }
        if scheme == Scheme::File {
            let host = host_port;
            if !(host.is_empty() || alike(host.as_bytes(), b"localhost") || host == "127.0.0.1") {
                return Self::share(host, tail);
            }
            return Self::with_parts(scheme, "", Host::Name(String::new()), 0, tail);
        }
        let (host, port) = split_port(host_port);
        let host = Host::parse(host)?;
        let port = match port {
            // RFC 3986, section 3.2.3: an empty port is the default one.
            "" | ":" => scheme.default_port(),
            port => parse_port(port)?,
        };
        Self::with_parts(scheme, userinfo, host, port, tail)
    }

    /// A file of another host: on Windows there is a path for that (RFC 8089, appendix E.3).
    #[cfg(windows)]
    fn share(host: &str, tail: &str) -> Result<Url> {
        let path = ["//", &Host::parse(host)?.text(), tail].concat();
        Self::with_parts(Scheme::File, "", Host::Name(String::new()), 0, &path)
    }

    #[cfg(not(windows))]
    fn share(_host: &str, _tail: &str) -> Result<Url> {
        Err(bad(text!("a file URL cannot name another host")))
    }

    fn with_parts(
        scheme: Scheme,
        userinfo: &str,
        host: Host,
        port: u16,
        tail: &str,
    ) -> Result<Url> {
        let tail = encode(tail.as_bytes());
        let path = split_first(&tail, b'?').map_or(&*tail, |(path, _)| path);
        let mut target = normal_path(path);
        let path_len = target.len();
        append(&mut target, tail.get(path.len()..).unwrap_or_default());
        let url = Url(Rc::new(Parts {
            scheme,
            userinfo: encode(userinfo.as_bytes()),
            host,
            port,
            target,
            path_len,
        }));
        // Percent-encoding makes it longer than what was read.
        if url.text().len() > MAX_URL {
            return Err(too_long());
        }
        Ok(url)
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// The host; an empty name for `file`.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// The port, or that of the scheme if none was given; 0 for `file`.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Host and port as in a `Host` field (RFC 9110, section 7.2): no userinfo, no default port.
    pub fn authority(&self) -> String {
        if self.0.port == self.0.scheme.default_port() {
            self.0.host.text()
        } else {
            self.host_port()
        }
    }

    /// Host and port, the port always: where to connect to, and what a CONNECT asks for (RFC 9112, section 3.2.3).
    pub fn host_port(&self) -> String {
        let mut text = self.0.host.text();
        fill(&mut text, text!(":%"), &[&u64::from(self.0.port)]);
        text
    }

    /// The path, beginning with `/`, dot segments removed, not decoded.
    pub fn path(&self) -> &str {
        self.0.target.get(..self.0.path_len).unwrap_or_default()
    }

    /// Path and query as in a request line (RFC 9112, section 3.2.1).
    pub fn target(&self) -> String {
        self.0.target.clone()
    }

    /// The path decoded, which for a `file` URL is the file's; an error if it holds a NUL byte.
    pub fn file_path(&self) -> Result<Vec<u8>> {
        let mut path = percent_decode(self.path());
        if find(&path, 0).is_some() {
            return Err(bad(text!("NUL in the path")));
        }
        if cfg!(windows) && begins_with_drive(&path) {
            path.remove(0);
        }
        Ok(path)
    }

    /// Whether there is a user name, a password, or an empty one of either.
    pub fn has_userinfo(&self) -> bool {
        !self.0.userinfo.is_empty()
    }

    /// The user name, decoded and free of control characters; `None` if there is no userinfo.
    pub fn username(&self) -> Option<Vec<u8>> {
        let name = user_of(&self.0.userinfo);
        self.has_userinfo().then(|| percent_decode(name))
    }

    /// The password, decoded and free of control characters; `None` if there is no `:` in the userinfo.
    pub fn password(&self) -> Option<Vec<u8>> {
        let (_, password) = split_first(&self.0.userinfo, b':')?;
        Some(percent_decode(password))
    }

    /// The same URL with the userinfo of `other`, or without one.
    pub fn with_userinfo_of(self, other: Option<&Url>) -> Url {
        let mut parts = self.parts();
        parts.userinfo = other.map_or(String::new(), |url| url.0.userinfo.clone());
        Url(Rc::new(parts))
    }

    /// The same URL with another port.
    pub fn with_port(self, port: u16) -> Url {
        let mut parts = self.parts();
        parts.port = port;
        Url(Rc::new(parts))
    }

    /// The parts for another URL.
    #[inline(never)]
    fn parts(&self) -> Parts {
        Parts::clone(&self.0)
    }

    /// Whether both have the same origin: scheme, host and port (RFC 6454, section 4).
    pub fn same_origin(&self, other: &Url) -> bool {
        self.0.scheme == other.0.scheme
            && self.0.host == other.0.host
            && self.0.port == other.0.port
    }

    /// All of it, the password included: not for the eyes of anybody.
    pub fn text(&self) -> String {
        self.print(&self.0.userinfo)
    }

    /// The text for messages: what was asked for, without the password.
    pub fn without_password(&self) -> String {
        self.print(user_of(&self.0.userinfo))
    }

    /// Scheme, authority, path and query, without userinfo (RFC 9112, section 3.2.2).
    pub fn without_userinfo(&self) -> String {
        self.print("")
    }

    fn print(&self, userinfo: &str) -> String {
        let at = if userinfo.is_empty() { "" } else { "@" };
        let parts: &[&dyn Part] = &[
            &self.0.scheme.name(),
            &userinfo,
            &at,
            &self.authority(),
            &self.0.target,
        ];
        filled(text!("%://%%%%"), parts)
    }

    /// The name for a file in the current directory: the last segment of the path, not decoded.
    pub fn remote_name(&self) -> Result<&str> {
        let name = split_last(self.path(), b'/').map_or("", |(_, name)| name);
        let is_folder = name.len() < 3 && name.bytes().all(|byte| byte == b'.');
        if is_folder || cfg!(windows) && is_special_on_windows(name) {
            let text = text!("Could not determine the remote file name of %");
            return Err(Error::say(Kind::Local, text, &[self]));
        }
        Ok(name)
    }
}

/// In messages it is shown without its password.
impl Part for Url {
    fn append_to(&self, text: &mut String) {
        append(text, &self.without_password());
    }
}

/// What may be shown of a URL that could not be parsed: nothing that could be a password.
pub fn redact(text: &str) -> String {
    let shown = match split_last(text, b'@') {
        Some((before, host)) => {
            let (scheme, userinfo) = match split_first(before, b':') {
                Some((scheme, rest)) if rest.starts_with("//") => before
                    .split_at_checked(scheme.len() + 3)
                    .unwrap_or_default(),
                _ => ("", before),
            };
            filled(text!("%%@%"), &[&scheme, &user_of(userinfo), &host])
        }
        None => text.to_owned(),
    };
    printable(shown.as_bytes(), MAX_URL)
}

/// `text` with each `%` and its two hexadecimal digits replaced by the byte they stand for. Other `%` stay.
pub fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        rest = tail;
        let mut byte = *byte;
        if let (b'%', [high, low, tail @ ..]) = (byte, tail)
            && let (Some(high), Some(low)) = (hex_value(*high), hex_value(*low))
        {
            byte = high << 4 | low;
            rest = tail;
        }
        decoded.push(byte);
    }
    decoded
}

/// The value of a hexadecimal digit.
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// `byte` as `%` and two hexadecimal digits, at the end of `text`.
fn push_encoded(text: &mut String, byte: u8) {
    text.push('%');
    for nibble in [byte >> 4, byte & 15] {
        text.push(char::from(match nibble {
            0..=9 => b'0' + nibble,
            _ => b'A' - 10 + nibble,
        }));
    }
}

#[cold]
#[inline(never)]
fn bad(what: Template) -> Error {
    Error::say(Kind::Local, text!("Bad URL: %"), &[&what])
}

#[cold]
fn too_long() -> Error {
    bad(text!("it is too long"))
}

/// `text` without its fragment, if it is of a bearable length and free of spaces and control characters.
fn checked(text: &str) -> Result<&str> {
    if text.len() > MAX_URL {
        return Err(too_long());
    }
    if text
        .bytes()
        .any(|byte| byte == b' ' || byte.is_ascii_control())
    {
        return Err(bad(text!("space or control character in it")));
    }
    Ok(split_first(text, b'#').map_or(text, |(before, _)| before))
}

/// The scheme and what follows its colon (RFC 3986, section 3.1).
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = split_first(text, b':')?;
    let is_scheme = name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    is_scheme.then_some((name, rest))
}

/// What is before and after the first `byte`, which is ASCII. (The patterns of `str` take a kilobyte more.)
pub(crate) fn split_first(text: &str, byte: u8) -> Option<(&str, &str)> {
    split_around(text, find(text.as_bytes(), byte))
}

/// What is before and after the last `byte`, which is ASCII.
pub(crate) fn split_last(text: &str, byte: u8) -> Option<(&str, &str)> {
    split_around(text, text.bytes().rposition(|b| b == byte))
}

#[inline(never)]
fn split_around(text: &str, at: Option<usize>) -> Option<(&str, &str)> {
    let (before, rest) = text.split_at_checked(at?)?;
    Some((before, rest.get(1..)?))
}

fn user_of(userinfo: &str) -> &str {
    split_first(userinfo, b':').map_or(userinfo, |(user, _)| user)
}

/// Host and port of an authority without userinfo, the port with its colon (RFC 3986, section 3.2).
pub(crate) fn split_port(host_port: &str) -> (&str, &str) {
    // The colons before a bracket are an IPv6 address's.
    match split_first(host_port, b']') {
        Some((_, port)) => host_port
            .split_at_checked(host_port.len() - port.len())
            .unwrap_or_default(),
        None => find(host_port.as_bytes(), b':')
            .and_then(|at| host_port.split_at_checked(at))
            .unwrap_or((host_port, "")),
    }
}

/// `text` with spaces and what is not ASCII percent-encoded.
pub(crate) fn encode(text: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for &byte in text {
        if byte == b' ' || !byte.is_ascii() {
            push_encoded(&mut encoded, byte);
        } else {
            encoded.push(char::from(byte));
        }
    }
    encoded
}

/// `path` as an absolute one, without dot segments (RFC 3986, section 5.2.4).
fn normal_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len() + 1);
    let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
    while let Some(path) = rest {
        let segment;
        (segment, rest) = match split_first(path, b'/') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (path, None),
        };
        if segment == ".." {
            let parent = split_last(&normal, b'/').map_or(0, |(parent, _)| parent.len());
            normal.truncate(parent);
        }
        if !matches!(segment, "." | "..") {
            normal.push('/');
            append(&mut normal, segment);
        } else if rest.is_none() {
            normal.push('/');
        }
    }
    normal
}

/// `port` with its colon.
fn parse_port(port: &str) -> Result<u16> {
    port.strip_prefix(':')
        .and_then(|digits| u16::try_from(number(digits.as_bytes(), 10)?).ok())
        .ok_or_else(|| bad(text!("the port is no number from 0 to 65535")))
}

/// One to four numbers, decimal, octal (`0…`) or hexadecimal (`0x…`), the last of which fills what the others leave.
fn parse_v4(name: &str) -> Option<[u8; 4]> {
    let mut address = 0;
    let mut bits_left = 32u32;
    let mut rest = Some(name);
    while let Some(parts) = rest {
        let part;
        (part, rest) = match split_first(parts, b'.') {
            Some((part, rest)) => (part, Some(rest)),
            None => (parts, None),
        };
        let (digits, radix) = if let Some(hex) = part.strip_prefix("0x") {
            (hex, 16)
        } else if part.len() > 1 && part.starts_with('0') {
            (part, 8)
        } else {
            (part, 10)
        };
        let bits = if rest.is_some() { 8 } else { bits_left };
        let value = number(digits.as_bytes(), radix)?;
        bits_left = bits_left.checked_sub(bits)?;
        if bits == 0 || value >> bits != 0 {
            return None;
        }
        address |= value << bits_left;
    }
    u32::try_from(address).ok().map(u32::to_be_bytes)
}

/// Whether `path` is a drive of Windows and what is there, behind the `/` of a URL (RFC 8089, appendix E.2).
fn begins_with_drive(path: &[u8]) -> bool {
    matches!(path, [b'/', drive, b':', ..] if drive.is_ascii_alphabetic())
}

/// Whether Windows takes `name` for something else than a plain file of that name: a stream, a path, a pattern, a
/// device, a shorter name.
fn is_special_on_windows(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or("");
    let (device, number) = stem.split_at_checked(3).unwrap_or((stem, ""));
    let is_device = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(device));
    name.contains(['\\', ':', '*', '"', '<', '>', '|'])
        || name.ends_with('.')
        || number.is_empty() && is_device(&["con", "prn", "aux", "nul"])
        || matches!(number.as_bytes(), [b'0'..=b'9']) && is_device(&["com", "lpt"])
        || stem.eq_ignore_ascii_case("conin$")
        || stem.eq_ignore_ascii_case("conout$")
}

#[cfg(test)]
mod tests;
