//! What is recorded in JSON beside this tool: the budget, and the baseline that a change is compared with.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use package::build::workspace;
use tinyjson::JsonValue;

use crate::measure::{CLASSES, Measured, of_class};

/// Sizes in bytes by what they are of: `file`, `text`…, `area:tls`, `crate:webpki`.
pub(crate) type Sizes = BTreeMap<String, u64>;

fn path(name: &str) -> PathBuf {
    workspace().join("size-report").join(name)
}

fn load(name: &str) -> Result<JsonValue, String> {
    let path = path(name);
    let text =
        fs::read_to_string(&path).map_err(|e| format!("could not read {}: {e}", path.display()))?;
    text.parse().map_err(|e| format!("{}: {e}", path.display()))
}

fn object(value: &JsonValue) -> Option<&HashMap<String, JsonValue>> {
    value.get()
}

/// How large a target's file may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Now, with what is built so far.
    pub(crate) now: u64,
    /// When all is built.
    pub(crate) at_last: u64,
}

/// The budget of `target`, from `budget.json`.
pub(crate) fn budget(target: &str) -> Result<Budget, String> {
    budget_in(&load("budget.json")?, target)
        .ok_or_else(|| format!("budget.json has no budget for {target}"))
}

fn budget_in(value: &JsonValue, target: &str) -> Option<Budget> {
    let value = object(value)?;
    let of = |key: &str| {
        let stage = object(value.get(key)?)?;
        let bytes: &f64 = stage
            .get(target)
            .or_else(|| stage.get("any other"))?
            .get()?;
        (*bytes >= 0.0).then_some(*bytes as u64)
    };
    Some(Budget {
        now: of("now")?,
        at_last: of("at last")?,
    })
}

/// The sizes of `measured` that are recorded.
pub(crate) fn sizes(measured: &Measured) -> Sizes {
    let mut sizes = Sizes::new();
    sizes.insert("file".to_owned(), measured.file);
    for (class, label) in CLASSES {
        sizes.insert(label.to_owned(), of_class(&measured.pieces, class));
    }
    for piece in &measured.pieces {
        *sizes
            .entry(format!("area:{}", piece.owner.area))
            .or_default() += piece.size;
        *sizes
            .entry(format!("crate:{}", piece.owner.krate))
            .or_default() += piece.size;
    }
    sizes
}

/// The baseline by target, from `baseline.json`; empty if nothing was recorded yet.
pub(crate) fn baseline() -> Result<BTreeMap<String, Sizes>, String> {
    if !path("baseline.json").exists() {
        return Ok(BTreeMap::new());
    }
    let value = load("baseline.json")?;
    let targets = object(&value).ok_or("baseline.json is no object")?;
    let mut baseline = BTreeMap::new();
    for (target, sizes) in targets {
        let sizes = object(sizes).ok_or_else(|| format!("baseline.json: {target} is no object"))?;
        let sizes = sizes
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), *value.get::<f64>()? as u64)))
            .collect();
        baseline.insert(target.clone(), sizes);
    }
    Ok(baseline)
}

/// Records `measured` in `baseline.json` and leaves the targets that were not measured as they are.
pub(crate) fn write_baseline(measured: &[Measured]) -> Result<(), String> {
    let mut baseline = baseline()?;
    for one in measured {
        baseline.insert(one.target.clone(), sizes(one));
    }
    let path = path("baseline.json");
    fs::write(&path, format(&baseline))
        .map_err(|e| format!("could not write {}: {e}", path.display()))
}

/// Sorted and a size a line, so that a version control's difference reads well.
fn format(baseline: &BTreeMap<String, Sizes>) -> String {
    let mut text = String::from("{");
    for (i, (target, sizes)) in baseline.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n  {}: {{", quoted(target));
        for (i, (name, size)) in sizes.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n    {}: {size}", quoted(name));
        }
        text.push_str("\n  }");
    }
    text.push_str("\n}\n");
    text
}

fn quoted(text: &str) -> String {
    JsonValue::from(text.to_owned())
        .stringify()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::thousands;

    #[test]
    fn a_target_without_its_own_budget_has_the_others() {
        let text =
            r#"{"now": {"a": 1, "any other": 2}, "at last": {"a": 10, "b": 15, "any other": 20}}"#;
        let value: JsonValue = text.parse().unwrap();
        let of = |target| budget_in(&value, target).map(|b| (b.now, b.at_last));
        assert_eq!(of("a"), Some((1, 10)));
        assert_eq!(of("b"), Some((2, 15)));
        assert_eq!(of("c"), Some((2, 20)));
    }

    #[test]
    fn the_readme_has_the_sizes_of_the_baseline() {
        let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
        let baseline = baseline().unwrap();
        assert_eq!(baseline.len(), 10);
        for (target, sizes) in baseline {
            let row = format!("\n| {target} | {} | ", thousands(sizes["file"]));
            assert!(readme.contains(&row), "{row}");
        }
    }

    #[test]
    fn the_committed_records_are_sound() {
        let budget = budget("x86_64-unknown-linux-gnu").unwrap();
        assert_eq!(budget.at_last, 262_144);
        // What https, finished downloads, and proxies with FTP were allowed to cost one after the other: 240, 10 and 24 KiB.
        // It only goes down from there, to what is promised at last.
        assert!(budget.now <= (240 + 10 + 24) << 10);
        baseline().unwrap();
    }

    #[test]
    fn the_baseline_reads_as_it_was_written() {
        let sizes = Sizes::from([("file".to_owned(), 3), ("area:a \"b\"".to_owned(), 4)]);
        let baseline = BTreeMap::from([("t".to_owned(), sizes), ("u".to_owned(), Sizes::new())]);
        let value: JsonValue = format(&baseline).parse().unwrap();
        let targets = object(&value).unwrap();
        assert_eq!(targets.len(), 2);
        let sizes = object(targets.get("t").unwrap()).unwrap();
        assert_eq!(sizes.get("area:a \"b\"").unwrap().get(), Some(&4.0));
    }
}
