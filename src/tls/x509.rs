//! Just enough DER (X.690) and X.509 (RFC 5280) to look at a certificate: its names, its key, a few extensions.
//!
//! It is lenient and decides nothing about trust that webpki decides: it finds candidates, puts names into error
//! lines, and refuses some certificates as anchors. Where it does not understand, it returns `None`.

use alloc::string::String;
use alloc::vec::Vec;

use pki_types::{Der, TrustAnchor};

use crate::error::printable;
use crate::url::Host;

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_3: u8 = 0xa3;

/// The last byte of an extension's object identifier under id-ce (RFC 5280, section 4.2.1).
const KEY_USAGE: u8 = 15;
const SUBJECT_ALT_NAME: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const NAME_CONSTRAINTS: u8 = 30;
const EXTENDED_KEY_USAGE: u8 = 37;

/// id-kp-serverAuth (RFC 5280, section 4.2.1.12).
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// anyExtendedKeyUsage.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];

/// How many bytes of one name are shown.
const MAX_NAME: usize = 80;

/// Takes the tag and the length of an element off `input`, whose value may lie beyond its end.
fn header(input: &mut &[u8]) -> Option<(u8, usize)> {
    let (&[tag, first], mut rest) = input.split_first_chunk::<2>()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        // Three bytes of length are more than any certificate needs.
        if !(0x81..=0x83).contains(&first) {
            return None;
        }
        let (bytes, after) = rest.split_at_checked(len & 3)?;
        len = number(bytes);
        rest = after;
    }
    *input = rest;
    Some((tag, len))
}

/// The unsigned big-endian number in `bytes`, which are few.
fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, &b| n << 8 | usize::from(b))
}

/// Takes an element off `input`: its tag and its value.
fn element<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let mut rest = *input;
    let (tag, len) = header(&mut rest)?;
    let (value, rest) = rest.split_at_checked(len)?;
    *input = rest;
    Some((tag, value))
}

/// Takes an element with the tag `tag` off `input`, or leaves it as it is.
fn expect<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let mut rest = *input;
    let (found, value) = element(&mut rest)?;
    if found != tag {
        return None;
    }
    *input = rest;
    Some(value)
}

/// What the beginning of a TBSCertificate says (RFC 5280, section 4.1).
struct Head<'a> {
    version: Option<&'a [u8]>,
    issuer: &'a [u8],
    subject: &'a [u8],
}

fn head<'a>(tbs: &mut &'a [u8]) -> Option<Head<'a>> {
    let version = expect(tbs, CONTEXT_0);
    expect(tbs, INTEGER)?;
    expect(tbs, SEQUENCE)?;
    let issuer = expect(tbs, SEQUENCE)?;
    expect(tbs, SEQUENCE)?;
    let subject = expect(tbs, SEQUENCE)?;
    Some(Head {
        version,
        issuer,
        subject,
    })
}

/// The subject of a certificate of which `start` may be only a part: the value of the Name, without its header.
pub fn subject_in(start: &[u8]) -> Option<&[u8]> {
    let mut input = start;
    for _ in 0..2 {
        if header(&mut input)?.0 != SEQUENCE {
            return None;
        }
    }
    Some(head(&mut input)?.subject)
}

/// Splits OpenSSL's TRUSTED CERTIFICATE into the certificate and the `X509_CERT_AUX` behind it.
pub fn split_trusted(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = der;
    element(&mut rest)?;
    der.split_at_checked(der.len() - rest.len())
}

/// Whether an `X509_CERT_AUX` leaves its certificate trusted for servers: OpenSSL lists purposes to trust, where no
/// list means all, and purposes to reject.
pub fn aux_trusts_servers(mut aux: &[u8]) -> bool {
    if aux.is_empty() {
        return true;
    }
    let Some(mut settings) = expect(&mut aux, SEQUENCE) else {
        return false;
    };
    let named = |list| lists(list, SERVER_AUTH) || lists(list, ANY_PURPOSE);
    let trusted = expect(&mut settings, SEQUENCE).is_none_or(named);
    let rejected = expect(&mut settings, CONTEXT_0).is_some_and(named);
    trusted && !rejected
}

/// Whether `oid` is in a list of object identifiers.
fn lists(mut oids: &[u8], oid: &[u8]) -> bool {
    while let Some(found) = expect(&mut oids, OID) {
        if found == oid {
            return true;
        }
    }
    false
}

