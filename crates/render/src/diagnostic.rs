//! Diagnostics as text and as JSON.

use std::fmt::Write as _;

use sdt_diag::{Diagnostic, Diagnostics, Severity, SourceMap, Span};
use serde::Serialize;
use serde_json::Value as Json;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::theme::{Style, Theme};

/// A place in a file.
#[derive(Clone, Debug, Serialize)]
pub struct RangeView {
    /// The file as shown.
    pub filename: String,
    /// First position.
    pub start: PosView,
    /// One past the last.
    pub end: PosView,
}

/// A position: line and column from 1, byte from 0.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PosView {
    /// Line.
    pub line: u32,
    /// Column in characters as seen.
    pub column: u32,
    /// Byte offset.
    pub byte: u32,
}

/// The source lines around a place.
#[derive(Clone, Debug, Serialize)]
pub struct SnippetView {
    /// Header of the block it is in.
    pub context: Option<String>,
    /// The lines.
    pub code: String,
    /// Line of the first of them.
    pub start_line: u32,
    /// First highlighted byte of `code`.
    pub highlight_start_offset: usize,
    /// One past the last.
    pub highlight_end_offset: usize,
    /// Values of the references in it.
    pub values: Vec<ExprView>,
    /// The function whose call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Json>,
}

/// A reference and what it is.
#[derive(Clone, Debug, Serialize)]
pub struct ExprView {
    /// `var.x`
    pub traversal: String,
    /// `is 5`
    pub statement: String,
}

/// A diagnostic in the form of `validate -json`.
#[derive(Clone, Debug, Serialize)]
pub struct DiagnosticView {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// Title.
    pub summary: String,
    /// Explanation.
    pub detail: String,
    /// The resource instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeView>,
    /// The source there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<SnippetView>,
}

/// Prepares a diagnostic for showing.
#[must_use]
pub fn diagnostic_view(d: &Diagnostic, sources: &SourceMap) -> DiagnosticView {
    let subject = d.subject.and_then(|span| Some((span, sources.file(span.source)?)));
    let (mut range, mut snippet) = (None, None);
    if let Some((span, file)) = subject {
        let len = u32::try_from(file.text.len()).unwrap_or(u32::MAX);
        let clamp = |s: Span| {
            let start = s.start.min(len);
            // An empty range is shown as one character.
            Span { start, end: s.end.max(start + 1).min(len.max(start + 1)), ..s }
        };
        let high = clamp(span);
        let pos = |byte: u32| {
            let p = sources.pos(span.source, byte.min(len));
            // One past the end of the file counts on.
            let beyond = byte.saturating_sub(len);
            PosView { line: p.line, column: p.column + beyond, byte }
        };
        range = Some(RangeView { filename: file.name.to_string(), start: pos(high.start), end: pos(high.end) });
        let wide = d.context.filter(|c| c.source == span.source).map_or(high, |c| {
            let c = clamp(c);
            Span { start: c.start.min(high.start), end: c.end.max(high.end), ..c }
        });
        let mut view = snippet_view(d, &file.text, high, wide, pos(wide.start).line);
        view.context = match file.name.ends_with(".json") {
            true => property_path(&file.text, high.start as usize),
            false => block_header(&file.text, high.start as usize),
        };
        snippet = Some(view);
    } else if d.subject == Some(Span::NOWHERE) {
        let at = |column| PosView { line: 0, column, byte: column };
        range = Some(RangeView { filename: String::new(), start: at(0), end: at(1) });
    }
    DiagnosticView {
        severity: match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        summary: d.summary.clone(),
        detail: d.detail.clone(),
        address: d.address.clone(),
        range,
        snippet,
    }
}

