//! From a [`Diff`] to lines of text.

use serde_json::Value as Json;

use super::lcs::pairs;
use super::{Act, Blocks, Change, Diff, Node, Secret, Side, attribute_name, quote, side, value_diff};
use crate::theme::{Style, Theme};

/// Attributes that say which object this is: shown although unchanged.
const TELLING: [&str; 3] = ["id", "name", "tags"];

/// How a part is written; handed down from the whole to its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen<'t> {
    pub(crate) theme: &'t Theme,
    /// Parts that do not change are written too.
    pub(crate) unchanged: bool,
    /// No symbols before lines (a state is shown, not a change).
    pub(crate) bare: bool,
    /// No `-> null` behind what goes away.
    pub(crate) no_null: bool,
    /// This part counts as forcing the replacement; does not go further down.
    pub(crate) force: bool,
}

/// The symbol of an action with the two columns before it.
pub(crate) fn symbol(theme: &Theme, act: Act) -> String {
    match act {
        Act::NoOp => "    ".into(),
        Act::Create => format!("  {} ", theme.paint(Style::Green, "+")),
        Act::Update => format!("  {} ", theme.paint(Style::Yellow, "~")),
        Act::Delete => format!("  {} ", theme.paint(Style::Red, "-")),
    }
}

fn pad(indent: usize) -> String {
    " ".repeat(4 * indent)
}

impl<'t> Pen<'t> {
    pub(crate) const fn new(theme: &'t Theme) -> Self {
        Self { theme, unchanged: false, bare: false, no_null: false, force: false }
    }

    fn symbol(&self, act: Act) -> String {
        if self.bare { String::new() } else { symbol(self.theme, act) }
    }

    /// The pen for parts: the same, but `force` stays behind.
    const fn inner(&self) -> Self {
        Self { force: false, ..*self }
    }

    const fn no_null(&self) -> Self {
        Self { no_null: true, force: false, ..*self }
    }

    fn forces(&self, replace: bool) -> String {
        if replace || self.force {
            format!(" {}", self.theme.paint(Style::Red, "# forces replacement"))
        } else {
            String::new()
        }
    }

    fn null_suffix(&self, act: Act) -> String {
        if act == Act::Delete && !self.no_null { self.theme.paint(Style::Dim, " -> null") } else { String::new() }
    }

    fn arrow(&self) -> String {
        format!(" {} ", self.theme.paint(Style::Yellow, "->"))
    }

    fn hidden(&self, what: &str, count: usize) -> String {
        let s = if count == 1 { "" } else { "s" };
        self.theme.paint(Style::Dim, &format!("# ({count} unchanged {what}{s} hidden)"))
    }

    /// Writes one part; the text starts at the value and goes on at `indent`.
    pub(crate) fn write(&self, diff: &Diff<'_>, indent: usize) -> String {
        let forces = self.forces(diff.replace);
        match &diff.node {
            Node::Leaf(before, after) => self.leaf(*before, *after, diff, indent),
            Node::Sensitive(_) => format!("(sensitive value){}{forces}", self.null_suffix(diff.act)),
            Node::SensitiveBlock(_) => {
                let (p, s) = (pad(indent), self.symbol(Act::NoOp));
                format!(
                    "{{{forces}\n{p}{s}  # At least one attribute in this block is (or was) sensitive,\n{p}{s}  # so its contents will not be displayed.\n{p}{s}}}"
                )
            }
            Node::Unknown(None) => format!("(known after apply){forces}"),
            Node::Unknown(Some(before)) => {
                format!("{}{}(known after apply){forces}", self.no_null().write(before, indent), self.arrow())
            }
            Node::WriteOnly => format!("(write-only attribute){}{forces}", self.null_suffix(diff.act)),
            Node::UnknownBlock => format!("(known after apply){forces}"),
            Node::Retyped(before, after) => {
                let pen = self.no_null();
                format!("{}{}{}{forces}", pen.write(before, indent), self.arrow(), pen.write(after, indent))
            }
            Node::Object(items) => self.object(items, diff, indent),
            Node::Map(items) => self.map(items, diff, indent),
            Node::List(items) => self.list(items, diff, indent),
            Node::Set(items) => self.set(items, diff, indent),
            Node::Block(attributes, blocks) => self.block(attributes, blocks, diff, indent),
        }
    }

