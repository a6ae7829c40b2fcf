//! Names to addresses by getaddrinfo(3), which knows what no file tells: the servers of a VPN for its own domains, names
//! on the local network, what a profile has set.
//!
//! It cannot be told how long to wait, and takes half a minute where nobody answers. So it runs in a thread of its own,
//! which is left to itself when the time is up. Nothing else of this program runs there, and it allocates nothing by
//! Rust's allocator, which is for one thread.
//!
//! Of a network that is down it says what it says of a name that does not exist: neither is tried again.

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::{MaybeUninit, zeroed};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicI32, AtomicPtr, Ordering};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{IntoRawFd, OwnedFd};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::pipe;

use crate::clock::monotonic_ms;
use crate::net::dns::MAX_ADDRESSES;
use crate::net::{Error, append};

/// The type of getaddrinfo(3).
type Ask = unsafe extern "C" fn(
    *const c_char,
    *const c_char,
    *const libc::addrinfo,
    *mut *mut libc::addrinfo,
) -> c_int;

/// The status of a question that is not answered: no error number, nor 0.
const PENDING: c_int = c_int::MIN;

/// What the two threads share. It is the asker's to free once it is answered; if it is left alone, nobody does.
struct Question {
    name: CString,
    ask: Ask,
    /// The end of a pipe that is closed when there is an answer.
    done: c_int,
    addresses: AtomicPtr<libc::addrinfo>,
    status: AtomicI32,
}

/// The addresses of the name `host`, as [`crate::net::resolve`] promises.
pub(crate) fn lookup(host: &str, port: u16, deadline: u64) -> Result<Vec<SocketAddr>, Box<Error>> {
    lookup_by(libc::getaddrinfo, host, port, deadline)
}

fn lookup_by(
    ask: Ask,
    host: &str,
    port: u16,
    deadline: u64,
) -> Result<Vec<SocketAddr>, Box<Error>> {
    let question = begin(ask, host)
        .ok_or_else(|| error(host, Some(c"the resolver could not be started")))
        .and_then(|(question, done)| {
            finish(question, &done, deadline)
                .ok_or_else(|| error(host, Some(c"the resolver did not answer in time")))
        })?;
    match question.status.into_inner() {
        0 => {}
        libc::EAI_NONAME => return Err(error(host, None)),
        status => {
            // SAFETY: it gives a C string that is never changed for any number.
            let why = unsafe { CStr::from_ptr(libc::gai_strerror(status)) };
            return Err(error(host, Some(why)));
        }
    }
    let list = question.addresses.into_inner();
    let mut addresses = Vec::new();
    // SAFETY: it is the list that getaddrinfo gave, not freed before.
    unsafe {
        let mut entry = list;
        while !entry.is_null() && addresses.len() < MAX_ADDRESSES {
            addresses.extend(address(&*entry, port));
            entry = (*entry).ai_next;
        }
        if !list.is_null() {
            libc::freeaddrinfo(list);
        }
    }
    if addresses.is_empty() {
        return Err(error(host, None));
    }
    Ok(addresses)
}

/// Asks in a thread of its own. The second result is the end of a pipe whose other end is closed with the answer.
fn begin(ask: Ask, host: &str) -> Option<(*mut Question, OwnedFd)> {
    let name = CString::new(host).ok()?;
    let (done, other) = pipe().ok()?;
    for end in [&done, &other] {
        fcntl_setfd(end, FdFlags::CLOEXEC).ok()?;
    }
    let question = Box::into_raw(Box::new(Question {
        name,
        ask,
        done: other.into_raw_fd(),
        addresses: AtomicPtr::new(null_mut()),
        status: AtomicI32::new(PENDING),
    }));
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the thread is given a question that is freed only when it is answered. It is detached once, while its
    // handle is valid: it ends by itself, but nobody has joined it.
    unsafe {
        let started =
            libc::pthread_create(thread.as_mut_ptr(), null(), answer, question.cast()) == 0;
        if !started {
            let question = Box::from_raw(question);
            libc::close(question.done);
            return None;
        }
        libc::pthread_detach(thread.assume_init());
    }
    Some((question, done))
}

/// What the thread does.
extern "C" fn answer(question: *mut c_void) -> *mut c_void {
    // SAFETY: `begin` gives a question that lives at least until `done` is closed, and is only looked at until then.
    unsafe {
        let question = question.cast::<Question>();
        let done = (*question).done;
        let mut hints: libc::addrinfo = zeroed();
        hints.ai_socktype = libc::SOCK_STREAM; // else each address comes once for each type
        let mut list = null_mut();
        let name = (*question).name.as_ptr();
        let status = ((*question).ask)(name, null(), &raw const hints, &raw mut list);
        (*question).addresses.store(list, Ordering::Relaxed);
        (*question).status.store(status, Ordering::Release);
        libc::close(done);
    }
    null_mut()
}

