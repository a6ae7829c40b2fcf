//! The proxies of the network service in use, as System Settings shows them. Scripts that decide (PAC) are not run.

use super::cf::{Dictionary, Owned, Ref};
use super::proxies::{self, Settings};
use alloc::string::String;
use core::ptr::null;

#[link(name = "SystemConfiguration", kind = "framework")]
unsafe extern "C" {
    fn SCDynamicStoreCopyProxies(store: Ref) -> Ref;
}

/// Whether the system has such settings.
pub const HAS_SETTINGS: bool = true;

/// The proxy that the system's settings name for URLs of `scheme` at `host_port`, as a variable would have it.
pub fn for_url(scheme: &str, host_port: &str) -> Option<String> {
    // SAFETY: without a store the function opens one for the time of the call. What it gives is null, or a dictionary
    // with strings for keys, and ours.
    let settings = unsafe { Dictionary::new(Owned::new(SCDynamicStoreCopyProxies(null()))?) };
    proxies::choose(&settings, scheme, host_port)
}

impl Settings for Dictionary {
    fn number(&self, key: &str) -> Option<i32> {
        self.number(key)
    }
    fn text(&self, key: &str) -> Option<String> {
        self.text(key)
    }
    fn each_text(&self, key: &str, visit: &mut dyn FnMut(&str)) {
        self.each_text(key, visit);
    }
}
