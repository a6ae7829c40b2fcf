//! AES-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, as TLS records use it.
//!
//! The mode is here. The block cipher and the hash are there twice: with the processor's instructions (a file per
//! architecture, all with the same functions), and without (`aes`, `ghash`), where nothing depends on secrets but values.

mod aes;
mod ghash;
#[cfg_attr(target_arch = "x86_64", path = "x86_64.rs")]
#[cfg_attr(
    all(target_arch = "aarch64", target_endian = "little"),
    path = "aarch64.rs"
)]
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        all(target_arch = "aarch64", target_endian = "little")
    )),
    path = "none.rs"
)]
mod hard;

use core::hint::black_box;

/// The columns of the state, with row 0 in the lowest byte.
type Block = [u32; 4];

/// As many as are worked on at a time.
type Blocks = [Block; 8];

/// AES-128-GCM or AES-256-GCM under one key.
pub struct AesGcm {
    key: Key,
    hard: bool,
    /// Two blocks at once, where `hard` is set and the data are many.
    wide: bool,
}

/// All that is derived from the key.
struct Key {
    rounds: RoundKeys,
    /// H^8 to H of GHASH, in POLYVAL's form: what each of eight blocks is multiplied by.
    powers: [u128; 8],
}

/// The key schedule of FIPS 197, section 5.2, of which the first `count` are in use.
struct RoundKeys {
    keys: [Block; 15],
    count: usize,
}

impl RoundKeys {
    /// The key that is added before the first round, and those of the rounds.
    #[inline]
    fn parts(&self) -> (&Block, &[Block]) {
        let [first, rounds @ ..] = &self.keys;
        (first, rounds.get(..self.count - 1).unwrap_or_default())
    }

    /// All keys but the last, and the last.
    #[cfg(target_arch = "aarch64")]
    fn with_last(&self) -> Option<(&[Block], &Block)> {
        let (last, others) = self.keys.get(..self.count)?.split_last()?;
        Some((others, last))
    }
}

impl AesGcm {
    /// AES-256 if `key` has 32 bytes, AES-128 if it has 16.
    ///
    /// No other length is of use to a caller. It does not panic: of 32 or more bytes the first 32 are the key, and of
    /// fewer the first 16, with zeros for what is missing.
    #[inline]
    pub fn new(key: &[u8]) -> Self {
        Self::with(key, hard::available(), hard::wide())
    }

    /// The same without the instructions that only the latest processors have, to measure and to compare.
    #[doc(hidden)]
    #[inline]
    pub fn narrow(key: &[u8]) -> Self {
        Self::with(key, hard::available(), false)
    }

    /// The same without the instructions that only some processors have, to measure and to compare.
    #[doc(hidden)]
    #[inline]
    pub fn portable(key: &[u8]) -> Self {
        Self::with(key, false, false)
    }

    #[inline]
    fn with(key: &[u8], hard: bool, wide: bool) -> Self {
        let (key_words, count) = if key.len() < 32 { (4, 11) } else { (8, 15) };
        let mut cipher = AesGcm {
            key: Key {
                rounds: RoundKeys {
                    keys: [[0; 4]; 15],
                    count,
                },
                powers: [0; 8],
            },
            hard,
            wide,
        };
        cipher.expand(key, key_words);
        let mut blocks = [[0; 4]; 8];
        cipher.encrypt(&mut blocks);
        let [h, ..] = blocks.map(bytes);
        let h = ghash::hash_key(h);
        // The portable code multiplies by H alone, which is the last.
        let mut power = h;
        for place in cipher.key.powers.iter_mut().rev() {
            *place = power;
            if hard {
                // SAFETY: `hard` says that the processor has the instructions.
                power = unsafe { hard::hash(0, h, &power.to_be_bytes()) };
            }
        }
        cipher
    }

    /// Fills in the key schedule for a key of so many words.
    #[inline]
    fn expand(&mut self, key: &[u8], key_words: usize) {
        let hard = self.hard;
        let words = self.key.rounds.keys.as_flattened_mut();
        let given = key.as_chunks().0.iter().take(key_words);
        for (word, bytes) in words.iter_mut().zip(given) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut constant = 1;
        for i in key_words..4 * self.key.rounds.count {
            let (Some(&first), Some(&last)) = (words.get(i - key_words), words.get(i - 1)) else {
                break;
            };
            let mut word = last;
            let place = i % key_words;
            if place == 0 || place == 4 {
                word = if hard {
                    // SAFETY: `hard` says that the processor has the instructions.
                    unsafe { hard::sub_word(word) }
                } else {
                    aes::sub_word(word)
                };
            }
            if place == 0 {
                word = word.rotate_right(8) ^ constant;
                // x * constant in AES's field.
                constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
            }
            if let Some(next) = words.get_mut(i) {
                *next = first ^ word;
            }
        }
    }