fn snippet_view(d: &Diagnostic, text: &[u8], high: Span, wide: Span, start_line: u32) -> SnippetView {
    let (start, end) = ((wide.start as usize).min(text.len()), (wide.end as usize).min(text.len()));
    let begin = text[..start].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    // A range that ends behind a line break does not reach into the next line.
    let last = if end > start && text.get(end - 1) == Some(&b'\n') { end - 1 } else { end };
    let stop = text[last..].iter().position(|b| *b == b'\n').map_or(text.len(), |i| last + i);
    let line = text.get(begin..stop).unwrap_or_default();
    let code = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
    let offset = |byte: u32| floor_boundary(&code, (byte as usize).saturating_sub(begin).min(code.len()));
    let mut values: Vec<_> =
        d.values.iter().map(|v| ExprView { traversal: v.traversal.clone(), statement: v.statement.clone() }).collect();
    values.sort_by(|a, b| a.traversal.cmp(&b.traversal));
    values.dedup_by(|a, b| a.traversal == b.traversal);
    SnippetView {
        context: None,
        highlight_start_offset: offset(high.start),
        highlight_end_offset: offset(high.end),
        code,
        start_line,
        values,
        function_call: d.function.as_deref().map(function_call),
    }
}

/// A call as `name(first, rest...)`, taken apart as Terraform has it.
fn function_call(call: &str) -> Json {
    let (name, params) = call.split_once('(').unwrap_or((call, ")"));
    let params: Vec<&str> = params.trim_end_matches(')').split(", ").filter(|p| !p.is_empty()).collect();
    let (variadic, fixed): (Vec<&str>, Vec<&str>) = params.iter().partition(|p| p.ends_with("..."));
    let named = |name: &str| serde_json::json!({"name": name.trim_end_matches("...")});
    let mut signature = serde_json::json!({"name": name.strip_prefix("core::").unwrap_or(name)});
    if !fixed.is_empty() {
        signature["params"] = fixed.iter().map(|p| named(p)).collect();
    }
    if let Some(v) = variadic.first() {
        signature["variadic_param"] = named(v);
    }
    serde_json::json!({"called_as": name, "signature": signature})
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// Header of the top-level block around a byte, by its layout: a header starts in the first column, and so does its closing brace.
fn block_header(text: &[u8], at: usize) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let mut found = None;
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if offset > at {
            break;
        }
        if line.starts_with('}') && offset + 1 < at {
            found = None;
        } else if line.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && let Some(brace) = line.find('{')
            && !line[..brace].contains(['=', '#'])
        {
            let whole = line.trim_end().ends_with('}') && brace + 1 < line.trim_end().len();
            let inside = at < offset + line.len();
            // What is said of the block itself, at its first word, is not said inside it.
            found = (at > offset && (!whole || inside)).then(|| header(&line[..brace]));
        }
        offset += line.len();
    }
    found
}

/// Where a place in a JSON document is: `resource.aws_vpc.main.tags`, `check.c.assert[0]`.
fn property_path(text: &[u8], at: usize) -> Option<String> {
    enum Frame {
        Object(String),
        Array(usize),
    }
    let mut frames: Vec<Frame> = Vec::new();
    let mut last = String::new();
    let mut i = 0;
    while i < text.len() && i <= at {
        match text[i] {
            b'{' => frames.push(Frame::Object(String::new())),
            b'[' => frames.push(Frame::Array(0)),
            b'}' | b']' if i < at => {
                frames.pop();
            }
            b',' => {
                if let Some(Frame::Array(n)) = frames.last_mut() {
                    *n += 1;
                }
            }
            b':' => {
                if let Some(Frame::Object(key)) = frames.last_mut() {
                    *key = std::mem::take(&mut last);
                }
            }
            b'"' => {
                let start = i + 1;
                i = start;
                while i < text.len() && text[i] != b'"' {
                    i += if text[i] == b'\\' { 2 } else { 1 };
                }
                if i > at {
                    break;
                }
                last = String::from_utf8_lossy(&text[start..i.min(text.len())]).into_owned();
            }
            _ => {}
        }
        i += 1;
    }
    let mut path = String::new();
    // The innermost frame is where it is; each outer one says by which way.
    for frame in frames.iter().take(frames.len().saturating_sub(1)) {
        match frame {
            Frame::Object(key) if path.is_empty() => path.push_str(key),
            Frame::Object(key) => _ = write!(path, ".{key}"),
            Frame::Array(n) => _ = write!(path, "[{n}]"),
        }
    }
    (!path.is_empty()).then_some(path)
}

