//! `format` and `formatlist`. Source: cty `stdlib.FormatFunc`, whose verbs are those of Go's `fmt`.

use sdt_value::{Kind, Number, Type, Value, convert};
use unicode_segmentation::UnicodeSegmentation;

use crate::call::{Out, arg, fail, str_arg};
use crate::json::{encode_json, quote_json};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("format", "Fills values into a format string.", &[Param::string("format")], Type::String, |a, _| {
        if a[1..].iter().any(|v| !v.is_wholly_known()) {
            let start = str_arg(a, 0).split('%').next().unwrap_or("");
            return Ok(Value::unknown_not_null(Type::String).refine(|r| r.prefix = Some(start.into())));
        }
        format(str_arg(a, 0), &a[1..]).map(Value::string)
    })
    .variadic(Param::any("args").null().unknown()),
    Function::new(
        "formatlist",
        "Fills each of a list of values into a format string.",
        &[Param::string("format")],
        Type::Dynamic,
        |a, _| format_list(str_arg(a, 0), &a[1..]),
    )
    .variadic(Param::any("args").null().unknown())
    .list_of(Type::String),
];

/// A `%…x` in a format string.
#[derive(Default)]
struct Verb {
    /// As written.
    raw: String,
    offset: usize,
    minus: bool,
    plus: bool,
    space: bool,
    sharp: bool,
    zero: bool,
    width: usize,
    prec: Option<usize>,
    /// Counted from 0.
    arg: usize,
    mode: char,
}

fn format(text: &str, args: &[Value]) -> Out<String> {
    let mut out = String::new();
    let mut next = 0;
    let mut used = 0;
    let mut pos = 0;
    while let Some(at) = text[pos..].find('%') {
        out.push_str(&text[pos..pos + at]);
        let (mut verb, end, explicit) = parse_verb(text, pos + at)?;
        pos = end;
        if verb.mode == '%' {
            out.push('%');
            continue;
        }
        verb.arg = explicit.unwrap_or(next);
        next = verb.arg + 1;
        let Some(value) = args.get(verb.arg) else {
            return fail(format!(
                "not enough arguments for {:?} at {}: need index {} but have {} total",
                verb.raw,
                verb.offset,
                verb.arg + 1,
                args.len()
            ));
        };
        used = used.max(next);
        write_verb(&verb, value, &mut out)?;
    }
    out.push_str(&text[pos..]);
    match args.len() {
        n if n <= used => Ok(out),
        _ if used == 0 => arg(1, "too many arguments; no verbs in format string"),
        _ => arg(used + 1, format!("too many arguments; only {used} used by format string")),
    }
}

/// Reads the verb at a `%`: the verb, where it ends, and its explicit argument index.
fn parse_verb(text: &str, start: usize) -> Out<(Verb, usize, Option<usize>)> {
    let bytes = text.as_bytes();
    let mut v = Verb { offset: start, ..Verb::default() };
    let mut i = start + 1;
    let unexpected = |i: usize| match text.get(i..).and_then(|s| s.chars().next()) {
        Some(c) => fail(format!("unrecognized format character {c:?} at offset {i}")),
        None => fail(format!("invalid format string starting at offset {i}")),
    };
    while let Some(b) = bytes.get(i) {
        match b {
            b'-' => v.minus = true,
            b'+' => v.plus = true,
            b' ' => v.space = true,
            b'#' => v.sharp = true,
            b'0' => v.zero = true,
            _ => break,
        }
        i += 1;
    }
    let digits = |i: &mut usize| -> Option<usize> {
        let from = *i;
        while bytes.get(*i).is_some_and(u8::is_ascii_digit) {
            *i += 1;
        }
        text[from..*i].parse().ok()
    };
    const WIDEST: usize = 1_000_000;
    v.width = digits(&mut i).unwrap_or(0).min(WIDEST);
    if bytes.get(i) == Some(&b'.') {
        i += 1;
        v.prec = Some(digits(&mut i).unwrap_or(0).min(WIDEST));
    }
    let mut explicit = None;
    if bytes.get(i) == Some(&b'[') {
        i += 1;
        let from = i;
        let Some(n) = digits(&mut i).filter(|n| *n > 0) else { return unexpected(from) };
        if bytes.get(i) != Some(&b']') {
            return unexpected(i);
        }
        i += 1;
        explicit = Some(n - 1);
    }
    match bytes.get(i) {
        Some(b) if b.is_ascii_alphabetic() || *b == b'%' && i == start + 1 => {
            v.mode = *b as char;
            i += 1;
        }
        _ => return unexpected(i),
    }
    text[start..i].clone_into(&mut v.raw);
    Ok((v, i, explicit))
}