/// Waits for the answer; None if it does not come in time, and the question is then left alone for good.
fn finish(question: *mut Question, done: &OwnedFd, deadline: u64) -> Option<Box<Question>> {
    loop {
        // An hour is beyond no limit of poll(2).
        let left = deadline.saturating_sub(monotonic_ms()).min(3_600_000);
        let timeout = Timespec {
            tv_sec: (left / 1000) as i64,
            tv_nsec: (left % 1000 * 1_000_000) as _,
        };
        let closed = poll(&mut [PollFd::new(done, PollFlags::IN)], Some(&timeout)) == Ok(1);
        // SAFETY: it is not freed before it is answered.
        if closed && unsafe { (*question).status.load(Ordering::Acquire) } != PENDING {
            // SAFETY: made by `Box::into_raw`, and the thread that has answered does not look at it again.
            return Some(unsafe { Box::from_raw(question) });
        }
        if left == 0 {
            return None;
        }
    }
}

/// The address in `entry`, if it is of a family that is known here.
///
/// # Safety
/// `entry` is of a list that getaddrinfo gave.
unsafe fn address(entry: &libc::addrinfo, port: u16) -> Option<SocketAddr> {
    // SAFETY: `ai_addr` points to the structure of the family, whose size was compared.
    unsafe {
        match entry.ai_family {
            libc::AF_INET if entry.ai_addrlen as usize >= size_of::<libc::sockaddr_in>() => {
                let address = entry.ai_addr.cast::<libc::sockaddr_in>().read_unaligned();
                // In memory it is in network order.
                let ip = Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::V4(SocketAddrV4::new(ip, port)))
            }
            libc::AF_INET6 if entry.ai_addrlen as usize >= size_of::<libc::sockaddr_in6>() => {
                let address = entry.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned();
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                let zone = address.sin6_scope_id;
                Some(SocketAddr::V6(SocketAddrV6::new(ip, port, 0, zone)))
            }
            _ => None,
        }
    }
}

/// That `host` has no address, or that it is not known `why` it should have none, which may pass.
#[cold]
fn error(host: &str, why: Option<&CStr>) -> Box<Error> {
    let mut text = String::from("Could not resolve host: ");
    append(&mut text, host);
    if let Some(why) = why {
        append(&mut text, " (");
        append(&mut text, why.to_str().unwrap_or_default());
        append(&mut text, ")");
    }
    Box::new(Error {
        transient: why.is_some(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;
    use std::time::{Duration, Instant};

    fn soon() -> u64 {
        monotonic_ms() + 20_000
    }

    fn texts(addresses: &[SocketAddr]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn literals_are_names_too() {
        // No server has to be asked for them.
        for (host, address) in [
            ("192.0.2.7", "192.0.2.7:81"),
            ("2001:db8::7", "[2001:db8::7]:81"),
            ("fe80::1%1", "[fe80::1%1]:81"),
        ] {
            assert_eq!(texts(&lookup(host, 81, soon()).unwrap()), [address]);
        }
    }

    #[test]
    fn names_come_from_the_hosts_file() {
        let addresses = texts(&lookup("localhost", 443, soon()).unwrap());
        assert!(
            addresses.contains(&"127.0.0.1:443".to_string()),
            "{addresses:?}"
        );
    }

    unsafe extern "C" fn says<const STATUS: c_int>(
        _: *const c_char,
        _: *const c_char,
        _: *const libc::addrinfo,
        _: *mut *mut libc::addrinfo,
    ) -> c_int {
        STATUS
    }

    #[test]
    fn errors_pass_unless_there_is_no_such_name() {
        let of = |ask| {
            let e = lookup_by(ask, "name.example", 1, soon()).unwrap_err();
            (e.transient, e.text)
        };
        let plain = "Could not resolve host: name.example".to_string();
        assert_eq!(of(says::<{ libc::EAI_NONAME }>), (false, plain.clone()));
        // None at all.
        assert_eq!(of(says::<0>), (false, plain));
        let (transient, text) = of(says::<{ libc::EAI_AGAIN }>);
        assert!(transient);
        assert!(text.starts_with("Could not resolve host: name.example ("));
        assert!(text.ends_with(')') && !text.ends_with("()"), "{text}");
    }

    unsafe extern "C" fn is_silent(
        _: *const c_char,
        _: *const c_char,
        _: *const libc::addrinfo,
        _: *mut *mut libc::addrinfo,
    ) -> c_int {
        std::thread::sleep(Duration::from_secs(2));
        libc::EAI_AGAIN
    }

    #[test]
    fn silence_is_not_waited_out() {
        let begun = Instant::now();
        let e = lookup_by(is_silent, "name.example", 1, monotonic_ms() + 300).unwrap_err();
        assert!(begun.elapsed() >= Duration::from_millis(299));
        assert!(begun.elapsed() < Duration::from_millis(1500));
        assert!(e.transient);
        assert_eq!(
            e.text,
            "Could not resolve host: name.example (the resolver did not answer in time)"
        );
        // The answer that comes after all goes nowhere.
        std::thread::sleep(Duration::from_millis(2000));
    }
}
