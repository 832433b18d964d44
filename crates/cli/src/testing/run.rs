//! Running the blocks of a test file, and cleaning up after them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sdt_addr::{ProviderAddr, ResourceInstance, Target};
use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, Severity, SourceMap, Span};
use sdt_driver::{Interrupt, NoProgress};
use sdt_engine::{ApplyInput, InputValue, PlanInput, PlanOptions, Variables};
use sdt_plan::{Plan, PlanMode};
use sdt_provider::Provider;
use sdt_render::{PlanView, plan_text, state_text};
use sdt_state::State;
use sdt_value::{Marks, Value};

use super::evaluate::{Names, evaluate};
use super::harness::{self, CHECK, Harness};
use super::mock::{Defaults, MockProvider};
use super::model::{Mock, Run, TestFile};
use super::report::Report;
use crate::app::App;
use crate::args::Parsed;
use crate::functions::Library;
use crate::providers::{self, Registry};
use crate::{backend, clock, operation, vars};

/// How a run came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Something before it went wrong.
    Skip,
    /// Everything held.
    Pass,
    /// An assertion did not hold.
    Fail,
    /// It could not be carried out.
    Error,
}

impl Status {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// What all files share.
pub(crate) struct Session<'a> {
    pub(crate) app: &'a App,
    pub(crate) parsed: &'a Parsed,
    pub(crate) registry: Arc<Registry>,
    pub(crate) interrupt: Interrupt,
    pub(crate) verbose: bool,
}

/// What a module has made so far, by its source; the empty one is the root module.
struct Made {
    state: State,
    config: Config,
    variables: Variables,
    registry: Arc<Registry>,
    sources: SourceMap,
    overrides: Vec<sdt_plan::Override>,
    run: String,
}

/// One result with what there is to say.
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) diags: Diagnostics,
    pub(crate) sources: SourceMap,
    pub(crate) time: Duration,
    pub(crate) shown: String,
    /// The plan or state for programs, and which of them it is.
    pub(crate) document: Option<(&'static str, serde_json::Value)>,
}

const CONDITIONS: [&str; 6] = [
    "Invalid value for variable",
    "Resource precondition failed",
    "Resource postcondition failed",
    "Module output value precondition failed",
    "Check block assertion failed",
    "Check block assertion known after apply",
];

/// Runs a file and destroys what it made.
pub(crate) async fn run_file(
    session: &Session<'_>,
    file: &TestFile,
    sources: &SourceMap,
    report: &mut Report<'_>,
) -> Status {
    report.file_started(file);
    let mut names = Names::new();
    let mut made: Vec<(String, Made)> = Vec::new();
    let mut status = Status::Pass;
    let mut stopped = false;
    for group in together(file) {
        if stopped || session.interrupt.count() > 0 {
            for run in group {
                report.run_done(file, &skipped(&run.name));
            }
            continue;
        }
        for run in &group {
            report.run_started(file, run);
        }
        let each = group.iter().map(|run| timed(session, file, sources, run, &names, &made));
        let all = futures::future::join_all(each).await;
        for done in all {
            let outcome = done.outcome;
            if let Some(outputs) = done.outputs {
                names.insert(outcome.name.clone(), outputs);
            }
            if let Some((key, m)) = done.made {
                // What was used last is cleaned up first.
                made.retain(|(k, _)| *k != key);
                made.push((key, m));
            }
            stopped |= outcome.status == Status::Error;
            status = status.max(outcome.status);
            report.run_done(file, &outcome);
        }
    }
    report.tearing_down(file);
    while let Some((_, m)) = made.pop() {
        if !m.state.instances().any(|(a, _, _)| a.resource.mode == sdt_state::Mode::Managed) {
            continue;
        }
        let (sources, run) = (m.sources.clone(), m.run.clone());
        report.run_tearing_down(file, &run);
        let (diags, left) = destroy(session, m).await;
        if diags.has_errors() || !left.is_empty() {
            status = Status::Error;
            report.left_behind(file, &run, diags, &sources, &left);
        }
    }
    report.file_done(file, status);
    status
}

/// Runs that go on at the same time: neighbours that are parallel, have states of their own, and do not refer to each other.
fn together(file: &TestFile) -> Vec<Vec<&Run>> {
    let parallel = |run: &Run| run.parallel.unwrap_or(file.parallel);
    let mut groups: Vec<Vec<&Run>> = Vec::new();
    for run in &file.runs {
        let joins = |group: &Vec<&Run>| {
            group.iter().all(|other| {
                parallel(other) && state_key(other) != state_key(run) && !run.uses.iter().any(|(n, _)| *n == other.name)
            })
        };
        match groups.last_mut().filter(|group| parallel(run) && joins(group)) {
            Some(group) => group.push(run),
            None => groups.push(vec![run]),
        }
    }
    groups
}

