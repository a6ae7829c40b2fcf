//! A squarified treemap (Bruls, Huizing, van Wijk 2000) as SVG: areas, and within each its modules and crates.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::measure::Measured;
use crate::report::thousands;

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 720.0;
/// The title's line above the map.
const TITLE: f64 = 44.0;
/// An area's own line above its parts.
const HEADER: f64 = 22.0;
/// Between an area's border and its parts.
const GAP: f64 = 2.0;
/// About as wide as a character is at 1 px of font size.
const CHARACTER: f64 = 0.56;

/// One hue each, dark enough for white letters.
const COLOURS: [&str; 12] = [
    "#3b6ea5", "#a5563b", "#4f8a5b", "#7d5ba6", "#b0803a", "#2f8f9d", "#a34a6f", "#6b7a3a",
    "#55606e", "#8c6d5a", "#46569e", "#8a4b4b",
];

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

/// Lays out `sizes`, the largest first, in `rect`: each gets an area in proportion, as square as can be.
fn squarify(sizes: &[f64], mut rect: Rect) -> Vec<Rect> {
    let total: f64 = sizes.iter().sum();
    if total <= 0.0 {
        return vec![
            Rect {
                w: 0.0,
                h: 0.0,
                ..rect
            };
            sizes.len()
        ];
    }
    let scale = rect.w * rect.h / total;
    let areas: Vec<f64> = sizes.iter().map(|size| size * scale).collect();
    let mut rects = Vec::with_capacity(areas.len());
    let mut rest = areas.as_slice();
    while !rest.is_empty() {
        let side = rect.w.min(rect.h);
        let mut taken = 1;
        let worst = |n: usize| {
            let row = rest.get(..n).unwrap_or_default();
            let sum: f64 = row.iter().sum();
            row.iter()
                .map(|a| (side * side * a / (sum * sum)).max(sum * sum / (side * side * a)))
                .fold(0.0, f64::max)
        };
        while taken < rest.len() && worst(taken + 1) <= worst(taken) {
            taken += 1;
        }
        let (row, left) = rest.split_at(taken);
        let sum: f64 = row.iter().sum();
        let thick = if side > 0.0 { sum / side } else { 0.0 };
        let mut along = 0.0;
        for area in row {
            let length = if thick > 0.0 { area / thick } else { 0.0 };
            rects.push(if rect.w >= rect.h {
                Rect {
                    x: rect.x,
                    y: rect.y + along,
                    w: thick,
                    h: length,
                }
            } else {
                Rect {
                    x: rect.x + along,
                    y: rect.y,
                    w: length,
                    h: thick,
                }
            });
            along += length;
        }
        if rect.w >= rect.h {
            rect.x += thick;
            rect.w = (rect.w - thick).max(0.0);
        } else {
            rect.y += thick;
            rect.h = (rect.h - thick).max(0.0);
        }
        rest = left;
    }
    rects
}

/// The sums by name, the largest first.
fn sorted(sizes: BTreeMap<&str, u64>) -> Vec<(&str, u64)> {
    let mut sorted: Vec<_> = sizes.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    sorted
}

