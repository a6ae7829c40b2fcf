//! Builds the binary twice, as it is released and with symbols, and tells whose every byte is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use object::{
    BinaryFormat, Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionKind, SymbolKind,
};
use package::build::{Build, workspace};

use crate::map;
use crate::names::{self, Owner};

/// What bytes of the file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Instructions.
    Text,
    /// Constants.
    Rodata,
    /// Data that is written to, or would be by a loader.
    Data,
    /// What is needed to move the image to its address.
    Relocations,
    /// File headers, section names, padding.
    Headers,
}

/// The classes in the order of the columns.
pub(crate) const CLASSES: [(Class, &str); 5] = [
    (Class::Text, "text"),
    (Class::Rodata, "rodata"),
    (Class::Data, "data"),
    (Class::Relocations, "relocs"),
    (Class::Headers, "headers"),
];

/// Some bytes of the file with one owner.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The symbol, or what else is known of it, for people.
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: Owner,
    /// What it is.
    pub(crate) class: Class,
    /// How many bytes.
    pub(crate) size: u64,
}

/// A binary, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// The target triple.
    pub(crate) target: String,
    /// The released file's size in bytes.
    pub(crate) file: u64,
    /// The bytes that each section of the released file takes in it.
    pub(crate) sections: Vec<(String, u64)>,
    /// Memory that is zero at the start and takes no bytes of the file.
    pub(crate) bss: u64,
    /// Every byte of the file, by owner.
    pub(crate) pieces: Vec<Piece>,
    /// How many bytes the sections of the file with symbols differ in size from the released ones.
    pub(crate) drift: u64,
}

/// Builds and measures: the size of the file alone, unless the `whole` of it is to be taken apart.
pub(crate) fn measure(build: &Build, whole: bool) -> Result<Measured, String> {
    let released = build.run()?;
    if !whole {
        return Ok(Measured {
            target: build.target.clone(),
            file: read(&released)?.len() as u64,
            ..Measured::default()
        });
    }
    let folder = workspace().join("target/size-report");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let map = folder.join(format!("{}.map", build.target));
    let twin = with_symbols(build, &folder, &map)?.run()?;
    take_apart(&build.target, &released, &twin, &map)
}

/// The same build with its symbols and relocations left in, in a folder of its own.
fn with_symbols(build: &Build, folder: &Path, map: &Path) -> Result<Build, String> {
    let mut build = build.clone();
    // Only v0 names tell which crate instantiated generic code; they reach every crate, and change no instruction.
    build.args.extend([
        "--target-dir".into(),
        folder.into(),
        "--config".into(),
        format!(
            "target.{}.rustflags=[\"-Csymbol-mangling-version=v0\"]",
            build.target
        )
        .into(),
    ]);
    build.rustc_args.push("-Cstrip=none".into());
    let linker = |argument: &str| format!("-Clink-arg={argument}").into();
    let map = map.to_str().ok_or("the workspace's path is not UTF-8")?;
    if build.target.contains("-linux-") {
        build.rustc_args.push(linker("--emit-relocs"));
        build.rustc_args.push(linker(&format!("-Map={map}")));
    } else if build.target.ends_with("-msvc") {
        build.rustc_args.push(linker(&format!("/MAP:{map}")));
    } else if build.target.ends_with("-apple-darwin") {
        for argument in ["-map", map] {
            // On a Mac, a C compiler is between.
            if cfg!(target_os = "macos") {
                build.rustc_args.push(linker("-Xlinker"));
            }
            build.rustc_args.push(linker(argument));
        }
    }
    Ok(build)
}

fn read(path: &PathBuf) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("could not read {}: {e}", path.display()))
}

