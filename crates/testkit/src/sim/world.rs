//! Runs of the program in the simulated world, each a life with its fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sdt_addr::ProviderAddr;
use sdt_config::Config;
use sdt_diag::{Diagnostics, SourceId, SourceMap};
use sdt_driver::{Interrupt, NoProgress, Persistence, Settings};
use sdt_engine::{ApplyInput, Env, Functions, PlanInput, PlanOptions, Variables};
use sdt_hcl::{CallFailure, CallSite, Signature};
use sdt_plan::Plan;
use sdt_provider::ProviderEnv;
use sdt_state::{LockInfo, MemoryStore, State, StateStore as _};
use sdt_value::Value;

use super::{Cloud, Fault, Mortal, MortalStore, SimProvider};

/// What survives lives.
#[derive(Default)]
pub struct World {
    /// Objects.
    pub cloud: Arc<Cloud>,
    /// State and journal.
    pub store: Arc<MemoryStore>,
    /// Whether the cloud honours creation tokens.
    pub idempotent: bool,
    /// How many processes have lived; names their runs.
    pub lives: u64,
    /// What somebody else does after planning and before applying.
    pub meddle: Option<fn(&Cloud)>,
}

/// How a life ended.
#[derive(Debug)]
pub enum Ended {
    /// By the fault.
    Died,
    /// The run came to its end.
    Done {
        /// What was planned.
        plan: Box<Plan>,
        /// What went wrong.
        diags: Diagnostics,
        /// Steps taken: the next fault to try is before that.
        steps: u64,
    },
}

impl World {
    /// Plans and applies a configuration in one life.
    pub async fn run(&mut self, config: &Config, options: PlanOptions, fault: Fault) -> Ended {
        self.lives += 1;
        let mortal = Arc::new(Mortal::new(fault));
        let run = self.live(config, options, mortal.clone());
        tokio::select! {
            biased;
            (plan, diags) = run => Ended::Done { plan: Box::new(plan), diags, steps: mortal.steps() },
            () = mortal.death() => Ended::Died,
        }
    }

    async fn live(&self, config: &Config, options: PlanOptions, mortal: Arc<Mortal>) -> (Plan, Diagnostics) {
        let store = Arc::new(MortalStore { inner: self.store.clone(), mortal: mortal.clone() });
        let provider = SimProvider { cloud: self.cloud.clone(), mortal, idempotent: self.idempotent }.provider();
        let providers = Arc::new(BTreeMap::from([(ProviderAddr::new("hashicorp", "sim"), provider)]));
        let (snapshot, entries) = match (store.read().await, store.journal_read().await) {
            (Ok(s), Ok(e)) => (s, e),
            (Err(e), _) | (_, Err(e)) => {
                return (Plan::default(), sdt_diag::Diagnostic::error("store", e.to_string()).into());
            }
        };
        let base = snapshot.state.clone();
        let merged = sdt_state::overlay(snapshot, &entries);
        let env = Env { functions: Arc::new(Few), workspace: "default".into(), cwd: "/".into(), console: false };
        let input = PlanInput {
            config: config.clone(),
            state: merged.state.clone(),
            unresolved: merged.unresolved.clone(),
            variables: Variables::new(),
            options,
            providers: providers.clone(),
            env: env.clone(),
            timestamp: "2024-01-01T00:00:00Z".into(),
        };
        let settings = settings();
        let (plan, diags) = sdt_driver::plan(input, &settings, &NoProgress).await;
        if diags.has_errors() {
            return (plan, diags);
        }
        if let Some(meddle) = self.meddle {
            meddle(&self.cloud);
        }
        let lineage = if merged.state.lineage.is_empty() { "lineage".into() } else { merged.state.lineage.clone() };
        let input = ApplyInput {
            plan: plan.clone(),
            config: config.clone(),
            variables: Variables::new(),
            providers,
            env,
            run_id: format!("run-{}", self.lives),
            lineage,
            verify: self.meddle.is_some(),
        };
        let shared_journal = merged.is_shared();
        let persistence = Persistence {
            store,
            base,
            revision: merged.revision,
            lock: LockInfo::default(),
            shared_journal,
            rises: false,
        };
        let out = sdt_driver::apply(input, Some(&persistence), &settings, &NoProgress).await;
        let mut diags = out.diags;
        if let Err(e) = out.saved {
            diags.push(sdt_diag::Diagnostic::error("store", e.to_string()));
        }
        (plan, diags)
    }

    /// The state as stored.
    ///
    /// # Panics
    /// When it cannot be read: a bug that the simulation has found.
    pub async fn state(&self) -> State {
        self.store.read().await.expect("the stored state is readable").state
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        parallelism: 10,
        env: ProviderEnv { vars: Arc::default(), home: None, cwd: "/".into() },
        clock: Arc::new(|| "2024-01-01T00:00:00Z".into()),
        interrupt: Interrupt::default(),
    }
}

/// Configuration files in memory.
struct Files(BTreeMap<PathBuf, String>);

impl sdt_config::Files for Files {
    fn read_dir(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        let dir = dir.strip_prefix(".").unwrap_or(dir);
        let name = |p: &Path| {
            let first = p.strip_prefix(dir).ok()?.components().next()?;
            Some(first.as_os_str().to_string_lossy().into_owned())
        };
        Ok(self.0.keys().filter_map(|p| name(p)).collect())
    }

    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let path = path.strip_prefix(".").unwrap_or(path);
        self.0.get(path).map(|s| s.clone().into_bytes()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

/// Loads a configuration of one file.
///
/// # Panics
/// When it has errors.
#[must_use]
pub fn memory_config(main: &str) -> Config {
    let files = Files(BTreeMap::from([(PathBuf::from("main.tf"), main.to_owned())]));
    let loaded = sdt_config::load(&files, &sdt_config::Load::default(), &mut SourceMap::default());
    assert!(!loaded.diagnostics.has_errors(), "{:#?}", loaded.diagnostics);
    loaded.config
}

/// No functions but `concat`.
pub(super) struct Few;

impl Functions for Few {
    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "concat").then_some(Signature { min: 1, max: None })
    }
    fn call(&self, _: &str, args: &[Value], _: &CallSite, _: bool) -> Result<Value, CallFailure> {
        if args.iter().any(Value::is_unknown) {
            return Ok(Value::unknown(sdt_value::Type::list(sdt_value::Type::String)));
        }
        let items = args.iter().flat_map(|a| a.as_items().unwrap_or_default().iter().cloned());
        Ok(Value::tuple(items.collect()))
    }
    fn parameter_name(&self, _: &str, _: usize) -> Option<String> {
        None
    }
    fn names(&self) -> Vec<String> {
        vec!["concat".into()]
    }
    fn template_file(&self, _: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        Err("there are no files here".into())
    }
}
