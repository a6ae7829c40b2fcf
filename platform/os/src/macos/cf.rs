//! Core Foundation, as far as the system's other libraries are spoken to in its objects.
//!
//! Its rule of ownership: what a function with Create or Copy in its name returns is the caller's to release, all else
//! belongs to what it came from.

use alloc::string::String;
use core::ffi::{CStr, c_char, c_void};
use core::ptr::{NonNull, null};

/// A reference to an object, or null.
pub(crate) type Ref = *const c_void;

const UTF8: u32 = 0x0800_0100; // kCFStringEncodingUTF8
const SINT32: isize = 3; // kCFNumberSInt32Type

/// The longest text that is taken from a string, in bytes with its NUL: beyond names of hosts and all that is written
/// about them.
const MAX_TEXT: usize = 1024;

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    /// `CFArrayCallBacks`: a number and four functions. Only its address is of interest.
    static kCFTypeArrayCallBacks: [usize; 5];

    fn CFArrayCreate(
        allocator: Ref,
        values: *const Ref,
        count: isize,
        callbacks: *const [usize; 5],
    ) -> Ref;
    fn CFArrayGetCount(array: Ref) -> isize;
    fn CFArrayGetTypeID() -> usize;
    fn CFArrayGetValueAtIndex(array: Ref, index: isize) -> Ref;
    fn CFDataCreate(allocator: Ref, bytes: *const u8, length: isize) -> Ref;
    fn CFDictionaryGetValue(dictionary: Ref, key: Ref) -> Ref;
    fn CFGetTypeID(object: Ref) -> usize;
    fn CFNumberGetTypeID() -> usize;
    fn CFNumberGetValue(number: Ref, kind: isize, value: *mut i32) -> u8;
    fn CFRelease(object: Ref);
    fn CFStringCreateWithBytes(
        allocator: Ref,
        bytes: *const u8,
        length: isize,
        encoding: u32,
        external: u8,
    ) -> Ref;
    fn CFStringGetCString(string: Ref, buffer: *mut c_char, size: isize, encoding: u32) -> u8;
    fn CFStringGetTypeID() -> usize;
}

/// An object that is ours, released on drop.
#[repr(transparent)]
pub(crate) struct Owned(NonNull<c_void>);

impl Owned {
    /// Takes what a function has made; None if it has made nothing.
    ///
    /// # Safety
    /// It is null, or an object that is the caller's to release.
    pub(crate) unsafe fn new(object: Ref) -> Option<Owned> {
        NonNull::new(object.cast_mut()).map(Owned)
    }

    /// The object, for as long as this lives.
    pub(crate) fn get(&self) -> Ref {
        self.0.as_ptr()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: it is ours, by `new`, and nobody uses it after this.
        unsafe { CFRelease(self.get()) };
    }
}

/// The string `text`.
pub(crate) fn string(text: &str) -> Option<Owned> {
    // SAFETY: it copies as many bytes as there are, and what it makes is ours.
    unsafe {
        Owned::new(CFStringCreateWithBytes(
            null(),
            text.as_ptr(),
            text.len() as isize,
            UTF8,
            0,
        ))
    }
}

/// An object that holds `bytes`.
pub(crate) fn data(bytes: &[u8]) -> Option<Owned> {
    // SAFETY: it copies as many bytes as there are, and what it makes is ours.
    unsafe { Owned::new(CFDataCreate(null(), bytes.as_ptr(), bytes.len() as isize)) }
}

/// An array of `objects`, which it retains.
pub(crate) fn array(objects: &[Owned]) -> Option<Owned> {
    // SAFETY: an `Owned` is a pointer to a live object, and there are as many as is said; the functions that retain and
    // release them are those for all objects; what is made is ours.
    unsafe {
        Owned::new(CFArrayCreate(
            null(),
            objects.as_ptr().cast(),
            objects.len() as isize,
            &raw const kCFTypeArrayCallBacks,
        ))
    }
}

/// A dictionary with strings for keys.
pub(crate) struct Dictionary(Owned);

impl Dictionary {
    /// The dictionary `object`.
    ///
    /// # Safety
    /// It is one whose keys are strings.
    pub(crate) unsafe fn new(object: Owned) -> Self {
        Dictionary(object)
    }

    /// What is under `key`, if it is of the type that `type_id` tells; it lives as long as the dictionary.
    fn value(&self, key: &str, type_id: unsafe extern "C" fn() -> usize) -> Option<Ref> {
        let key = string(key)?;
        // SAFETY: both are live objects; the type of what is found is asked for only if something is.
        unsafe {
            let value = CFDictionaryGetValue(self.0.get(), key.get());
            (!value.is_null() && CFGetTypeID(value) == type_id()).then_some(value)
        }
    }

    /// The number under `key`.
    pub(crate) fn number(&self, key: &str) -> Option<i32> {
        let number = self.value(key, CFNumberGetTypeID)?;
        let mut value = 0;
        // SAFETY: it is a number, and four bytes are written to a live integer.
        let is_exact = unsafe { CFNumberGetValue(number, SINT32, &raw mut value) } != 0;
        is_exact.then_some(value)
    }

    /// The string under `key`.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let string = self.value(key, CFStringGetTypeID)?;
        // SAFETY: it is a string, and lives as long as the dictionary.
        unsafe { text(string) }
    }

    /// Calls `visit` with each string of the array under `key`.
    pub(crate) fn each_text(&self, key: &str, visit: &mut dyn FnMut(&str)) {
        let Some(array) = self.value(key, CFArrayGetTypeID) else {
            return;
        };
        // SAFETY: it is an array that nobody changes; each of its elements is a live object, or null, and its type is
        // asked for before it is used.
        unsafe {
            for index in 0..CFArrayGetCount(array) {
                let element = CFArrayGetValueAtIndex(array, index);
                if !element.is_null()
                    && CFGetTypeID(element) == CFStringGetTypeID()
                    && let Some(text) = text(element)
                {
                    visit(&text);
                }
            }
        }
    }
}

/// The text of a string, unless it is longer than [`MAX_TEXT`].
///
/// # Safety
/// `string` is a live string.
unsafe fn text(string: Ref) -> Option<String> {
    let mut buffer = [0_u8; MAX_TEXT];
    // SAFETY: by the caller; at most as many bytes are written as there are.
    let fits = unsafe {
        CFStringGetCString(
            string,
            buffer.as_mut_ptr().cast(),
            buffer.len() as isize,
            UTF8,
        )
    } != 0;
    let text = CStr::from_bytes_until_nul(&buffer).ok()?.to_str().ok()?;
    fits.then(|| String::from(text))
}
