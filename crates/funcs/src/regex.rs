//! Regular expressions in the RE2 dialect that Go has, and the functions that use them.
//!
//! Patterns are parsed here ([`parser`]), since the dialects differ in what they accept and in what the same text means;
//! the engine below is `regex-automata`, whose matches are leftmost-first in linear time like RE2's.

mod class;
mod parser;

use regex_automata::meta;
use sdt_value::{Type, Value};

use crate::call::{Out, arg, fail, str_arg};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "regex",
        "Returns the first match of a regular expression, or what its groups match.",
        &[Param::string("pattern"), Param::string("string")],
        Type::Dynamic,
        |a, _| {
            let re = Regex::for_argument(str_arg(a, 0))?;
            let first = re.find_all(str_arg(a, 1)).next();
            first.map_or_else(|| fail("pattern did not match any part of the given string"), |m| Ok(re.value(&m)))
        },
    )
    .typed(|a| match a[0].as_str() {
        Some(pattern) => Ok(Regex::for_argument(pattern)?.result_type()),
        None => Ok(Type::Dynamic),
    }),
    Function::new(
        "regexall",
        "Returns every match of a regular expression.",
        &[Param::string("pattern"), Param::string("string")],
        Type::Dynamic,
        |a, _| {
            let re = Regex::for_argument(str_arg(a, 0))?;
            let all = re.find_all(str_arg(a, 1)).map(|m| re.value(&m)).collect();
            Ok(Value::list(re.result_type(), all))
        },
    )
    .typed(|a| match a[0].as_str() {
        Some(pattern) => Ok(Type::list(Regex::for_argument(pattern)?.result_type())),
        None => Ok(Type::list(Type::Dynamic)),
    }),
];

/// What is wrong with a pattern.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    code: &'static str,
    part: String,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Regex {
    re: meta::Regex,
    /// Of each group from the first on.
    names: Vec<Option<String>>,
}

/// The texts of the whole match and of each group.
type Match<'t> = Vec<Option<&'t str>>;

impl Regex {
    fn compile(pattern: &str) -> Result<Self, ParseError> {
        const SIZE_LIMIT: usize = 64 << 20;
        let (hir, names) = parser::parse(pattern)?;
        let config = meta::Config::new().nfa_size_limit(Some(SIZE_LIMIT));
        let too_large = |_| ParseError { code: "expression too large", part: pattern.to_owned() };
        let re = meta::Builder::new().configure(config).build_from_hir(&hir).map_err(too_large)?;
        Ok(Self { re, names })
    }

    /// Compiles a pattern; the error is Go's.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern).map_err(|e| format!("error parsing regexp: {}: `{}`", e.code, e.part))
    }

    /// As the first argument of a function, where groups are either all named or none.
    fn for_argument(pattern: &str) -> Out<Self> {
        let re = Self::compile(pattern).map_err(|e| CallError::Arg {
            index: 0,
            message: format!("invalid regexp pattern: {} in {}", e.code, e.part),
        })?;
        let named = re.names.iter().flatten().count();
        if named != 0 && named != re.names.len() {
            return arg(0, "invalid regexp pattern: cannot mix both named and unnamed capture groups");
        }
        Ok(re)
    }

    fn result_type(&self) -> Type {
        if self.names.is_empty() {
            return Type::String;
        }
        if self.names[0].is_none() {
            return Type::tuple(self.names.iter().map(|_| Type::String));
        }
        Type::object(self.names.iter().flatten().map(|n| (n.as_str(), Type::String)))
    }

    fn value(&self, found: &Match<'_>) -> Value {
        let text = |t: &Option<&str>| t.map_or_else(|| Value::null(Type::String), Value::string);
        let groups = found.get(1..).unwrap_or_default();
        if self.names.is_empty() {
            return found.first().map_or(Value::NULL, text);
        }
        if self.names[0].is_none() {
            return Value::tuple(groups.iter().map(text).collect());
        }
        Value::object(self.names.iter().zip(groups).map(|(n, t)| (n.as_deref().unwrap_or(""), text(t))))
    }

    /// Every match that doesn't overlap the one before.
    fn find_all<'r, 't>(&'r self, text: &'t str) -> impl Iterator<Item = Match<'t>> + use<'r, 't> {
        self.re
            .captures_iter(text)
            .map(move |c| (0..c.group_len()).map(|i| c.get_group(i).and_then(|s| text.get(s.range()))).collect())
    }

    /// Replaces every match by a template with `$1`, `${name}` and `$$`.
    /// `None` when the result would be too long.
    pub(crate) fn replace_all(&self, text: &str, template: &str) -> Option<String> {
        let mut out = String::new();
        let mut end = 0;
        for c in self.re.captures_iter(text) {
            let Some(whole) = c.get_match() else { continue };
            out.push_str(text.get(end..whole.start()).unwrap_or(""));
            let groups: Match<'_> =
                (0..c.group_len()).map(|i| c.get_group(i).and_then(|s| text.get(s.range()))).collect();
            self.expand(template, &groups, &mut out);
            end = whole.end();
            if out.len() > sdt_value::MAX_TEXT {
                return None;
            }
        }
        out.push_str(text.get(end..).unwrap_or(""));
        Some(out)
    }

    fn expand(&self, template: &str, groups: &Match<'_>, out: &mut String) {
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(next) = rest.strip_prefix('$') {
                out.push('$');
                rest = next;
                continue;
            }
            let Some((name, after)) = reference(rest) else {
                out.push('$');
                continue;
            };
            rest = after;
            let zero_led = name.len() > 1 && name.starts_with('0');
            let text = match name.parse::<usize>() {
                Ok(n) if !zero_led && name.bytes().all(|b| b.is_ascii_digit()) => groups.get(n).copied().flatten(),
                _ => self
                    .names
                    .iter()
                    .zip(groups.iter().skip(1))
                    .find_map(|(n, t)| if n.as_deref() == Some(name) { *t } else { None }),
            };
            out.push_str(text.unwrap_or(""));
        }
        out.push_str(rest);
    }
}

