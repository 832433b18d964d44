//! A test file as data.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_addr::{Subject, Target};
use sdt_diag::{Diagnostic, Diagnostics, SourceId, SourceMap, Span};
use sdt_hcl::{Attribute, Block, Body, Expr, ExprKind, TokenKind};

/// A `.tftest.hcl` file.
pub(crate) struct TestFile {
    /// Its path.
    pub(crate) path: String,
    pub(crate) source: SourceId,
    /// The text in which `output.x` and `run.x` are names that the engine knows, byte for byte at their places.
    pub(crate) text: Arc<[u8]>,
    pub(crate) variables: Vec<(String, Span)>,
    /// Provider blocks.
    pub(crate) providers: Vec<ProviderBlock>,
    pub(crate) mocks: Vec<Mock>,
    pub(crate) overrides: Vec<Override>,
    pub(crate) runs: Vec<Run>,
    /// `test { parallel = true }`: what runs without a setting of their own do.
    pub(crate) parallel: bool,
}

/// A `provider` block.
pub(crate) struct ProviderBlock {
    /// `NAME` or `NAME.ALIAS`.
    pub(crate) key: String,
    /// The block, whole.
    pub(crate) span: Span,
    /// The `alias` argument, whole.
    pub(crate) alias: Option<Span>,
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
    /// Runs that this one refers to, and where.
    pub(crate) uses: Vec<(String, Span)>,
    /// `providers`: which of the file's stands for which of the module's.
    pub(crate) providers: Vec<(String, String, Span)>,
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
    /// `NAME` or `NAME.ALIAS`.
    pub(crate) key: String,
    /// `mock_resource` and `mock_data`.
    pub(crate) defaults: Vec<MockDefaults>,
    /// Whether plans have the values already.
    pub(crate) during_plan: bool,
}

/// Values for the objects of a type.
pub(crate) struct MockDefaults {
    /// Of a data source.
    pub(crate) data: bool,
    /// The type.
    pub(crate) kind: String,
    /// The expression.
    pub(crate) span: Span,
    /// The text it stands in.
    pub(crate) text: Arc<[u8]>,
}

/// An `override_…` block.
pub(crate) struct Override {
    pub(crate) target: String,
    /// Whether plans have the values already.
    pub(crate) during_plan: bool,
    /// The text of the values.
    pub(crate) text: Arc<[u8]>,
    /// `values` or `outputs`.
    pub(crate) values: Option<Span>,
    pub(crate) span: Span,
}

/// Reads a test file.
pub(crate) fn read(path: &str, bytes: &[u8], sources: &mut SourceMap) -> (TestFile, Diagnostics) {
    let translated = path.ends_with(".json").then(|| super::json::to_native(bytes)).transpose();
    let bytes = match &translated {
        Ok(native) => native.as_deref().unwrap_or(bytes),
        Err(why) => {
            let d = Diagnostic::error("Invalid JSON", format!("{path}: {why}"));
            return (empty(path, sources.add(path, bytes)), d.into());
        }
    };
    let source = sources.add(path, bytes);
    let (body, mut diags) = sdt_hcl::parse_body(source, bytes);
    let mut file = empty(path, source);
    file.text = renamed(bytes).into();
    let mut seen = Seen { overrides: BTreeMap::new(), text: file.text.clone(), sources };
    for a in body.attributes.values() {
        diags.push(unsupported("argument", &a.name.name).at(a.span));
    }
    for block in &body.blocks {
        match block.kind.as_str() {
            "variables" => file.variables.extend(attributes(&block.body)),
            "provider" => file.providers.extend(provider(block)),
            "mock_provider" => file.mocks.extend(mock(block, &mut file.overrides, &mut seen, &mut diags)),
            "override_resource" | "override_data" | "override_module" => {
                file.overrides.extend(over(block, &mut seen, false, &mut diags));
            }
            "run" => match label(block) {
                Some(name) => {
                    if !sdt_addr::is_identifier(&name) {
                        let detail = format!(
                            "The name {name:?} of a run must be a letter or underscore, then letters, digits, underscores and dashes."
                        );
                        diags.push(Diagnostic::error("Invalid run block name", detail).at(block.header));
                    }
                    // Another run may override the same again.
                    let mut seen =
                        Seen { overrides: BTreeMap::new(), text: seen.text.clone(), sources: &mut *seen.sources };
                    let (run, more) = run(name, block, bytes, &mut seen);
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
                file.parallel =
                    block.body.attributes.get("parallel").and_then(|a| keyword(&a.expr)).as_deref() == Some("true");
            }
            other => diags.push(unsupported("block type", other).at(block.header)),
        }
    }
    (file, diags)
}

fn empty(path: &str, source: SourceId) -> TestFile {
    TestFile {
        path: path.to_owned(),
        source,
        text: Arc::from([]),
        variables: Vec::new(),
        providers: Vec::new(),
        mocks: Vec::new(),
        overrides: Vec::new(),
        runs: Vec::new(),
        parallel: false,
    }
}

/// What blocks of one place share.
struct Seen<'a> {
    /// Targets by kind of block.
    overrides: BTreeMap<(String, String), Span>,
    text: Arc<[u8]>,
    sources: &'a mut SourceMap,
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
    String::from_utf8_lossy(bytes.get(span.start as usize..span.end as usize).unwrap_or_default()).into_owned()
}