/// A certificate taken apart. Nothing of it is verified.
pub struct Certificate<'a> {
    /// The value of the issuer's Name, without its header.
    pub issuer: &'a [u8],
    /// The value of the subject's Name, without its header.
    pub subject: &'a [u8],
    /// The SubjectPublicKeyInfo in DER, header included.
    pub spki: &'a [u8],
    /// `None` for version 1.
    version: Option<&'a [u8]>,
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Takes `der` apart. `None` if it is not a certificate.
    pub fn parse(der: &'a [u8]) -> Option<Self> {
        let mut input = der;
        let mut certificate = expect(&mut input, SEQUENCE)?;
        let mut tbs = expect(&mut certificate, SEQUENCE)?;
        let head = head(&mut tbs)?;
        let key = tbs;
        expect(&mut tbs, SEQUENCE)?;
        let spki = key.get(..key.len() - tbs.len())?;
        let mut extensions: &[u8] = &[];
        // issuerUniqueID and subjectUniqueID may come before.
        while let Some((tag, mut value)) = element(&mut tbs) {
            if tag == CONTEXT_3 {
                extensions = expect(&mut value, SEQUENCE)?;
            }
        }
        Some(Certificate {
            issuer: head.issuer,
            subject: head.subject,
            spki,
            version: head.version,
            extensions,
        })
    }

    /// The value of the extension id-ce `id`, if there is one; `None` if the extensions are malformed, or it comes twice.
    fn find(&self, id: u8) -> Option<Option<&'a [u8]>> {
        let mut extensions = self.extensions;
        let mut found = None;
        while !extensions.is_empty() {
            let mut extension = expect(&mut extensions, SEQUENCE)?;
            let oid = expect(&mut extension, OID)?;
            expect(&mut extension, BOOLEAN);
            let value = expect(&mut extension, OCTET_STRING)?;
            if *oid == [0x55, 0x1d, id] && found.replace(value).is_some() {
                return None;
            }
        }
        Some(found)
    }

    /// The value of the extension id-ce `id`.
    fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.find(id)?
    }

    /// The certificate as an anchor (RFC 5280, section 6.1.1 (d)): of version 1 (section 4.1.2.1), which has no
    /// extensions, or of version 3. `None` if it is malformed.
    pub fn anchor(&self) -> Option<TrustAnchor<'a>> {
        let mut spki = self.spki;
        let name_constraints = match self.find(NAME_CONSTRAINTS)? {
            Some(mut value) => Some(Der::from_slice(expect(&mut value, SEQUENCE)?)),
            None => None,
        };
        let known = match self.version {
            None => self.extensions.is_empty(),
            Some(version) => version == [INTEGER, 1, 2],
        };
        known.then_some(TrustAnchor {
            subject: Der::from_slice(self.subject),
            subject_public_key_info: Der::from_slice(expect(&mut spki, SEQUENCE)?),
            name_constraints,
        })
    }

    /// How many intermediate certificates may stand between this CA and a server (RFC 5280, section 4.2.1.9), and
    /// `None` if this is no CA. A version 1 certificate cannot tell, and is taken for one.
    pub fn path_length(&self) -> Option<usize> {
        if self.version.is_none() {
            return Some(usize::MAX);
        }
        let mut constraints = expect(&mut self.extension(BASIC_CONSTRAINTS)?, SEQUENCE)?;
        if expect(&mut constraints, BOOLEAN)? == [0] {
            return None;
        }
        if let Some(mut usage) = self.extension(KEY_USAGE) {
            // keyCertSign is bit 5; the first byte tells the number of unused bits.
            if expect(&mut usage, BIT_STRING)?.get(1)? & 0x04 == 0 {
                return None;
            }
        }
        Some(match expect(&mut constraints, INTEGER) {
            Some(length) if length.len() <= 2 => number(length),
            _ => usize::MAX,
        })
    }

    /// Whether the extended key usage, if there is one, allows what servers do (RFC 5280, section 4.2.1.12).
    pub fn allows_servers(&self) -> bool {
        self.extension(EXTENDED_KEY_USAGE).is_none_or(|mut usage| {
            expect(&mut usage, SEQUENCE).is_some_and(|oids| lists(oids, SERVER_AUTH))
        })
    }

    /// The DNS names and IP addresses of the subjectAltName (RFC 5280, section 4.2.1.6) as text: at most `max`, and
    /// how many there are in all. `None` if there is no subjectAltName.
    pub fn alternative_names(&self, max: usize) -> Option<(Vec<String>, usize)> {
        let mut names = expect(&mut self.extension(SUBJECT_ALT_NAME)?, SEQUENCE)?;
        let mut shown = Vec::new();
        let mut count = 0;
        while let Some((tag, value)) = element(&mut names) {
            let text = match (tag, value) {
                (0x82, name) => printable(name, MAX_NAME),
                (0x87, &[a, b, c, d]) => Host::V4([a, b, c, d]).text(),
                (0x87, value) => match value.try_into() {
                    Ok(octets) => Host::V6(octets).text(),
                    Err(_) => continue,
                },
                _ => continue,
            };
            count += 1;
            if shown.len() < max {
                shown.push(text);
            }
        }
        Some((shown, count))
    }
}

/// What a Name is called in an error line: its common name, else its organisation, else its last attribute.
pub fn name_text(mut name: &[u8]) -> String {
    /// Attribute types under id-at (RFC 5280, appendix A.1).
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const ORGANIZATION: &[u8] = &[0x55, 4, 10];
    let mut best: (u8, &[u8]) = (0, b"(no name)");
    while let Some(mut set) = expect(&mut name, SET) {
        while let Some(mut attribute) = expect(&mut set, SEQUENCE) {
            let rank = match expect(&mut attribute, OID) {
                Some(COMMON_NAME) => 3,
                Some(ORGANIZATION) => 2,
                _ => 1,
            };
            match element(&mut attribute) {
                Some((_, value)) if rank >= best.0 => best = (rank, value),
                _ => {}
            }
        }
    }
    printable(best.1, MAX_NAME)
}
