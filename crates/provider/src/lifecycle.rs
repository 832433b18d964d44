//! Creating, updating and deleting one object of any native type: create → id known → finish → read back.

use std::time::Duration;

use futures::future::BoxFuture;
use sdt_value::{Kind, Value};
use tokio::time::Instant;

use crate::api::{ApplyAnswer, ApplyRequest, ApplySink, RecoverAnswer, RecoverRequest};
use crate::convert::{tags_value, with};
use crate::declare::{Content, Meta};
use crate::error::{Class, Error};
use crate::lost::creating;
use crate::resource::{Changes, Cx, ResourceType, Token};
use crate::same::{after_apply, same};
use crate::tags::{OPERATION_TAG, TagSettings};
use crate::timeouts::{private, timeout};
use crate::wait::{Pace, Seen};

/// How long an object just made may be invisible.
const VISIBLE_WITHIN: Duration = Duration::from_secs(120);

/// Makes an error clearer by asking the service.
pub(crate) type Explain<A> = for<'e> fn(&'e A, Error) -> BoxFuture<'e, Error>;

/// When to look for what a creation may have made that nobody answered: the service may still be at it, and its lists may lag. Within a
/// run, those that are found by a tag alone are looked for a few times, because asking again would make a second one; where a name or a
/// client token stands in the way of that, once will do. After a run that died all of them are: the next creation has another token.
const LOOKS: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// How often a creation is asked for when replies are lost.
const ASKED: u32 = 3;

/// One operation on one object.
pub(crate) struct Lifecycle<'a, A: 'static> {
    pub(crate) explain: Explain<A>,
    pub(crate) kind: &'static dyn ResourceType<A>,
    pub(crate) api: &'a A,
    pub(crate) tags: &'a TagSettings,
}