/// A name that stands by itself, or a word in quotes, which is meant as one.
fn keyword(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Traversal(t) => Some(t.to_string()),
        ExprKind::Literal(v) => v.as_str().map(str::to_owned).or_else(|| v.as_bool().map(|b| b.to_string())),
        ExprKind::Template(parts) if parts.len() == 1 => keyword(parts.first()?),
        ExprKind::Parens(inner) => keyword(inner),
        _ => None,
    }
}

/// The members of a list of references.
fn names(expr: &Expr, diags: &mut Diagnostics) -> Vec<(String, Span)> {
    let ExprKind::Tuple(items) = &expr.unparenthesised().kind else {
        diags.push(Diagnostic::error("Invalid expression", "A list of references is needed here.").at(expr.span()));
        return Vec::new();
    };
    let mut out = Vec::new();
    for item in items {
        match &item.kind {
            ExprKind::Traversal(t) => out.push((t.to_string(), item.span())),
            _ => diags.push(Diagnostic::error("Invalid reference", "A reference is needed here.").at(item.span())),
        }
    }
    out
}

/// Which of two words an argument is; `false` for the first, which is also what it is without it.
fn one_of(body: &Body, name: &str, words: [&str; 2], diags: &mut Diagnostics) -> bool {
    let Some(a) = body.attributes.get(name) else { return false };
    let word = keyword(&a.expr);
    if let Some(at) = words.iter().position(|w| Some(*w) == word.as_deref()) {
        return at == 1;
    }
    let detail = format!("The argument {name:?} is one of the words {} and {}, without quotes.", words[0], words[1]);
    diags.push(Diagnostic::error(format!("Invalid {name:?} keyword"), detail).at(a.expr.span()));
    false
}

fn provider(block: &Block) -> Option<ProviderBlock> {
    let name = label(block)?;
    let alias = block.body.attributes.get("alias");
    Some(ProviderBlock { key: key(name, alias), span: whole(block), alias: alias.map(|a| a.span) })
}

fn key(name: String, alias: Option<&Attribute>) -> String {
    alias.and_then(|a| keyword(&a.expr)).map_or(name.clone(), |alias| format!("{name}.{alias}"))
}

fn mock(block: &Block, overrides: &mut Vec<Override>, seen: &mut Seen<'_>, diags: &mut Diagnostics) -> Option<Mock> {
    let key = key(label(block)?, block.body.attributes.get("alias"));
    let during_plan = one_of(&block.body, "override_during", ["apply", "plan"], diags);
    let mut mock = Mock { key, defaults: Vec::new(), during_plan };
    for a in block.body.attributes.values() {
        if !matches!(&*a.name.name, "alias" | "override_during" | "source") {
            diags.push(unsupported("argument", &a.name.name).at(a.span));
        }
    }
    if let Some(a) = block.body.attributes.get("source")
        && let Some(dir) = keyword(&a.expr)
    {
        let mut names: Vec<String> = match std::fs::read_dir(&dir) {
            Ok(entries) => entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect(),
            Err(e) => {
                diags.push(Diagnostic::error("Failed to read mock directory", format!("{dir}: {e}")).at(a.expr.span()));
                Vec::new()
            }
        };
        names.retain(|n| n.ends_with(".tfmock.hcl") || n.ends_with(".tfmock.json"));
        names.sort_unstable();
        for name in names {
            let path = format!("{}/{name}", dir.trim_start_matches("./"));
            let text = std::fs::read(&path).map_err(|e| e.to_string());
            let text = text.and_then(|t| if name.ends_with(".json") { super::json::to_native(&t) } else { Ok(t) });
            match text {
                Ok(text) => {
                    let (body, more) = sdt_hcl::parse_body(seen.sources.add(path.as_str(), text.as_slice()), &text);
                    diags.extend(more);
                    let own = std::mem::replace(&mut seen.text, text.into());
                    mocked(&body, &mut mock, overrides, seen, diags);
                    seen.text = own;
                }
                Err(e) => {
                    diags.push(Diagnostic::error("Failed to read mock file", format!("{path}: {e}")).at(a.expr.span()));
                }
            }
        }
    }
    mocked(&block.body, &mut mock, overrides, seen, diags);
    Some(mock)
}

