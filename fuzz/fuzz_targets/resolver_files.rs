#![no_main]
//! The lines of hosts and resolv.conf keep to their limits, and addresses are read as the standard library reads them
//! and written so that they are read again.

use libfuzzer_sys::fuzz_target;
use os::net::resolv_conf::ResolvConf;
use os::net::{addr, hosts};
use std::net::IpAddr;

fuzz_target!(|bytes: &[u8]| {
    let mut conf = ResolvConf::new(53);
    for line in bytes.split(|&b| b == b'\n') {
        conf.line(line);
        if let Some(address) = hosts::address(line, "host", 80) {
            assert_eq!(address.port(), 80);
            assert!(
                line.windows(4)
                    .any(|word| word.eq_ignore_ascii_case(b"host"))
            );
        }
        let Ok(text) = std::str::from_utf8(line) else {
            continue;
        };
        let ours = addr::parse(line, 53);
        if !text.contains('%') {
            assert_eq!(
                ours.map(|address| address.ip()),
                text.parse::<IpAddr>().ok()
            );
        }
        if let Some(address) = ours {
            let mut written = String::new();
            addr::push(&mut written, &address);
            assert_eq!(addr::parse(written.as_bytes(), 53), Some(address));
            if !text.contains('%') {
                assert_eq!(written, address.ip().to_string());
            }
        }
    }
    conf.finish();
    assert!((1..=3).contains(&conf.nameservers.len()));
    assert!(conf.domains().count() <= 6 && conf.domains().all(|domain| !domain.is_empty()));
    assert!(
        conf.ndots <= 15 && (1..=30).contains(&conf.timeout) && (1..=5).contains(&conf.attempts)
    );
});
