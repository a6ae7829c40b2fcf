#![no_main]
//! A `no_proxy` list excepts the same hosts in the same order or another, and more of them the longer it is; what it says
//! of a name holds for all names below. The last line is a host.

use libfuzzer_sys::fuzz_target;
use ptex::proxy::no_proxy::excepts;
use ptex::proxy::{Proxy, for_url};
use ptex::url::{Host, Url};

fuzz_target!(|input: &str| {
    let _ = Proxy::parse(input);
    let (list, host) = input.rsplit_once('\n').unwrap_or(("", input));
    let Ok(host) = Host::parse(host) else { return };
    let is_excepted = excepts(list.as_bytes(), &host, 80);
    let mut reversed: Vec<&str> = list
        .split(|c: char| c == ',' || c.is_ascii_whitespace())
        .collect();
    reversed.reverse();
    let reversed = reversed.join(",");
    assert_eq!(excepts(reversed.as_bytes(), &host, 80), is_excepted);
    let with_all = [&reversed, ",*"].concat();
    assert!(excepts(with_all.as_bytes(), &host, 80));
    if let Host::Name(name) = &host
        && is_excepted
    {
        let below = Host::Name(["www.", name].concat());
        assert!(excepts(list.as_bytes(), &below, 80));
    }
    let url = ["http://", &host.text(), "/"].concat();
    let Ok(url) = Url::parse(&url) else { return };
    let none = |_: &str| None;
    assert_eq!(for_url(&url, &none), Ok(None));
});
