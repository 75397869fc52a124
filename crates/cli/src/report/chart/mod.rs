//! Charts as inline SVG. Shapes stretch with the page; words stand beside them as HTML, so that they stay readable on a
//! phone, and each chart has a table for those who cannot see it.

mod bars;
mod days;
mod hours;

pub use bars::bars;
pub use days::days;
pub use hours::{hour_name, hours};

use maud::{Markup, html};

/// A fence around a call.
pub fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" {
            circle cx="12" cy="12" r="9.5" fill="none" stroke="currentColor" stroke-width="2.4"
                stroke-dasharray="6.5 3.4" {}
            circle cx="12" cy="12" r="3.6" fill="currentColor" {}
        }
    }
}

/// The next round figure at or above, for the top of an axis.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let magnitude = 10f64.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|&top| top >= value)
        .unwrap_or(value)
}

/// A coordinate with as many decimals as can be seen.
fn at(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_figures() {
        assert_eq!(round_up(0.0), 1.0);
        assert_eq!(round_up(2_143.0), 2_500.0);
        assert_eq!(round_up(0.07), 0.08);
        assert_eq!(round_up(1_000.0), 1_000.0);
    }
}
