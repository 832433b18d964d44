//! Worlds of which one seed decides everything: configurations, luck, and the moments of death.
//!
//! A world goes through the versions of a configuration, each in several lives of the program full of faults. Then the faults stop, and
//! this must hold:
//!
//! * apply converges: after a few runs nothing is left to do;
//! * what exists is what the state knows, each object once, none half made, and the journal is empty;
//! * no call was made that the plan did not list, and none in the wrong order: nothing is created with what is not there, and nothing
//!   goes while something uses it;
//! * the serial of the state only rises, and what somebody else wrote is not lost;
//! * destroying empties the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use sdt_addr::ProviderAddr;
use sdt_config::Config;
use sdt_diag::Diagnostics;
use sdt_driver::{NoProgress, Persistence, Settings};
use sdt_engine::{ApplyInput, Env, PlanInput, PlanOptions, Variables};
use sdt_plan::{Action, ExecNode, Phase, Plan, PlanMode, ReplaceOrder};
use sdt_state::{LockInfo, MemoryStore, StateStore as _};
use sdt_value::Value;

use super::chaos::{Chaos, Mutation, Rates};
use super::chaos_cloud::{Calls, ChaosCloud};
use super::chaos_provider::ChaosProvider;
use super::chaos_store::ChaosStore;
use super::rng::Rng;
use super::scenario::{Scenario, Size};
use super::world::{Few, memory_config, settings};

/// What a seed has found.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The size with which it shows.
    pub size: Size,
    /// What does not hold.
    pub what: String,
    /// Everything that happened.
    pub log: Vec<String>,
    /// The configurations.
    pub versions: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {} ({:?}): {}", self.seed, self.size, self.what)?;
        for (i, v) in self.versions.iter().enumerate() {
            writeln!(f, "--- version {i}\n{v}")?;
        }
        writeln!(f, "--- log\n{}", self.log.join("\n"))
    }
}

/// The usual size of a world.
const SIZE: Size = Size { resources: 5, versions: 3, lives: 2 };
/// Runs without faults until nothing may be left to do.
const CALM_RUNS: u32 = 6;

struct World {
    cloud: Arc<ChaosCloud>,
    store: Arc<MemoryStore>,
    mutation: Mutation,
    lives: u64,
    serial: u64,
    log: Vec<String>,
}

/// How a life went.
struct Life {
    /// The plan, if it came to one.
    plan: Option<Plan>,
    /// None after a death.
    diags: Option<Diagnostics>,
}

impl World {
    async fn life(&mut self, config: &Config, mode: PlanMode, seed: u64, rates: Rates, rivals: u64) -> Life {
        self.lives += 1;
        let chaos = Arc::new(Chaos::new(seed, rates));
        let planned: Arc<Mutex<Option<Plan>>> = Arc::default();
        let run = self.work(config, mode, chaos.clone(), rivals, planned.clone());
        let diags = tokio::select! {
            biased;
            diags = run => Some(diags),
            () = chaos.death() => None,
        };
        self.log.push(format!("life {} ({mode:?})", self.lives));
        self.log.extend(chaos.log());
        if let Some(diags) = &diags {
            self.log.extend(diags.0.iter().map(|d| format!("{:?}: {}: {}", d.severity, d.summary, d.detail)));
        }
        let plan = planned.lock().unwrap_or_else(PoisonError::into_inner).take();
        Life { plan, diags }
    }