/// Which state a run works on.
fn state_key(run: &Run) -> String {
    run.state_key.clone().unwrap_or_else(|| run.module.clone().unwrap_or_default())
}

/// What a run leaves behind.
struct Done {
    outcome: Outcome,
    /// What `run.NAME` means from now on.
    outputs: Option<Value>,
    made: Option<(String, Made)>,
}

impl From<Outcome> for Done {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, outputs: None, made: None }
    }
}

async fn timed(
    session: &Session<'_>,
    file: &TestFile,
    sources: &SourceMap,
    run: &Run,
    names: &Names,
    made: &[(String, Made)],
) -> Done {
    let begun = Instant::now();
    let mut done = one(session, file, sources, run, names, made).await;
    done.outcome.time = begun.elapsed();
    done
}

fn skipped(name: &str) -> Outcome {
    Outcome {
        name: name.to_owned(),
        status: Status::Skip,
        diags: Diagnostics::new(),
        sources: SourceMap::default(),
        time: Duration::ZERO,
        shown: String::new(),
        document: None,
    }
}

async fn one(
    session: &Session<'_>,
    file: &TestFile,
    sources: &SourceMap,
    run: &Run,
    names: &Names,
    made: &[(String, Made)],
) -> Done {
    let result = |status, diags, sources| -> Done { Outcome { status, diags, sources, ..skipped(&run.name) }.into() };
    let known: Vec<String> = file.runs.iter().map(|r| r.name.clone()).filter(|n| names.contains_key(n)).collect();
    if let Some((name, at)) = run.uses.iter().find(|(n, _)| !names.contains_key(n)) {
        let d = match file.runs.iter().any(|r| r.name == *name) {
            true => Diagnostic::error(
                "Reference to unavailable run block",
                format!("The run {name:?} has no result yet: only runs before this one can be referred to."),
            ),
            false => {
                Diagnostic::error("Reference to unknown run block", format!("There is no run {name:?} in this file."))
            }
        };
        return result(Status::Error, d.at(*at).into(), sources.clone());
    }
    if let Some(d) = not_checkable(run) {
        return result(Status::Error, d, sources.clone());
    }
    let harness = match harness::build(&session.app.env, file, run, &known, sources) {
        Ok(harness) => harness,
        Err((diags, sources)) => return result(Status::Error, diags, sources),
    };
    let prepared = prepare(session, file, sources, run, names, &harness);
    let (variables, registry, library, overrides) = match prepared {
        Ok(prepared) => prepared,
        Err((diags, sources)) => return result(Status::Error, diags, sources),
    };
    let key = state_key(run);
    let state = made.iter().find(|(k, _)| *k == key).map(|(_, m)| m.state.clone()).unwrap_or_default();
    let options = match options(run) {
        Ok(options) => PlanOptions { overrides: overrides.clone(), ..options },
        Err(diags) => return result(Status::Error, diags, sources.clone()),
    };
    let (plan, diags) = plan(session, &harness.config, &state, &variables, &registry, &library, options).await;
    let mut all = harness.warnings.clone();
    all.extend(diags);
    let mut failing = failing_in_plan(&plan);
    let expected: Vec<String> = run.expect_failures.iter().map(|(n, _)| n.clone()).collect();
    let hopeless = all.0.iter().any(|d| d.severity == Severity::Error && !is_condition(d));
    let mut shown = String::new();
    let mut next = None;
    if plan.errored && (hopeless || failing.iter().any(|f| !expected.iter().any(|e| covers(e, f)))) {
        return result(Status::Error, as_errors(all), library.sources());
    }
    if plan.errored && !run.plan_only {
        // Nothing was applied, so that this is no success.
        let sources = library.sources();
        let source = sources.find(&file.path).unwrap_or(file.source);
        let at = |f: &String| run.expect_failures.iter().find(|(n, _)| covers(n, f)).map(|(_, span)| *span);
        let detail = |f: &String| {
            format!(
                "{f} failed, as the test expects, but while planning: there was nothing to apply. With command = plan the run would pass."
            )
        };
        let warning = |f: &String| {
            let d = Diagnostic::warning("Expected failure while planning", detail(f));
            at(f).map_or(d.clone(), |span| d.at(Span { source, ..span }))
        };
        let mut told = Diagnostics(failing.iter().map(warning).collect());
        told.extend(as_errors(all));
        return result(Status::Error, told, sources);
    }
    let mut document = None;
    let outputs;
    if run.plan_only || plan.errored {
        if session.verbose {
            let view = PlanView::new(&plan, &|addr, mode, ty| providers::schema(&registry, addr, mode, ty));
            shown = format!("\n{}", plan_text(&view, &session.app.ui.theme));
            document = Some(("plan", super::verbose::plan(&plan, &view, &harness.config, &registry)));
        }
        outputs = Value::object(plan.outputs.iter().map(|(k, o)| (k.clone(), o.after.clone())));
    } else {
        // What apply says counts: conditions are checked again by it.
        all.0.retain(|d| !is_condition(d) && !d.subject.is_some_and(|s| inside(s, run)));
        let input = ApplyInput {
            plan,
            config: harness.config.clone(),
            variables: variables.clone(),
            providers: registry.clone(),
            env: operation::engine_env(session.app, &library, "default"),
            run_id: backend::uuid(),
            lineage: "test".into(),
            verify: false,
        };
        let settings = operation::settings(session.app, 10, session.interrupt.clone());
        let outcome = sdt_driver::apply(input, None, &settings, &NoProgress).await;
        all.extend(outcome.diags);
        failing = failing_in_state(&outcome.state);
        if session.verbose {
            let decode =
                |p: &str, k: &sdt_state::ResourceKey, i: &sdt_state::Instance| providers::decode(&registry, p, k, i);
            shown = format!("\n{}", state_text(&outcome.state, &decode, &session.app.ui.theme));
            document = Some(("state", super::verbose::state(&outcome.state, &decode, &harness.config, &registry)));
        }
        let all = outcome.state.outputs.iter().filter_map(|(k, o)| {
            let value = o.to_value().ok()?;
            Some((k.as_str().into(), if o.sensitive { value.with_marks(Marks::SENSITIVE) } else { value }))
        });
        outputs = Value::object(all.collect::<Vec<(sdt_value::Str, Value)>>());
        next = Some(outcome.state);
    }
    let made = next.map(|state| {
        let (config, sources) = (harness.config.clone(), library.sources());
        let run = run.name.clone();
        (key, Made { state, config, variables, registry, sources, overrides, run })
    });
    let sources = library.sources();
    let source = sources.find(&file.path).unwrap_or(file.source);
    let mut outcome = judge(source, run, &harness.runs, all, &failing, &expected);
    outcome.sources = sources;
    outcome.shown = shown;
    outcome.document = document;
    Done { outcome, outputs: Some(outputs), made }
}

