//! Validation: the same graph with every input unknown and one placeholder in each node. No provider is configured, no data read.

use std::sync::Arc;

use petgraph::graph::NodeIndex;
use sdt_config::Config;
use sdt_diag::{Diagnostics, Severity};
use sdt_plan::NodeAddr;
use sdt_state::State;
use sdt_value::Value;

use crate::core::{Core, Stage};
use crate::expand::{Placeholder, expand};
use crate::graph::ConfigGraph;
use crate::input::{ProviderLookup, Variables};
use crate::plan::on;
use crate::rules::RuleKind;
use crate::sched::Scheduler;
use crate::scope::{Ctx, Env};
use crate::slots::ResourceSlot;
use crate::tree::{Repeat, Tree};

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
        if matches!(core.graph.node(n).addr, NodeAddr::Provider(_)) && core.graph.graph.neighbors(n).next().is_none() {
            sched.finish(n, true);
            continue;
        }
        let ok = core.check_node(n)
            && match core.graph.node(n).addr.clone() {
                NodeAddr::Resource(_) => validate_resource(&mut core, n),
                NodeAddr::Check(_, name) => validate_check(&mut core, n, &name),
                NodeAddr::Provider(_) => core.provider_config(n).is_some() || core.graph.node(n).module.is_none(),
                _ => core.eval_node(n),
            };
        sched.finish(n, ok);
    }
    core.diags
}

/// Evaluates the assertions of a check for what is wrong whatever the values are.
fn validate_check(core: &mut Core, n: NodeIndex, name: &str) -> bool {
    let Some(id) = core.graph.node(n).module else { return true };
    let module = core.tree.module(id).clone();
    let Some(check) = module.checks.get(name) else { return true };
    let mut ok = true;
    for mi in core.insts.of_module(id).to_vec() {
        for outcome in Ctx::new(core, mi).outcomes(&check.asserts, RuleKind::Assert, check.span) {
            let errors = outcome
                .diags
                .into_iter()
                .filter(|d| d.severity == Severity::Error && d.summary != RuleKind::Assert.no_result());
            ok &= core.take(Diagnostics(errors.collect()));
        }
    }
    ok
}

fn validate_resource(core: &mut Core, n: NodeIndex) -> bool {
    let NodeAddr::Resource(addr) = core.graph.node(n).addr.clone() else { return true };
    let Some(info) = core.type_info(n) else { return false };
    let Some(id) = core.graph.node(n).module else { return true };
    let module = core.tree.module(id).clone();
    let Some(resource) = module.resources.get(&addr.resource) else { return true };
    let mut ok = true;
    for mi in core.insts.of_module(id).to_vec() {
        let ctx = Ctx::new(core, mi);
        let expansion = match expand(&ctx, resource.count.as_ref(), resource.for_each.as_ref(), Placeholder::Always) {
            Ok(expansion) => expansion,
            Err(diags) => {
                ok &= core.take(diags);
                continue;
            }
        };
        let mut slot = ResourceSlot::new(expansion.repeat, expansion.unknown);
        if expansion.repeat == Repeat::Single {
            slot.set(None, Value::unknown(info.ty.clone()));
        }
        core.slots.set_resource(n, &core.insts, mi, slot);
        for (_, repetition) in &expansion.members {
            let found = crate::resource_config::evaluate(core, &info, mi, resource, repetition);
            let diags = match found {
                Ok((_, _, diags)) | Err(diags) => diags,
            };
            ok &= core.take(on(diags, &addr.to_string()));
        }
    }
    for import in core
        .tree
        .module(0)
        .clone()
        .imports
        .iter()
        .filter(|i| i.to_module == addr.module && i.to_resource == addr.resource)
    {
        if import.for_each.is_none() {
            let diags = crate::plan::check_import_id(&Ctx::new(core, 0), import);
            ok &= core.take(diags);
        }
    }
    ok
}
