//! Walk and driver together: events in, operations out, until nothing is left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt as _};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_engine::{Ahead, ApplyInput, ApplyWalk, Event, Op, OpId, PlanInput, PlanWalk, Progress, ProviderLookup};
use sdt_plan::Plan;
use sdt_provider::ProviderEnv;
use sdt_state::{Entry, LockInfo, Revision, State, StateStore, StoreError};
use tokio::sync::{Semaphore, mpsc};

use crate::journal::Journal;
use crate::work::{Running, Shared};
use crate::{Interrupt, ProgressSink};

/// How often a display hears that something still goes on.
const TICK: Duration = Duration::from_secs(10);

/// What the edge decides about a run.
#[derive(Clone)]
pub struct Settings {
    /// How many calls run at once (`-parallelism`).
    pub parallelism: usize,
    /// What providers may see of the process.
    pub env: ProviderEnv,
    /// The time, RFC 3339 in UTC.
    pub clock: Arc<dyn Fn() -> String + Send + Sync>,
    /// Stops the run.
    pub interrupt: Interrupt,
}

/// Where an apply keeps what it does.
#[derive(Clone)]
pub struct Persistence {
    /// The store, locked by us.
    pub store: Arc<dyn StateStore>,
    /// The state as stored: what the new snapshot follows.
    pub base: State,
    /// What the write is conditional on.
    pub revision: Revision,
    /// The lock we hold.
    pub lock: LockInfo,
    /// Whether the journal holds entries of another state, which must stay.
    pub shared_journal: bool,
    /// Whether the serial rises even if nothing has changed: then a saved plan cannot be applied a second time.
    pub rises: bool,
}

/// What came of an apply.
#[derive(Debug)]
pub struct ApplyOutcome {
    /// The state at the end.
    pub state: State,
    /// What went wrong.
    pub diags: Diagnostics,
    /// Whether the state was written (or there was nothing new to write).
    pub saved: Result<(), StoreError>,
    /// Changes made.
    pub done: usize,
}

trait Walk {
    fn step(&mut self, event: Event) -> Vec<Op>;
    fn progress(&mut self) -> Vec<Progress>;
    fn is_done(&self) -> bool;
}

impl Walk for PlanWalk {
    fn step(&mut self, event: Event) -> Vec<Op> {
        PlanWalk::step(self, event)
    }
    fn progress(&mut self) -> Vec<Progress> {
        PlanWalk::progress(self)
    }
    fn is_done(&self) -> bool {
        PlanWalk::is_done(self)
    }
}

impl Walk for ApplyWalk {
    fn step(&mut self, event: Event) -> Vec<Op> {
        ApplyWalk::step(self, event)
    }
    fn progress(&mut self) -> Vec<Progress> {
        ApplyWalk::progress(self)
    }
    fn is_done(&self) -> bool {
        ApplyWalk::is_done(self)
    }
}

/// Plans. With errors in the diagnostics the plan is only good to be shown.
pub async fn plan(input: PlanInput, settings: &Settings, sink: &dyn ProgressSink) -> (Plan, Diagnostics) {
    let providers = input.providers.clone();
    let mut walk = match input.ahead() {
        None => PlanWalk::new(input),
        Some(first) => match ahead(first, settings, sink).await {
            Ok(found) => PlanWalk::after(input, found),
            Err(failed) => return *failed,
        },
    };
    let (trouble, shared) = drive(&mut walk, providers, settings, Journal::default(), sink).await;
    for (key, marked) in shared.marked() {
        walk.marked(key, marked);
    }
    sink.calls(&shared.call_counts());
    let (mut plan, mut diags) = walk.finish();
    diags.extend(trouble);
    plan.errored = diags.has_errors();
    (plan, diags)
}

/// Walks through the configuration before its destruction is planned. What goes wrong is the answer.
async fn ahead(
    input: PlanInput,
    settings: &Settings,
    sink: &dyn ProgressSink,
) -> Result<Ahead, Box<(Plan, Diagnostics)>> {
    let providers = input.providers.clone();
    let mut walk = PlanWalk::new(input);
    let (trouble, shared) = drive(&mut walk, providers, settings, Journal::default(), sink).await;
    for (key, marked) in shared.marked() {
        walk.marked(key, marked);
    }
    sink.calls(&shared.call_counts());
    let failed = match walk.ahead() {
        Ok(found) if !trouble.has_errors() => return Ok(found),
        Ok(_) => (Plan { errored: true, ..Plan::default() }, trouble),
        Err(walk) => {
            let mut diags = walk.finish().1;
            diags.extend(trouble);
            (Plan { errored: true, ..Plan::default() }, diags)
        }
    };
    Err(Box::new(failed))
}

