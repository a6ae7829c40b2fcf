//! The system's error numbers and what to call them in a message.

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

    /// The message as Rust programs show it: `No such file or directory (os error 2)`.
    #[cold]
    #[inline(never)]
    pub fn text(self) -> String {
        let name = crate::sys::errno_name(self.0);
        let mut text = String::from(name);
        text.push_str(if name.is_empty() {
            "os error "
        } else {
            " (os error "
        });
        let mut unit = 1;
        while self.0 / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            text.push(char::from(b'0' + (self.0 / unit % 10) as u8));
            unit /= 10;
        }
        if !name.is_empty() {
            text.push(')');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_unknown_numbers() {
        assert_eq!(Errno(2).text(), "No such file or directory (os error 2)");
        assert_eq!(Errno(28).text(), "No space left on device (os error 28)");
        assert_eq!(Errno(4095).text(), "os error 4095");
    }
}
