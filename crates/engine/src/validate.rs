//! Validation: the same graph with every input unknown and one placeholder in each node. No provider is configured, no data read.

use std::sync::Arc;

use petgraph::graph::NodeIndex;
use sdt_addr::Mode;
use sdt_config::{Config, Readable, Resource};
use sdt_diag::Diagnostics;
use sdt_plan::NodeAddr;
use sdt_state::State;
use sdt_value::{Marks, Value};

use crate::core::{Core, Stage};
use crate::expand::{Placeholder, expand};
use crate::graph::ConfigGraph;
use crate::input::{ProviderLookup, Variables};
use crate::plan::on;
use crate::sched::Scheduler;
use crate::scope::{Ctx, Env};
use crate::slots::ResourceSlot;
use crate::tree::{Expansion, Mi, Repeat, Repetition, Tree};

/// Looks for everything that can be said against a configuration without a state.
#[must_use]
pub fn validate(config: &Config, providers: Arc<dyn ProviderLookup>, env: Env) -> Diagnostics {
    let tree_diags = sdt_config::check_tree(config);
    if tree_diags.has_errors() {
        return tree_diags;
    }
    let tree = Tree::new(config);
    let (graph, mut diags) = ConfigGraph::build(config, &tree, &State::default(), &[]);
    diags.0.splice(0..0, tree_diags);
    if diags.has_errors() {
        return diags;
    }
    let mut sched = Scheduler::new(&graph.graph);
    let mut core = Core::new(Stage::Validate, config.clone(), tree, graph, env, providers, Variables::new());
    core.diags = diags;
    while let Some(n) = sched.next() {
        // Nothing uses this provider configuration: it is not looked at.
        if core.graph.is_unused_provider(n) {
            sched.finish(n, true);
            continue;
        }
        let (checked, readable) = core.check_parts(n);
        let ok = match core.graph.node(n).addr.clone() {
            // What is wrong in one part of a resource does not hide what is wrong in another.
            NodeAddr::Resource(_) => validate_resource(&mut core, n, checked, readable) && checked,
            _ if !checked => false,
            NodeAddr::Check(_, name) => validate_check(&mut core, n, &name),
            NodeAddr::Provider(_) => core.provider_config(n).is_some() || core.graph.node(n).module.is_none(),
            _ => core.eval_node(n),
        };
        sched.finish(n, ok);
    }
    core.diags
}

/// Evaluates the messages of a check's assertions. Whether their conditions work is seen when there are values for them.
fn validate_check(core: &mut Core, n: NodeIndex, name: &str) -> bool {
    let Some(id) = core.graph.node(n).module else { return true };
    let module = core.tree.module(id).clone();
    let Some(check) = module.checks.get(name) else { return true };
    let mut ok = true;
    for mi in core.insts.of_module(id).to_vec() {
        for rule in &check.asserts {
            let (_, diags) = Ctx::new(core, mi).message(&rule.error_message);
            ok &= core.take(diags);
        }
    }
    ok
}

/// Evaluates what provisioners take. Only the first one with errors is told of.
fn provisioners(core: &Core, mi: Mi, resource: &Resource, repetition: &Repetition) -> Diagnostics {
    let ctx = Ctx::new(core, mi).repeated(repetition.clone()).with_self(Value::DYNAMIC);
    for p in &resource.provisioners {
        let Some(schema) = sdt_config::provisioner_schema(&p.kind) else { continue };
        let (_, diags) = sdt_config::decode(&p.config, &schema, &ctx);
        if diags.has_errors() {
            return diags;
        }
    }
    Diagnostics::new()
}

/// The one instance that stands for all. `evaluate`: whether what they are made by has passed its checks.
fn placeholder(core: &mut Core, mi: Mi, resource: &Resource, evaluate: bool) -> (Expansion, bool) {
    let (count, for_each) = (resource.count.as_ref(), resource.for_each.as_ref());
    let enabled = resource.lifecycle.enabled.as_ref();
    let mut ok = true;
    if evaluate {
        match expand(&Ctx::new(core, mi), count, for_each, enabled, Placeholder::Always) {
            Ok(expansion) => return (expansion, true),
            Err(diags) => ok = core.take(diags),
        }
    }
    let repeat = match (count, for_each, enabled) {
        (Some(_), ..) => Repeat::Count,
        (None, Some(_), _) => Repeat::ForEach,
        (None, None, Some(_)) => Repeat::Optional,
        (None, None, None) => return (Expansion::single(), ok),
    };
    (Expansion::placeholder(repeat, Value::DYNAMIC), ok)
}

fn validate_resource(core: &mut Core, n: NodeIndex, checked: bool, readable: Readable) -> bool {
    let NodeAddr::Resource(addr) = core.graph.node(n).addr.clone() else { return true };
    let info = core.type_info(n);
    let Some(id) = core.graph.node(n).module else { return true };
    let module = core.tree.module(id).clone();
    let Some(resource) = module.resources.get(&addr.resource) else { return true };
    let mut ok = info.is_some();
    for mi in core.insts.of_module(id).to_vec() {
        let (expansion, expanded) = placeholder(core, mi, resource, readable.repetition);
        ok &= expanded;
        // What its schema says of references is checked by itself; nothing more is known of the object.
        let mut slot = ResourceSlot::new(expansion.repeat, expansion.unknown);
        if addr.resource.mode == Mode::Ephemeral {
            slot = ResourceSlot::new(Repeat::Single, false);
            slot.set(None, Value::DYNAMIC.with_marks(Marks::EPHEMERAL));
        } else if expansion.repeat == Repeat::Single {
            slot.set(None, Value::DYNAMIC);
        }
        core.slots.set_resource(n, &core.insts, mi, slot);
        let Some(info) = &info else { continue };
        for (_, repetition) in expansion.members.iter().filter(|_| readable.body) {
            let found = crate::resource_config::evaluate(core, info, mi, resource, repetition);
            let diags = match found {
                Ok((_, _, diags)) | Err(diags) => diags,
            };
            ok &= core.take(on(diags, &addr.to_string()));
            if !checked {
                continue;
            }
            let diags = provisioners(core, mi, resource, repetition);
            ok &= core.take(on(diags, &addr.to_string()));
        }
    }
    if !checked {
        return ok;
    }
    for import in core
        .tree
        .module(0)
        .clone()
        .imports
        .iter()
        .filter(|i| i.to_module == addr.module && i.to_resource == addr.resource)
    {
        let diags = crate::plan::check_import(core, import);
        ok &= core.take(diags);
    }
    ok
}
