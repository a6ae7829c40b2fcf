//! Arguments and environment, read where the kernel put them.

use crate::unix::strings::{Strings, value};
use core::ptr::null;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The initial stack: argc, argv…, NULL, envp…, NULL, auxiliary vector. Null in a program that has another start code.
static STACK: AtomicPtr<*const i8> = AtomicPtr::new(null::<*const i8>().cast_mut());

/// Says where the initial stack is.
///
/// # Safety
/// `stack` is what the kernel passed to `_start`, and stays as it is for as long as the process runs.
pub unsafe fn set_stack(stack: *const usize) {
    STACK.store(stack as *mut *const i8, Ordering::Relaxed);
}

/// The arguments, the program's name first.
pub fn args() -> impl Iterator<Item = &'static [u8]> {
    let stack = STACK.load(Ordering::Relaxed);
    Strings(if stack.is_null() {
        null()
    } else {
        // SAFETY: argv follows argc.
        unsafe { stack.add(1) }
    })
}

/// The environment, each entry as `name=value`.
fn environment() -> Strings {
    let mut all = Strings(STACK.load(Ordering::Relaxed));
    if !all.0.is_null() {
        // SAFETY: envp follows argv, which has argc entries and a NULL.
        unsafe { all.0 = all.0.add(*all.0 as usize + 2) };
    }
    all
}

/// What the kernel says that the processor can do, AT_HWCAP of the auxiliary vector; 0 if it says nothing.
pub fn hwcap() -> usize {
    const AT_HWCAP: usize = 16;
    let mut all = environment();
    if all.0.is_null() {
        return 0;
    }
    all.by_ref().for_each(drop);
    // SAFETY: the auxiliary vector, pairs of a kind and a value up to one of kind 0, follows the NULL that ends envp.
    unsafe {
        let mut entry = all.0.add(1).cast::<[usize; 2]>();
        loop {
            match *entry {
                [0, _] => return 0,
                [AT_HWCAP, value] => return value,
                _ => entry = entry.add(1),
            }
        }
    }
}

/// The value of an environment variable, if it is set.
pub fn var(name: &str) -> Option<&'static [u8]> {
    value(environment(), name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ffi::CStr;

    #[test]
    fn everything_is_found_on_the_stack() {
        let string = |text: &'static CStr| text.as_ptr() as usize;
        let stack = [
            2,
            string(c"program"),
            string(c"argument"),
            0,
            string(c"HOMER=1"),
            string(c"HOME=/root"),
            0,
            6, // AT_PAGESZ
            4096,
            16,
            0xfb,
            0,
            0,
        ];
        // SAFETY: it is laid out as the kernel does, and leaked.
        unsafe { set_stack(std::boxed::Box::leak(std::boxed::Box::new(stack)).as_ptr()) };
        assert!(args().eq([&b"program"[..], b"argument"]));
        assert_eq!(var("HOME"), Some(&b"/root"[..]));
        assert_eq!(var("HOM"), None);
        assert_eq!(hwcap(), 0xfb);
    }
}