/// What a mock provider, or a file for it, says.
fn mocked(body: &Body, mock: &mut Mock, overrides: &mut Vec<Override>, seen: &mut Seen<'_>, diags: &mut Diagnostics) {
    for inner in &body.blocks {
        match inner.kind.as_str() {
            "override_resource" | "override_data" | "override_module" => {
                overrides.extend(over(inner, seen, mock.during_plan, diags));
            }
            "mock_resource" | "mock_data" => {
                if let (Some(kind), Some(a)) = (label(inner), inner.body.attributes.get("defaults")) {
                    let data = inner.kind.as_str() == "mock_data";
                    mock.defaults.push(MockDefaults { data, kind, span: a.expr.span(), text: seen.text.clone() });
                }
            }
            other => diags.push(unsupported("block type", other).at(inner.header)),
        }
    }
}

fn over(block: &Block, seen: &mut Seen<'_>, during_plan: bool, diags: &mut Diagnostics) -> Option<Override> {
    let kind = block.kind.as_str().to_owned();
    let Some(a) = block.body.attributes.get("target") else {
        let detail = format!("An {kind} block needs the address of its target.");
        diags.push(Diagnostic::error("Missing target attribute", detail).at(block.header));
        return None;
    };
    let at = a.expr.span();
    let wanted = if kind == "override_module" { "outputs" } else { "values" };
    for a in block.body.attributes.values() {
        if !matches!(&*a.name.name, "target" | "override_during") && *a.name.name != *wanted {
            diags.push(unsupported("argument", &a.name.name).at(a.span));
        }
    }
    let target = match &a.expr.kind {
        ExprKind::Traversal(t) => t.to_string(),
        _ => String::new(),
    };
    let parsed = target.parse::<Target>();
    let fits = match &parsed {
        Ok(t) => match (&t.subject, kind.as_str()) {
            (Subject::Module, k) => k == "override_module",
            (Subject::Resource(r, _), "override_resource") => r.mode == sdt_addr::Mode::Managed,
            (Subject::Resource(r, _), "override_data") => r.mode == sdt_addr::Mode::Data,
            _ => false,
        },
        Err(_) => false,
    };
    if !fits {
        let what = match kind.as_str() {
            "override_module" => "a module",
            "override_data" => "a data source",
            _ => "a resource",
        };
        let detail = format!("The target of an {kind} block is the address of {what}.");
        diags.push(Diagnostic::error("Invalid override target", detail).at(at));
        return None;
    }
    if let Some(other) = seen.overrides.insert((kind.clone(), target.clone()), block.header)
        && other.source == block.header.source
    {
        let detail = format!("Another {kind} block has the target {target} too.");
        diags.push(Diagnostic::error(format!("Duplicate {kind} block"), detail).at(block.header));
    }
    let during_plan = match block.body.attributes.contains_key("override_during") {
        true => one_of(&block.body, "override_during", ["apply", "plan"], diags),
        false => during_plan,
    };
    let values = block.body.attributes.get(wanted).map(|a| a.expr.span());
    Some(Override { target, during_plan, text: seen.text.clone(), values, span: block.header })
}

/// An assertion needs both of its arguments, and refers to something.
fn assertion(block: &Block, diags: &mut Diagnostics) {
    for name in ["condition", "error_message"] {
        if !block.body.attributes.contains_key(name) {
            let detail = format!("An assert block needs the argument {name:?}.");
            diags.push(Diagnostic::error("Missing required argument", detail).at(block.header));
        }
    }
    if let Some(a) = block.body.attributes.get("condition")
        && a.expr.traversals().is_empty()
    {
        let detail = "The condition refers to nothing: it would always have the same result and check nothing.";
        diags.push(Diagnostic::error("Invalid assert expression", detail).at(a.expr.span()));
    }
}

