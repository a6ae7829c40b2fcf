//! Arguments and environment as a process is given them.

use core::ffi::CStr;

/// The strings of a NULL-terminated array.
pub(crate) struct Strings(pub(crate) *const *const i8);

impl Iterator for Strings {
    type Item = &'static [u8];
    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: whoever made this vouches for the pointers up to and including the NULL, each to a C string that is
        // never changed; this stops at the NULL.
        unsafe {
            if self.0.is_null() || (*self.0).is_null() {
                return None;
            }
            let string = CStr::from_ptr((*self.0).cast());
            self.0 = self.0.add(1);
            Some(string.to_bytes())
        }
    }
}

/// What follows `name=` in the first of `entries` that begins so.
pub(crate) fn value(mut entries: Strings, name: &str) -> Option<&'static [u8]> {
    entries.find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}
