//! The trade-off as a chart: loss against wrong stops, both axes logarithmic.

use std::fmt::Write;

use super::Pooled;

/// Pixels: the picture, and the frame inside it.
const SIZE: (f64, f64) = (760.0, 440.0);
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 56.0;
/// Wrong interventions per 1000 customer-months; what is less is drawn at the edge.
const X: (f64, f64) = (1.0, 1000.0);
/// EUR; what is less is drawn at the edge.
const Y: (f64, f64) = (0.1, 300.0);
const MEDIAN: &str = "#0b6aa2";
const P90: &str = "#c2571a";
const INK: &str = "#333";

/// A chart of all points; `own` is the default policy, `known` the best known rule.
pub fn svg(points: &[Pooled], own: &Pooled, known: &Pooled) -> String {
    let (w, h) = SIZE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"{INK}\">\n<title>Loss per attack against wrong interventions</title>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#fff\"/>\n"
    );
    axes(&mut out);
    for (colour, of) in [(MEDIAN, median as fn(&Pooled) -> f64), (P90, p90)] {
        front(&mut out, points, of, colour);
        for point in points {
            dot(&mut out, point.wrong_per_1000cm, of(point), colour, 3.0);
        }
        ring(&mut out, own.wrong_per_1000cm, of(own), colour);
        cross(&mut out, known.wrong_per_1000cm, of(known), colour);
    }
    legend(&mut out);
    out + "</svg>\n"
}

fn median(point: &Pooled) -> f64 {
    point.loss_p50
}

fn p90(point: &Pooled) -> f64 {
    point.loss_p90
}

fn at_x(x: f64) -> f64 {
    let share = (x.clamp(X.0, X.1) / X.0).ln() / (X.1 / X.0).ln();
    LEFT + share * (SIZE.0 - LEFT - RIGHT)
}

fn at_y(y: f64) -> f64 {
    let share = (y.clamp(Y.0, Y.1) / Y.0).ln() / (Y.1 / Y.0).ln();
    SIZE.1 - BOTTOM - share * (SIZE.1 - TOP - BOTTOM)
}

fn axes(out: &mut String) {
    let (bottom, right) = (SIZE.1 - BOTTOM, SIZE.0 - RIGHT);
    for x in [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0] {
        line(out, (at_x(x), TOP), (at_x(x), bottom));
        let words = if x > X.0 { x.to_string() } else { format!("≤ {x}") };
        text(out, at_x(x), bottom + 18.0, "middle", &words);
    }
    for y in [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0] {
        line(out, (LEFT, at_y(y)), (right, at_y(y)));
        let words = if y > Y.0 { format!("€{y}") } else { format!("≤ €{y}") };
        text(out, LEFT - 8.0, at_y(y) + 4.0, "end", &words);
    }
    let middle = (LEFT + right) / 2.0;
    text(out, middle, SIZE.1 - 14.0, "middle", "wrong interventions per 1000 customer-months");
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let _ =
        writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

/// The lowest loss to be had with at most so many wrong stops.
fn front(out: &mut String, points: &[Pooled], of: fn(&Pooled) -> f64, colour: &str) {
    let mut sorted: Vec<_> = points.iter().map(|p| (p.wrong_per_1000cm, of(p))).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut path = String::new();
    let mut best = f64::INFINITY;
    for (x, y) in sorted {
        if y < best {
            let step = if best.is_finite() {
                format!("H{:.1}V", at_x(x))
            } else {
                format!("M{:.1} ", at_x(x))
            };
            let _ = write!(path, "{step}{:.1}", at_y(y));
            best = y;
        }
    }
    let _ = writeln!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>"
    );
}

fn dot(out: &mut String, x: f64, y: f64, colour: &str, r: f64) {
    let _ = writeln!(
        out,
        "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{r}\" fill=\"{colour}\" fill-opacity=\"0.55\"/>",
        at_x(x),
        at_y(y)
    );
}

fn ring(out: &mut String, x: f64, y: f64, colour: &str) {
    let _ = writeln!(
        out,
        "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"7\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
        at_x(x),
        at_y(y)
    );
}

fn cross(out: &mut String, x: f64, y: f64, colour: &str) {
    let (x, y) = (at_x(x), at_y(y));
    let _ = writeln!(
        out,
        "<path d=\"M{:.1} {:.1}l12 12m0 -12l-12 12\" stroke=\"{colour}\" stroke-width=\"2.5\"/>",
        x - 6.0,
        y - 6.0
    );
}

fn legend(out: &mut String) {
    let y = 22.0;
    let mut x = LEFT;
    for (colour, words) in [(MEDIAN, "median loss"), (P90, "p90 loss")] {
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>", y - 4.0);
        text(out, x + 10.0, y, "start", words);
        x += 110.0;
    }
    let _ = writeln!(
        out,
        "<circle cx=\"{x}\" cy=\"{}\" r=\"6\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"2\"/>",
        y - 4.0
    );
    text(out, x + 12.0, y, "start", "default policy");
    x += 120.0;
    let _ = writeln!(
        out,
        "<path d=\"M{} {}l10 10m0 -10l-10 10\" stroke=\"{INK}\" stroke-width=\"2\"/>",
        x - 5.0,
        y - 9.0
    );
    text(out, x + 12.0, y, "start", "best known rule");
    x += 130.0;
    text(out, x, y, "start", "line: best to be had");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_logarithmic_and_hold_everything() {
        assert!((at_x(10.0) - at_x(1.0) - (at_x(100.0) - at_x(10.0))).abs() < 1e-9);
        assert_eq!(at_x(0.0), at_x(X.0));
        assert_eq!(at_y(0.0), at_y(Y.0));
        assert!(at_y(100.0) < at_y(1.0));
    }

    #[test]
    fn the_front_goes_down_only() {
        let at = |wrong_per_1000cm, loss_p50| Pooled { wrong_per_1000cm, loss_p50, loss_p90: 0.0 };
        let mut out = String::new();
        front(&mut out, &[at(10.0, 5.0), at(20.0, 9.0), at(40.0, 1.0)], median, "red");
        assert_eq!(out.matches('H').count(), 1);
    }
}
