//! No instructions that would help: the functions of the other architectures' files, never called.
//! They are unsafe as those are, and need nothing of the caller.

use super::{Block, Blocks, Key, RoundKeys, aes, ghash};

/// Whether the functions here may be called.
#[inline]
pub(super) fn available() -> bool {
    false
}

/// Whether `open_wide` may be called.
#[inline]
pub(super) fn wide() -> bool {
    false
}

/// SubWord of FIPS 197, section 5.2.
pub(super) unsafe fn sub_word(word: u32) -> u32 {
    aes::sub_word(word)
}

/// Encrypts eight blocks.
pub(super) unsafe fn encrypt(keys: &RoundKeys, blocks: &mut Blocks) {
    aes::encrypt(keys, blocks);
}

/// Takes `data` into the hash `sum` under `key`.
pub(super) unsafe fn hash(sum: u128, key: u128, data: &[u8]) -> u128 {
    ghash::update(sum, key, data)
}

/// Takes `chunks` into the hash `sum`.
pub(super) unsafe fn open(
    key: &Key,
    _counter: &Block,
    sum: u128,
    chunks: &mut [[u8; 128]],
) -> u128 {
    let [.., h] = key.powers;
    ghash::update(sum, h, chunks.as_flattened())
}

pub(super) use open as open_wide;
