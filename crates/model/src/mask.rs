//! Hides the personal part of a number in logs and messages.

use std::fmt;

/// Shows a phone number or user part with its middle hidden: the first characters say what kind of number it
/// is, the last two let a person recognise it.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.chars().count();
        // Short numbers are services, extensions and emergency numbers: nobody's own.
        let (head, tail) = if count <= 6 { (count, 0) } else { (5.min(count - 4), 2) };
        for (i, c) in self.0.chars().enumerate() {
            let shown = i < head || i >= count - tail;
            write!(f, "{}", if shown { c } else { '*' })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_middle() {
        assert_eq!(Masked("+31612345678").to_string(), "+3161*****78");
        assert_eq!(Masked("112").to_string(), "112");
        assert_eq!(Masked("0612345").to_string(), "061**45");
        assert_eq!(Masked("").to_string(), "");
    }
}
