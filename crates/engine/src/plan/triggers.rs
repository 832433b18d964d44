//! `replace_triggered_by`, and resources that name themselves.

use petgraph::graph::NodeIndex;
use sdt_addr::{InstanceKey, ResourceInstance};
use sdt_config::{Referenceable, Resource, parse_reference};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{Expr, ExprKind, Step};
use sdt_plan::{Action, Change, NodeAddr};
use sdt_value::Value;

use super::PlanWalk;
use crate::scope::Ctx;
use crate::tree::{Mi, Repetition};

impl PlanWalk {
    /// Whether something that an instance is to be replaced with changes in this plan.
    pub(super) fn triggered(&self, mi: Mi, resource: &Resource, repetition: &Repetition) -> Result<bool, Diagnostics> {
        for expr in &resource.lifecycle.replace_triggered_by {
            let ctx = Ctx::new(&self.core, mi).repeated(repetition.clone());
            let Some((addr, key, rest)) = trigger(&ctx, expr)? else { continue };
            let path = &self.core.tree.module(self.core.insts.all[mi].module).path;
            let node = self.core.graph.find(&NodeAddr::Resource(addr.clone().in_module(path.clone())));
            let module = &self.core.insts.all[mi].addr;
            let fires = match &key {
                Some(_) => {
                    let instance = addr.clone().instance(module.clone(), key);
                    let Some(i) = self.change_of.get(&instance) else {
                        return Err(no_change_for(&instance, expr).into());
                    };
                    fires(&self.changes[*i].1, &rest)
                }
                None => self
                    .changes
                    .iter()
                    .filter(|(m, c)| Some(*m) == node && c.addr.module == *module)
                    .any(|(_, c)| fires(c, &rest)),
            };
            if fires {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reports a resource whose own configuration refers to it. Returns whether it does.
    pub(super) fn names_itself(&mut self, n: NodeIndex, resource: &Resource) -> bool {
        let own = |r: &sdt_config::Reference| r.subject.resource() == Some(&resource.addr);
        let mut found: Vec<sdt_config::Reference> = Vec::new();
        for r in crate::refs::of_body(&resource.config).into_iter().filter(own) {
            // Terraform tells a reference to the whole resource twice: by itself and from its evaluation.
            if matches!(r.subject, Referenceable::Resource(_, None)) {
                found.push(r.clone());
            }
            found.push(r);
        }
        for e in [&resource.count, &resource.for_each, &resource.lifecycle.enabled] {
            found.extend(crate::refs::of_exprs(e).into_iter().filter(own));
        }
        let address = self.core.graph.node(n).addr.to_string();
        for r in &found {
            self.core.diags.push(
                Diagnostic::error(
                    "Self-referential block",
                    format!("The configuration of {address} refers to itself, so it could never be evaluated."),
                )
                .at(r.whole),
            );
        }
        !found.is_empty()
    }

    /// Reports a resource that is to be replaced with itself. Returns whether it is.
    pub(super) fn triggers_itself(&mut self, resource: &Resource, instances: &[ResourceInstance]) -> bool {
        let own = |e: &&Expr| crate::refs::of_expr(e).iter().any(|r| r.subject.resource() == Some(&resource.addr));
        let Some(expr) = resource.lifecycle.replace_triggered_by.iter().find(own) else { return false };
        let Some(first) = instances.first() else { return false };
        if let [_] = instances {
            self.core.diags.push(no_change_for(first, expr));
            return true;
        }
        let names: Vec<String> = instances.iter().map(ToString::to_string).collect();
        let summary = format!("Cycle: {}", names.join(", "));
        self.core.diags.push(
            Diagnostic::error(summary, format!("{} cannot trigger its own replacement.", resource.addr))
                .at(expr.span()),
        );
        true
    }
}

/// An instance that is to be replaced with another which this plan does not have, or with itself.
fn no_change_for(instance: &ResourceInstance, expr: &Expr) -> Diagnostic {
    let module = &instance.module;
    let place = if module.is_root() { "the root module".to_owned() } else { module.to_string() };
    let local = match &instance.key {
        Some(key) => format!("{}{key}", instance.resource),
        None => instance.resource.to_string(),
    };
    Diagnostic::error(
        format!("no change found for {local} in {place}"),
        "replace_triggered_by names an object of the configuration other than its own resource: check its name and its index.",
    )
    .at(expr.span())
}

type Trigger = (sdt_addr::ResourceAddr, Option<InstanceKey>, Vec<Step>);

/// Takes a reference apart; its index may be computed from `count` or `each`.
fn trigger(ctx: &Ctx<'_>, expr: &Expr) -> Result<Option<Trigger>, Diagnostics> {
    let mut expr = expr.unparenthesised();
    let mut rest: Vec<Step> = Vec::new();
    let mut key = None;
    loop {
        match &expr.kind {
            ExprKind::RelativeTraversal { source, steps } => {
                rest.splice(0..0, steps.iter().cloned());
                expr = source.unparenthesised();
            }
            ExprKind::Index { collection, key: index } => {
                let (value, diags) = ctx.eval(index);
                if diags.has_errors() {
                    return Err(diags);
                }
                let (value, _) = value.unmark_deep();
                if key.is_none() && rest.is_empty() || matches!(collection.kind, ExprKind::Traversal(_)) {
                    key = InstanceKey::from_value(&value);
                } else {
                    rest.insert(0, Step::Index { key: value, span: index.span() });
                }
                expr = collection.unparenthesised();
            }
            _ => break,
        }
    }
    let traversal = expr.as_traversal()?;
    let reference = parse_reference(&traversal)?;
    let Referenceable::Resource(addr, literal) = reference.subject else { return Ok(None) };
    let steps = reference.rest.into_iter().chain(rest).collect();
    Ok(Some((addr, literal.or(key), steps)))
}

/// Only changes of the object itself count; a creation or deletion is none.
fn fires(change: &Change, rest: &[Step]) -> bool {
    if !matches!(change.action, Action::Update | Action::Replace(_)) {
        return false;
    }
    let part = |v: &Value| rest.iter().try_fold(v.clone(), |v, s| sdt_hcl::apply_step(&v, s)).ok();
    match (part(&change.before), part(&change.after)) {
        _ if rest.is_empty() => true,
        (Some(before), Some(after)) => !after.is_wholly_known() || !after.raw_equals(&before),
        (None, None) => false,
        _ => true,
    }
}