/// What is wrong with the names that a run expects to fail.
fn not_checkable(run: &Run) -> Option<Diagnostics> {
    let known = |n: &str| {
        let first = n.split(['.', '[']).next().unwrap_or_default();
        !matches!(first, "local" | "module" | "each" | "count" | "path" | "terraform" | "self" | "run")
    };
    let bad = run.expect_failures.iter().filter(|(n, _)| !known(n));
    let tell = |(name, at): &(String, Span)| {
        let detail = format!("{name} has no conditions: variables, outputs, checks, resources and data sources have.");
        Diagnostic::error("Invalid `expect_failures` reference", detail).at(*at)
    };
    let all: Vec<Diagnostic> = bad.map(tell).collect();
    (!all.is_empty()).then_some(Diagnostics(all))
}

/// What the diagnostics and the failing objects mean for a run. `known`: earlier runs and what they are called in assertions.
fn judge(
    source: sdt_diag::SourceId,
    run: &Run,
    known: &[(String, String)],
    all: Diagnostics,
    failing: &[String],
    expected: &[String],
) -> Outcome {
    let unexpected = failing.iter().any(|f| !expected.iter().any(|e| covers(e, f)));
    let mut status = Status::Pass;
    let mut diags = Diagnostics::new();
    for mut d in all {
        if d.subject.is_some_and(|s| inside(s, run)) {
            if !own(&mut d, run) {
                continue;
            }
            as_written(&mut d, known);
            status = status.max(match (d.severity, d.summary.as_str()) {
                (Severity::Error, FAILED) => Status::Fail,
                (Severity::Error, _) => Status::Error,
                _ => Status::Pass,
            });
        } else if is_condition(&d) {
            if d.summary == CONDITIONS[5] && !run.plan_only {
                continue;
            }
            if !unexpected && d.summary != CONDITIONS[5] {
                continue;
            }
            d.severity = Severity::Error;
            status = Status::Error;
        } else if d.severity == Severity::Error {
            status = Status::Error;
        }
        diags.push(d);
    }
    // An assertion whose message cannot be made says only that.
    let broken = |d: &Diagnostic| d.severity == Severity::Error && d.summary != FAILED;
    let asserts: Vec<Span> = run.asserts.clone();
    let of = |s: Span| asserts.iter().position(|a| a.start <= s.start && s.end <= a.end);
    let errors: Vec<Option<usize>> =
        diags.0.iter().filter(|d| broken(d)).map(|d| d.subject.and_then(&of)).filter(Option::is_some).collect();
    diags.0.retain(|d| d.summary != FAILED || !errors.contains(&d.subject.and_then(&of)));
    for (name, span) in run.expect_failures.iter().filter(|(n, _)| !failing.iter().any(|f| covers(n, f))) {
        status = Status::Error;
        let detail = format!("The checkable object {name} was expected to report an error, and did not.");
        let span = Span { source, ..*span };
        diags.push(Diagnostic::error("Missing expected failure", detail).at(span));
    }
    Outcome { status, diags, ..skipped(&run.name) }
}

