//! The formatter.

/// Formats a file in the canonical style.
#[must_use]
pub fn format(text: &[u8]) -> Vec<u8> {
    let _ = text;
    todo!()
}
