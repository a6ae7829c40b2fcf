//! The tables: for a terminal, and in Markdown for the README.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::measure::{CLASSES, Class, Measured, Piece};
use crate::peers::Peer;
use crate::records::{Budget, Sizes};

/// How many crates have a row of their own.
const CRATES: usize = 20;
/// How many symbols are named when the budget is exceeded, and always in the text report.
const SYMBOLS: usize = 10;

/// `n` with its thousands set apart.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn difference(now: u64, before: Option<u64>) -> String {
    match before {
        None => "new".to_owned(),
        Some(before) if before == now => String::new(),
        Some(before) if before < now => format!("+{}", thousands(now - before)),
        Some(before) => format!("-{}", thousands(before - now)),
    }
}

/// A row: what, its bytes by class, and their sum.
struct Row {
    name: String,
    by_class: BTreeMap<Class, u64>,
    total: u64,
}

/// The pieces summed up by `key`, the largest first.
fn rows(pieces: &[Piece], key: impl Fn(&Piece) -> &str) -> Vec<Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for piece in pieces {
        let name = key(piece);
        let row = rows.entry(name).or_insert_with(|| Row {
            name: name.to_owned(),
            by_class: BTreeMap::new(),
            total: 0,
        });
        *row.by_class.entry(piece.class).or_default() += piece.size;
        row.total += piece.size;
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// Whether the file is over what is allowed now.
pub(crate) fn over(measured: &Measured, budget: Budget) -> bool {
    measured.file > budget.now
}

/// Everything about one target, for a terminal.
pub(crate) fn text(measured: &Measured, budget: Budget, baseline: Option<&Sizes>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} bytes, {}% of the budget of {} (at last: {})",
        measured.target,
        thousands(measured.file),
        measured.file * 100 / budget.now.max(1),
        thousands(budget.now),
        thousands(budget.at_last),
    );
    if let Some(before) = baseline.and_then(|sizes| sizes.get("file")) {
        let change = difference(measured.file, Some(*before));
        let change = if change.is_empty() {
            "the same"
        } else {
            &change
        };
        let _ = writeln!(out, "Against the baseline: {change}");
    }
    if measured.drift > 0 {
        let _ = writeln!(
            out,
            "(The build with symbols differs by {} bytes in its sections; the rows are that much off.)",
            measured.drift
        );
    }

    let _ = writeln!(out, "\n{:24}{:>10}", "section", "bytes");
    for (name, size) in &measured.sections {
        let _ = writeln!(out, "{name:24}{:>10}", thousands(*size));
    }
    if measured.bss > 0 {
        let _ = writeln!(
            out,
            "{:24}{:>10}  (in memory only)",
            "zeroed",
            thousands(measured.bss)
        );
    }
    table(
        &mut out,
        "area",
        &rows(&measured.pieces, |p| p.owner.area),
        baseline,
    );
    let crates = rows(&measured.pieces, |p| &p.owner.krate);
    table(&mut out, "crate", &crates, baseline);
    let modules: Vec<Row> = rows(&measured.pieces, |p| &p.owner.module)
        .into_iter()
        .filter(|row| row.name.contains("::"))
        .collect();
    table(&mut out, "module", &modules, None);
    out.push('\n');
    out.push_str(&largest(measured));
    out
}

fn table(out: &mut String, what: &str, rows: &[Row], baseline: Option<&Sizes>) {
    let _ = write!(out, "\n{what:24}");
    for (_, label) in CLASSES {
        let _ = write!(out, "{label:>10}");
    }
    let _ = writeln!(
        out,
        "{:>10}{:>10}",
        "all",
        if baseline.is_some() { "change" } else { "" }
    );
    for row in rows.iter().take(CRATES) {
        let _ = write!(out, "{:24}", row.name);
        for (class, _) in CLASSES {
            let size = row.by_class.get(&class).copied().unwrap_or(0);
            let cell = if size == 0 {
                String::new()
            } else {
                thousands(size)
            };
            let _ = write!(out, "{cell:>10}");
        }
        let change = baseline.map_or_else(String::new, |sizes| {
            difference(
                row.total,
                sizes.get(&format!("{what}:{}", row.name)).copied(),
            )
        });
        let _ = writeln!(out, "{:>10}{change:>10}", thousands(row.total));
    }
    if let Some(rest) = rows.get(CRATES..).filter(|rest| !rest.is_empty()) {
        let total: u64 = rest.iter().map(|row| row.total).sum();
        let name = format!("{} more", rest.len());
        let _ = writeln!(out, "{name:24}{:>60}", thousands(total));
    }
}