/// The title of an assertion that does not hold.
const FAILED: &str = "Test assertion failed";

/// Makes what the engine says of a check that which is to be said of an assertion; `false` for what is not worth a word.
fn own(d: &mut Diagnostic, run: &Run) -> bool {
    if d.summary == CONDITIONS[4] {
        d.summary = FAILED.into();
    } else if d.summary == CONDITIONS[5] {
        if !run.plan_only {
            return false;
        }
        d.summary = "Unknown condition value".into();
        d.detail = "The condition depends on what is known only after apply. Use command = apply, assert on something that the plan knows, or give the value in an override with override_during = plan.".into();
    } else if d.summary == "Invalid condition result" {
        d.summary = "Invalid condition run".into();
    } else if d.summary.starts_with("Error message refers to") {
        return true;
    }
    d.severity = Severity::Error;
    true
}

/// The names of values as they are written in the test file.
fn as_written(d: &mut Diagnostic, known: &[(String, String)]) {
    for v in &mut d.values {
        if let Some(rest) = v.traversal.strip_prefix("local._") {
            v.traversal = format!("output.{rest}");
        } else if let Some(rest) = v.traversal.strip_prefix("var.") {
            let run = known.iter().find_map(|(name, alias)| {
                let rest = rest.strip_prefix(alias.as_str())?;
                (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("run.{name}{rest}"))
            });
            v.traversal = run.unwrap_or_else(|| v.traversal.clone());
        }
    }
}

