//! `import` blocks: the id is evaluated, the object looked up, then read.

use petgraph::graph::NodeIndex;
use sdt_addr::{ConfigResource, InstanceKey, ResourceInstance};
use sdt_config::Import;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{Expr, ExprKind, Scope, Step, Traversal};
use sdt_plan::NodeAddr;
use sdt_provider::{Imported, ReadRequest};
use sdt_value::{Kind, Marks, Value};

use super::{Pending, PlanWalk};
use crate::core::Core;
use crate::op::{Op, Progress};
use crate::scope::Ctx;
use crate::tree::Repetition;

/// An import on its way.
pub(super) struct Importing {
    node: NodeIndex,
    addr: ResourceInstance,
    id: Value,
}

impl PlanWalk {
    /// Starts the imports into a resource that has no object at the address yet.
    pub(super) fn start_imports(&mut self, n: NodeIndex, addr: &ConfigResource) {
        let root = self.core.tree.module(0).clone();
        for import in root.imports.iter().filter(|i| i.to_module == addr.module && i.to_resource == addr.resource) {
            match self.targets_of(import) {
                Ok(found) => {
                    for (to, id) in found {
                        if !self.start_import(n, Some(import), to, id) {
                            break;
                        }
                    }
                }
                Err(diags) => {
                    self.core.take(diags);
                    self.runs.entry(n).or_default().failed = true;
                }
            }
        }
    }

    /// Starts the imports that were asked for by command into a resource.
    pub(super) fn start_commanded_imports(&mut self, n: NodeIndex, addr: &ConfigResource) {
        let here = |(to, _): &&(ResourceInstance, String)| to.config() == *addr;
        let wanted: Vec<(ResourceInstance, String)> = self.options.imports.iter().filter(here).cloned().collect();
        for (to, id) in wanted {
            if self.prior(n, &to).is_some() {
                let detail = format!("There is an object at {to} in the state already: sdt state rm {to} makes room.");
                self.core.diags.push(Diagnostic::error("Resource already managed by Terraform", detail));
                self.runs.entry(n).or_default().failed = true;
                continue;
            }
            self.start_import(n, None, to, Value::string(id));
        }
    }

    fn targets_of(&self, import: &Import) -> Result<Vec<(ResourceInstance, Value)>, Diagnostics> {
        let ctx = Ctx::new(&self.core, 0);
        let repetitions = repetitions(&ctx, import)?;
        let Some(repetitions) = repetitions else {
            return Err(bad_each(import, "The value is not known yet, so it cannot be told what is to be imported."));
        };
        let mut found = Vec::new();
        for repetition in repetitions {
            let ctx = ctx.clone().repeated(repetition);
            let id = import_id(&self.core, &ctx, import)?;
            if !id.is_wholly_known() {
                return Err(bad_id(import, "The import id must be known during planning."));
            }
            let to = target(&ctx.repetition, &import.to)?;
            fits(&self.core, import, &to)?;
            found.push((to, id));
        }
        Ok(found)
    }

    /// Returns `false` when there is nothing to import into.
    fn start_import(&mut self, n: NodeIndex, import: Option<&Import>, addr: ResourceInstance, id: Value) -> bool {
        // An object that is in state already has been imported before.
        if self.prior(n, &addr).is_some() || !self.included(n, &addr) {
            return true;
        }
        let claimed = self.core.insts.find(&addr.module).is_some_and(|mi| {
            let run = self.runs.get(&n);
            run.is_some_and(|r| {
                r.expansions.iter().any(|(m, e)| *m == mi && e.members.iter().any(|(k, _)| *k == addr.key))
            })
        });
        // What nothing declares is only looked at here, for its configuration to be written.
        let undeclared = self.core.graph.node(n).module.is_none();
        if !claimed && !undeclared {
            let d = Diagnostic::error(
                "Configuration for import target does not exist",
                format!("The configuration has no {addr} to import into. Declare it, or leave it out."),
            );
            self.core.diags.push(match import {
                Some(import) => d.at(import.to.span()),
                None => d,
            });
            self.runs.entry(n).or_default().failed = true;
            return false;
        }
        let Some(provider) = self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied() else {
            return true;
        };
        let op = self.core.op_id();
        self.runs.entry(n).or_default().open += 1;
        self.core.ops.push(Op::Import {
            id: op,
            provider,
            type_name: addr.resource.type_name.clone(),
            import_id: id.as_str().unwrap_or_default().to_owned(),
        });
        self.pending.insert(op, Pending::Import(Box::new(Importing { node: n, addr, id })));
        true
    }

