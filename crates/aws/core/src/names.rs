//! Names that are made up from a prefix.

/// Length of the part that is made up.
const SUFFIX: usize = 26;

/// The `name_prefix` that a name was made from, empty when it does not look made up.
#[must_use]
pub fn prefix_of(name: &str) -> String {
    let Some(at) = name.len().checked_sub(SUFFIX) else { return String::new() };
    match name.is_char_boundary(at).then(|| name.split_at(at)) {
        Some((prefix, suffix)) if suffix.bytes().all(|b| b.is_ascii_hexdigit()) => prefix.to_owned(),
        _ => String::new(),
    }
}
