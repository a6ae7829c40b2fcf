//! The map that lld writes beside the image: which input sections went where, or which symbols.

use std::collections::BTreeMap;

/// A stretch of the image that came from one input section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where it is in memory.
    pub(crate) address: u64,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// The output section it is in.
    pub(crate) output: String,
    /// The name of the input section.
    pub(crate) section: String,
}

/// Reads the map of an ELF image, whose lines are `VMA LMA Size Align` and then, indented by kind, an output section,
/// an input section as `file:(name)`, or a symbol.
pub(crate) fn parse(text: &str) -> Vec<Input> {
    // The columns of numbers are 16, 16, 8 and 5 wide, whatever the address size.
    let mut output = String::new();
    let mut inputs = Vec::new();
    for line in text.lines().skip(1) {
        let mut rest = line;
        let mut numbers = [0u64; 4];
        let mut sound = true;
        for (i, number) in numbers.iter_mut().enumerate() {
            let trimmed = rest.trim_start();
            let (word, tail) = trimmed.split_once(' ').unwrap_or((trimmed, ""));
            let radix = if i == 3 { 10 } else { 16 };
            match u64::from_str_radix(word, radix) {
                Ok(value) => *number = value,
                Err(_) => sound = false,
            }
            rest = tail;
        }
        if !sound {
            continue;
        }
        let [address, _, size, _] = numbers;
        let indent = rest.len() - rest.trim_start().len();
        let name = rest.trim();
        match indent {
            0 => output = name.to_owned(),
            1..=8 => {
                if let Some((_, section)) = name.rsplit_once(":(")
                    && size > 0
                {
                    inputs.push(Input {
                        address,
                        size,
                        output: output.clone(),
                        section: section.trim_end_matches(')').to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    inputs
}

/// Reads the symbols by address from the map of a Windows image, whose lines are `section:offset name address object`.
pub(crate) fn windows_symbols(text: &str) -> BTreeMap<u64, String> {
    let symbol = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (place, name, address) = (words.next()?, words.next()?, words.next()?);
        place.split_once(':')?;
        Some((u64::from_str_radix(address, 16).ok()?, name.to_owned()))
    };
    text.lines().filter_map(symbol).collect()
}

/// Reads the symbols by address from the map of an image for macOS, whose lines are `address size [file] name`.
pub(crate) fn macos_symbols(text: &str) -> BTreeMap<u64, String> {
    let symbol = |line: &str| {
        let (address, rest) = line.strip_prefix("0x")?.split_once('\t')?;
        let (size, rest) = rest.strip_prefix("0x")?.split_once('\t')?;
        let (_, name) = rest.strip_prefix('[')?.split_once("] ")?;
        // Functions that were found to be the same as another one: they are the other one's other names.
        if u64::from_str_radix(size, 16).ok()? == 0 {
            return None;
        }
        // `literal string` is followed by what it says.
        let (name, _) = name.split_once(": ").unwrap_or((name, ""));
        Some((u64::from_str_radix(address, 16).ok()?, name.to_owned()))
    };
    text.lines().filter_map(symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_of_a_windows_image() {
        let text = "\
 Timestamp is 6a8e0000 (Brepro mode)
 Preferred load address is 0000000140000000

 Start         Length     Name                   Class
 0001:00000000 0003662fH .text                   CODE

  Address         Publics by Value              Rva+Base               Lib:Object

 0001:00000000       _RNvCs1_4ptex4main         0000000140001000     ptex.o
 entry point at         0001:00000000

 Static symbols

 0001:00000040       memcpy                     0000000140001040     start.o
";
        let expected = [
            (0x1_4000_1000, "_RNvCs1_4ptex4main"),
            (0x1_4000_1040, "memcpy"),
        ];
        let expected = expected.map(|(address, name)| (address, name.to_owned()));
        assert_eq!(windows_symbols(text), BTreeMap::from(expected));
    }

    #[test]
    fn symbols_of_an_image_for_macos() {
        let text = "\
# Path: /t/ptex
# Arch: x86_64
# Object files:
[  0] linker synthesized
[  1] /t/ptex.o
# Sections:
# Address\tSize    \tSegment\tSection
0x1000007A0\t0x00031E60\t__TEXT\t__text
# Symbols:
# Address\tSize    \tFile  Name
0x1000007A0\t0x00000A14\t[  1] _ptex_main
0x1000011B4\t0x0000000C\t[  1] __RNvCs1_4ptex4same
0x1000011B4\t0x00000000\t[  1] __RNvCs1_4ptex5other
0x10003E721\t0x00000009\t[  1] literal string: a: b
# Dead Stripped Symbols:
#        \tSize    \tFile  Name
<<dead>>\t0x00000088\t[  1] __RNvCs1_4ptex6nobody
";
        let expected = [
            (0x1_0000_07a0, "_ptex_main"),
            (0x1_0000_11b4, "__RNvCs1_4ptex4same"),
            (0x1_0003_e721, "literal string"),
        ];
        let expected = expected.map(|(address, name)| (address, name.to_owned()));
        assert_eq!(macos_symbols(text), BTreeMap::from(expected));
    }

    #[test]
    fn sections_and_their_inputs() {
        let text = "\
             VMA              LMA     Size Align Out     In      Symbol
               0                0        0     1 __ehdr_start = .
             158              158       49     4 .rodata
             158              158       14     4         /t/a.o:(.rodata.image_layout)
             158              158        0     1                 image_layout
             16c              16c        4     1         <internal>:(.rodata.cst4)
            11c0             11c0      33e    16 .text
            11c0             11c0       17     4         /t/a.o:(.text._start)
            11c0             11c0       17     1                 _start
";
        let inputs = parse(text);
        let shown: Vec<_> = inputs
            .iter()
            .map(|i| (i.address, i.size, i.output.as_str(), i.section.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (0x158, 0x14, ".rodata", ".rodata.image_layout"),
                (0x16c, 4, ".rodata", ".rodata.cst4"),
                (0x11c0, 0x17, ".text", ".text._start"),
            ]
        );
    }
}
