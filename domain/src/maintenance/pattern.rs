//! A regular expression that finds the value in a text.

use crate::variable::{InvalidPattern, check_pattern};

/// A regular expression that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

/// A pattern that took too long on a text: it backtracks without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pattern backtracks too much on this text")]
pub struct TooMuchBacktracking;

impl Pattern {
    /// Reads a regular expression.
    ///
    /// # Errors
    /// Where it is none.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        check_pattern(text)?;
        Ok(Self(text.to_owned()))
    }

    /// What the first group finds, or the whole match where there is no group; nothing where nothing matches.
    ///
    /// # Errors
    /// Where it takes too long.
    pub fn find<'t>(&self, text: &'t str) -> Result<Option<&'t str>, TooMuchBacktracking> {
        // Checked when it was made.
        let Ok(regex) = fancy_regex::Regex::new(&self.0) else {
            return Ok(None);
        };
        let found = regex.captures(text).map_err(|_| TooMuchBacktracking)?;
        Ok(found
            .and_then(|groups| groups.get(1).or_else(|| groups.get(0)))
            .map(|group| group.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_group_or_the_whole_match() {
        let find = |pattern: &str, text: &'static str| Pattern::parse(pattern).unwrap().find(text);
        assert_eq!(find("mode=(\\w+)", "a\nmode=on\n"), Ok(Some("on")));
        assert_eq!(find("(?m)^o\\w$", "a\non\n"), Ok(Some("on")));
        assert_eq!(find("(x)?on", "on"), Ok(Some("on")));
        assert_eq!(find("mode=(\\w+)", "nothing"), Ok(None));
        let long: &'static str = concat!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaab!");
        assert_eq!(find(r"^(a|aa)+\1b$", long), Err(TooMuchBacktracking));
        assert!(Pattern::parse("(").is_err());
    }
}
