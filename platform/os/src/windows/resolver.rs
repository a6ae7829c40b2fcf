//! Names to addresses by the system's own resolver: its hosts file, cache, policies and virtual private networks count.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ptr::{null, null_mut};
use windows_sys::Win32::Foundation::{CloseHandle, HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::Networking::WinSock::{
    ADDRINFOEXW, FreeAddrInfoExW, GetAddrInfoExCancel, GetAddrInfoExOverlappedResult,
    GetAddrInfoExW, NS_ALL, SOCK_STREAM, WSA_IO_PENDING, WSAHOST_NOT_FOUND, WSANO_DATA,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Threading::{CreateEventW, WaitForSingleObject};

use super::net;
use crate::Errno;
use crate::clock::monotonic_ms;
use crate::net::dns::MAX_ADDRESSES;
use crate::net::{Error, append};

/// A question, which stays where it is until it is answered.
struct Question {
    name: Vec<u16>,
    hints: ADDRINFOEXW,
    overlapped: OVERLAPPED,
    answer: *mut ADDRINFOEXW,
    /// By which the question can be withdrawn.
    cancel: HANDLE,
}

/// The addresses of the name `host`, as [`crate::net::resolve`] promises.
pub(crate) fn lookup(host: &str, port: u16, deadline: u64) -> Result<Vec<SocketAddr>, Box<Error>> {
    let (transient, why) = match ask(host, port, deadline) {
        Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
        Ok(_) | Err(Some(Errno(WSANO_DATA))) => (false, String::from("it has no address")),
        Err(Some(Errno(WSAHOST_NOT_FOUND))) => (false, String::new()),
        Err(Some(e)) => (true, e.text()),
        Err(None) => (true, String::from("the system's resolver did not answer")),
    };
    let mut text = String::from("Could not resolve host: ");
    append(&mut text, host);
    if !why.is_empty() {
        append(&mut text, " (");
        append(&mut text, &why);
        append(&mut text, ")");
    }
    Err(Box::new(Error { transient, text }))
}

/// Asks; the error is None if there was no answer until `deadline`.
fn ask(host: &str, port: u16, deadline: u64) -> Result<Vec<SocketAddr>, Option<Errno>> {
    net::start().map_err(Some)?;
    let mut question = Box::new(Question {
        name: host.encode_utf16().chain([0]).collect(),
        hints: ADDRINFOEXW {
            ai_socktype: SOCK_STREAM,
            ..ADDRINFOEXW::default()
        },
        overlapped: OVERLAPPED::default(),
        answer: null_mut(),
        cancel: null_mut(),
    });
    let mut addresses = Vec::new();
    // SAFETY: what the system is given lives until it has answered, see below; the event and the list of addresses are
    // given back once.
    unsafe {
        let event = CreateEventW(null(), 1, 0, null());
        question.overlapped.hEvent = event;
        let mut result = GetAddrInfoExW(
            question.name.as_ptr(),
            null(),
            NS_ALL,
            null(),
            &question.hints,
            &mut question.answer,
            null(),
            &question.overlapped,
            None,
            &mut question.cancel,
        );
        if result == WSA_IO_PENDING {
            let left = deadline.saturating_sub(monotonic_ms()).min(3_600_000);
            if WaitForSingleObject(event, left as u32) != WAIT_OBJECT_0 {
                GetAddrInfoExCancel(&question.cancel);
                // It may still be answered: what the answer is written to is not used again.
                Box::leak(question);
                return Err(None);
            }
            result = GetAddrInfoExOverlappedResult(&question.overlapped);
        }
        CloseHandle(event);
        let mut entry = question.answer;
        while !entry.is_null() {
            if addresses.len() < MAX_ADDRESSES && !(*entry).ai_addr.is_null() {
                addresses.extend(net::from_sockaddr((*entry).ai_addr, port));
            }
            entry = (*entry).ai_next;
        }
        if !question.answer.is_null() {
            FreeAddrInfoExW(question.answer);
        }
        match result {
            0 => Ok(addresses),
            e => Err(Some(Errno(e))),
        }
    }
}