/// Applies a plan, and stores what came of it.
pub async fn apply(
    input: ApplyInput,
    persistence: Option<&Persistence>,
    settings: &Settings,
    sink: &dyn ProgressSink,
) -> ApplyOutcome {
    let providers = input.providers.clone();
    let (run_id, lineage) = (input.run_id.clone(), input.lineage.clone());
    let effects = has_outside_effects(&input);
    let recovers = !input.plan.recovered.is_empty();
    let journal = Journal { store: persistence.map(|p| p.store.clone()) };
    if let Some(p) = persistence
        && (effects || recovers)
    {
        let started = Entry::Started {
            run_id,
            lineage: lineage.clone(),
            serial: p.base.serial,
            lock: Box::new(p.lock.clone()),
            time: (settings.clock)(),
        };
        let mut entries = vec![started];
        entries.extend(input.recovered());
        if let Err(e) = journal.append(entries).await {
            let diags = Diagnostic::error("The journal cannot be written", e.to_string()).into();
            return ApplyOutcome { state: p.base.clone(), diags, saved: Ok(()), done: 0 };
        }
    }
    let mut walk = ApplyWalk::new(input);
    let (trouble, shared) = drive(&mut walk, providers, settings, journal, sink).await;
    let done = walk.done();
    let (mut state, mut diags) = walk.finish();
    diags.extend(trouble);
    let saved = match persistence {
        Some(p) => save(p, &mut state, lineage).await,
        None => Ok(()),
    };
    if saved.is_ok() && persistence.is_some() && settings.interrupt.count() < 2 {
        for complaint in shared.settle().await {
            diags.push(Diagnostic {
                severity: complaint.severity,
                ..Diagnostic::error(complaint.summary, complaint.detail)
            });
        }
    }
    sink.calls(&shared.call_counts());
    ApplyOutcome { state, diags, saved, done }
}

/// Whether anything outside state is touched: only then a journal is needed.
fn has_outside_effects(input: &ApplyInput) -> bool {
    let changes = input.plan.changes.iter().filter(|c| c.action != sdt_plan::Action::NoOp);
    changes.filter_map(|c| input.providers.provider(&c.provider.provider)).any(|p| p.has_outside_effects())
}

async fn save(p: &Persistence, state: &mut State, lineage: String) -> Result<(), StoreError> {
    if state.same_content(&p.base) && !p.rises {
        state.serial = p.base.serial;
        state.lineage.clone_from(&p.base.lineage);
    } else {
        state.succeed(&p.base, || lineage);
        p.store.write(state, &p.revision).await?;
    }
    let mut keep = Vec::new();
    if p.shared_journal || p.store.has_open_actions() {
        // What was begun and has no outcome stays, with the lock, until a later run has found out.
        let entries = p.store.journal_read().await?;
        keep = sdt_state::overlay(p.store.read().await?, &entries).keep();
    }
    p.store.journal_clear(&keep).await
}

