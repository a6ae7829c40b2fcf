//! What a release of ptex is: which targets there are, what their files are called, and how they are built.
//!
//! The binary is always built by a cargo call of its own. In one call with anything else, cargo would unify the
//! features of their dependencies, and the `std` of a tool would end up in the program.

pub mod build;
pub mod write;

/// The targets that are released, with the name of each one's file.
///
/// The names are those that scie tools download today. A `gnu` and a `musl` target give the same program, since neither
/// libc is in it, with its functions in another order. Nor is a C runtime in those for Windows.
pub const TARGETS: &[(&str, &str)] = &[
    ("x86_64-unknown-linux-gnu", "ptex-linux-x86_64"),
    ("x86_64-unknown-linux-musl", "ptex-linux-x86_64"),
    ("aarch64-unknown-linux-gnu", "ptex-linux-aarch64"),
    ("aarch64-unknown-linux-musl", "ptex-linux-aarch64"),
    ("armv7-unknown-linux-gnueabihf", "ptex-linux-armv7l"),
    ("armv7-unknown-linux-musleabihf", "ptex-linux-armv7l"),
    ("s390x-unknown-linux-gnu", "ptex-linux-s390x"),
    ("s390x-unknown-linux-musl", "ptex-linux-s390x"),
    ("powerpc64le-unknown-linux-gnu", "ptex-linux-powerpc64"),
    ("powerpc64le-unknown-linux-musl", "ptex-linux-powerpc64"),
    ("riscv64gc-unknown-linux-gnu", "ptex-linux-riscv64"),
    ("riscv64gc-unknown-linux-musl", "ptex-linux-riscv64"),
    ("x86_64-apple-darwin", "ptex-macos-x86_64"),
    ("aarch64-apple-darwin", "ptex-macos-aarch64"),
    ("x86_64-pc-windows-msvc", "ptex-windows-x86_64.exe"),
    ("x86_64-pc-windows-gnullvm", "ptex-windows-x86_64.exe"),
    ("x86_64-pc-windows-gnu", "ptex-windows-x86_64.exe"),
    ("aarch64-pc-windows-msvc", "ptex-windows-aarch64.exe"),
    ("aarch64-pc-windows-gnullvm", "ptex-windows-aarch64.exe"),
];

/// The manual page, which is packaged with each of them.
pub const MANUAL: &str = include_str!("../ptex.1");

/// The name of the released file for the target triple `target`, if that target is released.
pub fn file_name(target: &str) -> Option<&'static str> {
    TARGETS
        .iter()
        .find(|(triple, _)| *triple == target)
        .map(|(_, name)| *name)
}

/// For each released file, the first of its targets for which `is_installed` says yes, and the names of those files that
/// have none.
pub fn installed(is_installed: &dyn Fn(&str) -> bool) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut targets, mut missing) = (Vec::new(), Vec::new());
    for same in TARGETS.chunk_by(|a, b| a.1 == b.1) {
        match same.iter().find(|(target, _)| is_installed(target)) {
            Some((target, _)) => targets.push(*target),
            None => missing.extend(same.first().map(|(_, name)| *name)),
        }
    }
    (targets, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_per_file_is_built() {
        let (targets, missing) = installed(&|_| true);
        assert_eq!((targets.len(), missing.len()), (10, 0));
        assert!(targets.contains(&"x86_64-unknown-linux-gnu"));
        let (targets, missing) = installed(&|target| target.ends_with("-musl"));
        assert_eq!(targets.len(), 5);
        assert_eq!(targets[0], "x86_64-unknown-linux-musl");
        assert_eq!(missing[0], "ptex-linux-armv7l");
        assert_eq!(targets.len() + missing.len(), 10);
    }

    #[test]
    fn names_follow_the_target() {
        assert_eq!(
            file_name("x86_64-unknown-linux-gnu"),
            Some("ptex-linux-x86_64")
        );
        assert_eq!(
            file_name("x86_64-unknown-linux-musl"),
            Some("ptex-linux-x86_64")
        );
        assert_eq!(
            file_name("powerpc64le-unknown-linux-gnu"),
            Some("ptex-linux-powerpc64")
        );
        assert_eq!(
            file_name("armv7-unknown-linux-gnueabihf"),
            Some("ptex-linux-armv7l")
        );
        assert_eq!(
            file_name("aarch64-pc-windows-msvc"),
            Some("ptex-windows-aarch64.exe")
        );
        assert_eq!(
            file_name("aarch64-apple-darwin"),
            Some("ptex-macos-aarch64")
        );
    }

    #[test]
    fn other_targets_have_no_name() {
        for target in [
            "",
            "x86_64",
            "x86_64-unknown-linux",
            "x86_64-unknown-linux-gnux32",
            "powerpc64-unknown-linux-gnu",
            "X86_64-unknown-linux-gnu",
        ] {
            assert_eq!(file_name(target), None, "{target}");
        }
    }

    #[test]
    fn every_released_file_is_named() {
        let mut names: Vec<_> = TARGETS.iter().map(|(_, name)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(
            names,
            [
                "ptex-linux-aarch64",
                "ptex-linux-armv7l",
                "ptex-linux-powerpc64",
                "ptex-linux-riscv64",
                "ptex-linux-s390x",
                "ptex-linux-x86_64",
                "ptex-macos-aarch64",
                "ptex-macos-x86_64",
                "ptex-windows-aarch64.exe",
                "ptex-windows-x86_64.exe",
            ]
        );
    }
}