fn take_apart(
    target: &str,
    released: &PathBuf,
    twin: &PathBuf,
    map: &Path,
) -> Result<Measured, String> {
    let (released, twin) = (read(released)?, read(twin)?);
    let unreadable = |e| format!("could not read the binary for {target}: {e}");
    let file = object::File::parse(&*released).map_err(unreadable)?;
    let symbols = object::File::parse(&*twin).map_err(unreadable)?;

    let mut sections = Vec::new();
    let mut totals: BTreeMap<Class, u64> = BTreeMap::new();
    let (mut bss, mut drift) = (0, 0);
    for section in file.sections() {
        let name = section.name().unwrap_or_default().to_owned();
        let size = section.file_range().map_or(0, |(_, size)| size);
        if section.kind() == SectionKind::UninitializedData {
            bss += section.size();
        }
        let class = class_of(&name, section.kind());
        if size > 0 && class != Class::Headers {
            *totals.entry(class).or_default() += size;
            // On macOS, two segments have a section of one name.
            let other = symbols
                .sections()
                .find(|s| s.name() == section.name() && s.segment_name() == section.segment_name())
                .map_or(0, |s| s.size());
            drift += other.abs_diff(section.size());
            sections.push((name, size));
        }
    }

    let read_map = || fs::read_to_string(map).map_err(|e| format!("{}: {e}", map.display()));
    let mut pieces = if symbols.format() == BinaryFormat::Elf {
        let map = read_map()?;
        let classes = file
            .sections()
            .filter(|s| s.file_range().is_some_and(|(_, size)| size > 0))
            .filter_map(|s| Some((s.name().ok()?, class_of(s.name().ok()?, s.kind()))))
            .collect();
        elf_pieces(&symbols, map::parse(&map), &classes)
    } else if target.ends_with("-msvc") {
        // Its symbols are not in the image.
        symbol_pieces(&symbols, &map::windows_symbols(&read_map()?))
    } else if target.ends_with("-apple-darwin") {
        // Most of its symbols are local, and those are not in the image.
        symbol_pieces(&symbols, &map::macos_symbols(&read_map()?))
    } else {
        let named = symbols
            .symbols()
            .filter_map(|s| Some((s.address(), s.name().ok()?.to_owned())));
        symbol_pieces(&symbols, &named.collect())
    };
    complete(&mut pieces, &totals, released.len() as u64);
    pieces.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    Ok(Measured {
        target: target.to_owned(),
        file: released.len() as u64,
        sections,
        bss,
        pieces,
        drift,
    })
}

/// Adds what the pieces leave of each class's total and of the file, so that the sum is the file's size.
fn complete(pieces: &mut Vec<Piece>, totals: &BTreeMap<Class, u64>, file: u64) {
    for (&class, &total) in totals {
        let known: u64 = of_class(pieces, class);
        let left = total.saturating_sub(known);
        if left > 0 {
            pieces.push(Piece {
                name: format!("{} without a symbol", label(class)),
                owner: Owner::unattributed(),
                class,
                size: left,
            });
        }
    }
    let known: u64 = pieces.iter().map(|p| p.size).sum();
    if let Some(left) = file.checked_sub(known).filter(|&left| left > 0) {
        pieces.push(Piece {
            name: "file headers and padding".to_owned(),
            owner: Owner::of("linker", "linker", "headers"),
            class: Class::Headers,
            size: left,
        });
    }
}

/// The bytes of one class in `pieces`.
pub(crate) fn of_class(pieces: &[Piece], class: Class) -> u64 {
    pieces
        .iter()
        .filter(|p| p.class == class)
        .map(|p| p.size)
        .sum()
}

/// The name of a class's column.
pub(crate) fn label(class: Class) -> &'static str {
    CLASSES
        .iter()
        .find(|(c, _)| *c == class)
        .map_or("", |(_, label)| label)
}

fn class_of(name: &str, kind: SectionKind) -> Class {
    if name.starts_with(".rel") || name == ".reloc" {
        return Class::Relocations;
    }
    match kind {
        SectionKind::Text => Class::Text,
        SectionKind::ReadOnlyData
        | SectionKind::ReadOnlyDataWithRel
        | SectionKind::ReadOnlyString => Class::Rodata,
        SectionKind::Data | SectionKind::Tls => Class::Data,
        _ if matches!(name, ".text" | "__text") => Class::Text,
        _ if name.starts_with("__") => Class::Rodata,
        _ => Class::Headers,
    }
}

/// A stretch of an ELF image, and whose it is once that is known.
struct Stretch {
    end: u64,
    name: String,
    class: Class,
    owner: Option<Owner>,
}