fn run(name: String, block: &Block, bytes: &[u8], seen: &mut Seen<'_>) -> (Run, Diagnostics) {
    let mut diags = Diagnostics::new();
    let mut run = Run {
        name,
        header: block.header,
        open: block.open,
        close: block.close,
        plan_only: one_of(&block.body, "command", ["apply", "plan"], &mut diags),
        module: None,
        state_key: None,
        parallel: None,
        uses: used(whole(block), bytes),
        providers: Vec::new(),
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
            "command" => {}
            "expect_failures" => run.expect_failures = names(&a.expr, &mut diags),
            "state_key" => run.state_key = keyword(&a.expr),
            "parallel" => run.parallel = Some(keyword(&a.expr).as_deref() == Some("true")),
            "providers" => run.providers = passed(&a.expr, &mut diags),
            other => diags.push(unsupported("argument", other).at(a.span)),
        }
    }
    for inner in &block.body.blocks {
        match inner.kind.as_str() {
            "assert" => {
                assertion(inner, &mut diags);
                run.asserts.push(whole(inner));
            }
            "variables" => run.variables.extend(attributes(&inner.body)),
            "module" => {
                run.module = inner.body.attributes.get("source").and_then(|a| keyword(&a.expr));
                if run.module.is_none() {
                    let detail = "A module block of a run needs the source of the module.";
                    let title = "Missing \"source\" attribute for module block";
                    diags.push(Diagnostic::error(title, detail).at(inner.header));
                }
            }
            "plan_options" => plan_options(inner, &mut run, &mut diags),
            "override_resource" | "override_data" | "override_module" => {
                run.overrides.extend(over(inner, seen, false, &mut diags));
            }
            other => diags.push(unsupported("block type", other).at(inner.header)),
        }
    }
    (run, diags)
}

fn plan_options(block: &Block, run: &mut Run, diags: &mut Diagnostics) {
    for a in block.body.attributes.values() {
        let mut list = || names(&a.expr, diags).into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        match &*a.name.name {
            "mode" => run.refresh_only = one_of(&block.body, "mode", ["normal", "refresh-only"], diags),
            "refresh" => run.refresh = keyword(&a.expr).as_deref() != Some("false"),
            "target" => run.targets = list(),
            "replace" => run.replace = list(),
            other => diags.push(unsupported("argument", other).at(a.span)),
        }
    }
    let bad = |name: &str| block.body.attributes.get(name).map(|a| a.expr.span());
    let mut incompatible = |at: Option<Span>, detail: &str| {
        let d = Diagnostic::error("Incompatible plan options", detail);
        diags.extend(at.map(|at| Diagnostics::from(d.at(at))).unwrap_or_default());
    };
    if run.refresh_only && !run.refresh {
        incompatible(bad("refresh"), "A run with the mode refresh-only cannot have refresh = false.");
    }
    if run.refresh_only && !run.replace.is_empty() {
        incompatible(bad("replace"), "A run with the mode refresh-only cannot replace anything.");
    }
}

/// `{ aws = aws.other }`
fn passed(expr: &Expr, diags: &mut Diagnostics) -> Vec<(String, String, Span)> {
    let ExprKind::Object(items) = &expr.unparenthesised().kind else {
        diags.push(Diagnostic::error("Invalid providers", "A map of providers is needed here.").at(expr.span()));
        return Vec::new();
    };
    let one = |item: &sdt_hcl::ObjectItem| {
        let key = item.literal_key().map(|k| k.to_string()).or_else(|| keyword(&item.key))?;
        Some((key, keyword(&item.value)?, item.value.span()))
    };
    items.iter().filter_map(one).collect()
}

/// The names after `run.` in a block.
fn used(span: Span, bytes: &[u8]) -> Vec<(String, Span)> {
    let text = text_at(span, bytes);
    let after = text.match_indices("run.").filter(|(at, _)| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-' && c != '.')
    });
    let name = |(at, word): (usize, &str)| {
        let rest = text[at + word.len()..].chars();
        let name: String = rest.take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').collect();
        let start = span.start + u32::try_from(at).unwrap_or(0);
        let end = start + u32::try_from(word.len() + name.len()).unwrap_or(0);
        (name, Span { start, end, ..span })
    };
    after.map(name).filter(|(n, _)| !n.is_empty()).collect()
}

/// Whether an expression names a run.
pub(crate) fn names_a_run(span: Span, bytes: &[u8]) -> Option<Span> {
    used(span, bytes).into_iter().next().map(|(_, at)| at)
}
