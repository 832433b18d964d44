//! A test file as data.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use sdt_hcl::{Block, Body, TokenKind};

/// A `.tftest.hcl` file.
pub(crate) struct TestFile {
    /// Its path.
    pub(crate) path: String,
    pub(crate) source: SourceId,
    /// The text in which `output.x` and `run.x` are names that the engine knows, byte for byte at their places.
    pub(crate) text: Vec<u8>,
    pub(crate) variables: Vec<(String, Span)>,
    /// Provider blocks: local name and place.
    pub(crate) providers: Vec<(String, Span)>,
    pub(crate) mocks: Vec<Mock>,
    pub(crate) overrides: Vec<Override>,
    pub(crate) runs: Vec<Run>,
    /// `test { parallel = true }`: what runs without a setting of their own do.
    pub(crate) parallel: bool,
}

/// One `run` block.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) header: Span,
    pub(crate) open: Span,
    /// `command = plan`.
    pub(crate) plan_only: bool,
    /// `module { source }`.
    pub(crate) module: Option<String>,
    /// `state_key`: runs with the same one share a state.
    pub(crate) state_key: Option<String>,
    /// `parallel`: the run may go on beside others.
    pub(crate) parallel: Option<bool>,
    /// Runs that this one refers to.
    pub(crate) uses: Vec<String>,
    pub(crate) variables: Vec<(String, Span)>,
    /// Every `assert` block, whole.
    pub(crate) asserts: Vec<Span>,
    /// Where the block ends.
    pub(crate) close: Span,
    /// Names as in `expect_failures`, with their places.
    pub(crate) expect_failures: Vec<(String, Span)>,
    pub(crate) refresh_only: bool,
    pub(crate) refresh: bool,
    pub(crate) targets: Vec<String>,
    pub(crate) replace: Vec<String>,
    pub(crate) overrides: Vec<Override>,
}

/// A `mock_provider` block.
pub(crate) struct Mock {
    /// Local name.
    pub(crate) provider: String,
    /// `mock_resource` and `mock_data`: whether data, the type, and where the defaults are.
    pub(crate) defaults: Vec<(bool, String, Span)>,
}

/// An `override_…` block.
pub(crate) struct Override {
    pub(crate) target: String,
    /// `values` or `outputs`.
    pub(crate) values: Option<Span>,
    pub(crate) span: Span,
}

/// Reads a test file.
pub(crate) fn read(path: &str, bytes: &[u8], sources: &mut SourceMap) -> (TestFile, Diagnostics) {
    let source = sources.add(path, bytes);
    let (body, mut diags) = sdt_hcl::parse_body(source, bytes);
    let mut file = TestFile {
        path: path.to_owned(),
        source,
        text: renamed(bytes),
        variables: Vec::new(),
        providers: Vec::new(),
        mocks: Vec::new(),
        overrides: Vec::new(),
        runs: Vec::new(),
        parallel: false,
    };
    for a in body.attributes.values() {
        diags.push(unsupported("argument", &a.name.name).at(a.span));
    }
    for block in &body.blocks {
        match block.kind.as_str() {
            "variables" => file.variables.extend(attributes(&block.body)),
            "provider" => file.providers.extend(label(block).map(|l| (l, whole(block)))),
            "mock_provider" => file.mocks.extend(mock(block, &mut file.overrides, bytes)),
            "override_resource" | "override_data" | "override_module" => file.overrides.extend(over(block, bytes)),
            "run" => match label(block) {
                Some(name) => {
                    let (run, more) = run(name, block, bytes);
                    diags.extend(more);
                    if file.runs.iter().any(|r| r.name == run.name) {
                        let detail = format!("There is another run {:?} in this file.", run.name);
                        diags.push(Diagnostic::error("Duplicate \"run\" block names", detail).at(run.header));
                    }
                    file.runs.push(run);
                }
                None => diags.push(
                    Diagnostic::error("Missing name for run", "A run block needs a name as its label.")
                        .at(block.header),
                ),
            },
            "test" => {
                let flag = block.body.attributes.get("parallel").map(|a| literal(a.expr.span(), bytes));
                file.parallel = flag.as_deref() == Some("true");
            }
            other => diags.push(unsupported("block type", other).at(block.header)),
        }
    }
    (file, diags)
}

fn unsupported(what: &str, name: &str) -> Diagnostic {
    let title = if what == "argument" { "Unsupported argument" } else { "Unsupported block type" };
    Diagnostic::error(title, format!("A test file has no {what} named {name:?} here."))
}

/// The same text with `output.x` as `local._x` and `run.x` as `var.x`, names that are as long and that the harness declares.
fn renamed(text: &[u8]) -> Vec<u8> {
    let tokens = sdt_hcl::scan(text, sdt_hcl::Mode::Normal);
    let mut out = text.to_vec();
    for (i, t) in tokens.iter().enumerate() {
        let starts = i == 0 || tokens[i - 1].kind != TokenKind::Dot;
        let followed = tokens.get(i + 1).is_some_and(|n| n.kind == TokenKind::Dot && n.start == t.end);
        if t.kind != TokenKind::Ident || !starts || !followed {
            continue;
        }
        match t.bytes(text) {
            b"output" => out[t.start as usize..t.end as usize + 1].copy_from_slice(b"local._"),
            b"run" => out[t.start as usize..t.end as usize].copy_from_slice(b"var"),
            _ => {}
        }
    }
    out
}

