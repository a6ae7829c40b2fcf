//! What the benchmark (`benches/ratios`) calculates with what it measured.

/// The value in the middle of `values`, or between the two in the middle; NaN if there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), middle.checked_sub(1)) {
        (Some(&high), Some(below)) if sorted.len().is_multiple_of(2) => {
            (sorted[below] + high) / 2.0
        }
        (Some(&value), _) => value,
        (None, _) => f64::NAN,
    }
}

/// A straight line.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its value at 0.
    pub start: f64,
    /// What it rises by for each step of 1.
    pub slope: f64,
}

impl Line {
    /// The line for which the squared distances of `points` from it are least, each relative to the point's own value.
    ///
    /// Small files thus count as much as large ones, whose noise alone is more than all that a small one costs.
    pub fn fit(points: &[(f64, f64)]) -> Line {
        let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for &(x, y) in points {
            let weight = 1.0 / (y * y);
            w += weight;
            wx += weight * x;
            wy += weight * y;
            wxx += weight * x * x;
            wxy += weight * x * y;
        }
        let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
        Line {
            start: (wy - slope * wx) / w,
            slope,
        }
    }

    /// The line's value at `x`.
    pub fn at(self, x: f64) -> f64 {
        self.start + self.slope * x
    }

    /// How far that one of `points` is from the line that is the farthest, as a part of the line's value.
    pub fn deviation(self, points: &[(f64, f64)]) -> f64 {
        let off = |&(x, y): &(f64, f64)| (y / self.at(x) - 1.0).abs();
        points.iter().map(off).fold(0.0, f64::max)
    }
}

/// How often something is measured, at most, that is above its gate.
pub const TRIES: usize = 5;

/// What `measure` gives, and what `judge` says of it. While that is above `gate` it is measured again, up to `TRIES` times
/// in all: then it is the best of them, and what was said of each, in order.
pub fn measure_within<T>(
    gate: f64,
    judge: impl Fn(&T) -> f64,
    mut measure: impl FnMut() -> Result<T, String>,
) -> Result<(T, Vec<f64>), String> {
    let mut best = measure()?;
    let mut judged = vec![judge(&best)];
    while judge(&best) > gate && judged.len() < TRIES {
        let again = measure()?;
        judged.push(judge(&again));
        if judge(&again) < judge(&best) {
            best = again;
        }
    }
    Ok((best, judged))
}

/// `bytes` in the largest unit that it is a whole number of: `64 KiB`.
pub fn bytes(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units
        .iter()
        .find(|(shift, _)| bytes != 0 && bytes.is_multiple_of(1 << shift))
    {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

/// The number of bytes that `text` names: digits, and perhaps K, M or G.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) => match text.as_bytes().last() {
            Some(b'K') => (digits, 10),
            Some(b'M') => (digits, 20),
            _ => (digits, 30),
        },
        None => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 30.0]), 3.0);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn points_on_a_line_give_that_line() {
        let line = Line {
            start: 2.0,
            slope: 0.5,
        };
        let points: Vec<_> = [0.0, 1.0, 100.0, 1e6].map(|x| (x, line.at(x))).to_vec();
        let fit = Line::fit(&points);
        assert!((fit.start - 2.0).abs() < 1e-6 && (fit.slope - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_far_point_does_not_hide_the_near_ones() {
        let fit = Line::fit(&[(0.0, 1.0), (1.0, 1.0), (1000.0, 1100.0)]);
        assert!((fit.at(0.0) - 1.0).abs() < 0.6, "{fit:?}");
    }

    #[test]
    fn the_farthest_point_from_a_line() {
        let line = Line {
            start: 1.0,
            slope: 1.0,
        };
        assert_eq!(line.deviation(&[(0.0, 1.0), (1.0, 1.5), (3.0, 4.5)]), 0.25);
        assert_eq!(line.deviation(&[]), 0.0);
    }

    #[test]
    fn only_what_is_above_its_gate_is_measured_again() {
        let of = |values: &[f64]| {
            let mut left = values.iter();
            let next = || left.next().copied().ok_or_else(|| "no more".to_owned());
            measure_within(0.9, |value| *value, next)
        };
        assert_eq!(of(&[0.9, 0.5]), Ok((0.9, vec![0.9])));
        assert_eq!(of(&[1.0, 0.8, 0.5]), Ok((0.8, vec![1.0, 0.8])));
        assert_eq!(
            of(&[1.1, 1.0, 1.2, 1.3, 1.4, 0.5]),
            Ok((1.0, vec![1.1, 1.0, 1.2, 1.3, 1.4])),
            "as often as that, and it is too much each time"
        );
        assert_eq!(of(&[1.0]), Err("no more".to_owned()));
    }

    #[test]
    fn sizes_in_units() {
        for (text, size) in [("0 bytes", 0), ("1023 bytes", 1023), ("1 KiB", 1024)] {
            assert_eq!(bytes(size), text);
        }
        assert_eq!(bytes(3 << 20), "3 MiB");
        assert_eq!(bytes(1025 << 10), "1025 KiB");
        assert_eq!(bytes(1 << 30), "1 GiB");
        assert_eq!(parse_bytes("64M"), Some(64 << 20));
        assert_eq!(parse_bytes("4G"), Some(4 << 30));
        assert_eq!(parse_bytes("10"), Some(10));
        for wrong in ["", "M", "1T", "-1", "1.5G", "99999999999G"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }
}