    /// Lines above a part: only when it begins or ceases to be sensitive.
    fn warnings(&self, diff: &Diff<'_>, indent: usize) -> String {
        let (Node::Sensitive(Secret { before, after, unchanged })
        | Node::SensitiveBlock(Secret { before, after, unchanged })) = diff.node
        else {
            return String::new();
        };
        if before == after || matches!(diff.act, Act::Create | Act::Delete) {
            return String::new();
        }
        let noun = if matches!(diff.node, Node::Sensitive(_)) { "attribute value" } else { "block" };
        let same = if unchanged { " The value is unchanged." } else { "" };
        let p = pad(indent);
        let warning = self.theme.paint(Style::Yellow, "Warning:");
        if before {
            format!(
                "{p}  # {warning} this {noun} will no longer be marked as sensitive\n{p}  # after applying this change.{same}\n"
            )
        } else {
            format!(
                "{p}  # {warning} this {noun} will be marked as sensitive and will not\n{p}  # display in UI output after applying this change.{same}\n"
            )
        }
    }

    fn object(&self, items: &[(&str, Diff<'_>)], diff: &Diff<'_>, indent: usize) -> String {
        let tail = self.null_suffix(diff.act);
        if items.is_empty() {
            return format!("{{}}{tail}{}", self.forces(diff.replace));
        }
        let mut out = format!("{{{}\n", self.forces(diff.replace));
        self.attributes(&mut out, items, &self.no_null(), indent);
        out + &pad(indent) + &self.symbol(Act::NoOp) + "}" + &tail
    }

    /// `name = value` lines, aligned, the unchanged ones counted.
    fn attributes(&self, out: &mut String, items: &[(&str, Diff<'_>)], pen: &Self, indent: usize) {
        let names: Vec<_> = items.iter().map(|(name, _)| attribute_name(name)).collect();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let mut hidden = 0;
        for ((key, item), name) in items.iter().zip(&names) {
            let telling = TELLING.contains(key);
            if item.act == Act::NoOp && !telling && !self.unchanged {
                hidden += 1;
                continue;
            }
            let pen = Self { unchanged: pen.unchanged || telling, ..*pen };
            *out += &self.warnings(item, indent + 1);
            *out += &pad(indent + 1);
            *out += &self.symbol(item.act);
            *out += &format!("{name:width$} = {}\n", pen.write(item, indent + 1));
        }
        if hidden > 0 {
            *out += &format!("{}{}{}\n", pad(indent + 1), self.symbol(Act::NoOp), self.hidden("attribute", hidden));
        }
    }

    fn map(&self, items: &[(&str, Diff<'_>)], diff: &Diff<'_>, indent: usize) -> String {
        let tail = self.null_suffix(diff.act);
        if items.is_empty() {
            return format!("{{}}{tail}{}", self.forces(diff.replace));
        }
        // What goes with the whole map needs no word of its own.
        let pen = if diff.act == Act::Delete { self.no_null() } else { *self };
        let mut out = format!("{{{}\n", self.forces(diff.replace));
        let names: Vec<_> = items.iter().map(|(name, _)| quote(name)).collect();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let mut hidden = 0;
        for ((_, item), name) in items.iter().zip(&names) {
            if item.act == Act::NoOp && !self.unchanged {
                hidden += 1;
                continue;
            }
            out += &self.warnings(item, indent + 1);
            let comma = if matches!(item.node, Node::Object(_)) { "," } else { "" };
            let value = pen.write(item, indent + 1);
            out += &format!("{}{}{name:width$} = {value}{comma}\n", pad(indent + 1), self.symbol(item.act));
        }
        if hidden > 0 {
            out += &format!("{}{}{}\n", pad(indent + 1), self.symbol(Act::NoOp), self.hidden("element", hidden));
        }
        out + &pad(indent) + &self.symbol(Act::NoOp) + "}" + &tail
    }

    /// The neighbours of a changed element are written too: in a list the place matters.
    fn list(&self, items: &[Diff<'_>], diff: &Diff<'_>, indent: usize) -> String {
        let tail = self.null_suffix(diff.act);
        if items.is_empty() {
            return format!("[]{tail}{}", self.forces(diff.replace));
        }
        let mut out = format!("[{}\n", self.forces(diff.replace));
        let line = |pen: &Self, item: &Diff<'_>| {
            format!("{}{}{},\n", pad(indent + 1), self.symbol(item.act), pen.write(item, indent + 1))
        };
        let count = |n: usize| format!("{}{}{}\n", pad(indent + 1), self.symbol(Act::NoOp), self.hidden("element", n));
        let context = Self { unchanged: true, ..self.inner() };
        let changed = self.no_null();
        let (mut skipped, mut after_change) = (Vec::new(), false);
        for item in items {
            if item.act == Act::NoOp && !after_change && !self.unchanged {
                skipped.push(item);
                continue;
            }
            if let Some((last, others)) = skipped.split_last() {
                if !others.is_empty() {
                    out += &count(others.len());
                }
                out += &line(&context, last);
                skipped.clear();
            }
            after_change = item.act != Act::NoOp;
            out += &self.warnings(item, indent + 1);
            out += &line(if after_change { &changed } else { &context }, item);
        }
        if !skipped.is_empty() {
            out += &count(skipped.len());
        }
        out + &pad(indent) + &self.symbol(Act::NoOp) + "]" + &tail
    }

    fn set(&self, items: &[Diff<'_>], diff: &Diff<'_>, indent: usize) -> String {
        let tail = self.null_suffix(diff.act);
        if items.is_empty() {
            return format!("[]{tail}{}", self.forces(diff.replace));
        }
        let pen = self.no_null();
        let mut out = format!("[{}\n", self.forces(diff.replace));
        let mut hidden = 0;
        for item in items {
            if item.act == Act::NoOp && !self.unchanged {
                hidden += 1;
                continue;
            }
            out += &self.warnings(item, indent + 1);
            out += &format!("{}{}{},\n", pad(indent + 1), self.symbol(item.act), pen.write(item, indent + 1));
        }
        if hidden > 0 {
            out += &format!("{}{}{}\n", pad(indent + 1), self.symbol(Act::NoOp), self.hidden("element", hidden));
        }
        out + &pad(indent) + &self.symbol(Act::NoOp) + "]" + &tail
    }

    fn block(&self, attributes: &[(&str, Diff<'_>)], blocks: &[Blocks<'_>], diff: &Diff<'_>, indent: usize) -> String {
        let forces = self.forces(diff.replace);
        if attributes.is_empty() && blocks.is_empty() {
            return format!("{{}}{forces}");
        }
        let mut out = format!("{{{forces}\n");
        self.attributes(&mut out, attributes, &self.inner(), indent);
        let mut hidden = 0;
        for group in blocks {
            let mut first = true;
            for (label, item) in &group.items {
                if item.act == Act::NoOp && !self.unchanged {
                    hidden += 1;
                    continue;
                }
                if std::mem::take(&mut first) && !attributes.is_empty() {
                    out.push('\n');
                }
                let pen = Self { force: group.replace, ..*self };
                let label = label.map(|l| format!(" {}", quote(l))).unwrap_or_default();
                out += &self.warnings(item, indent + 1);
                out += &format!(
                    "{}{}{}{label} {}\n",
                    pad(indent + 1),
                    self.symbol(item.act),
                    attribute_name(group.name),
                    pen.write(item, indent + 1)
                );
            }
        }
        if hidden > 0 {
            out += &format!("\n{}{}{}\n", pad(indent + 1), self.symbol(Act::NoOp), self.hidden("block", hidden));
        }
        out + &pad(indent) + &self.symbol(Act::NoOp) + "}"
    }

    fn leaf(&self, before: Side<'_>, after: Side<'_>, diff: &Diff<'_>, indent: usize) -> String {
        let forces = self.forces(diff.replace);
        let tail = self.null_suffix(diff.act);
        let string = |s: Side<'_>| s.is_none_or(Json::is_string);
        if (before.is_none() && after.is_none()) || !string(before) || !string(after) {
            let show = |s: Side<'_>| s.map_or_else(|| self.theme.paint(Style::Dim, "null"), ToString::to_string);
            return match diff.act {
                Act::Create => format!("{}{forces}", show(after)),
                Act::Delete => format!("{}{tail}{forces}", show(before)),
                Act::NoOp => format!("{}{forces}", show(before)),
                Act::Update => format!("{}{}{}{forces}", show(before), self.arrow(), show(after)),
            };
        }
        let sides = (before, after);
        let (before, after) = (Text::of(before), Text::of(after));
        match diff.act {
            Act::Create | Act::NoOp => match &after {
                Text::Json(json) => {
                    self.json(if diff.act == Act::NoOp { Some(json) } else { None }, Some(json), diff, indent)
                }
                Text::Lines(text) => self.heredoc(text.split('\n').map(|l| (Act::NoOp, l)), &forces, "", indent),
                _ => format!("{}{forces}", self.plain(&after)),
            },
            Act::Delete => match &before {
                Text::Null => format!("{}{forces}", self.plain(&before)),
                Text::Json(json) => self.json(Some(json), None, diff, indent),
                Text::Lines(text) => self.heredoc(text.split('\n').map(|l| (Act::NoOp, l)), &forces, &tail, indent),
                Text::Plain(_) => format!("{}{tail}{forces}", self.plain(&before)),
            },
            Act::Update => match (&before, &after) {
                (Text::Json(b), Text::Json(a)) => self.json(Some(b), Some(a), diff, indent),
                (Text::Json(_), _) | (_, Text::Json(_)) => {
                    let pen = self.no_null();
                    let one = |b, a, act| pen.leaf(b, a, &Diff { node: Node::Leaf(b, a), act, replace: false }, indent);
                    let (old, new) = (one(sides.0, None, Act::Delete), one(None, sides.1, Act::Create));
                    format!("{old}{}{new}{forces}", self.arrow())
                }
                (Text::Lines(_), _) | (_, Text::Lines(_)) => {
                    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
                    let mut lines = Vec::new();
                    for pair in pairs(&old, &new, &|_| false) {
                        match pair {
                            (Some(b), Some(a)) if old[b] == new[a] => lines.push((Act::NoOp, old[b])),
                            (b, a) => {
                                lines.extend(b.map(|b| (Act::Delete, old[b])));
                                lines.extend(a.map(|a| (Act::Create, new[a])));
                            }
                        }
                    }
                    self.heredoc(lines.into_iter(), &forces, "", indent)
                }
                _ => format!("{}{}{}{forces}", self.plain(&before), self.arrow(), self.plain(&after)),
            },
        }
    }

    fn plain(&self, text: &Text<'_>) -> String {
        text.raw().map_or_else(|| self.theme.paint(Style::Dim, "null"), quote)
    }

    fn heredoc<'l>(
        &self,
        lines: impl Iterator<Item = (Act, &'l str)>,
        forces: &str,
        tail: &str,
        indent: usize,
    ) -> String {
        let mut out = format!("<<-EOT{forces}\n");
        for (act, line) in lines {
            out += &format!("{}{}{line}\n", pad(indent + 1), self.symbol(act));
        }
        out + &pad(indent) + &self.symbol(Act::NoOp) + "EOT" + tail
    }

    /// A string that holds JSON is shown as what it encodes.
    fn json(&self, before: Option<&Json>, after: Option<&Json>, diff: &Diff<'_>, indent: usize) -> String {
        let inner = value_diff(&Change {
            before: before.and_then(side),
            after: after.and_then(side),
            before_explicit: diff.act != Act::Create,
            after_explicit: diff.act != Act::Delete,
            ..Change::default()
        });
        let mut pen = self.no_null();
        let mut act = diff.act;
        let mut spaces = "";
        let mut forces = String::new();
        if inner.act == Act::NoOp && diff.act == Act::Update {
            spaces = if diff.replace { " # whitespace changes force replacement" } else { " # whitespace changes" };
            act = Act::NoOp;
            pen.unchanged = true;
        } else {
            forces = self.forces(diff.replace);
        }
        let text = pen.write(&inner, indent + 1);
        if matches!(diff.act, Act::Create | Act::Delete) {
            act = Act::NoOp;
        }
        if text.contains('\n') {
            return format!(
                "jsonencode({spaces}\n{}{}{text}{forces}\n{}{}){}",
                pad(indent + 1),
                self.symbol(act),
                pad(indent),
                self.symbol(Act::NoOp),
                self.null_suffix(diff.act)
            );
        }
        // On one line are empty objects and lists only.
        format!("jsonencode({text}){spaces}{forces}")
    }
}

/// A string as it is shown.
enum Text<'a> {
    Null,
    Plain(&'a str),
    /// More than one line, without blank lines around it.
    Lines(&'a str),
    Json(Json),
}

impl<'a> Text<'a> {
    fn of(side: Side<'a>) -> Self {
        let Some(text) = side.and_then(Json::as_str) else { return Self::Null };
        if text.starts_with(['{', '['])
            && let Ok(json) = serde_json::from_str(text)
        {
            return Self::Json(json);
        }
        if text.contains('\n') { Self::Lines(text.trim()) } else { Self::Plain(text) }
    }

    fn raw(&self) -> Option<&'a str> {
        match self {
            Self::Plain(text) | Self::Lines(text) => Some(text),
            Self::Null | Self::Json(_) => None,
        }
    }

    fn lines(&self) -> impl Iterator<Item = &'a str> {
        self.raw().unwrap_or("null").split('\n')
    }
}
