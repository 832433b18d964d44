//! A configuration in memory, planned and applied with the built-in providers.

#![allow(dead_code, missing_docs)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sdt_addr::ProviderAddr;
use sdt_diag::{Diagnostics, SourceId, SourceMap};
use sdt_driver::{Interrupt, NoProgress, Settings};
use sdt_engine::{ApplyInput, Env, Functions, PlanInput, PlanOptions, Variables};
use sdt_hcl::{CallFailure, CallSite, Signature};
use sdt_plan::Plan;
use sdt_provider::{Provider, ProviderEnv};
use sdt_state::State;
use sdt_value::Value;

pub(crate) struct Memory(pub(crate) BTreeMap<PathBuf, String>);

impl sdt_config::Files for Memory {
    fn read_dir(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        let dir = dir.strip_prefix(".").unwrap_or(dir);
        let name = |p: &Path| {
            let rest = p.strip_prefix(dir).ok()?;
            Some(rest.components().next()?.as_os_str().to_string_lossy().into_owned())
        };
        let mut names: Vec<String> = self.0.keys().filter_map(|p| name(p)).collect();
        names.dedup();
        if names.is_empty() { Err(std::io::ErrorKind::NotFound.into()) } else { Ok(names) }
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        self.0.get(path).map(|s| s.clone().into_bytes()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

pub(crate) struct Pure;

impl Functions for Pure {
    fn signature(&self, name: &str) -> Option<Signature> {
        let f = sdt_funcs::lookup(name)?;
        let min = f.params.len();
        Some(Signature { min, max: f.variadic.is_none().then_some(min) })
    }
    fn call(&self, name: &str, args: &[Value], _: &CallSite, _: bool) -> Result<Value, CallFailure> {
        let f = sdt_funcs::lookup(name).ok_or_else(|| CallFailure::Call("no such function".into()))?;
        sdt_funcs::call(f, args, &sdt_funcs::FnCtx::pure()).map_err(|e| CallFailure::Call(e.to_string()))
    }
    fn parameter_name(&self, _: &str, _: usize) -> Option<String> {
        None
    }
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
    fn template_file(&self, _: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        Err("no files".into())
    }
}

pub(crate) fn providers() -> BTreeMap<ProviderAddr, Arc<dyn Provider>> {
    let random = sdt_std::Random::fixed(1);
    let mut all: BTreeMap<ProviderAddr, Arc<dyn Provider>> = BTreeMap::new();
    all.insert(ProviderAddr::builtin("terraform"), Arc::new(sdt_std::terraform(random.clone(), None)));
    all.insert(ProviderAddr::new("hashicorp", "random"), Arc::new(sdt_std::random(random)));
    all
}

pub(crate) fn env() -> Env {
    Env { functions: Arc::new(Pure), workspace: "default".into(), cwd: "/work".into(), console: false }
}

pub(crate) fn settings() -> Settings {
    Settings {
        parallelism: 10,
        env: ProviderEnv { vars: Arc::default(), home: None, cwd: "/".into() },
        clock: Arc::new(|| "2024-01-01T00:00:00Z".into()),
        interrupt: Interrupt::default(),
    }
}

/// Files as (name, content).
pub(crate) fn config(files: &[(&str, &str)]) -> sdt_config::Config {
    let memory = Memory(files.iter().map(|(n, t)| (PathBuf::from(n), (*t).to_owned())).collect());
    let mut sources = SourceMap::default();
    let loaded = sdt_config::load(&memory, &sdt_config::Load::default(), &mut sources);
    assert!(!loaded.diagnostics.has_errors(), "{:#?}", loaded.diagnostics);
    loaded.config
}

pub(crate) async fn plan(config: &sdt_config::Config, state: &State, options: PlanOptions) -> (Plan, Diagnostics) {
    plan_with(config, state, options, Arc::new(providers())).await
}

pub(crate) async fn plan_with(
    config: &sdt_config::Config,
    state: &State,
    options: PlanOptions,
    providers: Arc<dyn sdt_engine::ProviderLookup>,
) -> (Plan, Diagnostics) {
    let input = PlanInput {
        config: config.clone(),
        state: state.clone(),
        unresolved: Vec::new(),
        variables: Variables::new(),
        options,
        providers,
        env: env(),
        timestamp: "2024-01-01T00:00:00Z".into(),
    };
    sdt_driver::plan(input, &settings(), &NoProgress).await
}

pub(crate) fn apply_input(config: &sdt_config::Config, plan: Plan) -> ApplyInput {
    ApplyInput {
        plan,
        config: config.clone(),
        variables: Variables::new(),
        providers: Arc::new(providers()),
        env: env(),
        run_id: "run".into(),
        lineage: "lineage".into(),
        verify: false,
    }
}

pub(crate) async fn apply(config: &sdt_config::Config, plan: Plan) -> (State, Diagnostics) {
    let out = sdt_driver::apply(apply_input(config, plan), None, &settings(), &NoProgress).await;
    (out.state, out.diags)
}

/// Plans and applies; returns "address: action" of what changes, and the state.
pub(crate) async fn run(files: &[(&str, &str)], state: &State, options: PlanOptions) -> (Vec<String>, State) {
    let config = config(files);
    let (plan, diags) = plan(&config, state, options).await;
    assert!(!diags.has_errors(), "{diags:#?}");
    let list = list(&plan);
    let (state, diags) = apply(&config, plan).await;
    assert!(!diags.has_errors(), "{diags:#?}");
    (list, state)
}

pub(crate) fn list(plan: &Plan) -> Vec<String> {
    plan.changes
        .iter()
        .filter(|c| c.is_effective())
        .map(|c| {
            let reason = c.reason.map(|r| format!(" ({})", r.as_str())).unwrap_or_default();
            let from = c.previous.as_ref().map(|p| format!(" from {p}")).unwrap_or_default();
            format!("{}: {}{reason}{from}", c.addr, c.action.names().join("+"))
        })
        .collect()
}
