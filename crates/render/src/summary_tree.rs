//! A long plan at a glance: modules, in them resources, and how many objects of each are made, changed, replaced, destroyed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sdt_plan::Action;

use crate::theme::{Style, Theme};
use crate::view::ResourceView;

/// Shorter plans are read as they are.
const LONG: usize = 50;
/// A module with more resources than this is told by its sum alone.
const RESOURCES: usize = 25;

#[derive(Default)]
struct Counts([usize; 6]);

impl Counts {
    fn add(&mut self, c: &ResourceView) {
        let at = match c.change.action {
            Action::Create => 0,
            Action::Update => 1,
            Action::Replace(_) => 2,
            Action::Delete => 3,
            Action::Read => 4,
            Action::Forget | Action::NoOp => 5,
        };
        self.0[at] += 1;
    }

    fn text(&self, theme: &Theme) -> String {
        const KINDS: [(&str, Style); 6] = [
            ("+", Style::Green),
            ("~", Style::Yellow),
            ("-/+", Style::Red),
            ("-", Style::Red),
            ("<=", Style::Cyan),
            (".", Style::Dim),
        ];
        let counted = self.0.iter().zip(KINDS).filter(|(n, _)| **n > 0);
        counted.map(|(n, (symbol, style))| theme.paint(style, &format!("{symbol}{n}"))).collect::<Vec<_>>().join(" ")
    }
}

/// The summary of a plan with many changes; empty for the others.
pub(crate) fn summary_tree(changes: &[&ResourceView], theme: &Theme) -> String {
    if changes.len() <= LONG {
        return String::new();
    }
    let mut modules: BTreeMap<String, (Counts, BTreeMap<String, Counts>)> = BTreeMap::new();
    for c in changes {
        // Instances of a module are one line, as instances of a resource are.
        let module = c.addr.module.path().to_string();
        let (all, resources) = modules.entry(module).or_default();
        all.add(c);
        resources.entry(c.addr.resource.to_string()).or_default().add(c);
    }
    let names = modules.iter().flat_map(|(module, (_, resources))| {
        let shown = if resources.len() > RESOURCES { 0 } else { usize::MAX };
        std::iter::once(module.chars().count()).chain(resources.keys().map(|r| r.chars().count() + 2).take(shown))
    });
    let width = names.max().unwrap_or(0).clamp(10, 60);
    let mut out = format!(
        "\n{}\n\n",
        theme.paint(Style::Bold, &format!("{} changes in short, each in full below:", changes.len()))
    );
    for (module, (all, resources)) in &modules {
        let name = if module.is_empty() { "root module" } else { module };
        let _ = writeln!(out, "  {}{}  {}", theme.paint(Style::Bold, name), pad(name, width), all.text(theme));
        if resources.len() > RESOURCES {
            let _ = writeln!(out, "    {} resources", resources.len());
            continue;
        }
        for (resource, counts) in resources {
            let _ = writeln!(out, "    {resource}{}  {}", pad(resource, width.saturating_sub(2)), counts.text(theme));
        }
    }
    out
}

fn pad(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}