/// The largest symbols, a line each.
pub(crate) fn largest(measured: &Measured) -> String {
    let mut out = format!("the {SYMBOLS} largest\n");
    for piece in measured.pieces.iter().take(SYMBOLS) {
        let _ = writeln!(
            out,
            "{:>10}  {:16} {}",
            thousands(piece.size),
            piece.owner.krate,
            piece.name
        );
    }
    out
}

/// The tables for the README: targets, areas of the first target, and the peers if they were measured.
pub(crate) fn markdown(measured: &[(Measured, Budget)], peers: &[Peer]) -> String {
    let mut out = String::new();
    out.push_str("| target | file | text | rodata | data | relocations | budget |\n|---|--:|--:|--:|--:|--:|--:|\n");
    for (one, budget) in measured {
        let class = |class| thousands(crate::measure::of_class(&one.pieces, class));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            one.target,
            thousands(one.file),
            class(Class::Text),
            class(Class::Rodata),
            class(Class::Data),
            class(Class::Relocations),
            thousands(budget.at_last),
        );
    }
    if let Some((first, _)) = measured.first() {
        let _ = writeln!(
            out,
            "\n| {} | bytes | of the file |\n|---|--:|--:|",
            first.target
        );
        for row in rows(&first.pieces, |p| p.owner.area) {
            let permille = row.total * 1000 / first.file.max(1);
            let _ = writeln!(
                out,
                "| {} | {} | {}.{} % |",
                row.name,
                thousands(row.total),
                permille / 10,
                permille % 10
            );
        }
        if !peers.is_empty() {
            out.push_str(
                "\n| the same job with | bytes | times ptex | what it is |\n|---|--:|--:|---|\n",
            );
            for peer in peers {
                let _ = writeln!(
                    out,
                    "| {} | {} | {} | {} |",
                    peer.name,
                    thousands(peer.size),
                    times(peer.size, first.file),
                    peer.what
                );
            }
        }
    }
    out
}

/// The peers for a terminal.
pub(crate) fn peers(peers: &[Peer], file: u64) -> String {
    let mut out = format!(
        "{:28}{:>12}{:>12}\n",
        "the same job with", "bytes", "times ptex"
    );
    for peer in peers {
        let _ = writeln!(
            out,
            "{:28}{:>12}{:>12}  {}",
            peer.name,
            thousands(peer.size),
            times(peer.size, file),
            peer.what
        );
    }
    out
}

fn times(size: u64, file: u64) -> String {
    let tenths = size * 10 / file.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Owner;

    fn example(file: u64) -> Measured {
        let piece = |name: &str, krate: &str, area, class, size| Piece {
            name: name.to_owned(),
            owner: Owner::of(krate, krate, area),
            class,
            size,
        };
        Measured {
            target: "t".to_owned(),
            file,
            sections: vec![(".text".to_owned(), 1500)],
            bss: 0,
            pieces: vec![
                piece("a::f", "a", "tls", Class::Text, 1000),
                piece("b::g", "b", "http", Class::Text, 500),
                piece("b::G", "b", "http", Class::Rodata, 34),
            ],
            drift: 0,
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(262_144), "262,144");
        assert_eq!(thousands(1_234_567), "1,234,567");
    }

    #[test]
    fn rows_are_sums_with_the_largest_first() {
        let measured = example(1534);
        let rows = rows(&measured.pieces, |p| &p.owner.krate);
        let shown: Vec<_> = rows.iter().map(|r| (r.name.as_str(), r.total)).collect();
        assert_eq!(shown, [("a", 1000), ("b", 534)]);
    }

    #[test]
    fn the_change_is_shown_against_the_baseline() {
        let budget = Budget {
            now: 2000,
            at_last: 4000,
        };
        let before = Sizes::from([
            ("file".to_owned(), 1434),
            ("crate:a".to_owned(), 1100),
            ("area:http".to_owned(), 534),
        ]);
        let text = text(&example(1534), budget, Some(&before));
        assert!(
            text.contains("1,534 bytes, 76% of the budget of 2,000"),
            "{text}"
        );
        assert!(text.contains("Against the baseline: +100\n"), "{text}");
        let line = |start: &str| text.lines().find(|l| l.starts_with(start)).unwrap();
        assert!(line("a ").ends_with("-100"), "{text}");
        assert!(line("b ").ends_with("new"), "{text}");
        assert!(line("http ").ends_with("534          "), "{text}");
    }

    #[test]
    fn the_budget_itself_is_allowed() {
        let budget = Budget {
            now: 1534,
            at_last: 4000,
        };
        assert!(!over(&example(1534), budget));
        assert!(over(&example(1535), budget));
    }
}
