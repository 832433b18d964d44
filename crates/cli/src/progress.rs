//! What is shown while things happen: lines for people, messages for programs.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sdt_addr::ResourceInstance;
use sdt_driver::ProgressSink;
use sdt_engine::{EphemeralStep, OpId, Progress};
use sdt_plan::Action;
use sdt_render::{Message, ProvisionEvent, Style, Tally, elapsed, verb};

use crate::ui::Ui;

/// A display of a run.
pub(crate) struct Display<'a> {
    ui: &'a Ui,
    live: bool,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    running: HashMap<OpId, Work>,
    tally: Tally,
    /// Changes that have ended, and all there are.
    ended: usize,
    total: usize,
    /// A status line stands at the cursor.
    status: bool,
    /// When the reading of data sources began.
    reads: HashMap<String, Instant>,
}

struct Work {
    address: String,
    action: Action,
    id: Option<String>,
    began: Instant,
}

impl<'a> Display<'a> {
    /// `total` is how many changes there will be; `live` keeps a status line below the others.
    pub(crate) fn new(ui: &'a Ui, total: usize, live: bool) -> Self {
        Self { ui, live: live && !ui.json, inner: Mutex::new(Inner { total, ..Inner::default() }) }
    }

    /// What has been done so far.
    pub(crate) fn tally(&self) -> Tally {
        self.inner().tally
    }

    /// Writes the status line anew: time has passed.
    pub(crate) fn refresh(&self) {
        let mut inner = self.inner();
        self.clear(&mut inner);
        self.status(&mut inner);
    }