fn header(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let _ = write!(out, " \"{}\"", word.trim_matches('"'));
    }
    out
}

/// How diagnostics are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A rule at the left.
    Box,
    /// None: for `-no-color`, where programs may read along.
    Plain,
}

/// Writes one diagnostic for people.
#[must_use]
pub fn diagnostic_text(d: &Diagnostic, sources: &SourceMap, frame: Frame, theme: &Theme) -> String {
    let view = diagnostic_view(d, sources);
    let (word, style) = match d.severity {
        Severity::Error => ("Error: ", Style::Red),
        Severity::Warning => ("Warning: ", Style::Yellow),
    };
    let paint = |s: &str| theme.paint(style, s);
    let mut body = format!(
        "{}{}\n\n",
        theme.paint(style, &theme.paint(Style::Bold, word)),
        theme.paint(Style::Bold, &view.summary)
    );
    body += &place(&view, theme);
    let width = if frame == Frame::Box { theme.width.saturating_sub(2) } else { theme.width };
    if !view.detail.is_empty() {
        for line in view.detail.split('\n') {
            body += &crate::theme::wrap(line, width);
            body.push('\n');
        }
    }
    let body = body.trim_end_matches('\n');
    match frame {
        Frame::Plain => format!("\n{body}\n"),
        Frame::Box => {
            let mut out = format!("{}\n", paint("╷"));
            for line in body.split('\n') {
                let _ = writeln!(out, "{} {line}", paint("│"));
            }
            out + &paint("╵") + "\n"
        }
    }
}