/// Whether what is expected to fail is what failed, or all instances of it.
fn covers(expected: &str, failing: &str) -> bool {
    failing.strip_prefix(expected).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

fn inside(span: Span, run: &Run) -> bool {
    run.asserts.iter().any(|a| a.start <= span.start && span.end <= a.end)
}

fn is_condition(d: &Diagnostic) -> bool {
    CONDITIONS.contains(&d.summary.as_str())
}

fn as_errors(diags: Diagnostics) -> Diagnostics {
    let each = diags.into_iter().filter(|d| d.summary != CONDITIONS[5]).map(|mut d| {
        // Outputs go by another name while they are evaluated.
        if d.summary == "Reference to undeclared local value"
            && let Some(name) = d.detail.split("\"_").nth(1).and_then(|rest| rest.split('"').next())
        {
            d.detail = format!("The configuration has no output value named {name:?}.");
            d.summary = "Reference to undeclared output value".into();
        }
        if is_condition(&d) {
            d.severity = Severity::Error;
        }
        d
    });
    Diagnostics(each.collect())
}

fn failing_in_plan(plan: &Plan) -> Vec<String> {
    let bad = |s| matches!(s, sdt_plan::CheckStatus::Fail | sdt_plan::CheckStatus::Error);
    let own = format!("check.{CHECK}");
    let mut out: Vec<String> = Vec::new();
    for o in plan.checks.0.iter().filter(|o| bad(o.status) && o.address() != own) {
        out.push(o.address());
        out.extend(o.instances.iter().filter(|i| bad(i.status)).map(|i| i.address.clone()));
    }
    dedup(out)
}

fn failing_in_state(state: &State) -> Vec<String> {
    let own = format!("check.{CHECK}");
    let mut out = Vec::new();
    let bad = |v: &serde_json::Value| matches!(v["status"].as_str(), Some("fail" | "error"));
    for o in state.check_results.as_array().into_iter().flatten().filter(|o| bad(o)) {
        if let Some(addr) = o["config_addr"].as_str().filter(|a| *a != own) {
            out.push(addr.to_owned());
            let objects = o["objects"].as_array().into_iter().flatten().filter(|i| bad(i));
            out.extend(objects.filter_map(|i| i["object_addr"].as_str().map(str::to_owned)));
        }
    }
    dedup(out)
}

/// Without what repeats itself: an object's only instance has its name.
fn dedup(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names.dedup();
    // An expected object covers its instances and the other way round.
    let instances: Vec<String> =
        names.iter().filter_map(|n| n.split_once('[').map(|(head, _)| head.to_owned())).collect();
    names.retain(|n| !instances.contains(n));
    names
}

type Prepared = (Variables, Arc<Registry>, Arc<Library>, Vec<sdt_plan::Override>);

fn prepare(
    session: &Session<'_>,
    file: &TestFile,
    test_sources: &SourceMap,
    run: &Run,
    names: &Names,
    harness: &Harness,
) -> Result<Prepared, (Diagnostics, SourceMap)> {
    let mut sources = harness.sources.clone();
    let here = |diags: Diagnostics| (diags, test_sources.clone());
    let (mut variables, diags) = vars::collect_known(session.app, &harness.config, session.parsed, &mut sources);
    if diags.has_errors() {
        return Err((diags, sources));
    }
    let now = time::OffsetDateTime::now_utc();
    let test_file = sources.find(&file.path).unwrap_or(file.source);
    let library = Library::new(&session.app.env, sources, Some(now));
    let eval =
        |text: &[u8], span: Span, names: &Names| evaluate(text, span, names, &session.registry, &library).map_err(here);
    let mut known: Names =
        harness.runs.iter().filter_map(|(name, alias)| Some((alias.clone(), names.get(name)?.clone()))).collect();
    for (name, input) in &variables {
        known.entry(name.to_string()).or_insert_with(|| input.value.clone());
    }
    let declared =
        |name: &str| harness.config.root.variables.contains_key(name) || harness.extra.iter().any(|e| e == name);
    let of_file = file.variables.iter().map(|v| (v, true));
    for ((name, span), of_file) in of_file.chain(run.variables.iter().map(|v| (v, false))) {
        let value = match of_file.then(|| super::model::names_a_run(*span, &text_of(test_sources, file))).flatten() {
            Some(at) => {
                let detail = "Variables of the whole file cannot refer to runs.";
                Err(here(Diagnostic::error("Invalid reference", detail).at(at).into()))
            }
            None => eval(&harness.text, *span, &known),
        };
        let value = match value {
            Ok(value) => value,
            // Nobody needs it.
            Err(_) if of_file && !declared(name) => continue,
            Err(e) => return Err(e),
        };
        known.insert(name.clone(), value.clone());
        if declared(name) {
            let span = Some(Span { source: test_file, ..*span });
            variables.insert(name.as_str().into(), InputValue { value, origin: "in the test file".into(), span });
        }
    }
    for (name, alias) in &harness.runs {
        if let Some(value) = names.get(name)
            && !variables.contains_key(alias.as_str())
        {
            let input = InputValue { value: value.clone(), origin: String::new(), span: None };
            variables.insert(alias.as_str().into(), input);
        }
    }
    let mut registry = (*session.registry).clone();
    let root = &harness.config.root;
    for (addr, mocks) in mocks_of(file, run, root) {
        let mut defaults = Defaults::new();
        for d in mocks.iter().flat_map(|m| &m.defaults) {
            defaults.insert((d.data, d.kind.clone()), eval(&d.text, d.span, &known)?);
        }
        let (defaults, during_plan) = (Arc::new(defaults), mocks.iter().any(|m| m.during_plan));
        let found: Vec<(ProviderAddr, Arc<dyn Provider>)> =
            registry.iter().filter(|(a, _)| **a == addr).map(|(a, p)| (a.clone(), p.clone())).collect();
        for (addr, inner) in found {
            registry.insert(addr, Arc::new(MockProvider { inner, defaults: defaults.clone(), during_plan }));
        }
    }
    let missing = providers::check(&harness.config, None, &registry);
    if missing.has_errors() {
        return Err((missing, library.sources()));
    }
    let mut overrides = Vec::new();
    for o in file.overrides.iter().chain(&run.overrides) {
        let target = o.target.parse::<Target>().map_err(|e| {
            let detail = format!("{:?}: {}", o.target, e.detail);
            here(Diagnostic::error("Invalid override target", detail).at(o.span).into())
        })?;
        let values = match o.values {
            Some(span) => eval(&o.text, span, &known)?,
            None => Value::object::<sdt_value::Str>([]),
        };
        overrides.push(sdt_plan::Override { target, values, during_plan: o.during_plan });
    }
    Ok((variables, Arc::new(registry), library, overrides))
}

/// The mocks that stand in for each provider of a module.
fn mocks_of<'a>(file: &'a TestFile, run: &Run, root: &sdt_config::Module) -> BTreeMap<ProviderAddr, Vec<&'a Mock>> {
    let mut out: BTreeMap<ProviderAddr, Vec<&Mock>> = BTreeMap::new();
    for mock in &file.mocks {
        let keys: Vec<&str> = if run.providers.is_empty() {
            let own = !mock.key.contains('.') || root.providers.keys().any(|p| p.to_string() == mock.key);
            own.then_some(mock.key.as_str()).into_iter().collect()
        } else {
            run.providers.iter().filter(|(_, given, _)| *given == mock.key).map(|(k, _, _)| k.as_str()).collect()
        };
        for key in keys {
            let local = key.split('.').next().unwrap_or(key);
            out.entry(root.provider_for_local(local)).or_default().push(mock);
        }
    }
    out
}

