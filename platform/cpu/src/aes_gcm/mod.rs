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

/// Eight blocks, each the little-endian value of its bytes.
type Blocks = [u128; 8];

/// AES-128-GCM or AES-256-GCM under one key.
pub struct AesGcm {
    key: Key,
    hard: bool,
}

/// All that is derived from the key.
struct Key {
    rounds: RoundKeys,
    /// H^8 to H of GHASH, in POLYVAL's form: what each of eight blocks is multiplied by.
    powers: Blocks,
}

/// The key schedule of FIPS 197, section 5.2, of which the first `count` are in use.
struct RoundKeys {
    keys: [u128; 15],
    count: usize,
}

impl RoundKeys {
    /// The key that is added before the first round, and those of the rounds.
    fn parts(&self) -> (&u128, &[u128]) {
        let [first, rounds @ ..] = &self.keys;
        (first, rounds.get(..self.count - 1).unwrap_or_default())
    }

    /// All keys but the last, and the last.
    #[cfg(target_arch = "aarch64")]
    fn with_last(&self) -> Option<(&[u128], &u128)> {
        let (last, others) = self.keys.get(..self.count)?.split_last()?;
        Some((others, last))
    }

    /// AES-256 for 32 bytes of `key` or more, else AES-128.
    #[inline(always)]
    fn expand(key: &[u8], sub_word: impl Fn(u32) -> u32) -> Self {
        let (key_words, count) = if key.len() < 32 { (4, 11) } else { (8, 15) };
        let mut words = [0u32; 60];
        let given = key.as_chunks().0.iter().take(key_words);
        for (word, bytes) in words.iter_mut().zip(given) {
            *word = u32::from_le_bytes(*bytes);
        }
        let mut constant = 1;
        for i in key_words..4 * count {
            let mut word = words[i - 1];
            if i % key_words == 0 {
                word = sub_word(word).rotate_right(8) ^ constant;
                // x * constant in AES's field.
                constant = (constant << 1) ^ ((constant >> 7) * 0x11b);
            } else if i % key_words == 4 {
                word = sub_word(word);
            }
            words[i] = words[i - key_words] ^ word;
        }
        let mut keys = [0; 15];
        for (key, [a, b, c, d]) in keys.iter_mut().zip(words.as_chunks().0) {
            *key =
                u128::from(*a) | u128::from(*b) << 32 | u128::from(*c) << 64 | u128::from(*d) << 96;
        }
        RoundKeys { keys, count }
    }
}

impl AesGcm {
    /// AES-256 if `key` has 32 bytes, AES-128 if it has 16.
    ///
    /// No other length is of use to a caller. It does not panic: of 32 or more bytes the first 32 are the key, and of
    /// fewer the first 16, with zeros for what is missing.
    pub fn new(key: &[u8]) -> Self {
        Self::with(key, hard::available())
    }

    /// The same without the instructions that only some processors have, to measure and to compare.
    #[doc(hidden)]
    pub fn portable(key: &[u8]) -> Self {
        Self::with(key, false)
    }

    #[inline(never)]
    fn with(key: &[u8], hard: bool) -> Self {
        let rounds = if hard {
            // SAFETY: `hard` says that the processor has the instructions.
            RoundKeys::expand(key, |word| unsafe { hard::sub_word(word) })
        } else {
            RoundKeys::expand(key, aes::sub_word)
        };
        let mut cipher = AesGcm {
            key: Key {
                rounds,
                powers: [0; 8],
            },
            hard,
        };
        let mut blocks = [0; 8];
        cipher.encrypt(&mut blocks);
        let h = ghash::hash_key(blocks[0].to_le_bytes());
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

    /// Encrypts `data` in place and returns the tag over it and `aad`. A nonce must not be used twice under one key.
    #[inline(never)]
    pub fn seal(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8]) -> [u8; 16] {
        self.run(nonce, aad, data, true).to_le_bytes()
    }

    /// Decrypts `data` in place if `tag` is the one over it and `aad`. If it is not, the result is false and `data` is
    /// zeros.
    #[must_use]
    #[inline(never)]
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
    fn run(&self, nonce: &[u8; 12], aad: &[u8], data: &mut [u8], sealing: bool) -> u128 {
        let lengths = (aad.len() as u128) << 64 | data.len() as u128;
        let lengths = (lengths << 3).to_be_bytes();
        let mut start = [0; 16];
        for (to, from) in start.iter_mut().zip(nonce) {
            *to = *from;
        }
        let start = u128::from_le_bytes(start);

        let mut sum = self.hash(0, aad);
        let mut counter = 2u32;
        let mut rest = data;
        if self.hard && !sealing {
            let (chunks, tail) = rest.as_chunks_mut();
            let first = block(start, counter);
            // SAFETY: `hard` says that the processor has the instructions.
            sum = unsafe { hard::open(&self.key, first, sum, chunks) };
            counter = counter.wrapping_add(chunks.len() as u32 * 8);
            rest = tail;
        }
        for chunk in rest.chunks_mut(128) {
            if !sealing {
                sum = self.hash(sum, chunk);
            }
            let pads = self.pads(start, counter);
            counter = counter.wrapping_add(8);
            for (byte, pad) in chunk.iter_mut().zip(pads.as_flattened()) {
                *byte ^= pad;
            }
            if sealing {
                sum = self.hash(sum, chunk);
            }
        }
        sum = self.hash(sum, &lengths);
        let [pad, ..] = self.pads(start, 1);
        sum.swap_bytes() ^ u128::from_le_bytes(pad)
    }

    /// The encrypted counter blocks from `counter` on.
    fn pads(&self, start: u128, counter: u32) -> [[u8; 16]; 8] {
        let mut blocks = [0, 1, 2, 3, 4, 5, 6, 7].map(|i| block(start, counter.wrapping_add(i)));
        self.encrypt(&mut blocks);
        blocks.map(u128::to_le_bytes)
    }

    fn encrypt(&self, blocks: &mut Blocks) {
        if self.hard {
            // SAFETY: `hard` says that the processor has the instructions.
            unsafe { hard::encrypt(&self.key.rounds, blocks) }
        } else {
            aes::encrypt(&self.key.rounds, blocks);
        }
    }

    /// Takes `data`, with zeros up to a whole number of blocks, into the hash `sum`.
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
    fn drop(&mut self) {
        for secret in self.rounds.keys.iter_mut().chain(&mut self.powers) {
            // SAFETY: it is a valid reference. The write is volatile so that it is not dropped as one never read.
            unsafe { core::ptr::write_volatile(secret, 0) };
        }
    }
}

/// The counter block of a 96-bit nonce, which is in `start`.
fn block(start: u128, counter: u32) -> u128 {
    start | u128::from(counter.swap_bytes()) << 96
}

/// Up to 16 bytes and zeros as GHASH counts them.
fn padded(part: &[u8]) -> u128 {
    let mut block = [0; 16];
    for (to, from) in block.iter_mut().zip(part) {
        *to = *from;
    }
    u128::from_be_bytes(block)
}