fn write_verb(verb: &Verb, value: &Value, out: &mut String) -> Out<()> {
    let refuse = |why: &str| fail(format!("unsupported value for {:?} at {}: {why}", verb.raw, verb.offset));
    if verb.mode != 'v' && value.is_null() {
        return refuse("null value cannot be formatted");
    }
    let as_type = |ty: Type| match convert(value, &ty) {
        Ok(v) => Ok(v),
        Err(e) => refuse(&e.message).map(|()| Value::NULL),
    };
    match verb.mode {
        'v' => {
            let shown = match value.kind() {
                Kind::String(s) if !verb.sharp => s.to_string(),
                Kind::Number(n) if !verb.sharp => n.to_general(None, 'e'),
                _ => match encode_json(value) {
                    Some(s) => s,
                    None => return refuse("cannot serialize infinity as JSON"),
                },
            };
            out.push_str(&pad(verb, shown));
        }
        't' => {
            let v = as_type(Type::Bool)?;
            // Flags and width don't count here.
            out.push_str(if v.as_bool() == Some(true) { "true" } else { "false" });
        }
        'b' | 'd' | 'o' | 'x' | 'X' => {
            let v = as_type(Type::Number)?;
            match v.as_number() {
                Some(n) if n.is_integer() => out.push_str(&integer(verb, n)),
                _ => return refuse("an integer is required"),
            }
        }
        'e' | 'E' | 'f' | 'g' | 'G' => {
            let v = as_type(Type::Number)?;
            out.push_str(&float(verb, v.as_number().unwrap_or(&Number::ZERO)));
        }
        's' | 'q' => {
            let v = as_type(Type::String)?;
            let mut s = v.as_str().unwrap_or("").to_owned();
            // A precision of zero is none.
            if let Some(n) = verb.prec.filter(|n| *n > 0) {
                s = s.graphemes(true).take(n).collect();
            }
            if verb.mode == 'q' {
                let mut quoted = String::new();
                quote_json(&s, &mut quoted);
                s = quoted;
            }
            out.push_str(&pad(verb, s));
        }
        mode => {
            return fail(format!("unsupported format verb {mode:?} in {:?} at offset {}", verb.raw, verb.offset));
        }
    }
    Ok(())
}

/// Pads to the width, counted in characters as readers see them.
fn pad(verb: &Verb, s: String) -> String {
    let len = s.graphemes(true).count();
    if len >= verb.width {
        return s;
    }
    let fill = if verb.zero { "0" } else { " " }.repeat(verb.width - len);
    if verb.minus { s + &fill } else { fill + &s }
}

/// Sign, prefix and digits put together as Go does for numbers.
fn number(verb: &Verb, negative: bool, prefix: &str, digits: &str, zeros: bool) -> String {
    let sign = match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let fill = verb.width.saturating_sub(sign.len() + prefix.len() + digits.len());
    if verb.minus {
        format!("{sign}{prefix}{digits}{}", " ".repeat(fill))
    } else if verb.zero && zeros {
        format!("{sign}{prefix}{}{digits}", "0".repeat(fill))
    } else {
        format!("{}{sign}{prefix}{digits}", " ".repeat(fill))
    }
}

fn integer(verb: &Verb, n: &Number) -> String {
    let base = match verb.mode {
        'b' => 2,
        'o' => 8,
        'd' => 10,
        _ => 16,
    };
    let mut digits = n.abs().to_radix(base).unwrap_or_default();
    if verb.mode == 'X' {
        digits.make_ascii_uppercase();
    }
    let prefix = match verb.mode {
        _ if !verb.sharp => "",
        'b' => "0b",
        'o' => "0",
        'x' => "0x",
        'X' => "0X",
        _ => "",
    };
    if let Some(least) = verb.prec {
        if least == 0 && n.is_zero() {
            return String::new();
        }
        digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    }
    number(verb, n.signum() < 0, prefix, &digits, verb.prec.is_none())
}

fn float(verb: &Verb, n: &Number) -> String {
    const DEFAULT_PLACES: usize = 6;
    let places = verb.prec.unwrap_or(DEFAULT_PLACES);
    let text = match verb.mode {
        'e' | 'E' => n.to_scientific(Some(places), verb.mode),
        'f' => n.to_fixed(places),
        mode => n.to_general(verb.prec, if mode == 'G' { 'E' } else { 'e' }),
    };
    if n.is_infinite() {
        let digits = text.trim_start_matches(['+', '-']);
        let forced = Verb { plus: !verb.space, raw: String::new(), ..*verb };
        return number(&forced, n.signum() < 0, "", digits, false);
    }
    // Unlike for whole numbers, zeros win over spaces to the right.
    let forced = Verb { minus: verb.minus && !verb.zero, raw: String::new(), ..*verb };
    match text.strip_prefix('-') {
        Some(digits) => number(&forced, true, "", digits, true),
        None => number(&forced, false, "", &text, true),
    }
}