    /// Takes the status line away.
    pub(crate) fn finish(&self) {
        let mut inner = self.inner();
        self.clear(&mut inner);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clear(&self, inner: &mut Inner) {
        if std::mem::take(&mut inner.status) {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }

    fn line(&self, inner: &mut Inner, address: &str, text: &str) {
        if self.ui.json {
            return;
        }
        self.clear(inner);
        self.ui.out(&format!("{}\n", self.ui.theme.paint(Style::Bold, &format!("{address}: {text}"))));
        self.status(inner);
    }

    fn status(&self, inner: &mut Inner) {
        if !self.live || inner.total == 0 || inner.running.is_empty() {
            return;
        }
        let mut works: Vec<_> = inner.running.values().collect();
        works.sort_by_key(|w| w.began);
        let names: Vec<String> =
            works.iter().take(3).map(|w| format!("{} {}", w.address, elapsed(w.began.elapsed().as_secs()))).collect();
        let more = if works.len() > 3 { format!(" and {} more", works.len() - 3) } else { String::new() };
        let text = format!("[{}/{}] {}{more}", inner.ended, inner.total, names.join(", "));
        let text: String = text.chars().take(self.ui.theme.width.saturating_sub(1)).collect();
        let _ = std::io::stderr().write_all(text.as_bytes());
        inner.status = true;
    }

    fn count(inner: &Inner) -> String {
        if inner.total > 1 { format!(" ({}/{})", inner.ended, inner.total) } else { String::new() }
    }

    fn message(&self, address: &str, make: impl FnOnce(&ResourceInstance) -> Message) {
        if self.ui.wants_messages()
            && let Ok(addr) = address.parse()
        {
            self.ui.message(&make(&addr));
        }
    }

    fn still(&self, inner: &mut Inner, op: OpId, since: Duration, what: &str) {
        let Some(work) = inner.running.get(&op) else {
            return;
        };
        let (address, action, id) = (work.address.clone(), work.action, work.id.clone());
        let seconds = since.as_secs();
        if seconds == 0 {
            self.clear(inner);
            return self.status(inner);
        }
        let id_text = id.as_ref().map(|i| format!("id={i}, ")).unwrap_or_default();
        let what = if what.is_empty() { String::new() } else { format!(" ({what})") };
        let text = format!("Still {}... [{id_text}{} elapsed]{what}", verb(action).0.to_lowercase(), elapsed(seconds));
        self.line(inner, &address, &text);
        self.message(&address, |a| Message::apply_progress(a, action, seconds, id.as_deref()));
    }

    fn ephemeral(&self, inner: &mut Inner, address: &str, step: EphemeralStep) {
        let (text, message) = match step {
            EphemeralStep::Deferred => ("Configuration unknown, deferring...".to_owned(), None),
            EphemeralStep::Opening | EphemeralStep::Closing => {
                inner.reads.insert(address.to_owned(), Instant::now());
                let opens = step == EphemeralStep::Opening;
                (format!("{}...", if opens { "Opening" } else { "Closing" }), Some((opens, None)))
            }
            EphemeralStep::Opened | EphemeralStep::Closed => {
                let seconds = inner.reads.remove(address).map_or(0, |began| began.elapsed().as_secs());
                let opens = step == EphemeralStep::Opened;
                let text = format!("{} complete after {}", if opens { "Opening" } else { "Closing" }, elapsed(seconds));
                (text, Some((opens, Some(seconds))))
            }
        };
        if !self.ui.concise {
            self.line(inner, address, &text);
        }
        if let Some((opens, seconds)) = message {
            self.message(address, |a| Message::ephemeral(a, opens, seconds));
        }
    }

    fn ended(&self, inner: &mut Inner, op: OpId, address: &str, action: Action, id: Option<&str>) {
        let work = inner.running.remove(&op);
        let seconds = work.map_or(0, |w| w.began.elapsed().as_secs());
        inner.ended += usize::from(action != Action::Read);
        match action {
            Action::Create => inner.tally.add += 1,
            Action::Update => inner.tally.change += 1,
            Action::Delete => inner.tally.remove += 1,
            _ => {}
        }
        let id = id.filter(|_| action != Action::Delete);
        let id_text = id.map(|i| format!(" [id={i}]")).unwrap_or_default();
        let text = format!("{} complete after {}{id_text}{}", verb(action).1, elapsed(seconds), Self::count(inner));
        self.line(inner, address, &text);
        self.message(address, |a| Message::apply_complete(a, action, seconds, id));
    }
}

fn log(event: &Progress) {
    match event {
        Progress::RefreshStart { address, .. } => tracing::debug!(address, "read"),
        Progress::RefreshDone { address, .. } => tracing::trace!(address, "read done"),
        Progress::ApplyStart { address, action, .. } => tracing::info!(address, ?action, "apply"),
        Progress::ApplyDone { address, action, .. } => tracing::info!(address, ?action, "apply done"),
        Progress::ApplyFailed { address, action, .. } => tracing::error!(address, ?action, "apply failed"),
        Progress::Waiting { elapsed, what, .. } => tracing::debug!(seconds = elapsed.as_secs(), what, "waiting"),
        Progress::Provision { address, kind } => tracing::info!(address, kind = &**kind, "provision"),
        Progress::ProvisionOutput { .. } => {}
        Progress::ProvisionDone { address, kind, ok } => tracing::info!(address, kind = &**kind, ok, "provisioned"),
        Progress::Ephemeral { address, step } => tracing::debug!(address, ?step, "ephemeral"),
        Progress::Planned(_) | Progress::Drifted(_) => {}
    }
}

fn is_data(address: &str) -> bool {
    address.starts_with("data.") || address.contains(".data.")
}

impl ProgressSink for Display<'_> {
    fn calls(&self, counts: &BTreeMap<String, u64>) {
        if !self.ui.stats || counts.is_empty() {
            return;
        }
        let all: u64 = counts.values().sum();
        self.finish();
        self.ui.message(&Message::calls(counts));
        if !self.ui.json {
            let lines: String = counts.iter().map(|(name, count)| format!("  {count:>6} {name}\n")).collect();
            self.ui.err(&format!("API calls: {all}\n{lines}"));
        }
    }

    fn event(&self, event: &Progress) {
        log(event);
        let inner = &mut *self.inner();
        match event {
            Progress::RefreshStart { address, id } => {
                let id_text = id.as_ref().map(|i| format!(" [id={i}]")).unwrap_or_default();
                let text =
                    if is_data(address) { "Reading...".to_owned() } else { format!("Refreshing state...{id_text}") };
                if !self.ui.concise {
                    self.line(inner, address, &text);
                }
                if is_data(address) {
                    inner.reads.insert(address.clone(), Instant::now());
                    self.message(address, |a| Message::apply_start(a, Action::Read, None));
                } else {
                    self.message(address, |a| Message::refresh(a, id.as_deref(), false));
                }
            }
            Progress::RefreshDone { address, id } => {
                if !is_data(address) {
                    return self.message(address, |a| Message::refresh(a, id.as_deref(), true));
                }
                let seconds = inner.reads.remove(address).map_or(0, |began| began.elapsed().as_secs());
                if !self.ui.concise {
                    let id_text = id.as_ref().map(|i| format!(" [id={i}]")).unwrap_or_default();
                    self.line(inner, address, &format!("Read complete after {}{id_text}", elapsed(seconds)));
                }
                self.message(address, |a| Message::apply_complete(a, Action::Read, seconds, id.as_deref()));
            }
            Progress::ApplyStart { address, action, id, deposed, op } => {
                let shown = id.as_deref().filter(|_| *action != Action::Create);
                let id_text = shown.map(|i| format!(" [id={i}]")).unwrap_or_default();
                let which = deposed.as_ref().map(|k| format!(" (deposed object {k})")).unwrap_or_default();
                let work = Work {
                    address: address.clone(),
                    action: *action,
                    id: shown.map(str::to_owned),
                    began: Instant::now(),
                };
                inner.running.insert(*op, work);
                self.line(inner, &format!("{address}{which}"), &format!("{}...{id_text}", verb(*action).0));
                self.message(address, |a| Message::apply_start(a, *action, shown));
            }
            Progress::Waiting { op, elapsed, what } => self.still(inner, *op, *elapsed, what),
            Progress::ApplyDone { address, action, id, op } => self.ended(inner, *op, address, *action, id.as_deref()),
            Progress::ApplyFailed { address, action, op } => {
                let work = inner.running.remove(op);
                inner.ended += 1;
                let seconds = work.map_or(0, |w| w.began.elapsed().as_secs());
                self.line(inner, address, &format!("{} failed after {}", verb(*action).1, elapsed(seconds)));
                self.message(address, |a| Message::apply_errored(a, *action, seconds));
            }
            Progress::Provision { address, kind } => {
                self.line(inner, address, &format!("Provisioning with '{kind}'..."));
                self.message(address, |a| Message::provision(a, kind, ProvisionEvent::Start));
            }
            Progress::ProvisionOutput { address, kind, line } => {
                self.clear(inner);
                self.ui.say(&format!("{} {line}\n", self.ui.theme.paint(Style::Bold, &format!("{address} ({kind}):"))));
                self.status(inner);
                self.message(address, |a| Message::provision(a, kind, ProvisionEvent::Output(line)));
            }
            Progress::ProvisionDone { address, kind, ok } => {
                let event = if *ok { ProvisionEvent::Done } else { ProvisionEvent::Failed };
                self.message(address, |a| Message::provision(a, kind, event));
            }
            Progress::Ephemeral { address, step } => self.ephemeral(inner, address, *step),
            Progress::Planned(_) | Progress::Drifted(_) => {}
        }
    }
}