    pub(super) fn on_imported(&mut self, import: Importing, result: Result<Vec<Imported>, Diagnostics>) {
        let n = import.node;
        let address = import.addr.to_string();
        let fail = |walk: &mut Self, diags: Diagnostics| {
            walk.core.take(super::instance::on(diags, &address));
            walk.close_one(n, false);
        };
        let found = match result {
            Ok(found) => found.into_iter().find(|i| i.type_name == import.addr.resource.type_name),
            Err(diags) => return fail(self, diags),
        };
        let Some(found) = found else {
            let d = Diagnostic::error(
                "Cannot import non-existent remote object",
                format!(
                    "There is no object with the id {:?} to import into {address}.",
                    import.id.as_str().unwrap_or_default()
                ),
            );
            return fail(self, d.into());
        };
        let i = self.add_prior(n, import.addr, None, &found.object, &found.private, false);
        self.priors[i].imported = Some(import.id);
        let prior = &self.priors[i];
        let Some(provider) = self.core.graph.node(n).provider.and_then(|p| self.provider_keys.get(&p)).copied() else {
            return;
        };
        self.core.progress.push(Progress::RefreshStart { address, id: crate::convert::id_of(&prior.value) });
        let request = ReadRequest {
            key: i as u64,
            type_name: prior.addr.resource.type_name.clone(),
            prior: prior.value.clone(),
            private: prior.private.clone(),
        };
        self.store_import(i);
        let op = self.core.op_id();
        self.pending.insert(op, Pending::Refresh(n));
        // The read counts in place of the import.
        self.core.ops.push(Op::Refresh { id: op, provider, requests: vec![request] });
    }

    /// The imported object is part of the state that apply starts from.
    fn store_import(&mut self, i: usize) {
        let prior = self.priors[i].clone();
        let (Some(info), Some(provider)) = (self.core.type_info(prior.node), self.provider_addr(prior.node)) else {
            return;
        };
        let object = prior.marked(&info);
        let instance =
            crate::convert::object_to_state(prior.addr.key.as_ref(), &info.schema, &info.ty, &object, &prior.private);
        let key = crate::convert::resource_to_state(&prior.addr);
        self.state.set_instance(&key, &provider.to_string(), instance);
    }
}

fn bad_id(import: &Import, detail: &str) -> Diagnostics {
    let what = if import.by_identity { "identity" } else { "id" };
    Diagnostic::error(format!("Invalid import {what} argument"), detail).at(import.id.span()).into()
}

/// The id, which may still be unknown.
fn import_id(core: &Core, ctx: &Ctx<'_>, import: &Import) -> Result<Value, Diagnostics> {
    let (id, diags) = ctx.eval(&import.id);
    if diags.has_errors() {
        return Err(diags);
    }
    // Even an ephemeral id is taken, as Terraform does: ids of objects are no secrets.
    let (id, _) = id.unmark_deep();
    if id.is_null() {
        let what = if import.by_identity { "identity" } else { "id" };
        return Err(bad_id(import, &format!("The import {what} cannot be null.")));
    }
    if import.by_identity {
        return of_identity(core, import, &id);
    }
    let id = match sdt_value::convert(&id, &sdt_value::Type::String) {
        Ok(id) => id,
        Err(e) => {
            let detail = format!("Invalid expression value: {e}.");
            return Err(Diagnostic::error("Incorrect value type", detail).at(import.id.span()).into());
        }
    };
    if id.as_str() == Some("") {
        return Err(bad_id(import, "The import id cannot be empty."));
    }
    Ok(id)
}