/// The pieces of an ELF image, from the linker's map, the symbols and the relocations.
///
/// `classes` are the output sections that are in the released file. A constant has seldom a symbol: it belongs to the
/// code that refers to it.
fn elf_pieces(
    file: &object::File,
    inputs: Vec<map::Input>,
    classes: &BTreeMap<&str, Class>,
) -> Vec<Piece> {
    let symbols = named_symbols(file);
    let references = references(file);
    let targets: BTreeSet<u64> = references.iter().map(|(target, _)| *target).collect();

    let mut stretches: BTreeMap<u64, Stretch> = BTreeMap::new();
    for input in inputs {
        let Some(&class) = classes.get(input.output.as_str()) else {
            continue;
        };
        if class == Class::Headers || stretches.contains_key(&input.address) {
            continue;
        }
        let end = input.address + input.size;
        let symbol = symbols
            .range(input.address..end)
            .next()
            .map(|(_, name)| name.as_str())
            .or_else(|| names::in_section(&input.section));
        if class == Class::Relocations || input.output == ".got" {
            stretches.insert(
                input.address,
                Stretch {
                    end,
                    name: input.section,
                    class,
                    owner: Some(Owner::of("linker", "linker", "relocations")),
                },
            );
        } else if let Some(symbol) = symbol {
            stretches.insert(
                input.address,
                Stretch {
                    end,
                    name: names::readable(symbol),
                    class,
                    owner: Some(names::owner(symbol)),
                },
            );
        } else {
            // Constants of many functions, merged by the linker: each reaches to where the next one is referred to.
            let mut cuts: Vec<u64> = targets.range(input.address..end).copied().collect();
            cuts.insert(0, input.address);
            cuts.dedup();
            let ends = cuts.iter().skip(1).copied().chain([end]);
            for (&start, end) in cuts.iter().zip(ends) {
                stretches.insert(
                    start,
                    Stretch {
                        end,
                        name: input.section.clone(),
                        class,
                        owner: None,
                    },
                );
            }
        }
    }
    adopt(&mut stretches, &references);

    stretches
        .into_iter()
        .map(|(start, stretch)| Piece {
            name: stretch.name,
            owner: stretch.owner.unwrap_or_else(Owner::unattributed),
            class: stretch.class,
            size: stretch.end - start,
        })
        .collect()
}

/// Gives stretches without an owner the owner of what refers to them, until nothing changes: a constant may be referred
/// to by another constant only.
fn adopt(stretches: &mut BTreeMap<u64, Stretch>, references: &[(u64, u64)]) {
    loop {
        let mut found = Vec::new();
        for &(target, source) in references {
            let at = |address: u64| {
                stretches
                    .range(..=address)
                    .next_back()
                    .filter(|(_, s)| address < s.end)
            };
            if let Some((&start, stretch)) = at(target)
                && stretch.owner.is_none()
                && let Some((_, from)) = at(source)
                && let Some(owner) = &from.owner
            {
                found.push((start, owner.clone()));
            }
        }
        let mut changed = false;
        for (start, owner) in found {
            if let Some(stretch) = stretches.get_mut(&start)
                && stretch.owner.is_none()
            {
                stretch.owner = Some(owner);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// The symbols that tell where they come from, by address.
fn named_symbols(file: &object::File) -> BTreeMap<u64, String> {
    let mut symbols = BTreeMap::new();
    for symbol in file.symbols() {
        if let Ok(name) = symbol.name()
            && names::speaks(name)
            && symbol.section_index().is_some()
        {
            symbols.insert(symbol.address(), name.to_owned());
        }
    }
    symbols
}

/// What refers to what: (address referred to, address of the reference).
fn references(file: &object::File) -> Vec<(u64, u64)> {
    let mut references = Vec::new();
    for section in file.sections() {
        for (offset, relocation) in section.relocations() {
            let RelocationTarget::Symbol(index) = relocation.target() else {
                continue;
            };
            let Ok(symbol) = file.symbol_by_index(index) else {
                continue;
            };
            let base = symbol.address();
            let target = if symbol.kind() == SymbolKind::Section {
                // Relative to the end of the instruction on x86: four bytes on.
                let pc = if relocation.kind() == object::RelocationKind::Relative {
                    4
                } else {
                    0
                };
                base.wrapping_add_signed(relocation.addend() + pc)
            } else {
                base
            };
            references.push((target, offset));
        }
    }
    references.sort_unstable();
    references
}

/// The pieces of an image whose symbols have no size: each reaches to the next one or the end of its section.
fn symbol_pieces(file: &object::File, symbols: &BTreeMap<u64, String>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for section in file.sections() {
        let class = class_of(section.name().unwrap_or_default(), section.kind());
        let Some((_, in_file)) = section.file_range().filter(|_| class != Class::Headers) else {
            continue;
        };
        // What is beyond the bytes of the file is zeroed memory.
        let end = section.address() + section.size().min(in_file);
        let symbols = symbols.range(section.address()..end);
        let ends = symbols.clone().skip(1).map(|(start, _)| *start);
        for ((&start, name), end) in symbols.zip(ends.chain([end])) {
            // Mach-O puts one more underscore before every name.
            let name = name
                .strip_prefix('_')
                .filter(|n| names::speaks(n))
                .unwrap_or(name);
            pieces.push(Piece {
                name: names::readable(name),
                owner: names::owner(name),
                class,
                size: end - start,
            });
        }
    }
    pieces
}