/// The picture of `measured`.
pub(crate) fn svg(measured: &Measured, budget: u64) -> String {
    let mut areas: BTreeMap<&str, u64> = BTreeMap::new();
    let mut parts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for piece in &measured.pieces {
        let area = piece.owner.area;
        *areas.entry(area).or_default() += piece.size;
        *parts
            .entry(area)
            .or_default()
            .entry(&piece.owner.module)
            .or_default() += piece.size;
    }

    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" role=\"img\">",
        HEIGHT + TITLE
    );
    let title = format!(
        "ptex for {}: {} of {} bytes",
        measured.target,
        thousands(measured.file),
        thousands(budget)
    );
    let _ = writeln!(
        out,
        "<title>{0}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#f7f7f5\"/>\n<text x=\"8\" y=\"29\" font-size=\"20\" fill=\"#222\">{0}</text>",
        escaped(&title)
    );
    let areas = sorted(areas);
    let whole = Rect {
        x: 0.0,
        y: TITLE,
        w: WIDTH,
        h: HEIGHT,
    };
    let sizes: Vec<f64> = areas.iter().map(|(_, size)| *size as f64).collect();
    for (i, ((area, size), rect)) in areas.iter().zip(squarify(&sizes, whole)).enumerate() {
        let colour = COLOURS.get(i % COLOURS.len()).unwrap_or(&"#555");
        let _ = writeln!(out, "<g>");
        cell(&mut out, rect, colour, 1.0, area, *size);
        let label = format!("{area}  {}", thousands(*size));
        let headed = rect.h > 2.0 * HEADER && rect.w > 60.0;
        if headed {
            write(
                &mut out,
                rect.x + 6.0,
                rect.y + 16.0,
                14.0,
                rect.w - 12.0,
                &label,
                true,
            );
        }
        let inner = Rect {
            x: rect.x + GAP,
            y: rect.y + if headed { HEADER } else { GAP },
            w: (rect.w - 2.0 * GAP).max(0.0),
            h: (rect.h - GAP - if headed { HEADER } else { GAP }).max(0.0),
        };
        let modules = sorted(parts.remove(area).unwrap_or_default());
        let sizes: Vec<f64> = modules.iter().map(|(_, size)| *size as f64).collect();
        for ((module, size), rect) in modules.iter().zip(squarify(&sizes, inner)) {
            cell(&mut out, rect, "#ffffff", 0.14, module, *size);
            let room = rect.w - 8.0;
            let module = module.strip_prefix("ptex::").unwrap_or(module);
            if rect.h >= 16.0 {
                write(
                    &mut out,
                    rect.x + 4.0,
                    rect.y + 13.0,
                    11.0,
                    room,
                    module,
                    false,
                );
            }
            if rect.h >= 30.0 {
                let size = thousands(*size);
                write(
                    &mut out,
                    rect.x + 4.0,
                    rect.y + 27.0,
                    11.0,
                    room,
                    &size,
                    false,
                );
            }
        }
        let _ = writeln!(out, "</g>");
    }
    out.push_str("</svg>\n");
    out
}

fn cell(out: &mut String, rect: Rect, fill: &str, opacity: f64, name: &str, size: u64) {
    let _ = writeln!(
        out,
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\" fill-opacity=\"{opacity}\" stroke=\"#f7f7f5\" stroke-width=\"1\"><title>{}: {} bytes</title></rect>",
        rect.x,
        rect.y,
        rect.w,
        rect.h,
        escaped(name),
        thousands(size)
    );
}

/// Writes `text` in at most `room` pixels, or not at all if no more than a few letters fit.
fn write(out: &mut String, x: f64, y: f64, size: f64, room: f64, text: &str, bold: bool) {
    let fit = (room / (size * CHARACTER)) as usize;
    let length = text.chars().count();
    let shown = if length <= fit {
        text.to_owned()
    } else if fit >= 5 {
        let cut: String = text.chars().take(fit - 1).collect();
        format!("{cut}…")
    } else {
        return;
    };
    let weight = if bold { " font-weight=\"600\"" } else { "" };
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\"{weight} fill=\"#fff\" pointer-events=\"none\">{}</text>",
        escaped(&shown)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rectangle_has_its_share_and_lies_inside() {
        // The example of the paper: a 6 by 4 rectangle.
        let sizes = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let whole = Rect {
            x: 0.0,
            y: 0.0,
            w: 6.0,
            h: 4.0,
        };
        let rects = squarify(&sizes, whole);
        assert_eq!(rects.len(), sizes.len());
        for (rect, size) in rects.iter().zip(sizes) {
            assert!((rect.w * rect.h - size).abs() < 1e-9, "{rect:?}");
            assert!(rect.x >= 0.0 && rect.x + rect.w <= 6.0 + 1e-9, "{rect:?}");
            assert!(rect.y >= 0.0 && rect.y + rect.h <= 4.0 + 1e-9, "{rect:?}");
            assert!(rect.w / rect.h < 4.0 && rect.h / rect.w < 4.0, "{rect:?}");
        }
        // Its first two are stacked on the left, 3 wide and 2 high.
        assert_eq!(
            rects.first(),
            Some(&Rect {
                x: 0.0,
                y: 0.0,
                w: 3.0,
                h: 2.0
            })
        );
    }

    #[test]
    fn nothing_to_show_is_no_panic() {
        let whole = Rect {
            x: 0.0,
            y: 0.0,
            w: 6.0,
            h: 4.0,
        };
        assert!(squarify(&[], whole).is_empty());
        assert_eq!(squarify(&[0.0], whole).len(), 1);
    }

    #[test]
    fn names_are_escaped_and_cut() {
        let mut out = String::new();
        write(&mut out, 0.0, 0.0, 10.0, 57.0, "<a long name>", false);
        assert!(out.contains(">&lt;a long n…<"), "{out}");
        out.clear();
        write(&mut out, 0.0, 0.0, 10.0, 20.0, "<a long name>", false);
        assert!(out.is_empty());
    }
}