/// The id that an identity stands for.
fn of_identity(core: &Core, import: &Import, identity: &Value) -> Result<Value, Diagnostics> {
    if !identity.is_wholly_known() {
        return Ok(Value::unknown(sdt_value::Type::String));
    }
    if !matches!(identity.kind(), Kind::Object(m) if !m.is_empty()) {
        return Err(bad_id(import, "An identity is an object with the attributes that name what is to be imported."));
    }
    let target = NodeAddr::Resource(import.to_resource.clone().in_module(import.to_module.clone()));
    let provider = core.graph.find(&target).and_then(|n| core.provider_of(n)).and_then(|p| core.lookup.provider(&p));
    let Some(provider) = provider else { return Ok(Value::unknown(sdt_value::Type::String)) };
    let id = provider.import_id(&import.to_resource.type_name, identity);
    id.map(Value::string).map_err(|why| bad_id(import, &why))
}

/// What validation can say about an import block.
pub(crate) fn check_import(core: &Core, import: &Import) -> Diagnostics {
    let ctx = Ctx::new(core, 0);
    let check = || -> Result<(), Diagnostics> {
        for repetition in repetitions(&ctx, import)?.into_iter().flatten() {
            let ctx = ctx.clone().repeated(repetition);
            import_id(core, &ctx, import)?;
            fits(core, import, &target(&ctx.repetition, &import.to)?)?;
        }
        Ok(())
    };
    check().err().unwrap_or_default()
}

/// What an import block is done with, once or by `for_each`; `None` while that is not known.
fn repetitions(ctx: &Ctx<'_>, import: &Import) -> Result<Option<Vec<Repetition>>, Diagnostics> {
    let Some(expr) = &import.for_each else { return Ok(Some(vec![Repetition::None])) };
    let (value, diags) = ctx.eval(expr);
    if diags.has_errors() {
        return Err(diags);
    }
    if !value.is_wholly_known() {
        return Ok(None);
    }
    if value.deep_marks().contains(Marks::EPHEMERAL) {
        return Err(bad_each(import, "The value is ephemeral, and what is imported is kept in the plan."));
    }
    let (value, marks) = value.unmark();
    let each = |key: Value, value: Value| Repetition::Each { key, value: value.with_marks(marks) };
    Ok(match value.kind() {
        _ if value.is_null() => Some(Vec::new()),
        Kind::Map(_, m) | Kind::Object(m) => Some(m.iter().map(|(k, v)| each(Value::string(k), v.clone())).collect()),
        Kind::Set(_, items) => Some(items.iter().map(|v| each(v.clone(), v.clone())).collect()),
        Kind::List(_, items) | Kind::Tuple(items) => {
            Some(items.iter().enumerate().map(|(i, v)| each(Value::number(i as i64), v.clone())).collect())
        }
        _ => return Err(bad_each(import, "A map or a set of strings is required.")),
    })
}

fn bad_each(import: &Import, detail: &str) -> Diagnostics {
    let at = import.for_each.as_ref().map_or(import.span, Expr::span);
    Diagnostic::error("Invalid for_each argument", detail).at(at).into()
}

/// Whether the key of a target is of the kind that its resource has.
fn fits(core: &Core, import: &Import, to: &ResourceInstance) -> Result<(), Diagnostics> {
    let Some(resource) = core.config.resource(&to.config()) else { return Ok(()) };
    let why = match &to.key {
        Some(InstanceKey::Int(_)) if resource.count.is_none() => {
            "has no count, so none of its instances has such a key"
        }
        Some(InstanceKey::String(_)) if resource.for_each.is_none() => {
            "has no for_each, so none of its instances has such a key"
        }
        None if resource.count.is_some() || resource.for_each.is_some() => "has instances with keys: name one of them",
        _ => return Ok(()),
    };
    let detail = format!("The resource {} {why}.", to.config());
    Err(Diagnostic::error("Invalid import 'to' expression", detail).at(import.to.span()).into())
}

