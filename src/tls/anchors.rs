//! Where trust anchors come from, and the search for those of one chain.
//!
//! In this order: SSL_CERT_FILE and SSL_CERT_DIR, where what exists of the two replaces the system's certificates; the
//! system's store of roots, where it has one behind calls, else the first of its bundles that holds a certificate; the
//! built-in roots. Files are PEM. A variable that names nothing that exists is as good as unset, as it always was; one that
//! names something without a readable certificate is an error, since falling back would trust those whom its user meant to
//! shut out. On macOS the bundle is a part of what the system trusts, and the system judges of the rest.
//!
//! No table of certificates is built: files are read through, and what bears the name of an issuer of the chain stays.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use os::Errno;
use os::file::{self, File};

use super::pem::{self, Reader};
use super::roots::{self, Root};
use super::x509::{self, Certificate};
use crate::error::{Error, Kind, Part, Result, Shown, Template, fill, filled, printable};
use os::text;
use os::text::joined;

/// Where systems keep their bundle, most common first.
#[cfg(not(windows))]
const SYSTEM: &[&[u8]] = &[
    b"/etc/ssl/certs/ca-certificates.crt",
    b"/etc/ssl/cert.pem",
    b"/etc/ssl/ca-bundle.pem",
    b"/etc/pki/tls/certs/ca-bundle.crt",
    b"/etc/pki/tls/cacert.pem",
    b"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    b"/usr/local/share/certs/ca-root-nss.crt",
    b"/usr/lib/ssl/cert.pem",
    b"/opt/etc/ssl/certs/ca-certificates.crt",
];
/// None: there, such a path is one of the current drive, where any user can make folders.
#[cfg(windows)]
const SYSTEM: &[&[u8]] = &[];

/// The variables that name others.
const CERT_FILE: &str = "SSL_CERT_FILE";
const CERT_DIR: &str = "SSL_CERT_DIR";

/// What separates the folders of SSL_CERT_DIR, as OpenSSL has it.
const SEPARATOR: u8 = if cfg!(windows) { b';' } else { b':' };
/// How much is read at a time: a bundle in a dozen calls, and little of the 2 MiB that the process may have.
const BUFFER: usize = 16 * 1024;
/// How many bytes one search reads before it is an error: 100 times a bundle, so that `/dev/zero` has an end.
const MAX_READ: usize = 32 << 20;
/// How many bytes the names of one folder's files may have together: 4,000 files, 10 times a system's folder.
const MAX_NAMES: usize = 128 * 1024;
/// How many anchors are kept: one for each issuer of a chain, and other keys of the same name. More than webpki's budget
/// of signatures can try is of no use.
const MAX_ANCHORS: usize = 32;

/// The sources of trust anchors.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    cert_file: Option<&'a [u8]>,
    cert_dir: Option<&'a [u8]>,
    system: &'a [&'a [u8]],
    #[cfg(any(windows, target_os = "macos"))]
    store: Store,
}

/// What is done with the store of a system that has one, and can judge by it.
#[cfg(any(windows, target_os = "macos"))]
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Store {
    /// It is no source, or holds nothing.
    #[default]
    Unused,
    /// It is a source; of chains whose issuer is not in it, the system judges.
    Searched,
    /// It is a source, by which the system judges of all chains.
    #[cfg(windows)]
    Judged,
}

/// What a search has found for one chain.
#[derive(Default)]
pub struct Found {
    /// Certificates (DER) whose subject is an issuer of the chain, or which are in it.
    pub certificates: Vec<Vec<u8>>,
    /// Built-in roots, each with the name that found it: its place in the list that was asked for.
    pub roots: Vec<(usize, Root)>,
    /// The sources that were searched, for an error line.
    pub source: String,
    /// Whether a certificate that was wanted could not be read.
    pub damaged: bool,
    /// Whether what was found is of the system's store.
    #[cfg(any(windows, target_os = "macos"))]
    pub store: Store,
    /// How many certificates were seen.
    seen: usize,
}

/// Looks at certificates as they are read, and keeps the wanted ones.
struct Search<'n> {
    names: &'n [&'n [u8]],
    found: Found,
    /// How many bytes may still be read.
    budget: usize,
    buffer: Vec<u8>,
}