async fn drive(
    walk: &mut dyn WalkSend,
    providers: Arc<dyn ProviderLookup>,
    settings: &Settings,
    journal: Journal,
    sink: &dyn ProgressSink,
) -> (Diagnostics, Shared) {
    let (events, mut heard) = mpsc::unbounded_channel();
    let (notes, mut noted) = mpsc::unbounded_channel();
    let shared = Shared {
        providers,
        env: settings.env.clone(),
        instances: Arc::new(Mutex::new(HashMap::new())),
        permits: Arc::new(Semaphore::new(settings.parallelism.max(1))),
        journal,
        clock: settings.clock.clone(),
        events,
        notes,
        interrupt: settings.interrupt.clone(),
        tokens: Arc::default(),
    };
    let mut loop_ = Loop {
        running: FuturesUnordered::new(),
        journalling: FuturesUnordered::new(),
        since: HashMap::new(),
        diags: Diagnostics::new(),
    };
    let mut ready: std::collections::VecDeque<Event> = [Event::Start].into();
    let mut interrupts = 0;
    let mut tick = tokio::time::interval_at(tokio::time::Instant::now() + TICK, TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        while let Some(event) = ready.pop_front() {
            if let Event::Done(id, _) = &event {
                loop_.since.remove(id);
            }
            for op in walk.step(event) {
                loop_.begin(&shared, op, &mut ready).await;
            }
            for p in walk.progress() {
                loop_.note(&p);
                sink.event(&p);
            }
            // Work that never waits must hear of it too.
            if settings.interrupt.count() > interrupts && interrupts == 0 {
                interrupts = 1;
                ready.push_front(Event::Interrupt);
            }
            // Answers to reads come by the channel; they go first, so that a refresh is not ended before them.
            while let Ok(event) = heard.try_recv() {
                ready.push_back(event);
            }
        }
        if walk.is_done() {
            break;
        }
        if loop_.running.is_empty() && heard.is_empty() {
            loop_.diags.push(Diagnostic::error(
                "The walk does not go on",
                "Nothing runs and nothing is ready, yet something is left. This is a bug in sdt.",
            ));
            break;
        }
        tokio::select! {
            biased;
            Some(event) = heard.recv() => ready.push_back(event),
            Some(p) = noted.recv() => {
                if let Progress::Waiting { op, what, .. } = &p
                    && let Some(entry) = loop_.since.get_mut(op) {
                        entry.1.clone_from(what);
                    }
                sink.event(&p);
            }
            Some((id, answer)) = loop_.running.next() => {
                // What it had to say comes before its end.
                while let Ok(p) = noted.try_recv() {
                    sink.event(&p);
                }
                while let Ok(event) = heard.try_recv() {
                    ready.push_back(event);
                }
                ready.push_back(Event::Done(id, answer));
            }
            Some(result) = loop_.journalling.next(), if !loop_.journalling.is_empty() => loop_.journalled(result),
            n = settings.interrupt.more_than(interrupts) => {
                interrupts = n;
                if n > 1 {
                    loop_.diags.push(Diagnostic::error(
                        "Aborted",
                        "The run was ended at once. Calls that were under way are recorded in the journal; the next run finds out what came of them.",
                    ));
                    break;
                }
                ready.push_back(Event::Interrupt);
            }
            _ = tick.tick() => loop_.tell_waiting(sink),
        }
    }
    while let Some(result) = loop_.journalling.next().await {
        loop_.journalled(result);
    }
    (loop_.diags, shared)
}

trait WalkSend: Walk + Send {}
impl<T: Walk + Send> WalkSend for T {}

struct Loop {
    running: FuturesUnordered<Running>,
    journalling: FuturesUnordered<futures::future::BoxFuture<'static, Result<(), StoreError>>>,
    /// When an operation began, and what it waits for.
    since: HashMap<OpId, (Instant, String)>,
    diags: Diagnostics,
}

impl Loop {
    async fn begin(&mut self, shared: &Shared, op: Op, ready: &mut std::collections::VecDeque<Event>) {
        match op {
            Op::Stop => {
                for instance in shared.all_instances() {
                    instance.stop().await;
                }
            }
            Op::Journal(entries) => {
                let journal = shared.journal.clone();
                let mut append: futures::future::BoxFuture<'static, _> =
                    Box::pin(async move { journal.append(entries).await });
                // Its place is before that of every entry which a later operation writes.
                match poll_now(&mut append) {
                    std::task::Poll::Ready(result) => self.journalled(result),
                    std::task::Poll::Pending => self.journalling.push(append),
                }
            }
            op => {
                if matches!(op, Op::Settle { .. }) {
                    while let Some(result) = self.journalling.next().await {
                        self.journalled(result);
                    }
                }
                let Some(mut future) = shared.start(op) else { return };
                // What can be answered at once is: planning by native types is computation.
                match poll_now(&mut future) {
                    std::task::Poll::Ready((id, answer)) => ready.push_back(Event::Done(id, answer)),
                    std::task::Poll::Pending => self.running.push(future),
                }
            }
        }
    }

    fn note(&mut self, p: &Progress) {
        if let Progress::ApplyStart { op, .. } = p {
            self.since.insert(*op, (Instant::now(), String::new()));
        }
    }

    fn journalled(&mut self, result: Result<(), StoreError>) {
        if let Err(e) = result {
            self.diags.push(Diagnostic::warning(
                "The journal could not be written",
                format!("{e}. The outcome is in the state that is written at the end."),
            ));
        }
    }

    fn tell_waiting(&self, sink: &dyn ProgressSink) {
        for (op, (began, what)) in &self.since {
            sink.event(&Progress::Waiting { op: *op, elapsed: began.elapsed(), what: what.clone() });
        }
    }
}

/// Begins a future here and now; who keeps it has to poll it again, since nobody is woken for this poll.
fn poll_now<T>(future: &mut futures::future::BoxFuture<'static, T>) -> std::task::Poll<T> {
    future.as_mut().poll(&mut std::task::Context::from_waker(futures::task::noop_waker_ref()))
}
