//! Strings.

use sdt_value::{MAX_TEXT, TOO_LARGE, Type, Value};
use unicode_segmentation::UnicodeSegmentation;

use crate::call::{Out, arg, fail, int_or_fail, str_arg};
use crate::{Function, Param, ParamType};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("lower", "Converts letters to lower case.", &[Param::string("str")], Type::String, |a, _| {
        Ok(Value::string(str_arg(a, 0).chars().map(lower_char).collect::<String>()))
    }),
    Function::new("upper", "Converts letters to upper case.", &[Param::string("str")], Type::String, |a, _| {
        Ok(Value::string(str_arg(a, 0).chars().map(upper_char).collect::<String>()))
    }),
    Function::new(
        "title",
        "Converts the first letter of each word to upper case.",
        &[Param::string("str")],
        Type::String,
        |a, _| Ok(Value::string(title(str_arg(a, 0)))),
    ),
    Function::new("chomp", "Removes newlines from the end.", &[Param::string("str")], Type::String, |a, _| {
        Ok(Value::string(str_arg(a, 0).trim_end_matches(['\r', '\n'])))
    }),
    Function::new("trimspace", "Removes white space from both ends.", &[Param::string("str")], Type::String, |a, _| {
        Ok(Value::string(str_arg(a, 0).trim()))
    }),
    Function::new(
        "trim",
        "Removes the given characters from both ends.",
        &[Param::string("str"), Param::string("cutset")],
        Type::String,
        |a, _| Ok(Value::string(str_arg(a, 0).trim_matches(|c| str_arg(a, 1).contains(c)))),
    ),
    Function::new(
        "trimprefix",
        "Removes a prefix, if it is there.",
        &[Param::string("str"), Param::string("prefix")],
        Type::String,
        |a, _| Ok(Value::string(str_arg(a, 0).strip_prefix(str_arg(a, 1)).unwrap_or(str_arg(a, 0)))),
    ),
    Function::new(
        "trimsuffix",
        "Removes a suffix, if it is there.",
        &[Param::string("str"), Param::string("suffix")],
        Type::String,
        |a, _| Ok(Value::string(str_arg(a, 0).strip_suffix(str_arg(a, 1)).unwrap_or(str_arg(a, 0)))),
    ),
    Function::new(
        "startswith",
        "Tells whether a string starts with a prefix.",
        &[Param::string("str").unknown(), Param::string("prefix")],
        Type::Bool,
        |a, _| Ok(starts_with(&a[0], str_arg(a, 1))),
    ),
    Function::new(
        "endswith",
        "Tells whether a string ends with a suffix.",
        &[Param::string("str"), Param::string("suffix")],
        Type::Bool,
        |a, _| Ok(Value::bool(str_arg(a, 0).ends_with(str_arg(a, 1)))),
    ),
    Function::new(
        "strcontains",
        "Tells whether a string contains another.",
        &[Param::string("str"), Param::string("substr")],
        Type::Bool,
        |a, _| Ok(Value::bool(str_arg(a, 0).contains(str_arg(a, 1)))),
    ),
    Function::new("strrev", "Reverses the characters of a string.", &[Param::string("str")], Type::String, |a, _| {
        Ok(Value::string(str_arg(a, 0).graphemes(true).rev().collect::<String>()))
    }),
    Function::new(
        "substr",
        "Returns a part of a string by offset and length, both counted in characters.",
        &[Param::string("str"), Param::number("offset"), Param::number("length")],
        Type::String,
        |a, _| substr(a),
    ),
    Function::new("join", "Puts a separator between strings.", &[Param::string("separator")], Type::String, |a, _| {
        join(a)
    })
    .variadic(Param::new("lists", ParamType::ListOfString)),
    Function::new(
        "split",
        "Cuts a string at each separator.",
        &[Param::string("separator"), Param::string("str")],
        Type::Dynamic,
        |a, _| Ok(split(str_arg(a, 0), str_arg(a, 1))),
    )
    .list_of(Type::String),
    Function::new(
        "replace",
        "Replaces a string, or a regular expression between slashes, wherever it occurs.",
        &[Param::string("str"), Param::string("substr"), Param::string("replace")],
        Type::String,
        |a, _| replace(str_arg(a, 0), str_arg(a, 1), str_arg(a, 2)),
    ),
    Function::new(
        "indent",
        "Adds spaces to the start of each line but the first.",
        &[Param::number("spaces"), Param::string("str")],
        Type::String,
        |a, _| {
            let Ok(spaces) = usize::try_from(int_or_fail(a, 0)?) else {
                return fail("the number of spaces must not be negative");
            };
            let breaks = str_arg(a, 1).matches('\n').count();
            if spaces.saturating_mul(breaks.max(1)) > MAX_TEXT {
                return fail(TOO_LARGE);
            }
            Ok(Value::string(str_arg(a, 1).replace('\n', &format!("\n{}", " ".repeat(spaces)))))
        },
    ),
];

/// Letters that Unicode maps to several upper-case letters have one simple counterpart only here.
fn upper_char(c: char) -> char {
    let mut all = c.to_uppercase();
    match (all.next(), all.next()) {
        (Some(u), None) => u,
        _ => match c {
            '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => offset(c, 8),
            '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => offset(c, 9),
            _ => c,
        },
    }
}

fn offset(c: char, by: u32) -> char {
    char::from_u32(c as u32 + by).unwrap_or(c)
}

fn lower_char(c: char) -> char {
    // İ is the one letter with two lower-case ones.
    c.to_lowercase().next().unwrap_or(c)
}

fn title_char(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        // Georgian letters have capitals that titles don't use.
        '\u{10d0}'..='\u{10ff}' => c,
        _ => upper_char(c),
    }
}

