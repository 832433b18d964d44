//! Rules about text that several services have in common, for `check = …` in declarations.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A moment as RFC 3339 writes it. Empty text passes: it counts as not set.
///
/// # Errors
/// What the value must be.
pub fn rfc3339(text: &str) -> Result<(), String> {
    let fine = text.is_empty() || DateTime::from_str(text, Format::DateTimeWithOffset).is_ok();
    if fine { Ok(()) } else { Err("to be a time such as 2026-01-31T23:45:00Z".into()) }
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn moments() {
        let check = |text: &str, fine: bool| assert_eq!(rfc3339(text).is_ok(), fine, "{text}");
        check("2026-01-31T23:45:00Z", true);
        check("2026-01-31T23:45:00+02:00", true);
        check("", true);
        check("yesterday", false);
        check("2026-01-31", false);
    }
}
