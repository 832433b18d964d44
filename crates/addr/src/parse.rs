//! Reading addresses from text.

use sdt_value::Str;

use crate::{InstanceKey, Mode, ModuleInstance, ModuleStep, ResourceAddr, Subject, Target};

/// Why a text or reference is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct ParseError {
    /// The short title.
    pub summary: String,
    /// What is wrong.
    pub detail: String,
    /// Index of the step that is wrong, where one is to blame; the number of steps where one is missing.
    pub step: Option<usize>,
}

impl ParseError {
    /// An error with a title and a detail.
    pub fn new(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { summary: summary.into(), detail: detail.into(), step: None }
    }

    fn at(mut self, step: usize) -> Self {
        self.step = Some(step);
        self
    }
}

/// One step of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `name`, `.name`
    Attr(Str),
    /// `[0]`, `["k"]`
    Index(InstanceKey),
    /// `[*]`, `.*`
    Splat,
}

/// Tells whether a text is a name of the language: a letter or underscore, then letters, digits, underscores and dashes.
#[must_use]
pub fn is_identifier(s: &str) -> bool {
    s.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic() || unicode_ident::is_xid_start(c))
        && s.chars().all(in_name)
}

fn in_name(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_') || (!c.is_ascii() && unicode_ident::is_xid_continue(c))
}

/// Cuts an address into its steps.
///
/// # Errors
/// On a text that is no sequence of names and indices.
pub fn split_steps(text: &str) -> Result<Vec<Step>, ParseError> {
    let bad = |detail: String| Err(ParseError::new("Invalid address", detail));
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if !is_identifier(name) {
            return bad(format!(
                "{text:?}: a name is expected at {rest:?}. Letters, digits, underscores and dashes may be used."
            ));
        }
        steps.push(Step::Attr(name.into()));
        rest = &rest[end..];
        while let Some(inner) = rest.strip_prefix('[') {
            let (step, after) = index(inner).ok_or_else(|| {
                ParseError::new(
                    "Invalid address",
                    format!("{text:?}: the index at {rest:?} must be a whole number or a quoted string in square brackets. In a shell the quotes need quotes around them."),
                )
            })?;
            steps.push(step);
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None => return bad(format!("{text:?}: unexpected {rest:?} after the address.")),
        }
    }
}

fn index(s: &str) -> Option<(Step, &str)> {
    if let Some(s) = s.strip_prefix('"') {
        let (key, rest) = unquote(s)?;
        return Some((Step::Index(InstanceKey::String(key.into())), rest.strip_prefix(']')?));
    }
    let (inner, rest) = s.split_once(']')?;
    if inner == "*" {
        return Some((Step::Splat, rest));
    }
    Some((Step::Index(InstanceKey::Int(inner.trim().parse().ok()?)), rest))
}

/// Reads a quoted string after its opening quote; returns it and what follows the closing quote.
fn unquote(s: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = s.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((out, &s[i + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                '"' => out.push('"'),
                '\\' => out.push('\\'),
                e @ ('u' | 'U') => {
                    let mut code = 0;
                    for _ in 0..if e == 'u' { 4 } else { 8 } {
                        code = code * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    out.push(char::from_u32(code)?);
                }
                _ => return None,
            },
            '$' | '%' => {
                let after = &s[i + 1..];
                if after.starts_with('{') {
                    return None;
                }
                out.push(c);
                // `$${` stands for a literal `${`.
                if after.starts_with(c) && after[1..].starts_with('{') {
                    chars.next();
                }
            }
            c => out.push(c),
        }
    }
    None
}

/// Reads leading `module.NAME[KEY]` steps; returns them and what is left.
pub(crate) fn module_prefix(steps: &[Step]) -> Result<(ModuleInstance, &[Step]), ParseError> {
    let mut found = Vec::new();
    let mut rest = steps;
    while let [Step::Attr(keyword), tail @ ..] = rest {
        if &**keyword != "module" {
            break;
        }
        let [Step::Attr(name), rest_of @ ..] = tail else {
            // What stands in the name's place, or the word alone.
            let at = steps.len() - if tail.is_empty() { rest.len() } else { tail.len() };
            return Err(ParseError::new(
                "Invalid address operator",
                "Prefix \"module.\" must be followed by a module name.",
            )
            .at(at));
        };
        let tail = rest_of;
        let (key, tail) = key(tail, steps.len())?;
        found.push(ModuleStep { name: name.clone(), key });
        rest = tail;
    }
    Ok((ModuleInstance::new(found), rest))
}

fn key(steps: &[Step], total: usize) -> Result<(Option<InstanceKey>, &[Step]), ParseError> {
    match steps {
        [Step::Index(k), rest @ ..] => Ok((Some(k.clone()), rest)),
        [Step::Splat, ..] => Err(ParseError::new(
            "Invalid address operator",
            "A splat expression is not allowed here: name one instance, or leave the index out.",
        )
        .at(total - steps.len())),
        _ => Ok((None, steps)),
    }
}

/// Reads the address of a module, a resource or an instance from the steps of a reference.
///
/// # Errors
/// When the steps have no such form.
pub fn parse_steps(steps: &[Step]) -> Result<Target, ParseError> {
    let total = steps.len();
    let (module, rest) = module_prefix(steps)?;
    if !module.is_root() && matches!(rest, [Step::Index(_) | Step::Splat, ..]) {
        return Err(ParseError::new("Invalid address operator", "A module is followed by a dot and a name.")
            .at(total - rest.len()));
    }
    if rest.is_empty() {
        if module.is_root() {
            return Err(ParseError::new("Invalid address", "An address is required: module.NAME or TYPE.NAME."));
        }
        return Ok(Target { module, subject: Subject::Module });
    }
    let (mode, rest) = match rest {
        [Step::Attr(k), tail @ ..] if &**k == "data" => (Mode::Data, tail),
        [Step::Attr(k), tail @ ..] if &**k == "ephemeral" => (Mode::Ephemeral, tail),
        [Step::Attr(k), tail @ ..] if &**k == "resource" => (Mode::Managed, tail),
        _ => (Mode::Managed, rest),
    };
    let at = |tail: &[Step]| total - tail.len();
    let [Step::Attr(type_name), tail @ ..] = rest else {
        return Err(ParseError::new(
            "Invalid address",
            "Resource specification must include a resource type and name.",
        )
        .at(at(rest)));
    };
    let [Step::Attr(name), tail @ ..] = tail else {
        let (detail, place) = if tail.is_empty() {
            ("Resource specification must include a resource type and name.", rest)
        } else {
            ("A resource name is required.", tail)
        };
        return Err(ParseError::new("Invalid address", detail).at(at(place)));
    };
    let (key, tail) = key(tail, total)?;
    match tail {
        [] => {
            let resource = ResourceAddr { mode, type_name: type_name.clone(), name: name.clone() };
            Ok(Target { module, subject: Subject::Resource(resource, key) })
        }
        [Step::Attr(_), ..] if key.is_none() => {
            Err(ParseError::new("Invalid address", "Resource instance key must be given in square brackets.")
                .at(at(tail)))
        }
        _ => Err(ParseError::new("Invalid address", "Unexpected extra operators after address.").at(at(tail))),
    }
}