    async fn work(
        &self,
        config: &Config,
        mode: PlanMode,
        chaos: Arc<Chaos>,
        rivals: u64,
        planned: Arc<Mutex<Option<Plan>>>,
    ) -> Diagnostics {
        let store = Arc::new(ChaosStore {
            inner: self.store.clone(),
            chaos: chaos.clone(),
            cloud: self.cloud.clone(),
            mutation: self.mutation,
            rivals,
            unsynced: Mutex::default(),
        });
        let provider =
            ChaosProvider { cloud: self.cloud.clone(), chaos: chaos.clone(), mutation: self.mutation }.provider();
        let providers = Arc::new(BTreeMap::from([(ProviderAddr::new("hashicorp", "sim"), provider)]));
        let wrong =
            |e: &dyn std::fmt::Display| -> Diagnostics { sdt_diag::Diagnostic::error("store", e.to_string()).into() };
        let snapshot = match store.read().await {
            Ok(snapshot) => snapshot,
            Err(e) => return wrong(&e),
        };
        let entries = match store.journal_read().await {
            Ok(entries) => entries,
            Err(e) => return wrong(&e),
        };
        let base = snapshot.state.clone();
        let merged = sdt_state::overlay(snapshot, &entries);
        let env = Env { functions: Arc::new(Few), workspace: "default".into(), cwd: "/".into(), console: false };
        let input = PlanInput {
            config: config.clone(),
            state: merged.state.clone(),
            unresolved: merged.unresolved.clone(),
            variables: Variables::new(),
            options: PlanOptions { mode, ..PlanOptions::default() },
            providers: providers.clone(),
            env: env.clone(),
            timestamp: "2024-01-01T00:00:00Z".into(),
        };
        let settings = Settings { interrupt: chaos.interrupt.clone(), ..settings() };
        let (mut plan, diags) = sdt_driver::plan(input, &settings, &NoProgress).await;
        if diags.has_errors() {
            return diags;
        }
        *planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(plan.clone());
        if self.mutation == Mutation::NoDestroyOrder {
            forget_destroy_order(&mut plan);
        }
        // Some lives come to their end long after they were planned.
        let verify = self.lives.is_multiple_of(2);
        let lineage = if merged.state.lineage.is_empty() { "lineage".into() } else { merged.state.lineage.clone() };
        let input = ApplyInput {
            plan,
            config: config.clone(),
            variables: Variables::new(),
            providers,
            env,
            run_id: format!("run-{}", self.lives),
            lineage,
            verify,
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
            diags.extend(wrong(&e));
        }
        diags
    }

    /// What must hold after every life.
    async fn watch(&mut self, life: &Life) -> Result<(), String> {
        if let Some(offence) = self.cloud.offences().first() {
            return Err(offence.clone());
        }
        let calls = self.cloud.take_calls();
        if let Some(plan) = &life.plan {
            only_planned(plan, &calls)?;
        } else if !calls.created.is_empty() || !calls.deleted.is_empty() {
            return Err(format!("without a plan there were calls: {calls:?}"));
        }
        let state = self.store.read().await.map_err(|e| format!("the state cannot be read: {e}"))?.state;
        if state.serial < self.serial {
            return Err(format!("the serial fell from {} to {}", self.serial, state.serial));
        }
        self.serial = state.serial;
        Ok(())
    }

    /// Runs without faults until nothing is left to do.
    async fn calm(&mut self, config: &Config, mode: PlanMode) -> Result<(), String> {
        for _ in 0..CALM_RUNS {
            let life = self.life(config, mode, 0, Rates::NONE, 0).await;
            self.watch(&life).await?;
            let Some(diags) = &life.diags else { return Err("died without a fault".into()) };
            if diags.has_errors() {
                return Err(format!("a run without faults failed: {diags:#?}"));
            }
            if life.plan.is_some_and(|p| !p.has_changes()) {
                return self.agree().await;
            }
        }
        Err(format!("after {CALM_RUNS} runs without faults there still is something to do"))
    }

    /// State and cloud tell the same.
    async fn agree(&self) -> Result<(), String> {
        let state = self.store.read().await.map_err(|e| e.to_string())?.state;
        let known: Vec<String> = state.instances().filter_map(|(_, _, i)| i.id().map(str::to_owned)).collect();
        let set: BTreeSet<&String> = known.iter().collect();
        if set.len() < known.len() {
            return Err(format!("an object is in the state twice: {known:?}"));
        }
        let items = self.cloud.items();
        let there: BTreeSet<&String> = items.keys().collect();
        if set != there {
            return Err(format!("the state knows {set:?}, but there are {there:?}"));
        }
        if let Some((id, item)) = items.iter().find(|(_, i)| !i.ready) {
            return Err(format!("{id} ({}) was never finished", item.name));
        }
        let left = self.store.journal_read().await.map_err(|e| e.to_string())?;
        if left.is_empty() { Ok(()) } else { Err(format!("the journal is not empty: {left:#?}")) }
    }
}

/// Takes the order among destructions out of a plan.
fn forget_destroy_order(plan: &mut Plan) {
    let graph = &mut plan.exec.0;
    graph.retain_edges(|g, e| {
        let Some((a, b)) = g.edge_endpoints(e) else { return true };
        let destroys = |p: &Phase| *p != Phase::Create;
        !matches!((&g[a], &g[b]), (ExecNode::End(_, p), ExecNode::Begin(_, q)) if destroys(p) && destroys(q))
    });
}