fn title(s: &str) -> String {
    let mut after = true;
    s.chars()
        .map(|c| {
            let out = if after { title_char(c) } else { c };
            after = if c.is_ascii() {
                !(c.is_ascii_alphanumeric() || c == '_')
            } else {
                !c.is_alphanumeric() && c.is_whitespace()
            };
            out
        })
        .collect()
}

fn starts_with(s: &Value, prefix: &str) -> Value {
    if let Some(s) = s.as_str() {
        return Value::bool(s.starts_with(prefix));
    }
    let known = s.refinement().and_then(|r| r.prefix.as_deref()).unwrap_or("");
    if known.starts_with(prefix) {
        Value::TRUE
    } else if known.len() < prefix.len() {
        // It might be told already where the two differ; Terraform waits for as many characters.
        Value::unknown(Type::Bool)
    } else {
        Value::FALSE
    }
}

fn substr(args: &[Value]) -> Out {
    let parts: Vec<&str> = str_arg(args, 0).graphemes(true).collect();
    let (mut offset, length) = (int_or_fail(args, 1)?, int_or_fail(args, 2)?);
    if offset < 0 {
        offset += parts.len() as i64;
    } else if length == 0 {
        return Ok(Value::string(""));
    }
    let rest = &parts[usize::try_from(offset).unwrap_or(0).min(parts.len())..];
    // With a negative offset a length of 0 means "to the end" too; Terraform does so.
    let take = if length <= 0 { rest.len() } else { usize::try_from(length).unwrap_or(rest.len()).min(rest.len()) };
    Ok(Value::string(rest[..take].concat()))
}

fn join(args: &[Value]) -> Out {
    let lists = &args[1..];
    if lists.is_empty() {
        return fail("at least one list is required");
    }
    if lists.iter().any(|l| !l.is_wholly_known()) {
        return Ok(Value::unknown(Type::String));
    }
    let items = || lists.iter().flat_map(|l| l.as_items().unwrap_or_default());
    let separators = str_arg(args, 0).len().saturating_mul(items().count());
    if separators.saturating_add(items().filter_map(Value::as_str).map(str::len).sum()) > MAX_TEXT {
        return fail(TOO_LARGE);
    }
    let mut parts = Vec::new();
    for (i, list) in lists.iter().enumerate() {
        for (j, item) in list.as_items().unwrap_or_default().iter().enumerate() {
            match item.as_str() {
                Some(s) => parts.push(s),
                None if lists.len() > 1 => {
                    return arg(
                        i + 1,
                        format!("element {j} of list {} is null; cannot concatenate null values", i + 1),
                    );
                }
                None => return arg(i + 1, format!("element {j} is null; cannot concatenate null values")),
            }
        }
    }
    Ok(Value::string(parts.join(str_arg(args, 0))))
}

fn split(separator: &str, s: &str) -> Value {
    let parts = if separator.is_empty() {
        s.chars().map(|c| Value::string(c.to_string())).collect()
    } else {
        s.split(separator).map(Value::string).collect()
    };
    Value::list(Type::String, parts)
}

fn replace(s: &str, what: &str, by: &str) -> Out {
    if what.len() > 1 && what.starts_with('/') && what.ends_with('/') {
        return match crate::regex::Regex::new(&what[1..what.len() - 1]) {
            Ok(re) => match re.replace_all(s, by) {
                Some(text) => Ok(Value::string(text)),
                None => fail(TOO_LARGE),
            },
            Err(e) => fail(e),
        };
    }
    let grown = s.matches(what).count().saturating_mul(by.len());
    if grown.saturating_add(s.len()) > MAX_TEXT {
        return fail(TOO_LARGE);
    }
    Ok(Value::string(s.replace(what, by)))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn strings() {
        check(&[
            ("upper", r#"["straße ŉ ﬁ ᾳ"]"#, r#""STRAßE ŉ ﬁ ᾼ""#),
            ("lower", r#"["ΑΣ İ"]"#, r#""ασ i""#),
            ("title", r#"["o'neil a.b,c;d ǆ"]"#, r#""O'Neil A.B,C;D ǅ""#),
            ("chomp", r#"["a\n\r\n"]"#, r#""a""#),
            ("trim", r#"["?!hello?!","!?"]"#, r#""hello""#),
            ("strrev", r#"["e\u0301a"]"#, r#""aé""#),
            ("substr", r#"["hello",-10,2]"#, r#""he""#),
            ("substr", r#"["hello",-2,0]"#, r#""lo""#),
            ("substr", r#"["hello",1,-2]"#, r#""ello""#),
            ("substr", r#"["abc",3,1]"#, r#""""#),
            ("substr", r#"["abc",1.5,1]"#, "call: value must be a whole number, …"),
            ("join", r#"[",",["a","b"],["c"]]"#, r#""a,b,c""#),
            ("join", r#"[",",[true,null]]"#, "arg 1: element 1 is null; cannot concatenate null values"),
            ("split", r#"["",""]"#, "[]"),
            ("split", r#"[",",""]"#, r#"[""]"#),
            ("replace", r#"["hello","","-"]"#, r#""-h-e-l-l-o-""#),
            ("replace", r#"["hello","/(h)/","$1x"]"#, r#""ello""#),
            ("replace", r#"["a/b/c","///","-"]"#, r#""a-b-c""#),
            ("replace", r#"["ab","/(a)(b)/","$2-${1}$$"]"#, r#""b-a$""#),
            ("replace", r#"["abc","//","-"]"#, r#""-a-b-c-""#),
            ("replace", r#"["hello","/[/","x"]"#, "call: …"),
            ("indent", r#"[2,"a\nb"]"#, r#""a\n  b""#),
            ("indent", r#"[-1,"a"]"#, "call: …"),
        ]);
    }
}