fn text_of(sources: &SourceMap, file: &TestFile) -> Arc<[u8]> {
    sources.file(file.source).map_or_else(|| file.text.clone(), |f| f.text.clone())
}

fn options(run: &Run) -> Result<PlanOptions, Diagnostics> {
    let mut options = PlanOptions { refresh: run.refresh, ..PlanOptions::default() };
    if run.refresh_only {
        options.mode = PlanMode::RefreshOnly;
    }
    let bad = |text: &str| {
        let detail = format!("{text:?} is not the address of a resource.");
        Diagnostics::from(Diagnostic::error("Invalid address in plan_options", detail).at(run.header))
    };
    for t in &run.targets {
        options.targets.push(t.parse::<Target>().map_err(|_| bad(t))?);
    }
    for r in &run.replace {
        options.replace.push(r.parse::<ResourceInstance>().map_err(|_| bad(r))?);
    }
    Ok(options)
}

#[allow(clippy::too_many_arguments, reason = "all of them are what one plan is made from")]
async fn plan(
    session: &Session<'_>,
    config: &Config,
    state: &State,
    variables: &Variables,
    registry: &Arc<Registry>,
    library: &Arc<Library>,
    options: PlanOptions,
) -> (Plan, Diagnostics) {
    let input = PlanInput {
        config: config.clone(),
        state: state.clone(),
        unresolved: Vec::new(),
        variables: variables.clone(),
        options,
        providers: registry.clone(),
        env: operation::engine_env(session.app, library, "default"),
        timestamp: clock::now(),
    };
    let settings = operation::settings(session.app, 10, session.interrupt.clone());
    sdt_driver::plan(input, &settings, &NoProgress).await
}

/// Destroys what a module has made; the objects that stay, with the keys of those that are deposed.
async fn destroy(session: &Session<'_>, made: Made) -> (Diagnostics, Vec<(String, Option<String>)>) {
    let library = Library::new(&session.app.env, made.sources.clone(), Some(time::OffsetDateTime::now_utc()));
    let options = PlanOptions { mode: PlanMode::Destroy, overrides: made.overrides.clone(), ..PlanOptions::default() };
    let (plan, mut diags) =
        plan(session, &made.config, &made.state, &made.variables, &made.registry, &library, options).await;
    let mut state = made.state;
    if !plan.errored {
        let input = ApplyInput {
            plan,
            config: made.config,
            variables: made.variables,
            providers: made.registry,
            env: operation::engine_env(session.app, &library, "default"),
            run_id: backend::uuid(),
            lineage: "test".into(),
            verify: false,
        };
        // Cleaning up goes on after an interrupt.
        let settings = operation::settings(session.app, 10, Interrupt::default());
        let outcome = sdt_driver::apply(input, None, &settings, &NoProgress).await;
        diags.extend(outcome.diags);
        state = outcome.state;
    }
    let left = state
        .instances()
        .filter(|(a, _, _)| a.resource.mode == sdt_state::Mode::Managed)
        .map(|(a, _, i)| (a.to_string(), i.deposed.clone()));
    (diags, left.collect())
}