impl pem::Sink for Search<'_> {
    fn wants(&mut self, head: &[u8]) -> Option<bool> {
        let subject = x509::subject_in(head)?;
        self.found.seen += 1;
        Some(self.names.contains(&subject))
    }

    fn certificate(&mut self, der: &[u8], trusted: bool) {
        let mut certificate = der;
        if trusted {
            match x509::split_trusted(der) {
                Some((first, aux)) if x509::aux_trusts_servers(aux) => certificate = first,
                Some(_) => return,
                None => certificate = &[],
            }
        }
        if Certificate::parse(certificate).is_none() {
            self.found.damaged = true;
        } else if self.found.certificates.len() < MAX_ANCHORS
            && !self
                .found
                .certificates
                .iter()
                .any(|known| known == certificate)
        {
            self.found.certificates.push(certificate.to_vec());
        }
    }

    fn damaged(&mut self) {
        self.found.damaged = true;
    }
}

/// Why a file or folder could not be searched.
enum Fault {
    Missing,
    Unreadable(Errno),
    Because(Template),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        if errno.is_missing() {
            Fault::Missing
        } else {
            Fault::Unreadable(errno)
        }
    }
}

impl Search<'_> {
    /// Reads a file, if it could be opened. Returns how many certificates it has.
    fn file(
        &mut self,
        opened: core::result::Result<File, Errno>,
    ) -> core::result::Result<usize, Fault> {
        let mut file = opened?;
        let mut buffer = core::mem::take(&mut self.buffer);
        let count = self.read(&mut file, &mut buffer);
        self.buffer = buffer;
        count
    }

    fn read(&mut self, file: &mut File, buffer: &mut [u8]) -> core::result::Result<usize, Fault> {
        let before = self.found.seen;
        let mut reader = Reader::new();
        loop {
            let len = file.read(buffer)?;
            let Some(text) = buffer.get(..len).filter(|text| !text.is_empty()) else {
                break;
            };
            self.budget = match self.budget.checked_sub(len) {
                Some(left) => left,
                None => return Err(Fault::Because(text!("too large"))),
            };
            reader.feed(text, self);
        }
        reader.finish(self);
        Ok(self.found.seen - before)
    }

    /// Reads all files of the folder at `path`; those that cannot be read are passed over, as are folders in it.
    /// Returns how many certificates they have.
    fn folder(&mut self, path: &[u8]) -> core::result::Result<usize, Fault> {
        // One buffer, since a list of strings is what an allocator that gives back only the last block does worst.
        let mut names = Vec::new();
        file::list(path, &mut |name| {
            if names.len() <= MAX_NAMES {
                names.extend_from_slice(name);
                names.push(0);
            }
        })
        .map_err(|errno| match File::open_plain(path) {
            // A file in place of a folder is there, unlike what would be below it.
            Ok(_) => Fault::Unreadable(errno),
            Err(_) => errno.into(),
        })?;
        if names.len() > MAX_NAMES {
            return Err(Fault::Because(text!("too many files")));
        }
        let before = self.found.seen;
        let mut rest = names.as_slice();
        while let Some(name) = next_piece(&mut rest, 0) {
            // A pipe that nobody writes to has no end.
            let searched = self.file(File::open_plain(&joined(&[path, b"/", name])));
            if let Err(fault @ Fault::Because(_)) = searched {
                return Err(fault);
            }
        }
        Ok(self.found.seen - before)
    }
}

