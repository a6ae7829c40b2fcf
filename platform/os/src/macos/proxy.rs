//! The user's proxy settings: only variables are read so far.

use alloc::string::String;

/// Whether the system has such settings.
pub const HAS_SETTINGS: bool = false;

/// The proxy that the system's settings name for URLs of `scheme` at `host_port`.
pub fn for_url(_scheme: &str, _host_port: &str) -> Option<String> {
    None
}
