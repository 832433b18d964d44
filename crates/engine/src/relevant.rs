//! Which attributes a plan's outcome depends on: those that what changes refers to, directly or through locals, variables, outputs and
//! other resources. Drift elsewhere explains nothing in the plan.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;
use sdt_addr::{InstanceKey, Mode, ModuleInstance, ModuleStep, ResourceAddr, ResourceInstance};
use sdt_config::{Module, Reference, Referenceable};
use sdt_hcl::{Expr, Step};
use sdt_plan::Relevant;
use sdt_value::{Kind, Str, Value};
use serde_json::Value as Json;

use crate::refs;
use crate::tree::Tree;

/// Looks through the configuration, from changed resources and outputs on. `instances`: those of all modules.
pub(crate) fn relevant<'a>(
    tree: &Tree,
    instances: &[&ModuleInstance],
    changed: impl Iterator<Item = &'a ResourceInstance>,
    outputs: impl Iterator<Item = &'a Str>,
) -> Vec<Relevant> {
    let mut look = Look { tree, found: BTreeMap::new(), seen: FxHashSet::default(), open: Vec::new() };
    let mut begun: FxHashSet<(&ModuleInstance, &ResourceAddr)> = FxHashSet::default();
    for addr in changed {
        if begun.insert((&addr.module, &addr.resource)) {
            look.resource(&addr.module, &addr.resource, &[]);
        }
    }
    for name in outputs {
        if let Some(output) = tree.module(0).outputs.get(name) {
            look.add(&ModuleInstance::root(), refs::of_expr(&output.value));
        }
    }
    while let Some((module, reference)) = look.open.pop() {
        look.visit(&module, &reference);
    }
    // A reference to all instances of a module concerns each of them.
    let same = |a: &ModuleInstance, b: &ModuleInstance| {
        let fits = |(a, b): (&ModuleStep, &ModuleStep)| a.name == b.name && (a.key.is_none() || a.key == b.key);
        a.steps().len() == b.steps().len() && a.steps().iter().zip(b.steps()).all(fits)
    };
    let mut out: Vec<Relevant> = Vec::new();
    let mut told: FxHashSet<(String, String)> = FxHashSet::default();
    for (found, path) in look.found.into_values() {
        for module in instances.iter().filter(|m| same(&found.module, m)) {
            let resource = ResourceInstance { module: (*module).clone(), ..found.clone() }.to_string();
            if told.insert((resource.clone(), Json::from(path.clone()).to_string())) {
                out.push(Relevant { resource, path: path.clone() });
            }
        }
    }
    out
}

struct Look<'a> {
    tree: &'a Tree,
    /// By module, resource and path.
    found: BTreeMap<(String, String), (ResourceInstance, Vec<Json>)>,
    seen: FxHashSet<(ModuleInstance, String)>,
    open: Vec<(ModuleInstance, Reference)>,
}

