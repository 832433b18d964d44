//! Strings in quotes, as Terraform shows them.

use std::fmt::Write as _;

/// Returns the string in double quotes; what is not printable becomes an escape, as Go's `%q` does it.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if printable(c) => out.push(c),
            c if u32::from(c) < 0x80 => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if u32::from(c) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// Letters, marks, numbers, punctuation, symbols, and of all spaces only the ASCII one.
fn printable(c: char) -> bool {
    if c == ' ' {
        return true;
    }
    !(c.is_control()
        || c.is_whitespace()
        || matches!(u32::from(c),
            0xAD | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
            | 0xFEFF | 0xFFF9..=0xFFFB | 0xE000..=0xF8FF | 0x1_BCA0..=0x1_BCA3 | 0x1_D173..=0x1_D17A
            | 0xE_0000..=0xE_007F | 0xF_0000..=0x10_FFFF)
        || u32::from(c) & 0xFFFE == 0xFFFE)
}

/// Returns an attribute name, in quotes where it is no identifier.
pub(crate) fn attribute_name(name: &str) -> std::borrow::Cow<'_, str> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if first && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-') { name.into() } else { quote(name).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_like_go() {
        for (text, expected) in [
            ("a\tb\\\"", r#""a\tb\\\"""#),
            ("é世😀", "\"é世😀\""),
            ("\u{a0}\u{200b}\u{ad}\u{1}", r#""\u00a0\u200b\u00ad\x01""#),
            ("${x}", "\"${x}\""),
        ] {
            assert_eq!(quote(text), expected);
        }
        assert_eq!(attribute_name("a-b_1"), "a-b_1");
        assert_eq!(attribute_name("x y"), "\"x y\"");
        assert_eq!(attribute_name("1"), "\"1\"");
    }
}
