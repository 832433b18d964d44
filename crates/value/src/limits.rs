//! How large values may become.
//!
//! A few lines can name themselves ten times each, and the last of them stands for more than any machine has. Such values are refused
//! where they come into being. The bounds are far beyond what configurations hold.

use crate::{Kind, Value};

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 1 << 29;
/// The most members of a value, those of its members among them.
pub const MAX_MEMBERS: usize = 1 << 22;

/// What is said of a value beyond the bounds.
pub const TOO_LARGE: &str =
    "the value would have more than 4,194,304 members or more than 512 MB of text, which is beyond what sdt works with";

impl Value {
    /// Tells whether the value is beyond [`MAX_MEMBERS`] or [`MAX_TEXT`] in all, each member counted as often as it is there.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        let (mut members, mut text) = (0_usize, 0_usize);
        let mut stack = vec![self];
        while let Some(v) = stack.pop() {
            match v.kind() {
                Kind::String(s) => text += s.len(),
                Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
                    members += items.len();
                    // Many members that are small need no look at each before it is clear that they are too many.
                    if members > MAX_MEMBERS {
                        return true;
                    }
                    stack.extend(items.iter());
                }
                Kind::Map(_, m) | Kind::Object(m) => {
                    members += m.len();
                    if members > MAX_MEMBERS {
                        return true;
                    }
                    text += m.keys().map(|k| k.len()).sum::<usize>();
                    stack.extend(m.values());
                }
                _ => {}
            }
            if text > MAX_TEXT {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;

    #[test]
    fn what_names_itself_again_and_again_is_too_large() {
        let mut list = Value::tuple(vec![Value::string("x".repeat(100))]);
        let mut text = Value::string("y".repeat(1 << 20));
        assert!(!list.is_too_large());
        for _ in 0..7 {
            list = Value::tuple(vec![list; 10]);
        }
        text = Value::list(Type::String, vec![text; 600]);
        // Too many members in the one, too much text in the other; neither is there more than once.
        assert!(list.is_too_large() && text.is_too_large());
    }
}
