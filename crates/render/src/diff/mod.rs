//! Differences of two objects, as a tree that is then written as text.
//!
//! The input is the JSON form of a plan's change (before, after, what is unknown, what is sensitive, which paths force a
//! replacement) beside the schema: exactly what the machine-readable plan holds, so that text and JSON cannot disagree.

mod compute;
mod lcs;
mod quote;
mod write;

use serde_json::Value as Json;

pub(crate) use compute::{block_diff, value_diff};
pub(crate) use quote::{attribute_name, quote};
pub(crate) use write::{Pen, symbol};

/// What happens to a part of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    NoOp,
    Create,
    Update,
    Delete,
}

impl Act {
    /// The action of a whole with one more part: parts that differ in action make it an update.
    pub(crate) fn with(self, part: Act) -> Act {
        if part == Act::NoOp || part == self { self } else { Act::Update }
    }
}

/// A part of an object: what it is, what happens to it, and whether that forces a replacement.
#[derive(Debug)]
pub(crate) struct Diff<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) act: Act,
    pub(crate) replace: bool,
}

/// `None` stands for null.
pub(crate) type Side<'a> = Option<&'a Json>;

#[derive(Debug)]
pub(crate) enum Node<'a> {
    /// A string, number or bool, before and after.
    Leaf(Side<'a>, Side<'a>),
    /// Attributes, keys printed bare.
    Object(Vec<(&'a str, Diff<'a>)>),
    /// Elements by key, keys printed in quotes.
    Map(Vec<(&'a str, Diff<'a>)>),
    List(Vec<Diff<'a>>),
    Set(Vec<Diff<'a>>),
    Sensitive(Secret),
    SensitiveBlock(Secret),
    /// Known after apply; what was there before.
    Unknown(Option<Box<Diff<'a>>>),
    UnknownBlock,
    /// Goes to the provider and nowhere else.
    WriteOnly,
    /// The type changes: both sides are shown apart.
    Retyped(Box<Diff<'a>>, Box<Diff<'a>>),
    Block(Vec<(&'a str, Diff<'a>)>, Vec<Blocks<'a>>),
}

/// What is known about something that is not shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Secret {
    pub(crate) before: bool,
    pub(crate) after: bool,
    pub(crate) unchanged: bool,
}

/// The nested blocks of one type: each with its label, if it has one.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    pub(crate) name: &'a str,
    /// The whole of them forces the replacement.
    pub(crate) replace: bool,
    pub(crate) items: Vec<(Option<&'a str>, Diff<'a>)>,
}

/// The two sides of a part, and what the plan says about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change<'a> {
    pub(crate) before: Side<'a>,
    pub(crate) after: Side<'a>,
    /// A null that is there (a member of an object), unlike one that is absent.
    pub(crate) before_explicit: bool,
    pub(crate) after_explicit: bool,
    pub(crate) unknown: Side<'a>,
    pub(crate) before_sensitive: Side<'a>,
    pub(crate) after_sensitive: Side<'a>,
    /// What is left of each path that forces a replacement.
    pub(crate) replace: Vec<&'a [Json]>,
}

/// Null as `None`.
pub(crate) fn side(json: &Json) -> Side<'_> {
    (!json.is_null()).then_some(json)
}

/// Lines of two texts with what becomes of each: kept (blank), gone (`-`) or new (`+`).
pub(crate) fn line_pairs<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<(char, &'t str)> {
    let mut out = Vec::new();
    for pair in lcs::along_common(before, after) {
        match pair {
            (Some(b), Some(_)) => out.push((' ', before[b])),
            (Some(b), None) => out.push(('-', before[b])),
            (None, Some(a)) => out.push(('+', after[a])),
            (None, None) => {}
        }
    }
    out
}
