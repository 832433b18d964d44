//! Running one operation.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use futures::future::BoxFuture;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_engine::{Answer, Event, Op, OpId, Progress, ProviderKey, ProviderLookup};
use sdt_provider::{
    ApplyRequest, ApplySink, Complaint, Instance, Marked, Private, ProviderEnv, ReadAnswer, ReadSink, RecoverAnswer,
};
use sdt_state::Begun;
use sdt_value::{Path, Type, Value};
use tokio::sync::{Semaphore, mpsc};

use crate::Interrupt;
use crate::journal::Journal;

/// What operations have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) providers: Arc<dyn ProviderLookup>,
    pub(crate) env: ProviderEnv,
    pub(crate) instances: Arc<Mutex<HashMap<ProviderKey, Arc<dyn Instance>>>>,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) journal: Journal,
    pub(crate) clock: Arc<dyn Fn() -> String + Send + Sync>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
    /// What display should hear between start and end of an operation.
    pub(crate) notes: mpsc::UnboundedSender<Progress>,
    pub(crate) interrupt: Interrupt,
    /// Tokens of the changes that were answered.
    pub(crate) tokens: Arc<Mutex<Vec<String>>>,
}

pub(crate) type Running = BoxFuture<'static, (OpId, Answer)>;

impl Shared {
    fn instance(&self, key: ProviderKey) -> Option<Arc<dyn Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(crate) fn all_instances(&self) -> Vec<Arc<dyn Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Calls of all providers by "service:Operation".
    pub(crate) fn call_counts(&self) -> BTreeMap<String, u64> {
        let mut all = BTreeMap::new();
        for instance in self.all_instances() {
            for (name, count) in instance.call_counts() {
                *all.entry(name).or_default() += count;
            }
        }
        all
    }

    /// What each provider has seen that still carries the mark of its creation.
    pub(crate) fn marked(&self) -> Vec<(ProviderKey, Vec<Marked>)> {
        let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances.iter().map(|(key, instance)| (*key, instance.marked())).collect()
    }

    /// Tells every provider that what these changes made is durable in the state: marks that recognise an object whose
    /// creation was cut short may go. Returns what could not be tidied up.
    pub(crate) async fn settle(&self) -> Vec<Complaint> {
        let tokens = std::mem::take(&mut *self.tokens.lock().unwrap_or_else(PoisonError::into_inner));
        let mut complaints = Vec::new();
        for instance in self.all_instances() {
            complaints.extend(instance.settled(&tokens, &[]).await);
        }
        complaints
    }

    /// The future of an operation; `None` for those without answer.
    pub(crate) fn start(&self, op: Op) -> Option<Running> {
        let s = self.clone();
        Some(match op {
            Op::Configure { id, key, provider, config } => Box::pin(async move {
                let result = match s.providers.provider(&provider) {
                    Some(p) => p.configure(&config, &s.env).await,
                    None => Err(Diagnostic::error("Provider not available", provider.to_string()).into()),
                };
                let result = result.map(|instance| {
                    s.instances.lock().unwrap_or_else(PoisonError::into_inner).insert(key, instance);
                });
                (id, Answer::Configured(result))
            }),
            Op::Recover { id, provider, request } => Box::pin(async move {
                let answer = match s.instance(provider) {
                    Some(i) => {
                        let _permit = s.permits.acquire().await;
                        i.recover(request).await
                    }
                    None => RecoverAnswer::Unclear(vec![missing()]),
                };
                (id, Answer::Recovered(answer))
            }),
            Op::Refresh { id, provider, requests } => Box::pin(async move {
                let keys: Vec<u64> = requests.iter().map(|r| r.key).collect();
                let sink = Reads { op: id, events: s.events.clone(), answered: Mutex::default() };
                if let Some(i) = s.instance(provider) {
                    i.read(requests, &sink).await;
                }
                // Whoever asked must hear something about every object.
                let answered = sink.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
                for key in keys.into_iter().filter(|k| !answered.contains(k)) {
                    let _ = s.events.send(Event::Read(id, ReadAnswer { key, result: Err(vec![missing()]) }));
                }
                (id, Answer::Refreshed)
            }),
            Op::Import { id, provider, type_name, import_id } => Box::pin(async move {
                let result = match s.instance(provider) {
                    Some(i) => {
                        let _permit = s.permits.acquire().await;
                        i.import(&type_name, &import_id).await
                    }
                    None => Err(Diagnostics::new()),
                };
                (id, Answer::Imported(result))
            }),
            Op::Plan { id, provider, request } => Box::pin(async move {
                let answer = match s.instance(provider) {
                    Some(i) => i.plan(request).await,
                    None => sdt_provider::PlanAnswer { complaints: vec![missing()], ..Default::default() },
                };
                (id, Answer::Planned(answer))
            }),
            Op::ReadData { id, provider, type_name, config } => Box::pin(async move {
                let result = match s.instance(provider) {
                    Some(i) => {
                        let _permit = s.permits.acquire().await;
                        i.read_data(&type_name, config).await
                    }
                    None => Err(vec![missing()]),
                };
                (id, Answer::Data(result))
            }),
            Op::Open { id, provider, type_name, config } => Box::pin(async move {
                let result = match s.instance(provider) {
                    Some(i) => {
                        let _permit = s.permits.acquire().await;
                        i.open(&type_name, config).await
                    }
                    None => Err(vec![missing()]),
                };
                (id, Answer::Data(result))
            }),
            Op::Apply { id, provider, request, begun, ty } => Box::pin(s.apply(id, provider, request, begun, ty)),
            Op::Provision { id, kind, config, connection, address, quiet } => Box::pin(async move {
                let _permit = s.permits.acquire().await;
                let tell = |line: &str| {
                    let (address, kind, line) = (address.clone(), kind.clone(), line.to_owned());
                    let _ = s.notes.send(Progress::ProvisionOutput { address, kind, line });
                };
                if quiet {
                    tell("(output suppressed due to sensitive value in config)");
                }
                let say = |line: &str| {
                    if !quiet {
                        tell(line);
                    }
                };
                let world = crate::provision::World { cwd: &s.env.cwd, vars: &s.env.vars, say: &say };
                let result = crate::provision::run(&kind, &config, connection.as_ref(), &world).await;
                let result = result.map_err(|e| {
                    if quiet { "The command failed; what it is and what it wrote is not shown, since its arguments hold something sensitive.".into() } else { e }
                });
                (id, Answer::Provisioned(result))
            }),
            Op::Settle { id, provider, tokens, marked } => Box::pin(async move {
                let complaints = match s.instance(provider) {
                    Some(i) => i.settled(&tokens, &marked).await,
                    None => Vec::new(),
                };
                (id, Answer::Settled(complaints))
            }),
            Op::Journal(_) | Op::Stop => return None,
        })
    }