/// What a key in `to` may refer to: `each`, and nothing else.
struct Keys<'a>(&'a Repetition);

impl Scope for Keys<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics> {
        match self.0 {
            Repetition::Each { key, value } if &*traversal.root.name == "each" => {
                Ok((Value::object([("key", key.clone()), ("value", value.clone())]), 0))
            }
            _ => {
                let name = &*traversal.root.name;
                let detail = format!("There is no {name:?} here: keys can only come from each.key and each.value.");
                Err(Diagnostic::error("Unknown variable", detail).at(traversal.root.span).into())
            }
        }
    }
}

/// The address in `to`, its keys evaluated.
fn target(repetition: &Repetition, expr: &Expr) -> Result<ResourceInstance, Diagnostics> {
    let mut steps: Vec<Step> = Vec::new();
    let mut expr = expr.unparenthesised();
    loop {
        match &expr.kind {
            ExprKind::RelativeTraversal { source, steps: more } => {
                steps.splice(0..0, more.iter().cloned());
                expr = source.unparenthesised();
            }
            ExprKind::Index { collection, key } => {
                let (value, diags) = sdt_hcl::eval(key, &Keys(repetition));
                if diags.has_errors() {
                    return Err(diags);
                }
                let (value, marks) = value.unmark_deep();
                if marks != Marks::NONE {
                    let detail = "A key of an instance is part of its address, and cannot be a secret.";
                    return Err(Diagnostic::error("Invalid index expression", detail).at(key.span()).into());
                }
                if InstanceKey::from_value(&value).is_none() {
                    let detail = "A key of an instance is a string or a whole number, and known.";
                    return Err(Diagnostic::error("Invalid address", detail).at(key.span()).into());
                }
                steps.insert(0, Step::Index { key: value, span: key.span() });
                expr = collection.unparenthesised();
            }
            _ => break,
        }
    }
    let base = expr.as_traversal()?;
    let names = std::iter::once(sdt_addr::Step::Attr(base.root.name.clone()))
        .chain(base.steps.iter().chain(&steps).filter_map(|s| match s {
            Step::Attr { name, .. } => Some(sdt_addr::Step::Attr(name.clone())),
            Step::Index { key, .. } => InstanceKey::from_value(key).map(sdt_addr::Step::Index),
            Step::Splat { .. } => None,
        }))
        .collect::<Vec<_>>();
    let parsed = sdt_addr::parse_steps(&names)
        .map_err(|e| Diagnostics::from(Diagnostic::error(e.summary, e.detail).at(expr.span())))?;
    parsed.instance().ok_or_else(|| {
        Diagnostic::error("Invalid import address", "The target of an import must be a resource instance.")
            .at(expr.span())
            .into()
    })
}

/// Whether configuration can be written for what a block imports: one object of the root module.
pub(super) fn can_generate(import: &Import) -> bool {
    import.for_each.is_none() && import.to_module.is_root() && import.to.as_traversal().is_ok()
}

/// The resources that blocks import and nothing declares, with their provider configurations.
pub(super) fn undeclared_targets(config: &sdt_config::Config) -> Vec<crate::graph::OpenResource> {
    let mut found = Vec::new();
    for import in config.root.imports.iter().filter(|i| can_generate(i)) {
        let target = import.to_resource.clone().in_module(import.to_module.clone());
        if config.resource(&target).is_some() {
            continue;
        }
        let local = match &import.provider {
            Some((local, _)) => local.clone(),
            None => {
                let name = import.to_resource.type_name.split('_').next().unwrap_or_default();
                sdt_addr::LocalProviderConfig { name: name.into(), alias: None }
            }
        };
        if let Some(provider) = config.resolve_provider(&import.to_module, &local) {
            let r = &import.to_resource;
            found.push(crate::graph::OpenResource {
                key: sdt_state::ResourceKey::managed("", &*r.type_name, &*r.name),
                provider: provider.to_string(),
                dependencies: Vec::new(),
            });
        }
    }
    found
}
