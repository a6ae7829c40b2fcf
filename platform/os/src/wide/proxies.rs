//! The user's proxy settings, as the control panel of Windows writes them.

use crate::bypass::is_divider;
use alloc::string::String;

/// The proxy for `scheme` in `list`, as a variable has it: `http://proxy:8080`.
///
/// Each element of the list is a proxy for all schemes, or `SCHEME=PROXY`; that of `socks` is for schemes that have none.
pub(crate) fn choose(list: &str, scheme: &str) -> Option<String> {
    let of = |wanted: &str| {
        list.split(is_divider)
            .filter(|element| !element.is_empty())
            .find_map(|element| match element.split_once('=') {
                Some((name, proxy)) => name.eq_ignore_ascii_case(wanted).then_some(proxy),
                None => wanted.is_empty().then_some(element),
            })
    };
    match of(scheme).or_else(|| of("")) {
        Some(proxy) => Some(with_defaults(proxy, "http://", ":80")),
        None => of("socks").map(|proxy| with_defaults(proxy, "socks4://", "")),
    }
}

/// `proxy` with a scheme and a port.
fn with_defaults(proxy: &str, scheme: &str, port: &str) -> String {
    let mut text = String::from(if proxy.contains("://") { "" } else { scheme });
    text.push_str(proxy.trim_end_matches('/'));
    let after_address = proxy.rsplit(']').next().unwrap_or_default();
    if !proxy.contains("://") && !after_address.contains(':') {
        text.push_str(port);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies() {
        let one = |list, scheme| choose(list, scheme).unwrap_or_default();
        assert_eq!(one("proxy:8080", "http"), "http://proxy:8080");
        assert_eq!(one("proxy", "https"), "http://proxy:80");
        assert_eq!(one("[::1]", "https"), "http://[::1]:80");
        assert_eq!(one("[::1]:81", "https"), "http://[::1]:81");
        assert_eq!(one("https://proxy", "http"), "https://proxy");
        assert_eq!(one("http://proxy:1/", "http"), "http://proxy:1");
        let list = "http=a:1;https=b:2 ;ftp=c; SOCKS=d:4";
        assert_eq!(one(list, "http"), "http://a:1");
        assert_eq!(one(list, "https"), "http://b:2");
        assert_eq!(one(list, "ftp"), "http://c:80");
        assert_eq!(one(list, "ftps"), "socks4://d:4");
        assert_eq!(one("http=a:1", "https"), "");
        assert_eq!(one("http=a:1;b:2", "https"), "http://b:2");
        assert_eq!(one("p:1;q:2", "https"), "http://p:1");
        assert_eq!(one("", "https"), "");
    }
}