fn format_list(text: &str, args: &[Value]) -> Out {
    if args.is_empty() {
        return Ok(Value::list(Type::String, vec![Value::string(format(text, args)?)]));
    }
    let mut len: Option<(usize, usize)> = None;
    let mut open = false;
    for (i, v) in args.iter().enumerate() {
        let own = match v.ty() {
            _ if v.is_null() => continue,
            Type::Tuple(ts) if v.is_unknown() => ts.len(),
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => match v.known_len() {
                Some(n) => n,
                None => {
                    open = true;
                    continue;
                }
            },
            Type::Dynamic => {
                open = true;
                continue;
            }
            _ => continue,
        };
        match len {
            None => len = Some((own, i)),
            Some((n, _)) if n == own => {}
            Some((n, first)) => {
                return arg(
                    i + 1,
                    format!(
                        "argument {} has length {own}, which is inconsistent with argument {} of length {n}",
                        i + 1,
                        first + 1
                    ),
                );
            }
        }
    }
    if open || args.iter().any(|v| v.is_unknown() && matches!(v.ty(), Type::Tuple(_))) {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let mut out = Vec::new();
    for i in 0..len.map_or(1, |(n, _)| n) {
        let row: Vec<Value> =
            args.iter().map(|v| v.as_items().and_then(|items| items.get(i)).unwrap_or(v).clone()).collect();
        if row.iter().any(|v| !v.is_wholly_known()) {
            out.push(Value::unknown_not_null(Type::String));
            continue;
        }
        match format(text, &row) {
            Ok(s) => out.push(Value::string(s)),
            Err(CallError::Arg { message, .. } | CallError::Call(message)) => {
                return fail(format!("error on format iteration {i}: {message}"));
            }
        }
    }
    Ok(Value::list(Type::String, out))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn verbs() {
        check(&[
            (
                "format",
                r#"["%5[1]d|%s","3"]"#,
                "call: not enough arguments for \"%s\" at 7: need index 2 but have 1 total",
            ),
            ("format", r#"["%[2]s %[1]s","a","b"]"#, r#""b a""#),
            ("format", r#"["%[1]5d",3]"#, "call: unrecognized format character '5' at offset 4"),
            ("format", r#"["%q","<a>"]"#, r#""\"\\u003ca\\u003e\"""#),
            ("format", r#"["%-05s|","ab"]"#, r#""ab000|""#),
            ("format", r#"["%+d|% 5d|%+05d|%-05d|",3,3,3,3]"#, r#""+3|    3|+0003|3    |""#),
            ("format", r#"["%.3d|%8.3d|",3,3]"#, r#""003|     003|""#),
            ("format", r##"["%x|%#X|%#o|%#b",10,10,-7,-7]"##, r#""a|0XA|-07|-0b111""#),
            ("format", r#"["%5v|",[1]]"#, r#""  [1]|""#),
            ("format", r##"["%08.3e|%+g|%#g",1234.5,1234.5,1234.5]"##, r#""1.234e+03|+1234.5|1234.5""#),
            ("format", r#"["%.3g|%.10g|%g",1234.5,0.1,1000000]"#, r#""1.23e+03|0.1|1e+06""#),
            ("format", r#"["%.2q|%.1s|%10q","abc","日本","日本"]"#, r#""\"ab\"|日|      \"日本\"""#),
            ("format", r#"["%08.3f|%.0f|%f",3.14159,3.75,0.3333333333]"#, r#""0003.142|4|0.333333""#),
            ("format", r#"["%d","x"]"#, "call: unsupported value for \"%d\" at 0: a number is required"),
            ("format", r#"["%k","x"]"#, "call: unsupported format verb 'k' in \"%k\" at offset 0"),
            ("format", r#"["%",1]"#, "call: invalid format string starting at offset 1"),
            ("format", r#"["%s","a","b"]"#, "arg 2: too many arguments; only 1 used by format string"),
            ("format", r#"["%%","a"]"#, "arg 1: too many arguments; no verbs in format string"),
            ("format", r#"["%d%%",50]"#, r#""50%""#),
            ("format", r#"["%x","hello"]"#, "call: …"),
            ("format", r#"["%v %v %v",{"a":1},"x",100000000]"#, r#""{\"a\":1} x 1e+08""#),
            ("format", r#"["%t",true]"#, r#""true""#),
            ("formatlist", r#"["%s-%s",["a","b"],"x"]"#, r#"["a-x","b-x"]"#),
            ("formatlist", r#"["hello"]"#, r#"["hello"]"#),
            ("formatlist", r#"["%d",["a"]]"#, "call: error on format iteration 0: …"),
            ("formatlist", r#"["%s%s",["a"],["b","c"]]"#, "arg 2: …"),
            ("formatlist", r#"["%s",[]]"#, "[]"),
        ]);
    }
}
