//! Writing YAML the way libyaml's emitter does with quoted strings, block collections and a width of 80.

use sdt_value::{Kind, Value};

const STEP: i32 = 2;
const WIDTH: i32 = 80;
/// Longer keys are written after a `?`.
const SIMPLE_KEY_MAX: usize = 128;

pub(super) fn encode(v: &Value) -> String {
    let mut e = Emitter { out: String::new(), column: 0, space: true, fresh: true };
    e.node(v, -1, false);
    e.indent(0);
    if plain_text(v).is_some() {
        // A plain scalar alone might go on; the marker says it doesn't.
        e.out.push_str("...\n");
    }
    e.out
}

struct Emitter {
    out: String,
    column: i32,
    /// The last thing written was white space.
    space: bool,
    /// Nothing but indentation and indicators is on this line.
    fresh: bool,
}

/// The text of what is not a string or collection.
fn plain_text(v: &Value) -> Option<String> {
    match v.kind() {
        Kind::Null(_) | Kind::Unknown(..) => Some("null".into()),
        Kind::Bool(b) => Some(b.to_string()),
        Kind::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Tells whether a string with newlines can be a literal block.
fn literal_allowed(s: &str) -> bool {
    let mut previous = None;
    for c in s.chars() {
        if !is_printable(c) || is_break(c) && previous == Some(' ') {
            return false;
        }
        previous = Some(c);
    }
    previous != Some(' ')
}

impl Emitter {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn newline(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn indent(&mut self, to: i32) {
        if !self.fresh || self.column > to || self.column == to && !self.space {
            self.newline();
        }
        while self.column < to {
            self.put(' ');
        }
        self.space = true;
        self.fresh = true;
    }

    fn indicator(&mut self, c: char, needs_space: bool, keeps_fresh: bool) {
        if needs_space && !self.space {
            self.put(' ');
        }
        self.put(c);
        self.space = false;
        self.fresh &= keeps_fresh;
    }

    /// Writes a value below something indented by `outer`; `in_mapping` for keys and values.
    fn node(&mut self, v: &Value, outer: i32, in_mapping: bool) {
        let inner = if outer < 0 { 0 } else { outer + STEP };
        match v.kind() {
            Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
                if items.is_empty() {
                    self.plain("[]");
                    return;
                }
                let inner = if in_mapping && !self.fresh { outer } else { inner };
                for item in items.iter() {
                    self.indent(inner);
                    self.indicator('-', true, true);
                    self.node(item, inner, false);
                }
            }
            Kind::Map(_, members) | Kind::Object(members) => {
                if members.is_empty() {
                    self.plain("{}");
                    return;
                }
                for (key, value) in members.iter() {
                    self.indent(inner);
                    if key.len() <= SIMPLE_KEY_MAX && !key.contains(is_break) {
                        self.quoted(key, inner, true);
                        self.indicator(':', false, false);
                    } else {
                        self.indicator('?', true, true);
                        self.string(key, inner);
                        self.indent(inner);
                        self.indicator(':', true, true);
                    }
                    self.node(value, inner, true);
                }
            }
            Kind::String(s) => self.string(s, outer),
            _ => self.plain(&plain_text(v).unwrap_or_default()),
        }
    }

    fn plain(&mut self, text: &str) {
        if !self.space {
            self.put(' ');
        }
        text.chars().for_each(|c| self.put(c));
        self.space = false;
        self.fresh = false;
    }

    fn string(&mut self, s: &str, outer: i32) {
        let indent = if outer < 0 { STEP } else { outer + STEP };
        if s.contains('\n') && literal_allowed(s) {
            self.literal(s, indent);
        } else {
            self.quoted(s, indent, false);
        }
    }

    fn literal(&mut self, s: &str, indent: i32) {
        self.indicator('|', true, false);
        if s.starts_with(|c| c == ' ' || is_break(c)) {
            // Otherwise the first line would tell how deep the block is indented.
            self.out.push_str(&STEP.to_string());
        }
        let mut last = s.chars().rev();
        match (last.next(), last.next()) {
            (Some(c), _) if !is_break(c) => self.out.push('-'),
            (Some(_), None) => self.out.push('+'),
            (Some(_), Some(c)) if is_break(c) => self.out.push('+'),
            _ => {}
        }
        self.newline();
        self.space = true;
        self.fresh = true;
        let mut at_start = true;
        for c in s.chars() {
            if is_break(c) {
                self.out.push(c);
                self.column = 0;
                self.fresh = true;
                at_start = true;
            } else {
                if at_start {
                    self.indent(indent);
                }
                self.put(c);
                self.fresh = false;
                at_start = false;
            }
        }
    }

    fn quoted(&mut self, s: &str, indent: i32, simple_key: bool) {
        self.indicator('"', true, false);
        let chars: Vec<char> = s.chars().collect();
        let mut after_space = false;
        for (i, &c) in chars.iter().enumerate() {
            if c == ' ' {
                let inside = i > 0 && i + 1 < chars.len();
                if !simple_key && !after_space && self.column > WIDTH && inside {
                    self.indent(indent);
                    if chars[i + 1] == ' ' {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
                continue;
            }
            after_space = false;
            if is_printable(c) && !is_break(c) && c != '"' && c != '\\' {
                self.put(c);
            } else {
                escape(c).chars().for_each(|c| self.put(c));
            }
        }
        self.indicator('"', false, false);
        self.space = false;
        self.fresh = false;
    }
}

fn escape(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c if (c as u32) < 0x100 => return format!("\\x{:02X}", c as u32),
        c if (c as u32) < 0x1_0000 => return format!("\\u{:04X}", c as u32),
        c => return format!("\\U{:08X}", c as u32),
    };
    format!("\\{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        let long = "x".repeat(129);
        let words =
            "x y z aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccc ddddd eee";
        let long_key = format!(r#"{{"{long}":1}}"#);
        let long_key_text = format!("? \"{long}\"\n: 1\n");
        let words_json = format!(r#"{{"a":"{words}"}}"#);
        let words_text = format!("\"a\": \"{}\"\n", words.replace(" ccc", "\n  ccc"));
        let cases = [
            ("1.5", "1.5\n...\n"),
            ("null", "null\n...\n"),
            (r#""a""#, "\"a\"\n"),
            ("[]", "[]\n"),
            ("[[],{}]", "- []\n- {}\n"),
            (r#"{"a":{"b":{"c":[1,[2,3]]}}}"#, "\"a\":\n  \"b\":\n    \"c\":\n    - 1\n    - - 2\n      - 3\n"),
            (r#"[{"a":1,"b":[1,2]},{"c":{"d":1}}]"#, "- \"a\": 1\n  \"b\":\n  - 1\n  - 2\n- \"c\":\n    \"d\": 1\n"),
            (r#""a\nb""#, "|-\n  a\n  b\n"),
            (r#""a\n\n""#, "|+\n  a\n\n"),
            (r#""\n""#, "|2+\n\n"),
            (r#"" a\nb""#, "|2-\n   a\n  b\n"),
            (r#""a \nb""#, "\"a \\nb\"\n"),
            (r#""a\n\tb""#, "\"a\\n\\tb\"\n"),
            (r#"{"a":["x\ny",{"b":"z\n"}]}"#, "\"a\":\n- |-\n  x\n  y\n- \"b\": |\n    z\n"),
            (r#"{"a\nb":1}"#, "? |-\n  a\n  b\n: 1\n"),
            (r#""é😀\u0001\u007f\u0085\u00a0\u2028\ufeff""#, "\"é\\U0001F600\\x01\\x7F\\N\u{a0}\\L\\uFEFF\"\n"),
            (&long_key, &long_key_text),
            (&words_json, &words_text),
        ];
        for (json, expected) in cases {
            assert_eq!(encode(&crate::parse_json(json).unwrap()), expected, "{json}");
        }
    }
}
