//! Which system the ptex under test is made for, and what it calls its errors there.

/// Whether it is this system: what `PTEX_TEST_SYSTEM` says, such as where an emulator runs the program, else as the tests
/// are.
fn is(name: &str) -> bool {
    match std::env::var("PTEX_TEST_SYSTEM") {
        Ok(system) => system == name,
        Err(_) => std::env::consts::OS == name,
    }
}

/// Whether it is Windows.
pub fn is_windows() -> bool {
    is("windows")
}

/// Whether it is macOS.
pub fn is_macos() -> bool {
    is("macos")
}

/// The words of an error with the number that they have on the system: `Is a directory (os error 21)`.
pub fn os_error(words: &str) -> String {
    let (unix, windows) = match words {
        "No such file or directory" => (2, 2),
        "Bad file descriptor" => (9, 6),
        "Is a directory" => (21, 336),
        "No space left on device" => (28, 112),
        "Broken pipe" => (32, 233),
        "File name too long" => (if is_macos() { 63 } else { 36 }, 206),
        _ => panic!("no number is known for {words}"),
    };
    let number = if is_windows() { windows } else { unix };
    format!("{words} (os error {number})")
}
