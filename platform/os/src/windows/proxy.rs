//! The user's proxy settings, which browsers follow: a script that decides, or a list with exceptions.
//!
//! Settings that are to be found in the network first (WPAD) are not looked for: it is what Windows is set to where
//! there is no proxy, takes seconds, and believes whoever answers.

use super::{dll, until_nul};
use crate::bypass::bypasses;
use crate::net::append;
use crate::wide::proxies;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_void};
use core::mem::transmute;
use core::ptr::null;
use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_AUTOPROXY_CONFIG_URL,
    WINHTTP_AUTOPROXY_OPTIONS, WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO,
};

/// How long each step of fetching the script may take, in milliseconds.
const SCRIPT_MS: i32 = 5000;

type GetSettings = unsafe extern "system" fn(*mut WINHTTP_CURRENT_USER_IE_PROXY_CONFIG) -> i32;
type Open = unsafe extern "system" fn(*const u16, u32, *const u16, *const u16, u32) -> *mut c_void;
type SetTimeouts = unsafe extern "system" fn(*mut c_void, i32, i32, i32, i32) -> i32;
type GetProxy = unsafe extern "system" fn(
    *mut c_void,
    *const u16,
    *mut WINHTTP_AUTOPROXY_OPTIONS,
    *mut WINHTTP_PROXY_INFO,
) -> i32;
type Close = unsafe extern "system" fn(*mut c_void) -> i32;

/// Whether the system has such settings.
pub const HAS_SETTINGS: bool = true;

/// The proxy that the system's settings name for URLs of `scheme` at `host_port`, as a variable would have it.
pub fn for_url(scheme: &str, host_port: &str) -> Option<String> {
    let mut settings = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: the function is the one of that name; it fills the structure with strings that are ours to free, or null.
    let (script, list, exceptions) = unsafe {
        let get: GetSettings = transmute(function(c"WinHttpGetIEProxyConfigForCurrentUser")?);
        if get(&mut settings) == 0 {
            return None;
        }
        (
            take(settings.lpszAutoConfigUrl),
            take(settings.lpszProxy),
            take(settings.lpszProxyBypass),
        )
    };
    if bypasses("", scheme, host_port) {
        return None;
    }
    if let Some(script) = script
        && let Some(answer) = ask(&script, scheme, host_port)
    {
        return proxies::choose(&answer, scheme);
    }
    if bypasses(&exceptions.unwrap_or_default(), scheme, host_port) {
        return None;
    }
    proxies::choose(&list?, scheme)
}

fn function(name: &CStr) -> Option<dll::Function> {
    dll::function(c"winhttp.dll", name)
}

/// The text of a string, which is freed.
///
/// # Safety
/// It is null, or has a NUL and is ours.
unsafe fn take(string: *mut u16) -> Option<String> {
    if string.is_null() {
        return None;
    }
    // SAFETY: by the caller.
    unsafe {
        let text = String::from_utf16_lossy(until_nul(string));
        GlobalFree(string.cast());
        Some(text).filter(|text| !text.is_empty())
    }
}

/// What the script at the URL `script` says: a list of proxies, none if it is empty. None if there is no telling.
fn ask(script: &str, scheme: &str, host_port: &str) -> Option<String> {
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
    let script = wide(script);
    let mut url = String::from(scheme);
    append(&mut url, "://");
    append(&mut url, host_port);
    append(&mut url, "/");
    let url = wide(&url);
    let mut options = WINHTTP_AUTOPROXY_OPTIONS {
        dwFlags: WINHTTP_AUTOPROXY_CONFIG_URL,
        lpszAutoConfigUrl: script.as_ptr(),
        ..WINHTTP_AUTOPROXY_OPTIONS::default()
    };
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: the functions are the ones of those names; the strings have a NUL and live until the end, the structures
    // are live, what they are filled with is ours to free, and the session is closed once.
    unsafe {
        let open: Open = transmute(function(c"WinHttpOpen")?);
        let set_timeouts: SetTimeouts = transmute(function(c"WinHttpSetTimeouts")?);
        let get: GetProxy = transmute(function(c"WinHttpGetProxyForUrl")?);
        let close: Close = transmute(function(c"WinHttpCloseHandle")?);
        let session = open(null(), WINHTTP_ACCESS_TYPE_NO_PROXY, null(), null(), 0);
        if session.is_null() {
            return None;
        }
        set_timeouts(session, SCRIPT_MS, SCRIPT_MS, SCRIPT_MS, SCRIPT_MS);
        let is_known = get(session, url.as_ptr(), &mut options, &mut info) != 0;
        close(session);
        let list = take(info.lpszProxy);
        take(info.lpszProxyBypass);
        if !is_known {
            None
        } else if info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY {
            list
        } else {
            Some(String::new())
        }
    }
}