    /// Encrypts `data`, of less than 64 GiB, in place and returns the tag over it and `aad`. A nonce must not be used
    /// twice under one key.
    #[inline]
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
        self.run(nonce, aad, data, true).to_le_bytes()
    }

    /// Decrypts `data` in place if `tag` is the one over it and `aad`. If it is not, the result is false and `data` is
    /// zeros.
    #[must_use]
    #[inline]
    pub fn open(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], tag: &[u8; 16]) -> bool {
        let computed = self.run(nonce, aad, data, false);
        // All bits at once: how many are right takes no time to tell.
        let right = black_box(computed ^ u128::from_le_bytes(*tag)) == 0;
        if !right {
            data.fill(0);
        }
        right
    }

    /// Encrypts or decrypts, and returns the tag.
    #[inline]
    fn run(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], sealing: bool) -> u128 {
        let lengths = (aad.len() as u128) << 64 | data.len() as u128;
        let lengths = (lengths << 3).to_be_bytes();
        let mut sum = self.hash(0, aad);
        let mut counter = 2u32;
        let mut rest = data;
        if self.hard && !sealing {
            let (chunks, tail) = rest.as_chunks_mut();
            let first = counter_block(nonce, counter);
            // SAFETY: `hard` and `wide` say that the processor has the instructions.
            sum = unsafe {
                if self.wide {
                    hard::open_wide(&self.key, &first, sum, chunks)
                } else {
                    hard::open(&self.key, &first, sum, chunks)
                }
            };
            counter = counter.wrapping_add((chunks.len() as u32).wrapping_mul(8));
            rest = tail;
        }
        for chunk in rest.chunks_mut(128) {
            if !sealing {
                sum = self.hash(sum, chunk);
            }
            let pads = self.pads(nonce, counter);
            counter = counter.wrapping_add(8);
            for (byte, pad) in chunk.iter_mut().zip(pads.as_flattened()) {
                *byte ^= pad;
            }
            if sealing {
                sum = self.hash(sum, chunk);
            }
        }
        sum = self.hash(sum, &lengths);
        let [pad, ..] = self.pads(nonce, 1);
        sum.swap_bytes() ^ u128::from_le_bytes(pad)
    }

    /// The encrypted counter blocks from `counter` on.
    #[inline]
    fn pads(&self, nonce: &[u8; 12], counter: u32) -> [[u8; 16]; 8] {
        let mut blocks = counter_blocks(nonce, counter);
        self.encrypt(&mut blocks);
        in_memory(&blocks)
    }

    #[inline]
    fn encrypt(&self, blocks: &mut Blocks) {
        if self.hard {
            // SAFETY: `hard` says that the processor has the instructions.
            unsafe { hard::encrypt(&self.key.rounds, blocks) }
        } else {
            aes::encrypt(&self.key.rounds, blocks);
        }
    }

    /// Takes `data`, with zeros up to a whole number of blocks, into the hash `sum`.
    #[inline]
    fn hash(&self, sum: u128, data: &[u8]) -> u128 {
        let [.., h] = self.key.powers;
        if self.hard {
            // SAFETY: `hard` says that the processor has the instructions.
            unsafe { hard::hash(sum, h, data) }
        } else {
            ghash::update(sum, h, data)
        }
    }
}

impl Drop for Key {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: these are valid references. The writes are volatile because nobody will see that they were done.
        unsafe {
            core::ptr::write_volatile(&mut self.rounds.keys, [[0; 4]; 15]);
            core::ptr::write_volatile(&mut self.powers, [0; 8]);
        }
    }
}

/// The input of the block cipher for the place `counter` of the key stream.
#[inline]
fn counter_block(nonce: &[u8; 12], counter: u32) -> Block {
    let mut block = [counter.swap_bytes(); 4];
    for (word, bytes) in block.iter_mut().zip(nonce.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    block
}

/// Eight of them from `counter` on.
#[inline(never)]
fn counter_blocks(nonce: &[u8; 12], mut counter: u32) -> Blocks {
    let mut blocks = [counter_block(nonce, counter); 8];
    for [.., last] in &mut blocks {
        *last = counter.swap_bytes();
        counter = counter.wrapping_add(1);
    }
    blocks
}

/// The blocks as they are in memory.
#[inline(never)]
fn in_memory(blocks: &Blocks) -> [[u8; 16]; 8] {
    blocks.map(bytes)
}

#[inline]
fn bytes(block: Block) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(block) {
        *bytes = word.to_le_bytes();
    }
    bytes
}

/// Up to 16 bytes and zeros as GHASH counts them.
#[inline]
fn padded(part: &[u8]) -> u128 {
    let mut block = [0; 16];
    for (to, from) in block.iter_mut().zip(part) {
        *to = *from;
    }
    u128::from_be_bytes(block)
}