fn place(view: &DiagnosticView, theme: &Theme) -> String {
    let mut out = String::new();
    if let Some(address) = &view.address {
        let _ = writeln!(out, "  with {address},");
    }
    if let (Some(range), Some(snippet)) = (&view.range, &view.snippet) {
        let context = snippet.context.as_ref().map(|c| format!(", in {c}")).unwrap_or_default();
        let _ = writeln!(out, "  on {} line {}{context}:", range.filename, range.start.line);
        let (start, end) =
            (snippet.highlight_start_offset, snippet.highlight_end_offset.max(snippet.highlight_start_offset));
        for (line, text) in (snippet.start_line..).zip(lines_with_offsets(&snippet.code)) {
            let (from, text) = text;
            let at = |byte: usize| byte.saturating_sub(from).min(text.len());
            let (s, e) = (at(start), at(end));
            let marked = start_of(&text[s..e]);
            let high = if s < e && theme.color { theme.paint(Style::Underline, &marked) } else { marked };
            let _ = writeln!(out, "{line:4}: {}{high}{}", end_of(&text[..s]), start_of(&text[e..]));
        }
        if !snippet.values.is_empty() || snippet.function_call.is_some() {
            let _ = writeln!(out, "    {}", theme.paint(Style::Dim, "├────────────────"));
            let rule = theme.paint(Style::Dim, "│");
            if let Some(call) = &snippet.function_call {
                let signature = &call["signature"];
                let fixed = signature["params"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str());
                let rest = signature["variadic_param"]["name"].as_str().map(|n| format!("{n}..."));
                let params: Vec<String> = fixed.map(str::to_owned).chain(rest).collect();
                let name = theme.paint(Style::Bold, call["called_as"].as_str().unwrap_or_default());
                let _ = writeln!(out, "    {rule} while calling {name}({})", params.join(", "));
            }
            for v in &snippet.values {
                let _ = writeln!(out, "    {rule} {} {}", theme.paint(Style::Bold, &v.traversal), v.statement);
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Longer parts of a line are cut: a file of one line would be shown with every message.
const LONGEST: usize = 2000;

fn start_of(text: &str) -> String {
    match (text.len() > LONGEST).then(|| floor_boundary(text, LONGEST)) {
        Some(n) => format!("{}…", &text[..n]),
        None => text.to_owned(),
    }
}

fn end_of(text: &str) -> String {
    match (text.len() > LONGEST).then(|| floor_boundary(text, text.len() - LONGEST)) {
        Some(n) => format!("…{}", &text[n..]),
        None => text.to_owned(),
    }
}

fn lines_with_offsets(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut offset = 0;
    code.split('\n').map(move |line| {
        let at = offset;
        offset += line.len() + 1;
        (at, line)
    })
}

/// Puts diagnostics into the order people read them in: warnings first, then what has no place, then by file and line.
#[must_use]
pub fn in_order(mut diags: Diagnostics, sources: &SourceMap) -> Diagnostics {
    diags.0.sort_by_cached_key(|d| {
        let place = d.subject.map(|s| (sources.file(s.source).map(|f| f.name.clone()), s.start, s.end));
        (d.severity == Severity::Error, place)
    });
    diags
}

/// Unites warnings with the same title that have a place: the first is shown, the others are counted under it.
#[must_use]
pub fn consolidate_warnings(diags: Diagnostics) -> Diagnostics {
    let mut out: Vec<Diagnostic> = Vec::with_capacity(diags.0.len());
    let mut more: Vec<(usize, usize)> = Vec::new();
    for d in diags {
        let same = |o: &Diagnostic| o.severity == d.severity && o.summary == d.summary && o.subject.is_some();
        match out.iter().position(same) {
            Some(at) if d.severity == Severity::Warning && d.subject.is_some() && !d.of_check => {
                match more.iter_mut().find(|(i, _)| *i == at) {
                    Some((_, n)) => *n += 1,
                    None => more.push((at, 1)),
                }
            }
            _ => out.push(d),
        }
    }
    for (at, n) in more {
        let s = if n == 1 { "" } else { "s" };
        let _ = write!(out[at].detail, "\n\n(and {n} more similar warning{s} elsewhere)");
    }
    Diagnostics(out)
}

/// Writes warnings as a list of titles, for `-compact-warnings`.
#[must_use]
pub fn compact_warnings(diags: &Diagnostics, sources: &SourceMap) -> String {
    let mut out = String::from("Warnings:\n\n");
    for d in &diags.0 {
        let _ = writeln!(out, "- {}", d.summary);
        if let Some(range) = diagnostic_view(d, sources).range {
            let _ = writeln!(out, "  on {} line {}", range.filename, range.start.line);
        }
    }
    out + "\nWithout -compact-warnings they are shown in full.\n"
}

/// Columns of a text as a terminal counts them; for tables.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.graphemes(true).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_the_place() {
        let mut sources = SourceMap::default();
        let text = "resource \"t\" \"n\" {\n  a = var.x\n}\n";
        let id = sources.add("main.tf", text.as_bytes());
        let at = u32::try_from(text.find("var").unwrap()).unwrap();
        let mut d =
            Diagnostic::error("Bad value", "Use another.").at(Span { source: id, start: at, end: at + 5 }).on("t.n");
        d.values.push(sdt_diag::ExprValue { traversal: "var.x".into(), statement: "is 5".into() });
        assert_eq!(
            diagnostic_text(&d, &sources, Frame::Box, &Theme::PLAIN),
            "╷\n│ Error: Bad value\n│ \n│   with t.n,\n│   on main.tf line 2, in resource \"t\" \"n\":\n│    2:   a = var.x\n│     ├────────────────\n│     │ var.x is 5\n│ \n│ Use another.\n╵\n"
        );
        assert_eq!(block_header(text.as_bytes(), text.len()), None);
        let view = diagnostic_view(&d, &sources);
        let snippet = view.snippet.unwrap();
        assert_eq!((snippet.highlight_start_offset, snippet.highlight_end_offset), (6, 11));
    }

    #[test]
    fn similar_warnings_are_counted() {
        let at = Span::default();
        let w = |s: &str| Diagnostic::warning(s, "d").at(at);
        let out = consolidate_warnings(Diagnostics(vec![w("a"), w("b"), w("a"), w("a")]));
        assert_eq!(out.0.len(), 2);
        assert!(out.0[0].detail.ends_with("(and 2 more similar warnings elsewhere)"));
    }
}
