//! The one error type: a line for the user and what it means for the fetch.
//!
//! Lines are made of a template whose `%` stand for what is known at run time, or piece by piece with [`append`].

pub use crate::text::{Part, Shown, Template, append, append_dec, dec, fill, filled, printable};

use alloc::boxed::Box;
use alloc::string::String;
use core::ops::{Deref, DerefMut};
use os::text;

/// What the fetch may do about an [`Error`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// May pass: the line broke, nobody answered, the server is busy. Try again, then the next source.
    Transient,
    /// This source will not deliver (404, an unverified certificate). The next source may.
    Source,
    /// The bytes are not those that were asked for, or not those of which a part was already delivered.
    Content,
    /// The TLS peer is sound but speaks nothing that this implementation does. Another implementation may be tried.
    Negotiation,
    /// The peer began with something else than TLS. It may have to be asked for TLS first.
    NoTls,
    /// Our side: arguments, the manifest, the disk, a closed pipe. Nothing that a source can mend.
    Local,
}

/// Why something was not done.
///
/// One pointer, so that a [`Result`] travels in a register: what it points to is made once and read once, while each `?`
/// on its way would move it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error(Box<Failure>);

/// What an [`Error`] says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What may be done about it.
    pub kind: Kind,
    /// The line for the user, without a newline at its end.
    pub text: String,
    /// How many seconds the server asked us to wait (RFC 9110, section 10.2.3), if it did.
    pub retry_after: Option<u32>,
}

/// The result of anything that can fail with a line for the user.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error of `kind` whose text is the concatenation of `parts`.
    #[cold]
    #[inline(never)]
    pub fn new(kind: Kind, parts: &[&str]) -> Self {
        let mut error = Error::say(kind, text!(""), &[]);
        for part in parts {
            append(&mut error.text, part);
        }
        error
    }

    /// An error of `kind` whose text is `template` with each `%` replaced by the next of `parts`.
    #[cold]
    #[inline(never)]
    pub fn say(kind: Kind, template: Template, parts: &[&dyn Part]) -> Self {
        Error(Box::new(Failure {
            kind,
            text: filled(template, parts),
            retry_after: None,
        }))
    }

    /// The same error with a template and its parts put before its text.
    #[cold]
    #[inline(never)]
    pub fn context(mut self, template: Template, parts: &[&dyn Part]) -> Self {
        let mut text = filled(template, parts);
        append(&mut text, &self.text);
        self.text = text;
        self
    }
}

impl Deref for Error {
    type Target = Failure;
    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_goes_before() {
        let e = Error::new(Kind::Local, &["disk ", "full"]).context(text!("Failed: "), &[]);
        assert_eq!(
            (e.kind, e.text.as_str()),
            (Kind::Local, "Failed: disk full")
        );
    }
}
