//! No instructions that would help.

/// Whether [`compress`] may be called.
#[inline]
pub(super) fn available() -> bool {
    false
}

/// Never called.
///
/// # Safety
///
/// None is needed; the other architectures' functions are unsafe without the instructions.
pub(super) unsafe fn compress(_state: &mut [u32; 8], _blocks: &[[u8; 64]]) {}
