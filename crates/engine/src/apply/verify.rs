//! Is everything still as the plan saw it? A plan is good for the state it was made from, which its serial tells, and for the objects it
//! was made from, which only a look tells: one bulk read per provider configuration, of the objects that the plan touches, before the
//! first change. What has changed since is left alone, and so is what waits for it; the rest goes on.

use petgraph::graph::NodeIndex;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::{Action, Change, ExecNode, NodeAddr, Plan};
use sdt_provider::{ReadAnswer, ReadRequest};
use sdt_value::{Kind, Marks, Path, Value};

use super::{ApplyWalk, Pending};
use crate::convert::private_from_state;
use crate::graph::ConfigGraph;
use crate::op::{Op, OpId};

/// How many differences are named for one object.
const NAMED: usize = 8;

impl ApplyWalk {
    /// Asks for what a provider configuration is about to change. Returns whether there is anything to wait for.
    pub(super) fn look_again(&mut self, node: NodeIndex) -> bool {
        let ExecNode::Eval(addr) = &self.plan.exec.0[node] else { return false };
        let Some(provider) = self.core.graph.find(addr).filter(|_| self.verify) else { return false };
        let mut requests = Vec::new();
        let plan = self.plan.clone();
        for (i, c) in plan.changes.iter().enumerate().filter(|(_, c)| is_touched(c)) {
            let Some(n) = self.core.graph.find(&NodeAddr::Resource(c.addr.config())) else { continue };
            // What lives in the state alone nobody else can have changed.
            let outside = self.core.type_info(n).is_some_and(|t| t.provider.has_outside_effects());
            if outside && self.core.graph.node(n).provider == Some(provider) {
                let stored =
                    plan.prior_state.instance(&crate::convert::instance_to_state(&c.addr), c.deposed.as_deref());
                requests.push(ReadRequest {
                    key: i as u64,
                    type_name: c.addr.resource.type_name.clone(),
                    prior: c.before.clone().unmark_deep().0,
                    private: private_from_state(stored.and_then(|s| s.private.as_deref())),
                });
            }
        }
        let Some(key) = self.provider_keys.get(&provider).copied().filter(|_| !requests.is_empty()) else {
            return false;
        };
        let id = self.core.op_id();
        self.pending.insert(id, Pending::Verify);
        self.looking.insert(id, (node, requests.len()));
        self.core.ops.push(Op::Refresh { id, provider: key, requests });
        true
    }

    /// Takes an answer in; the last one lets the changes begin.
    pub(super) fn on_looked(&mut self, op: OpId, answer: ReadAnswer) {
        self.check_fingerprint(answer);
        let Some((node, open)) = self.looking.get_mut(&op) else { return };
        *open -= 1;
        if *open == 0 {
            let node = *node;
            self.looking.remove(&op);
            self.sched.finish(node, true);
        }
    }

    /// Compares an object with what the plan was made from.
    fn check_fingerprint(&mut self, answer: ReadAnswer) {
        let i = answer.key as usize;
        let Some(change) = self.plan.changes.get(i).cloned() else { return };
        let address = change.addr.to_string();
        let what = match answer.result {
            // What cannot be read is found out by the call itself.
            Err(_) => return,
            Ok((found, _)) if found.is_null() => match change.action {
                // It was to go anyway.
                Action::Delete | Action::Replace(_) => return,
                _ => "  it does not exist any more".to_owned(),
            },
            Ok((found, _)) => {
                let found = differences(&change.before, &found);
                if found.is_empty() {
                    return;
                }
                found.join("\n")
            }
        };
        self.refused.insert(i);
        self.core.diags.push(
            Diagnostic::error(
                "Object changed since the plan was made",
                format!("Somebody has changed {address} after it was planned:\n{what}\n\nNothing was done to it, nor to what waits for it. Plan again."),
            )
            .on(&address),
        );
    }
}

/// Whether a change touches an object that is there. One whose creation was cut short is on its way still.
fn is_touched(c: &Change) -> bool {
    let touches = matches!(c.action, Action::Update | Action::Delete | Action::Replace(_));
    touches && c.resume.is_none() && !c.before.is_null() && c.addr.resource.mode == sdt_addr::Mode::Managed
}

/// Each place where two objects differ, with both values where they are no secret.
fn differences(before: &Value, now: &Value) -> Vec<String> {
    let mut out = Vec::new();
    compare(&Path::root(), before, now, false, &mut out);
    // Paths begin with a dot.
    let mut out: Vec<String> =
        out.into_iter().map(|line| format!("  {}", line.trim_start_matches([' ', '.']))).collect();
    if out.len() > NAMED {
        let more = out.len() - NAMED;
        out.truncate(NAMED);
        out.push(format!("  and {more} more"));
    }
    out
}

fn compare(path: &Path, before: &Value, now: &Value, secret: bool, out: &mut Vec<String>) {
    let (bare, marks) = before.clone().unmark();
    let secret = secret || marks.contains(Marks::SENSITIVE);
    let now = now.clone().unmark().0;
    match (bare.kind(), now.kind()) {
        (Kind::Object(b), Kind::Object(n)) => {
            for (name, value) in b.iter() {
                match n.get(name) {
                    Some(other) => compare(&path.attr(name.clone()), value, other, secret, out),
                    None => out.push(format!("  {}: it is gone", path.attr(name.clone()))),
                }
            }
        }
        _ if bare.clone().unmark_deep().0.raw_equals(&now.clone().unmark_deep().0) => {}
        _ if secret || bare.deep_marks().contains(Marks::SENSITIVE) => out.push(format!("  {path}: a sensitive value")),
        _ => out.push(format!("  {path}: {} when planned, {} now", brief(&bare), brief(&now))),
    }
}

/// A value in a few words.
fn brief(v: &Value) -> String {
    let text = sdt_value::to_json(v, &v.ty()).to_string();
    if text.chars().count() <= 80 {
        return text;
    }
    format!("{}…", text.chars().take(79).collect::<String>())
}

/// Steps of a plan that nothing in its configuration and state is about: the file was not made by planning.
pub(super) fn foreign(plan: &Plan, graph: &ConfigGraph) -> Diagnostics {
    let unknown = |addr: &NodeAddr| graph.find(addr).is_none();
    let of_steps = plan.exec.0.node_weights().filter_map(|node| match node {
        // Resources and providers that only an earlier state named may be gone with their last object.
        ExecNode::Eval(NodeAddr::Provider(_)) => None,
        ExecNode::Eval(addr) if unknown(addr) => Some(addr.to_string()),
        _ => None,
    });
    let of_changes = plan.changes.iter().filter_map(|c| {
        let addr = NodeAddr::Resource(c.addr.config());
        (c.is_effective() && unknown(&addr)).then(|| c.addr.to_string())
    });
    let told = of_steps
        .chain(of_changes)
        .take(1)
        .map(|address| {
            Diagnostic::error(
                "The plan does not fit its configuration",
                format!("It has a step for {address}, which neither the configuration nor the state in it knows. Nothing was done; plan again."),
            )
        })
        .collect();
    Diagnostics(told)
}
