//! Differences of two texts, in the unified form.

use std::fmt::Write as _;

use crate::diff::line_pairs;
use crate::theme::{Style, Theme};

/// Writes the unified difference of two versions of a file; empty when they are equal.
#[must_use]
pub fn unified_diff(name: &str, old: &str, new: &str, theme: &Theme) -> String {
    const CONTEXT: usize = 3;
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let lines = line_pairs(&before, &after);
    let changed: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].0 != ' ').collect();
    let Some(first) = changed.first() else { return String::new() };
    let mut out = format!("--- old/{name}\n+++ new/{name}\n");
    let mut from = first.saturating_sub(CONTEXT);
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    let mut to = from;
    for i in changed {
        if i > to + CONTEXT && to > from {
            hunks.push((from, to));
            from = i.saturating_sub(CONTEXT);
        }
        to = (i + 1 + CONTEXT).min(lines.len());
    }
    hunks.push((from, to));
    for (from, to) in hunks {
        let count = |range: &[(char, &str)], skip: char| range.iter().filter(|(c, _)| *c != skip).count();
        let start = (count(&lines[..from], '+') + 1, count(&lines[..from], '-') + 1);
        let len = (count(&lines[from..to], '+'), count(&lines[from..to], '-'));
        let _ = writeln!(out, "@@ -{},{} +{},{} @@", start.0, len.0, start.1, len.1);
        for (sign, line) in &lines[from..to] {
            let text = format!("{sign}{}", line.trim_end_matches('\n'));
            out += &match sign {
                '-' => theme.paint(Style::Red, &text),
                '+' => theme.paint(Style::Green, &text),
                _ => text,
            };
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_hunks() {
        let got = unified_diff("a.tf", "a\nb\nc\n", "a\nx\nc\n", &Theme::PLAIN);
        assert_eq!(got, "--- old/a.tf\n+++ new/a.tf\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        assert_eq!(unified_diff("a.tf", "a\n", "a\n", &Theme::PLAIN), "");
    }
}
