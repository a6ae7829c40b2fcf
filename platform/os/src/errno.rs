//! The system's error numbers and what to call them in a message.

use crate::text;
use crate::text::{Part, fill, named};
use alloc::string::String;

/// An error number of the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub i32);

impl Errno {
    /// Whether it says that a path leads to nothing.
    pub fn is_missing(self) -> bool {
        // ENOENT and ENOTDIR; ERROR_FILE_NOT_FOUND and ERROR_PATH_NOT_FOUND.
        self.0 == 2 || self.0 == if cfg!(windows) { 3 } else { 20 }
    }

    /// The system's words for it, if it is in the list.
    #[cold]
    pub(crate) fn name(self) -> Option<String> {
        named(crate::sys::ERRNO_NAMES, self.0.unsigned_abs().into())
    }

    /// The message as Rust programs show it: `No such file or directory (os error 2)`.
    pub fn text(self) -> String {
        let mut text = String::new();
        self.append_to(&mut text);
        text
    }
}

impl Part for Errno {
    #[cold]
    fn append_to(&self, text: &mut String) {
        let number = u64::from(self.0.unsigned_abs());
        match self.name() {
            Some(name) => fill(text, text!("% (os error %)"), &[&name, &number]),
            None => fill(text, text!("os error %"), &[&number]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_numbers() {
        let full = if cfg!(windows) { 112 } else { 28 };
        let text = std::format!("No space left on device (os error {full})");
        assert_eq!(Errno(full).text(), text);
        assert_eq!(Errno(2).text(), "No such file or directory (os error 2)");
        assert_eq!(Errno(4095).text(), "os error 4095");
    }
}
