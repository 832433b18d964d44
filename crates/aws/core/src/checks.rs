//! Rules about text that several services have in common, for `check = …` in declarations.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A moment as RFC 3339 writes it.
///
/// # Errors
/// What the value must be.
pub fn rfc3339(text: &str) -> Result<(), String> {
    let fine = DateTime::from_str(text, Format::DateTimeWithOffset).is_ok();
    if fine { Ok(()) } else { Err("to be a time such as 2026-01-31T23:45:00Z".into()) }
}

/// Text of these characters, at least one.
///
/// # Errors
/// What the value must be.
pub fn made_of(text: &str, fits: fn(char) -> bool, what: &str) -> Result<(), String> {
    if !text.is_empty() && text.chars().all(fits) { Ok(()) } else { Err(format!("to have only {what}")) }
}

/// Names of clusters and task definitions.
///
/// # Errors
/// What the value must be.
pub fn word(text: &str) -> Result<(), String> {
    made_of(text, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'), "letters, digits, hyphens and underscores")
}

/// Names of roles and policies.
///
/// # Errors
/// What the value must be.
pub fn iam_name(text: &str) -> Result<(), String> {
    made_of(text, |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c), "letters, digits and _+=,.@-")
}

/// A region: `eu-west-1`.
///
/// # Errors
/// What the value must be.
pub fn region(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('-').collect();
    let [land, middle @ .., number] = &parts[..] else { return Err("to be a region such as eu-west-1".into()) };
    let letters = |t: &&str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase());
    let fits = land.len() >= 2 && letters(land) && !middle.is_empty() && middle.iter().all(letters);
    if fits && number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err("to be a region such as eu-west-1".into())
    }
}

#[cfg(test)]
mod tests {
    use super::{iam_name, region, rfc3339, word};

    #[test]
    fn names() {
        let check = |what: fn(&str) -> Result<(), String>, good: &[&str], bad: &[&str]| {
            good.iter().for_each(|t| assert_eq!(what(t), Ok(()), "{t}"));
            bad.iter().for_each(|t| assert!(what(t).is_err(), "{t}"));
        };
        check(word, &["a-B_1"], &["", "a b", "a.b"]);
        check(iam_name, &["a.b@c+d=e,f"], &["", "a b", "a/b", "a:b"]);
        check(region, &["eu-west-1", "us-gov-west-1"], &["", "val0", "eu-west", "EU-WEST-1"]);
    }

    #[test]
    fn moments() {
        let check = |text: &str, fine: bool| assert_eq!(rfc3339(text).is_ok(), fine, "{text}");
        check("2026-01-31T23:45:00Z", true);
        check("2026-01-31T23:45:00+02:00", true);
        check("", false);
        check("yesterday", false);
        check("2026-01-31", false);
    }
}