impl<A: Send + Sync + 'static> Lifecycle<'_, A> {
    fn meta(&self) -> &'static Meta {
        self.kind.meta()
    }

    fn cx<'c>(&'c self, token: &'c str, sink: Option<&'c dyn ApplySink>, object: &Value, operation: &str) -> Cx<'c, A> {
        Cx::new(self.api, token, sink, Instant::now() + timeout(self.meta(), object, operation))
    }

    pub(crate) async fn apply(&self, req: &ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        if req.planned.is_null() {
            self.delete(req, sink).await
        } else if req.prior.is_null() {
            self.create(req, sink).await
        } else {
            self.update(req, sink).await
        }
    }

    /// The planned object as resource code wants it: everything known, the tags to be on the object, write-only values in place.
    fn want(&self, req: &ApplyRequest) -> Value {
        let mut members: Vec<(&str, Value)> = Vec::new();
        if self.meta().tagged {
            let mut all = self.tags.merge(req.config.get("tags").unwrap_or(&Value::NULL));
            if req.prior.is_null() && self.kind.token() == Token::Tag {
                all.insert(OPERATION_TAG.to_owned(), req.token.clone());
            }
            members.push(("tags_all", tags_value(&all)));
        }
        for f in self.meta().decl.fields.iter().filter(|f| f.write_only) {
            members.extend(req.config.get(f.name).map(|v| (f.name, v.clone())));
        }
        with(&req.planned, members)
    }

    async fn create(&self, req: &ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let cx = self.cx(&req.token, Some(sink), &req.planned, "create");
        let want = self.want(req);
        let null = Value::null(req.planned.ty());
        let made = match self.make(&cx, &want).await {
            Ok(made) => made,
            Err(e) => {
                // What was asked may have happened, though nobody said so.
                let unclear = matches!(e.class, Class::Transient | Class::Timeout | Class::Unclear | Class::Stopped);
                let takeover = e.takeover(self.kind.import_id(&want).as_deref());
                let mut answer = self.failed("creating", e, null, None).await;
                if let (Some(block), Some(first)) = (takeover, answer.complaints.first_mut()) {
                    first.detail = if first.detail.is_empty() {
                        block
                    } else {
                        format!(
                            "{}
{block}",
                            first.detail
                        )
                    };
                }
                return ApplyAnswer { unclear, ..answer };
            }
        };
        let known = self.settle(&made, &req.planned);
        sink.id_known(known.clone(), private(self.meta(), &known)).await;
        let made =
            if self.meta().tagged { with(&made, want.get("tags_all").map(|t| ("tags_all", t.clone()))) } else { made };
        if let Err(e) = self.kind.finish(&cx, &made).await {
            let object = self.reread(&cx, &made, &req.planned).await.unwrap_or(known);
            return self.failed("creating", e, object, Some(&made)).await;
        }
        match self.read_back(&cx, &made).await {
            Ok(got) => self.done(self.settle(&got, &req.planned)),
            Err(e) => self.failed("reading", e, known, Some(&made)).await,
        }
    }

    /// Makes the object. When a reply was lost, looks for what it made before asking again.
    async fn make(&self, cx: &Cx<'_, A>, want: &Value) -> Result<Value, Error> {
        let mut lost = false;
        let mut asked = 0;
        loop {
            let (made, unheard) = creating(self.kind.create(cx, want)).await;
            lost |= unheard;
            asked += 1;
            let e = match made {
                Ok(made) => return Ok(made),
                Err(e) => e,
            };
            if !lost || matches!(e.class, Class::Stopped | Class::Timeout | Class::Denied | Class::Credentials) {
                return Err(e);
            }
            tracing::debug!(error = %e, "a reply was lost; looking for what it made");
            match self.look_for(cx, want).await {
                Ok(Some(made)) => return Ok(made),
                Ok(None) => {}
                // The service knows a repeated request by its client token.
                Err(e) if e.class == Class::Unclear && self.kind.token() == Token::Client => {}
                Err(_) => return Err(e),
            }
            if e.class != Class::Transient || asked == ASKED || cx.stopping() {
                return Err(e);
            }
        }
    }

    async fn look_for(&self, cx: &Cx<'_, A>, want: &Value) -> Result<Option<Value>, Error> {
        let looks = if self.kind.token() == Token::Tag { &LOOKS[..] } else { &LOOKS[..1] };
        self.look_after(looks, cx, &self.marked(want, cx.token())).await
    }

    async fn look_after(&self, pauses: &[Duration], cx: &Cx<'_, A>, sought: &Value) -> Result<Option<Value>, Error> {
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            if let Some(made) = self.kind.recover(cx, sought).await? {
                return Ok(Some(made));
            }
        }
        Ok(None)
    }

    /// What is looked for: with the creation's tag, where that is what identifies it.
    fn marked(&self, want: &Value, token: &str) -> Value {
        if !self.meta().tagged || self.kind.token() != Token::Tag {
            return want.clone();
        }
        with(want, [("tags_all", tags_value(&[(OPERATION_TAG.to_owned(), token.to_owned())].into()))])
    }

    async fn update(&self, req: &ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let cx = self.cx(&req.token, Some(sink), &req.planned, "update");
        let want = self.want(req);
        let mut prior = req.prior.clone();
        if let Some(made) = &req.resume {
            // Its creation was cut short: what is left of that comes first, and what it changes is no change any more.
            let secret = self.meta().decl.fields.iter().filter(|f| f.write_only || f.name == "tags_all");
            let made = with(made, secret.filter_map(|f| want.get(f.name).map(|v| (f.name, v.clone()))));
            if let Err(e) = self.kind.finish(&cx, &made).await {
                let object = self.reread(&cx, &prior, &req.prior).await.unwrap_or(prior);
                return self.failed("creating", e, object, Some(&req.prior)).await;
            }
            prior = self.reread(&cx, &prior, &req.prior).await.unwrap_or(prior);
        }
        let prior = if self.meta().tagged { self.prior_tags(&prior) } else { prior };
        let changed = self.changes(&prior, &want);
        if !changed.0.is_empty()
            && let Err(e) = self.kind.update(&cx, &prior, &want, &changed).await
        {
            let object = self.reread(&cx, &prior, &req.prior).await.unwrap_or_else(|| req.prior.clone());
            return self.failed("updating", e, object, Some(&req.prior)).await;
        }
        let known = with(&want, req.prior.get("id").map(|id| ("id", id.clone())));
        match self.read_back(&cx, &known).await {
            Ok(got) => self.done(self.settle(&got, &req.planned)),
            Err(e) => self.failed("reading", e, self.settle(&known, &req.planned), Some(&req.prior)).await,
        }
    }

    async fn delete(&self, req: &ApplyRequest, sink: &dyn ApplySink) -> ApplyAnswer {
        let cx = self.cx(&req.token, Some(sink), &req.prior, "delete");
        match self.kind.delete(&cx, &req.prior).await {
            Err(e) if !e.is_not_found() => {
                let mut answer = self.failed("deleting", e, req.prior.clone(), Some(&req.prior)).await;
                answer.private = req.private.clone();
                answer
            }
            _ => {
                let object = Value::null(req.prior.ty());
                ApplyAnswer { unclear: false, object, private: [].into(), complaints: Vec::new() }
            }
        }
    }

    pub(crate) async fn recover(&self, req: &RecoverRequest) -> RecoverAnswer {
        let cx = self.cx(&req.token, None, &req.planned, "read");
        let known = req.known.clone().or_else(|| (!req.prior.is_null()).then(|| req.prior.clone()));
        if let Some(known) = known {
            return match self.kind.read_many(&cx, std::slice::from_ref(&known)).await.map(|mut v| v.pop().flatten()) {
                Ok(Some(got)) => {
                    let form = if req.planned.is_null() { &req.prior } else { &req.planned };
                    let object = self.settle(&got, form);
                    let private = private(self.meta(), &object);
                    RecoverAnswer::Found { object, private, unfinished: req.prior.is_null().then_some(known) }
                }
                Ok(None) => RecoverAnswer::Absent,
                Err(e) if e.is_not_found() => RecoverAnswer::Absent,
                Err(e) => RecoverAnswer::Unclear(vec![e.complaint("looking for", self.kind.human(), None)]),
            };
        }
        let want = self.marked(&req.planned, &req.token);
        let looks = [&[Duration::ZERO], &LOOKS[..]].concat();
        match self.look_after(&looks, &cx, &want).await {
            Ok(Some(made)) => {
                let got = self
                    .kind
                    .read_many(&cx, std::slice::from_ref(&made))
                    .await
                    .ok()
                    .and_then(|mut v| v.pop().flatten());
                let made = self.settle(&made, &req.planned);
                let object = got.map_or_else(|| made.clone(), |got| self.settle(&got, &req.planned));
                let private = private(self.meta(), &object);
                RecoverAnswer::Found { object, private, unfinished: Some(made) }
            }
            Ok(None) => RecoverAnswer::Absent,
            Err(e) => RecoverAnswer::Unclear(vec![e.complaint("looking for", self.kind.human(), None)]),
        }
    }

    /// What changes by the plan, by name; `tags` when the tags on the object are to change.
    fn changes(&self, prior: &Value, want: &Value) -> Changes {
        let meta = self.meta();
        let null = Value::NULL;
        let names = meta.decl.fields.iter().filter(|f| f.name != "tags" || !meta.tagged).filter(|f| {
            let (a, b) = (prior.get(f.name).unwrap_or(&null), want.get(f.name).unwrap_or(&null));
            let settable = f.optional || f.required || matches!(f.content, Content::Block { .. });
            (settable || f.name == "tags_all") && !b.is_unknown() && !same(f, a, b, meta.legacy)
        });
        Changes(names.map(|f| if f.name == "tags_all" && meta.tagged { "tags" } else { f.name }).collect())
    }

    fn prior_tags(&self, prior: &Value) -> Value {
        let visible = self.tags.visible(prior.get("tags_all").unwrap_or(&Value::NULL));
        with(prior, [("tags_all", tags_value(&visible))])
    }

    /// Reads the object just made or changed; it may be invisible for a while.
    async fn read_back(&self, cx: &Cx<'_, A>, known: &Value) -> Result<Value, Error> {
        let look = Cx::new(cx.api, cx.token(), None, Instant::now() + VISIBLE_WITHIN);
        look.wait("the object to become visible", Pace::QUICK, || async {
            match self.kind.read_many(&look, std::slice::from_ref(known)).await.map(|mut v| v.pop().flatten()) {
                Ok(Some(got)) => Ok(Seen::Ready(got)),
                Ok(None) => Ok(Seen::Pending(String::new())),
                Err(e) if e.is_not_found() => Ok(Seen::Pending(e.code)),
                Err(e) => Err(e),
            }
        })
        .await
    }

    /// What is there after a failure, when it can be seen at once.
    async fn reread(&self, cx: &Cx<'_, A>, known: &Value, form: &Value) -> Option<Value> {
        let got = self.kind.read_many(cx, std::slice::from_ref(known)).await.ok()?.pop()??;
        Some(self.settle(&got, form))
    }

    /// What was read, in the form of the plan, without anything unknown, tags split, timeouts as configured.
    fn settle(&self, got: &Value, planned: &Value) -> Value {
        let meta = self.meta();
        let got = if meta.tagged {
            let all = got.get("tags_all").cloned().unwrap_or(Value::NULL);
            with(got, self.tags.split(&all, planned.get("tags")))
        } else {
            got.clone()
        };
        let mut object = after_apply(meta.decl, &got, planned);
        if !meta.timeouts.is_empty() {
            object = with(&object, planned.get("timeouts").map(|t| ("timeouts", t.clone())));
        }
        known_only(object)
    }

    fn done(&self, object: Value) -> ApplyAnswer {
        let private = private(self.meta(), &object);
        ApplyAnswer { unclear: false, object, private, complaints: Vec::new() }
    }

    async fn failed(&self, doing: &str, e: Error, object: Value, named: Option<&Value>) -> ApplyAnswer {
        let e = (self.explain)(self.api, e).await;
        let id = named.and_then(|v| v.get("id")).and_then(Value::as_str);
        if e.class == Class::Stopped {
            tracing::debug!(error = %e, "stopped");
        }
        let private = private(self.meta(), &object);
        ApplyAnswer { unclear: false, object, private, complaints: vec![e.complaint(doing, self.kind.human(), id)] }
    }
}

/// Unknown parts become null: an applied object is wholly known.
fn known_only(value: Value) -> Value {
    if value.is_wholly_known() {
        return value;
    }
    let known = value.transform(&mut |_, v| -> Result<Value, std::convert::Infallible> {
        Ok(match v.kind() {
            Kind::Unknown(ty, _) => Value::null(ty.clone()),
            _ => v,
        })
    });
    match known {
        Ok(v) => v,
        Err(never) => match never {},
    }
}