fn label(block: &Block) -> Option<String> {
    block.labels.first().map(|l| l.value.to_string())
}

fn whole(block: &Block) -> Span {
    Span { end: block.close.end, ..block.header }
}

fn attributes(body: &Arc<Body>) -> Vec<(String, Span)> {
    body.attributes.values().map(|a| (a.name.name.to_string(), a.expr.span())).collect()
}

fn text_at(span: Span, bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(span.start as usize..span.end as usize).unwrap_or_default()).trim().to_owned()
}

/// What is between quotes, or the text itself.
fn literal(span: Span, bytes: &[u8]) -> String {
    text_at(span, bytes).trim_matches('"').to_owned()
}

fn mock(block: &Block, overrides: &mut Vec<Override>, bytes: &[u8]) -> Option<Mock> {
    let provider = label(block)?;
    let mut defaults = Vec::new();
    for inner in &block.body.blocks {
        if matches!(inner.kind.as_str(), "override_resource" | "override_data" | "override_module") {
            overrides.extend(over(inner, bytes));
            continue;
        }
        let data = inner.kind.as_str() == "mock_data";
        if !data && inner.kind.as_str() != "mock_resource" {
            continue;
        }
        if let (Some(kind), Some(a)) = (label(inner), inner.body.attributes.get("defaults")) {
            defaults.push((data, kind, a.expr.span()));
        }
    }
    Some(Mock { provider, defaults })
}

fn over(block: &Block, bytes: &[u8]) -> Option<Override> {
    let target = text_at(block.body.attributes.get("target")?.expr.span(), bytes);
    let values = block.body.attributes.get("values").or_else(|| block.body.attributes.get("outputs"));
    Some(Override { target, values: values.map(|a| a.expr.span()), span: whole(block) })
}

fn run(name: String, block: &Block, bytes: &[u8]) -> (Run, Diagnostics) {
    let mut diags = Diagnostics::new();
    let mut run = Run {
        name,
        header: block.header,
        open: block.open,
        close: block.close,
        plan_only: false,
        module: None,
        state_key: None,
        parallel: None,
        uses: used(whole(block), bytes),
        variables: Vec::new(),
        asserts: Vec::new(),
        expect_failures: Vec::new(),
        refresh_only: false,
        refresh: true,
        targets: Vec::new(),
        replace: Vec::new(),
        overrides: Vec::new(),
    };
    for a in block.body.attributes.values() {
        match &*a.name.name {
            "command" => match literal(a.expr.span(), bytes).as_str() {
                "plan" => run.plan_only = true,
                "apply" => {}
                other => {
                    let detail = format!("The command is plan or apply, not {other:?}.");
                    diags.push(Diagnostic::error("Invalid \"command\" keyword", detail).at(a.expr.span()));
                }
            },
            "expect_failures" => run.expect_failures = names(a.expr.span(), bytes),
            "state_key" => run.state_key = Some(literal(a.expr.span(), bytes)),
            "parallel" => run.parallel = Some(literal(a.expr.span(), bytes) == "true"),
            "providers" => {}
            other => diags.push(unsupported("argument", other).at(a.span)),
        }
    }
    for inner in &block.body.blocks {
        match inner.kind.as_str() {
            "assert" => run.asserts.push(whole(inner)),
            "variables" => run.variables.extend(attributes(&inner.body)),
            "module" => {
                run.module = inner.body.attributes.get("source").map(|a| literal(a.expr.span(), bytes));
            }
            "plan_options" => {
                for a in inner.body.attributes.values() {
                    let list = || names(a.expr.span(), bytes).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
                    match &*a.name.name {
                        "mode" => run.refresh_only = literal(a.expr.span(), bytes) == "refresh-only",
                        "refresh" => run.refresh = literal(a.expr.span(), bytes) != "false",
                        "target" => run.targets = list(),
                        "replace" => run.replace = list(),
                        other => diags.push(unsupported("argument", other).at(a.span)),
                    }
                }
            }
            "override_resource" | "override_data" | "override_module" => run.overrides.extend(over(inner, bytes)),
            other => diags.push(unsupported("block type", other).at(inner.header)),
        }
    }
    (run, diags)
}

/// The names after `run.` in a block.
fn used(span: Span, bytes: &[u8]) -> Vec<String> {
    let text = text_at(span, bytes);
    let after = text.match_indices("run.").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-' && c != '.')
    });
    let name = |(at, word): (usize, &str)| -> String {
        text[at + word.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').collect()
    };
    after.map(name).filter(|n| !n.is_empty()).collect()
}

/// The members of a list of references, as they are written.
fn names(span: Span, bytes: &[u8]) -> Vec<(String, Span)> {
    let text = text_at(span, bytes);
    let inner = text.trim_start_matches('[').trim_end_matches(']');
    let mut out = Vec::new();
    let (mut depth, mut word) = (0usize, String::new());
    for c in inner.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == ',' && depth == 0 {
            out.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
    }
    out.push(word);
    out.into_iter().map(|w| w.trim().to_owned()).filter(|w| !w.is_empty()).map(|w| (w, span)).collect()
}
