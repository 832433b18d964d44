//! Arguments in Terraform's manner: long flags with one dash or two, `-flag=value` or `-flag value`.

use std::fmt::Write as _;

/// A flag of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag {
    /// Without dashes.
    pub(crate) name: &'static str,
    /// What its value is called; `None` for a switch.
    pub(crate) value: Option<&'static str>,
    /// One line of help.
    pub(crate) help: &'static str,
}

/// A switch.
pub(crate) const fn switch(name: &'static str, help: &'static str) -> Flag {
    Flag { name, value: None, help }
}

/// A flag with a value.
pub(crate) const fn option(name: &'static str, value: &'static str, help: &'static str) -> Flag {
    Flag { name, value: Some(value), help }
}

/// What was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parsed {
    /// Flags in their order; switches have "true" or "false".
    pub(crate) flags: Vec<(&'static str, String)>,
    /// Everything else.
    pub(crate) rest: Vec<String>,
    /// Help was asked for.
    pub(crate) help: bool,
}

impl Parsed {
    /// Whether a switch is on.
    pub(crate) fn on(&self, name: &str) -> bool {
        self.is(name, false)
    }

    /// A switch with its default.
    pub(crate) fn is(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |v| v == "true")
    }

    /// The value of a flag, the last one if it was given several times.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// Every value of a flag.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(n, _)| *n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads the arguments of a command.
///
/// # Errors
/// The text says what is wrong, as Terraform words it.
pub(crate) fn parse(groups: &[&[Flag]], args: &[String]) -> Result<Parsed, String> {
    let mut out = Parsed::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            out.rest.extend(args.cloned());
            break;
        }
        let Some(body) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')).filter(|b| !b.is_empty()) else {
            out.rest.push(arg.clone());
            continue;
        };
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (body, None),
        };
        if matches!(name, "h" | "help") {
            out.help = true;
            continue;
        }
        let Some(flag) = groups.iter().flat_map(|g| g.iter()).find(|f| f.name == name) else {
            let names: Vec<_> = groups.iter().flat_map(|g| g.iter()).map(|f| f.name).collect();
            let hint = nearest(name, &names).map(|n| format!(" (did you mean -{n}?)")).unwrap_or_default();
            return Err(format!("flag provided but not defined: -{name}{hint}"));
        };
        let value = match (flag.value, value) {
            (Some(_), Some(value)) => value,
            (Some(_), None) => args.next().cloned().ok_or_else(|| format!("flag needs an argument: -{name}"))?,
            (None, None) => "true".into(),
            (None, Some(value)) => match value.as_str() {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => "true".into(),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => "false".into(),
                _ => return Err(format!("invalid boolean value {value:?} for -{name}: it is a switch, true or false")),
            },
        };
        out.flags.push((flag.name, value));
    }
    Ok(out)
}

/// The nearest of some names, if it is near enough to be meant.
pub(crate) fn nearest<'a>(given: &str, names: &[&'a str]) -> Option<&'a str> {
    names
        .iter()
        .map(|n| (strsim::damerau_levenshtein(given, n), *n))
        .filter(|(d, n)| *d <= 1 + n.len() / 4)
        .min()
        .map(|(_, n)| n)
}

/// Splits the text of `TF_CLI_ARGS` as a shell does: blanks separate, quotes and backslashes protect.
pub(crate) fn split_words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a single quote is not closed".into()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("a double quote is not closed".into()),
                        },
                        Some(c) => word.push(c),
                        None => return Err("a double quote is not closed".into()),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Writes a table of flags for help texts.
pub(crate) fn flag_table(flags: &[Flag]) -> String {
    let left = |f: &Flag| match f.value {
        Some(value) => format!("-{}={value}", f.name),
        None => format!("-{}", f.name),
    };
    let width = flags.iter().map(|f| left(f).len()).max().unwrap_or(0).min(26);
    let mut out = String::new();
    for flag in flags {
        let name = left(flag);
        let help = sdt_render::wrap(flag.help, 78 - width - 4).replace('\n', &format!("\n{}", " ".repeat(width + 4)));
        if name.len() > width {
            let _ = writeln!(out, "  {name}\n{}{help}", " ".repeat(width + 4));
        } else {
            let _ = writeln!(out, "  {name:width$}  {help}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[switch("lock", ""), option("var", "x", ""), option("out", "x", "")];

    #[test]
    fn flags_have_all_forms() {
        let check = |args: &[&str], expected: Result<(&[(&str, &str)], &[&str]), &str>| {
            let args: Vec<_> = args.iter().map(ToString::to_string).collect();
            let got = parse(&[FLAGS], &args);
            match (&got, expected) {
                (Ok(p), Ok((flags, rest))) => {
                    assert_eq!(p.flags.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>(), flags);
                    assert_eq!(p.rest, rest);
                }
                (Err(e), Err(text)) => assert_eq!(e, text),
                _ => panic!("{got:?}"),
            }
        };
        check(
            &["-lock=false", "--var", "a=b", "-out=c", "x"],
            Ok((&[("lock", "false"), ("var", "a=b"), ("out", "c")], &["x"])),
        );
        check(&["-lock", "--", "-out"], Ok((&[("lock", "true")], &["-out"])));
        check(&["-"], Ok((&[], &["-"])));
        check(&["-exclude=a"], Err("flag provided but not defined: -exclude"));
        check(&["-vra=a"], Err("flag provided but not defined: -vra (did you mean -var?)"));
        check(&["-out"], Err("flag needs an argument: -out"));
        check(&["-lock=maybe"], Err("invalid boolean value \"maybe\" for -lock: it is a switch, true or false"));
    }

    #[test]
    fn words_split_as_in_a_shell() {
        for (text, expected) in [
            ("-a  -b=c", vec!["-a", "-b=c"]),
            ("-var 'a=b c' \"x\\\"y\"", vec!["-var", "a=b c", "x\"y"]),
            ("a\\ b ''", vec!["a b", ""]),
        ] {
            assert_eq!(split_words(text).unwrap(), expected);
        }
        assert!(split_words("'a").is_err());
    }
}