impl<'a> Trust<'a> {
    /// The sources that the environment of the process and its system give.
    pub fn from_environment() -> Trust<'static> {
        let set = |name| os::env::var(name).filter(|value| !value.is_empty());
        Trust {
            cert_file: set(CERT_FILE),
            cert_dir: set(CERT_DIR),
            system: SYSTEM,
            #[cfg(any(windows, target_os = "macos"))]
            store: Store::Searched,
        }
    }

    /// The built-in roots alone.
    pub fn built_in() -> Trust<'static> {
        Trust {
            cert_file: None,
            cert_dir: None,
            system: &[],
            #[cfg(any(windows, target_os = "macos"))]
            store: Store::Unused,
        }
    }

    /// The same sources, for certificates of a session by the system's own TLS. That verifies more than we can, so the
    /// system is to judge, if its store is the source.
    #[cfg(windows)]
    pub fn judged(&self) -> Self {
        let mut trust = *self;
        if trust.store == Store::Searched {
            trust.store = Store::Judged;
        }
        trust
    }

    /// The certificates of one PEM file.
    pub fn of_file(path: &'a [u8]) -> Self {
        Trust {
            cert_file: Some(path),
            ..Trust::built_in()
        }
    }

    /// Reads the sources for all certificates whose subject is one of `names` (values of Names, without their header).
    ///
    /// # Errors
    /// SSL_CERT_FILE or SSL_CERT_DIR names something that has no readable certificate.
    pub fn find(&self, names: &[&[u8]]) -> Result<Found> {
        let mut search = Search {
            names,
            found: Found::default(),
            budget: MAX_READ,
            buffer: vec![0; BUFFER],
        };
        let mut sources = String::new();
        if let Some(path) = self.cert_file {
            let searched = search.file(File::open(path));
            named(CERT_FILE, path, searched, &mut sources)?;
        }
        let mut folders = self.cert_dir.unwrap_or_default();
        let mut empty = None;
        while let Some(path) = next_piece(&mut folders, SEPARATOR) {
            match search.folder(path) {
                Ok(0) => empty = Some(path),
                searched => named(CERT_DIR, path, searched, &mut sources)?,
            }
        }
        // Beside another source, as many set both, an empty folder shuts nobody out.
        if sources.is_empty()
            && let Some(path) = empty
        {
            named(CERT_DIR, path, Ok(0), &mut sources)?;
        }
        #[cfg(windows)]
        if sources.is_empty() {
            sources.push_str(search.store(self.store));
        }
        if sources.is_empty() {
            sources = search.system(self.system);
            // The bundle is a part of what the system trusts. The rest is not searched, but judged by.
            #[cfg(target_os = "macos")]
            if self.store != Store::Unused {
                search.found.store = self.store;
                fill(&mut sources, text!(", %"), &[&os::trust::STORE]);
            }
        }
        search.found.source = sources;
        Ok(search.found)
    }
}

/// Takes the next piece, which is not empty, off the front of `text`.
#[inline(never)]
fn next_piece<'a>(text: &mut &'a [u8], separator: u8) -> Option<&'a [u8]> {
    loop {
        let end = text.iter().position(|&byte| byte == separator);
        let (piece, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let (_, rest) = rest.split_at_checked(1).unwrap_or_default();
        *text = rest;
        if !piece.is_empty() {
            return Some(piece);
        }
        if rest.is_empty() {
            return None;
        }
    }
}

/// Takes note of a source that a variable names, if it is there.
fn named(
    variable: &str,
    path: &[u8],
    searched: core::result::Result<usize, Fault>,
    sources: &mut String,
) -> Result<()> {
    /// How many bytes of a path are shown.
    const MAX_PATH: usize = 200;
    let path = Shown(path, MAX_PATH);
    let why: &dyn Part = match &searched {
        Err(Fault::Missing) => return Ok(()),
        Err(Fault::Unreadable(errno)) => errno,
        Err(Fault::Because(why)) => why,
        Ok(0) => &text!("no certificate in it"),
        Ok(_) => {
            let before = if sources.is_empty() { "" } else { ", " };
            fill(sources, text!("%% %"), &[&before, &variable, &path]);
            return Ok(());
        }
    };
    let text = text!("Failed to read % %: %");
    Err(Error::say(Kind::Local, text, &[&variable, &path, why]))
}

impl Search<'_> {
    /// Searches the system's store, if that is a source and holds a certificate. Returns what it is called, else nothing.
    #[cfg(windows)]
    fn store(&mut self, store: Store) -> &'static str {
        if store == Store::Unused {
            return "";
        }
        os::trust::roots(&mut |der| {
            if pem::Sink::wants(self, der) == Some(true) {
                pem::Sink::certificate(self, der, false);
            }
        });
        if self.found.seen == 0 {
            return "";
        }
        self.found.store = store;
        os::trust::STORE
    }

    /// Reads the first of the system's bundles that has a certificate; where there is none, looks at the built-in
    /// roots. Returns what was searched.
    fn system(&mut self, paths: &[&[u8]]) -> String {
        for path in paths {
            if let Ok(1..) = self.file(File::open_plain(path)) {
                return printable(path, path.len());
            }
            // What a bundle gave before it became unreadable does not count.
            self.found = Found::default();
        }
        for (place, name) in self.names.iter().enumerate() {
            if let Some(root) = roots::find(name) {
                self.found.roots.push((place, root));
            }
        }
        filled(text!("the built-in roots"), &[])
    }
}

#[cfg(test)]
mod tests;