impl Look<'_> {
    fn module(&self, at: &ModuleInstance) -> Option<std::sync::Arc<Module>> {
        self.tree.find(&at.path()).map(|id| self.tree.module(id).clone())
    }

    /// Takes references of an object in a module in.
    fn add(&mut self, at: &ModuleInstance, references: Vec<Reference>) {
        let Some(module) = self.module(at) else { return };
        for r in references {
            // Names that a `for` expression makes look like resources.
            if r.subject.resource().is_some_and(|addr| !module.resources.contains_key(addr)) {
                continue;
            }
            let path: Vec<Json> = r.rest.iter().map_while(step).collect();
            let key = format!("{:?} {}", r.subject, Json::from(path.clone()));
            if !self.seen.insert((at.clone(), key)) {
                continue;
            }
            if let Referenceable::Resource(addr, instance) = &r.subject
                && addr.mode != Mode::Ephemeral
            {
                let resource = addr.clone().instance(at.clone(), instance.clone());
                let place = (at.to_string(), format!("{resource} {}", Json::from(path.clone())));
                self.found.insert(place, (resource, path));
            }
            self.open.push((at.clone(), r));
        }
    }

    fn expr(&mut self, at: &ModuleInstance, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.add(at, refs::of_expr(expr));
        }
    }

    fn visit(&mut self, at: &ModuleInstance, r: &Reference) {
        let Some(module) = self.module(at) else { return };
        match &r.subject {
            Referenceable::Local(name) => self.expr(at, module.locals.get(name).map(|l| &l.expr)),
            Referenceable::Variable(name) => self.argument(at, name),
            Referenceable::Resource(addr, _) => self.resource(at, addr, &r.rest),
            Referenceable::ModuleOutput(call, key, output) => self.output(at, call, key.as_ref(), output),
            Referenceable::Module(call, key) => {
                // `module.m[*].x` and `module.m["k"]` name all outputs, unless the next step says which.
                let child = at.child(call.clone(), key.clone());
                let Some(called) = self.module(&child) else { return };
                for output in called.outputs.keys() {
                    self.output(at, call, key.as_ref(), output);
                }
            }
            Referenceable::Each(_)
            | Referenceable::Count(_)
            | Referenceable::Path(_)
            | Referenceable::Terraform(_)
            | Referenceable::SelfObject => {}
        }
    }

    fn output(&mut self, at: &ModuleInstance, call: &Str, key: Option<&InstanceKey>, output: &Str) {
        let child = at.child(call.clone(), key.cloned());
        if let Some(called) = self.module(&child) {
            self.expr(&child, called.outputs.get(output).map(|o| &o.value));
        }
    }

    /// What the call gives to a variable.
    fn argument(&mut self, at: &ModuleInstance, name: &Str) {
        let Some((parent, step)) = at.parent() else { return };
        let Some(caller) = self.module(&parent) else { return };
        let Some(call) = caller.calls.get(&step.name) else { return };
        let (arguments, _) = call.config.just_attributes();
        let Some(argument) = arguments.get(name) else { return };
        let references = refs::of_expr(&argument.expr);
        self.repetition(&parent, &references, call.count.as_ref(), call.for_each.as_ref());
        self.add(&parent, references);
    }

    /// What an attribute of a resource, or all of it, comes from.
    fn resource(&mut self, at: &ModuleInstance, addr: &ResourceAddr, rest: &[Step]) {
        let Some(module) = self.module(at) else { return };
        let Some(resource) = module.resources.get(addr) else { return };
        let (arguments, _) = resource.config.just_attributes();
        let references = match rest.first() {
            Some(Step::Attr { name, .. }) => match arguments.get(name) {
                Some(argument) => refs::of_expr(&argument.expr),
                // The provider finds out what no argument says.
                None => Vec::new(),
            },
            _ => refs::of_body(&resource.config),
        };
        self.repetition(at, &references, resource.count.as_ref(), resource.for_each.as_ref());
        self.add(at, references);
    }

    /// `each` and `count` come from where the repetition does.
    fn repetition(
        &mut self,
        at: &ModuleInstance,
        references: &[Reference],
        count: Option<&Expr>,
        for_each: Option<&Expr>,
    ) {
        if references.iter().any(|r| matches!(r.subject, Referenceable::Each(_))) {
            self.expr(at, for_each);
        }
        if references.iter().any(|r| matches!(r.subject, Referenceable::Count(_))) {
            self.expr(at, count);
        }
    }
}

fn step(step: &Step) -> Option<Json> {
    match step {
        Step::Attr { name, .. } => Some(Json::from(&**name)),
        Step::Index { key, .. } => Some(key_json(key)),
        Step::Splat { .. } => None,
    }
}

fn key_json(key: &Value) -> Json {
    match key.kind() {
        Kind::Number(n) => n.as_i64().map_or(Json::Null, Json::from),
        _ => key.as_str().map_or(Json::Null, Json::from),
    }
}
