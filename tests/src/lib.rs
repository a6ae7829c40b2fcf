//! What the black-box tests have in common: the ptex that is released, servers that do as they are told, folders,
//! noise.
//!
//! Nothing here knows how ptex works inside. Each file in `tests/` is one topic.

pub mod content;
pub mod random;
pub mod run;
pub mod server;
pub mod system;
pub mod temp;
pub mod tls;

use sha2::{Digest, Sha256};

/// The SHA-256 of `data` in lower-case hexadecimal.
pub fn sha256(data: &[u8]) -> String {
    package::write::hex(&Sha256::digest(data))
}

/// What `-C` leaves in `NAME.part.version`, beside a part of what `url` names: FNV-1a of that, and the validator.
pub fn note(url: &str, validator: &str) -> String {
    let hash = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x} {validator}")
}

/// Runs `case` for all of `items`, several at a time: what is tested mostly waits.
///
/// A panic in one of them is one of the caller.
pub fn in_parallel<T: Sync>(items: &[T], case: impl Fn(&T) + Sync) {
    in_parallel_by(24, items, case);
}

/// The same with so many at a time.
pub fn in_parallel_by<T: Sync>(threads: usize, items: &[T], case: impl Fn(&T) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                while let Some(item) =
                    items.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
                {
                    case(item);
                }
            });
        }
    });
}