/// The name after a `$` and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let braced = text.starts_with('{');
    let name_start = &text[usize::from(braced)..];
    let len = name_start.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(name_start.len());
    if len == 0 {
        return None;
    }
    let (name, rest) = name_start.split_at(len);
    if braced { rest.strip_prefix('}').map(|r| (name, r)) } else { Some((name, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::testing::check;

    #[test]
    fn functions() {
        check(&[
            ("regex", r#"["[a-z]+","abc123"]"#, r#""abc""#),
            ("regex", r#"["(?P<l>[a-z]+)(?P<n>[0-9]+)","abc123"]"#, r#"{"l":"abc","n":"123"}"#),
            ("regex", r#"["(?P<l>[a-z]+)([0-9]+)","abc123"]"#, "arg 0: invalid regexp pattern: cannot mix …"),
            ("regex", r#"["(a)|(b)","b"]"#, r#"[null,"b"]"#),
            ("regex", r#"["(?P<a>x)(?P<a>y)","xy"]"#, r#"{"a":"y"}"#),
            ("regex", r#"["a","b"]"#, "call: pattern did not match any part of the given string"),
            ("regex", r#"["a**","a"]"#, "arg 0: invalid regexp pattern: invalid nested repetition operator in **"),
            ("regexall", r#"["\\w+","héllo wörld"]"#, r#"["h","llo","w","rld"]"#),
            ("regexall", r#"["a*","baaac"]"#, r#"["","aaa",""]"#),
            ("regexall", r#"["x","y"]"#, "[]"),
        ]);
    }

    #[test]
    fn dialect() {
        // Pattern, text, first match (None: no match).
        let matches = [
            ("[^[]+", "ab[c", Some("ab")),
            (r"\Qa.b\E+", "xa.bb", Some("a.bb")),
            (r"\101", "A", Some("A")),
            ("{", "{", Some("{")),
            ("a{,2}", "a{,2}", Some("a{,2}")),
            ("[a&&b]+", "&b", Some("&b")),
            (r"\d+", "٣4", Some("4")),
            (r"\s", "\u{b}", None),
            (r"[[:word:]]+", "é_a", Some("_a")),
            ("(?i)straSSE", "STRAsse", Some("STRAsse")),
            ("(?i)k", "\u{212a}", Some("\u{212a}")),
            ("(?U)a+", "aaa", Some("a")),
            ("a$", "a\n", None),
            ("(?m)^b$", "a\nb\nc", Some("b")),
            ("(?s)a.b", "a\nb", Some("a\nb")),
            ("a.b", "a\nb", None),
            (r"\p{Greek}+", "abγδ", Some("γδ")),
            (r"\PL", "a1", Some("1")),
            (r"[\p{^Lu}]", "Aa", Some("a")),
            (r"\x{1F600}", "😀", Some("😀")),
            ("[]a]+", "]a", Some("]a")),
            ("(?:a|b)*?c", "abc", Some("abc")),
            (r"\bfoo\B", "foox", Some("foo")),
            ("x{2,3}", "xxxx", Some("xxx")),
            ("^*", "a", Some("")),
            ("(?<n>a)", "a", Some("a")),
            ("", "a", Some("")),
            ("(|a)+", "aa", Some("")),
            ("[^a]", "\n", Some("\n")),
            (r"[\d-z]", "-", Some("-")),
        ];
        for (pattern, text, expected) in matches {
            let re = Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            let found = re.find_all(text).next().map(|m| m[0].unwrap_or(""));
            assert_eq!(found, expected, "{pattern}");
        }
        for pattern in [
            "x{1001}",
            "a**",
            "a++",
            "x{2}{3}",
            "(?x)a",
            "(?R)",
            r"\u00e9",
            "*",
            "(",
            ")",
            "[",
            "[z-a]",
            r"\1",
            r"\8",
            r"\Z",
            r"\C",
            "(?P<n",
            "(?P<>a)",
            "(?P=n)",
            "(?=a)",
            r"\p{Nope}",
            r"\",
            "[[:nope:]]",
            "(x{100}){100}",
            "|*",
            r"[\b]",
            "a{3,2}",
        ] {
            assert!(Regex::new(pattern).is_err(), "{pattern}");
        }
        assert_eq!(Regex::new("[/").unwrap_err(), "error parsing regexp: missing closing ]: `[/`");
        let re = Regex::new("(a)(?P<n>b)?").unwrap();
        assert_eq!(re.replace_all("abxa", "<$1$n${2}$$$-$01>").unwrap(), "<abb$$->x<a$$->");
        assert_eq!(Regex::new("").unwrap().replace_all("日b", "-").unwrap(), "-日-b-");
    }
}