    async fn apply(
        self,
        id: OpId,
        provider: ProviderKey,
        request: ApplyRequest,
        begun: Option<Box<Begun>>,
        ty: Type,
    ) -> (OpId, Answer) {
        let Some(instance) = self.instance(provider) else {
            return (id, Answer::NotBegun("The provider is not configured.".into()));
        };
        let _permit = self.permits.acquire().await;
        let journalled = begun.is_some();
        if let Some(begun) = begun
            && let Err(e) = self.journal.begin(*begun, (self.clock)()).await
        {
            return (id, Answer::NotBegun(format!("{e}.")));
        }
        let sink = Applies {
            op: id,
            token: request.token.clone(),
            journal: journalled.then(|| self.journal.clone()),
            ty,
            notes: self.notes.clone(),
            began: Instant::now(),
            interrupt: self.interrupt.clone(),
        };
        let answer = instance.apply(request, &sink).await;
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push(sink.token);
        (id, Answer::Applied(answer))
    }
}

fn missing() -> Complaint {
    Complaint {
        severity: sdt_diag::Severity::Error,
        summary: "Provider gave no answer".into(),
        detail: "The provider was asked and did not answer. This is a bug in the provider.".into(),
        path: Path::root(),
    }
}

struct Reads {
    op: OpId,
    events: mpsc::UnboundedSender<Event>,
    answered: Mutex<std::collections::HashSet<u64>>,
}

impl ReadSink for Reads {
    fn answer(&self, answer: ReadAnswer) {
        if self.answered.lock().unwrap_or_else(PoisonError::into_inner).insert(answer.key) {
            // When nobody listens any more the walk has ended.
            let _ = self.events.send(Event::Read(self.op, answer));
        }
    }
}

struct Applies {
    op: OpId,
    token: String,
    journal: Option<Journal>,
    ty: Type,
    notes: mpsc::UnboundedSender<Progress>,
    began: Instant,
    interrupt: Interrupt,
}

#[async_trait]
impl ApplySink for Applies {
    async fn id_known(&self, object: Value, private: Private) {
        if let Some(journal) = &self.journal {
            // A failure here is not the end: `begun` with its token is durable, and recovery looks the object up.
            let _ = journal.id_known(&self.token, &object, &private, &self.ty).await;
        }
    }

    fn waiting(&self, what: &str) {
        let _ =
            self.notes.send(Progress::Waiting { op: self.op, elapsed: self.began.elapsed(), what: what.to_owned() });
    }

    fn stopping(&self) -> bool {
        self.interrupt.count() > 0
    }
}
