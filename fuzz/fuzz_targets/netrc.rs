#![no_main]
//! A netrc file means the same however it is cut, and whatever is found in it is that of the one who was asked for and
//! free of what could end a line of a protocol.

use libfuzzer_sys::fuzz_target;
use ptex::auth::Credentials;
use ptex::netrc::Search;
use ptex::url::Host;

fn search(file: &[u8], size: usize, host: &Host, user: Option<&[u8]>) -> Option<Credentials> {
    let mut search = Search::new(host, user);
    for piece in file.chunks(size) {
        if !search.push(piece) {
            break;
        }
    }
    search.finish()
}

fuzz_target!(|file: &[u8]| {
    for host in [Host::Name("h".into()), Host::V6([0; 16])] {
        for user in [None, Some(&b"u"[..])] {
            let found = search(file, file.len().max(1), &host, user);
            assert_eq!(search(file, 1, &host, user), found);
            assert_eq!(search(file, 7, &host, user), found);
            if let Some(found) = found {
                assert!(user.is_none_or(|user| user == found.user));
                let mut bytes = found.user.iter().chain(&found.password);
                assert!(!bytes.any(u8::is_ascii_control));
            }
        }
    }
});