/// Checks calls against the plan they were made by.
fn only_planned(plan: &Plan, calls: &Calls) -> Result<(), String> {
    let id = |v: &Value| v.get("id").and_then(Value::as_str).map(str::to_owned);
    let of = |f: &dyn Fn(Action) -> bool| -> BTreeSet<String> {
        plan.changes.iter().filter(|c| f(c.action)).filter_map(|c| id(&c.before)).collect()
    };
    let creates = plan.changes.iter().filter(|c| c.action == Action::Create || c.action.is_replace()).count();
    if calls.created.len() > creates {
        return Err(format!(
            "{} objects were created, the plan has {creates}: {:?}",
            calls.created.len(),
            calls.created
        ));
    }
    let deletes = of(&|a| a == Action::Delete || a.is_replace());
    if let Some(other) = calls.deleted.iter().find(|d| !deletes.contains(*d)) {
        return Err(format!("{other} was deleted, and the plan does not say so"));
    }
    // An object that is replaced old one first, and what goes before it because it uses it, cannot wait for what only changes
    // afterwards.
    let first = of(&|a| a == Action::Replace(ReplaceOrder::DeleteFirst));
    let going = of(&|a| a == Action::Delete || a == Action::Replace(ReplaceOrder::DeleteFirst));
    if let Some((id, user)) = calls.torn.iter().find(|(id, user)| {
        let early = first.contains(id) || !first.is_empty() && going.contains(id);
        !early || going.contains(user)
    }) {
        return Err(format!("{id} was deleted while {user} used it"));
    }
    let updates = of(&|a| a == Action::Update);
    let made: BTreeSet<&String> = calls.created.iter().collect();
    if let Some(other) = calls.changed.iter().find(|c| !updates.contains(*c) && !made.contains(c)) {
        return Err(format!("{other} was changed, and the plan does not say so"));
    }
    Ok(())
}

/// Runs the world of a seed.
///
/// # Errors
/// What does not hold, with everything that happened.
pub async fn run(seed: u64, mutation: Mutation) -> Result<Vec<String>, Box<Failure>> {
    run_sized(seed, mutation, SIZE).await
}

async fn run_sized(seed: u64, mutation: Mutation, size: Size) -> Result<Vec<String>, Box<Failure>> {
    let mut rng = Rng::new(seed);
    let scenario = Scenario::new(&mut rng, size);
    let mut world =
        World { cloud: Arc::default(), store: Arc::default(), mutation, lives: 0, serial: 0, log: Vec::new() };
    match story(&mut world, &mut rng, &scenario, size).await {
        Ok(()) => Ok(world.log),
        Err(what) => Err(Box::new(Failure { seed, size, what, log: world.log, versions: scenario.versions })),
    }
}

async fn story(world: &mut World, rng: &mut Rng, scenario: &Scenario, size: Size) -> Result<(), String> {
    // Every world has its own kinds of bad luck.
    let rates = Rates {
        death: if rng.chance(60) { 10 + rng.below(60) } else { 0 },
        call: if rng.chance(60) { 5 + rng.below(40) } else { 0 },
        store: if rng.chance(30) { 2 + rng.below(15) } else { 0 },
        interrupt: if rng.chance(25) { 5 + rng.below(30) } else { 0 },
    };
    let rivals = if rng.chance(20) { 30 } else { 0 };
    let mut last = None;
    for text in &scenario.versions {
        let config = memory_config(text);
        for _ in 0..size.lives {
            let life = world.life(&config, PlanMode::Normal, rng.next(), rates, rivals).await;
            world.watch(&life).await?;
        }
        if rng.chance(30) {
            world.calm(&config, PlanMode::Normal).await?;
        }
        last = Some(config);
    }
    let Some(config) = last else { return Ok(()) };
    world.calm(&config, PlanMode::Normal).await?;
    for _ in 0..size.lives {
        let life = world.life(&config, PlanMode::Destroy, rng.next(), rates, rivals).await;
        world.watch(&life).await?;
    }
    world.calm(&config, PlanMode::Destroy).await?;
    let left = world.cloud.items();
    if left.is_empty() { Ok(()) } else { Err(format!("after destroying there still is {left:?}")) }
}

/// The smallest world of the same seed in which something does not hold either.
pub async fn shrink(failure: Box<Failure>, mutation: Mutation) -> Box<Failure> {
    for resources in 1..=SIZE.resources {
        for versions in 1..=SIZE.versions {
            for lives in 1..=SIZE.lives {
                let size = Size { resources, versions, lives };
                if size == failure.size {
                    return failure;
                }
                if let Err(smaller) = run_sized(failure.seed, mutation, size).await {
                    return smaller;
                }
            }
        }
    }
    failure
}

/// Runs many seeds; the first failure, made small.
///
/// # Errors
/// The failure.
pub async fn check(seeds: std::ops::Range<u64>, mutation: Mutation) -> Result<(), Box<Failure>> {
    for seed in seeds {
        if let Err(failure) = run(seed, mutation).await {
            return Err(shrink(failure, mutation).await);
        }
    }
    Ok(())
}
