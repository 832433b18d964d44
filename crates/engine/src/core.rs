//! What planning, applying and validating share: slots, and the evaluation of everything that is no resource.

use std::sync::Arc;

use petgraph::graph::NodeIndex;
use rustc_hash::FxHashMap;
use sdt_addr::{Mode, ModulePath, ProviderAddr};
use sdt_config::{Config, Module, Object, Output, Readable, Referenceable, SchemaLookup, Variable};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_plan::{CheckKind, NodeAddr};
use sdt_provider::Provider;
use sdt_schema::Schema;
use sdt_value::{Marks, Str, Type, Value};

use crate::expand::{Placeholder, expand};
use crate::graph::ConfigGraph;
use crate::input::{ProviderLookup, Variables};
use crate::op::{Op, OpId, Progress};
use crate::rules::Checks;
use crate::scope::{Ctx, Env};
use crate::slots::Slots;
use crate::tree::{Instances, Mi, ModuleId, Repetition, Tree};

/// What the walk is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Every input is unknown; one placeholder for each node.
    Validate,
    /// Changes are found out.
    Plan,
    /// Changes are made.
    Apply,
    /// Only values are wanted; state says what there is.
    Inspect,
}

/// A resource type as the engine needs it.
pub(crate) struct TypeInfo {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) schema: Arc<Schema>,
    /// The type of objects.
    pub(crate) ty: Type,
}

/// Shared by all stages.
pub(crate) struct Core {
    pub(crate) stage: Stage,
    /// `terraform.applying`
    pub(crate) applying: bool,
    pub(crate) config: Config,
    pub(crate) tree: Tree,
    pub(crate) graph: ConfigGraph,
    pub(crate) insts: Instances,
    pub(crate) slots: Slots,
    pub(crate) env: Env,
    pub(crate) lookup: Arc<dyn ProviderLookup>,
    pub(crate) variables: Variables,
    pub(crate) checks: Checks,
    pub(crate) diags: Diagnostics,
    pub(crate) ops: Vec<Op>,
    pub(crate) progress: Vec<Progress>,
    /// Ephemeral resources that are open.
    pub(crate) open: Vec<String>,
    /// Unknown instances are left for a later run.
    pub(crate) deferral: bool,
    /// Conditions that do not hold stop nothing: nothing is to be changed by what is planned here.
    pub(crate) lenient: bool,
    /// What a test stands in for.
    pub(crate) overrides: Arc<[sdt_plan::Override]>,
    types: FxHashMap<NodeIndex, Option<Arc<TypeInfo>>>,
    next_op: u64,
}

impl Core {
    pub(crate) fn new(
        stage: Stage,
        config: Config,
        tree: Tree,
        graph: ConfigGraph,
        env: Env,
        lookup: Arc<dyn ProviderLookup>,
        variables: Variables,
    ) -> Self {
        let insts = Instances::new(&tree);
        let slots = Slots::new(graph.graph.node_count());
        let checks = Checks::declared(&tree);
        Self {
            stage,
            applying: stage == Stage::Apply,
            config,
            tree,
            graph,
            insts,
            slots,
            env,
            lookup,
            variables,
            checks,
            diags: Diagnostics::new(),
            ops: Vec::new(),
            progress: Vec::new(),
            open: Vec::new(),
            deferral: false,
            lenient: false,
            overrides: Arc::from([]),
            types: FxHashMap::default(),
            next_op: 0,
        }
    }

    pub(crate) fn op_id(&mut self) -> OpId {
        self.next_op += 1;
        OpId(self.next_op)
    }

    /// Takes diagnostics over; returns whether there was no error among them.
    pub(crate) fn take(&mut self, diags: Diagnostics) -> bool {
        let ok = !diags.has_errors();
        self.diags.extend(diags);
        ok
    }

    pub(crate) fn provider_of(&self, n: NodeIndex) -> Option<ProviderAddr> {
        match &self.graph.node(self.graph.node(n).provider?).addr {
            NodeAddr::Provider(p) => Some(p.provider.clone()),
            _ => None,
        }
    }

    /// Provider and schema of a resource node; the first call reports what is missing.
    pub(crate) fn type_info(&mut self, n: NodeIndex) -> Option<Arc<TypeInfo>> {
        if let Some(known) = self.types.get(&n) {
            return known.clone();
        }
        let found = self.find_type(n);
        self.types.insert(n, found.clone());
        found
    }

    fn find_type(&mut self, n: NodeIndex) -> Option<Arc<TypeInfo>> {
        let NodeAddr::Resource(addr) = self.graph.node(n).addr.clone() else { return None };
        let source = self.provider_of(n)?;
        let block = self.config.resource(&addr).map(|r| (r.span, r.type_span));
        let place = |d: Diagnostic| match block {
            Some((_, type_span)) => d.at(type_span),
            None => d,
        };
        let Some(provider) = self.lookup.provider(&source) else {
            self.diags.push(place(Diagnostic::error(
                "Provider not available",
                format!(
                    "{addr} needs the provider {}, which is not part of sdt. Providers that are: see sdt providers. Other providers cannot be run yet.",
                    source.for_display()
                ),
            )));
            return None;
        };
        let mode = provider_mode(addr.resource.mode);
        let type_name = &addr.resource.type_name;
        let Some(schema) = provider.schema(mode, type_name) else {
            // The static checks report it for blocks of the configuration.
            if block.is_none() {
                self.diags.push(Diagnostic::error(
                    "Invalid resource type",
                    format!(
                        "The state holds {addr}, but the provider {} has no type \"{type_name}\".",
                        source.for_display()
                    ),
                ));
            }
            return None;
        };
        let ty = schema.block.implied_type();
        Some(Arc::new(TypeInfo { provider, schema, ty }))
    }

    /// Looks at a node's references before it is evaluated. Returns false when it must not be.
    pub(crate) fn check_node(&mut self, n: NodeIndex) -> bool {
        self.check_parts(n).0
    }

    /// As [`Core::check_node`], with what of a resource can be evaluated all the same.
    pub(crate) fn check_parts(&mut self, n: NodeIndex) -> (bool, Readable) {
        let mut readable = Readable { repetition: true, body: true };
        let node = self.graph.node(n);
        let Some(id) = node.module else { return (true, readable) };
        let module = self.tree.module(id).clone();
        let caller = self.tree.modules[id].parent.map(|p| self.tree.module(p).clone());
        let call = caller.as_ref().zip(module.path.parent()).and_then(|(c, (_, name))| c.calls.get(name));
        let mut objects: Vec<(Arc<Module>, Object<'_>)> = Vec::new();
        match &node.addr {
            NodeAddr::Variable(_, name) => {
                objects.extend(module.variables.get(name).map(|v| (module.clone(), Object::Variable(v))));
                objects.extend(caller.clone().zip(call).map(|(m, c)| (m, Object::Argument(c, name))));
            }
            NodeAddr::Local(_, name) => {
                objects.extend(module.locals.get(name).map(|l| (module.clone(), Object::Local(l))))
            }
            NodeAddr::Output(_, name) => {
                objects.extend(module.outputs.get(name).map(|o| (module.clone(), Object::Output(o))));
            }
            NodeAddr::Module(_) => objects.extend(caller.clone().zip(call).map(|(m, c)| (m, Object::Call(c)))),
            NodeAddr::Resource(r) => {
                objects.extend(module.resources.get(&r.resource).map(|r| (module.clone(), Object::Resource(r))));
                if module.path.is_root() || !self.tree.module(0).imports.is_empty() {
                    let root = self.tree.module(0);
                    let into = root.imports.iter().filter(|i| i.to_module == r.module && i.to_resource == r.resource);
                    objects.extend(into.map(|i| (root.clone(), Object::Import(i))));
                }
            }
            NodeAddr::Provider(addr) => {
                let block = module
                    .providers
                    .values()
                    .find(|p| p.addr.alias == addr.alias && module.provider_for_local(&p.addr.name) == addr.provider);
                objects.extend(block.map(|p| (module.clone(), Object::Provider(p))));
            }
            NodeAddr::Check(_, name) => {
                objects.extend(module.checks.get(name).map(|c| (module.clone(), Object::Check(c))));
            }
            NodeAddr::ModuleClose(_) => {}
        }
        let schemas = LookupSchemas(&*self.lookup);
        let mut diags = Diagnostics::new();
        for (m, object) in &objects {
            if let Object::Resource(r) = object {
                let (found, parts) = sdt_config::check_resource(&self.config, m, r, &schemas);
                readable = parts;
                diags.extend(found);
            } else {
                diags.extend(sdt_config::check_object(&self.config, m, *object, &schemas));
            }
        }
        (self.take(diags), readable)
    }

    /// Evaluates a node that is no resource, provider or check, in every instance of its module.
    pub(crate) fn eval_node(&mut self, n: NodeIndex) -> bool {
        let node = self.graph.node(n);
        let (addr, module) = (node.addr.clone(), node.module);
        let Some(id) = module else { return true };
        match addr {
            NodeAddr::Module(path) => self.expand_module(id, &path),
            NodeAddr::Variable(_, name) => self.each_instance(id, |core, mi| core.variable(n, id, mi, &name)),
            NodeAddr::Local(_, name) => self.each_instance(id, |core, mi| {
                let module = core.tree.module(id).clone();
                let Some(local) = module.locals.get(&name) else { return true };
                let (value, diags) = Ctx::new(core, mi).eval(&local.expr);
                core.slots.set_value(n, &core.insts, mi, value);
                core.take(diags)
            }),
            NodeAddr::Output(_, name) => self.each_instance(id, |core, mi| {
                let module = core.tree.module(id).clone();
                module.outputs.get(&name).is_none_or(|o| core.output(n, mi, o))
            }),
            NodeAddr::ModuleClose(_) | NodeAddr::Provider(_) | NodeAddr::Resource(_) | NodeAddr::Check(..) => true,
        }
    }

    fn each_instance(&mut self, id: ModuleId, mut f: impl FnMut(&mut Self, Mi) -> bool) -> bool {
        let all: Vec<Mi> = self.insts.of_module(id).to_vec();
        // Every instance is visited, also after one has failed.
        all.into_iter().filter(|mi| !f(self, *mi)).count() == 0
    }

    fn expand_module(&mut self, id: ModuleId, path: &ModulePath) -> bool {
        let Some((parent_path, name)) = path.parent() else { return true };
        let Some(parent) = self.tree.find(&parent_path) else { return true };
        let caller = self.tree.module(parent).clone();
        let Some(call) = caller.calls.get(name) else { return true };
        self.each_instance(parent, |core, mi| {
            let ctx = Ctx::new(core, mi);
            let placeholder = match core.stage {
                Stage::Validate => Placeholder::Always,
                _ if core.deferral => Placeholder::IfUnknown,
                _ => Placeholder::Never,
            };
            match expand(&ctx, call.count.as_ref(), call.for_each.as_ref(), call.enabled.as_ref(), placeholder) {
                Ok(expansion) => {
                    core.insts.expand(mi, &call.name, id, expansion);
                    true
                }
                Err(diags) => core.take(diags),
            }
        })
    }

    fn variable(&mut self, n: NodeIndex, id: ModuleId, mi: Mi, name: &Str) -> bool {
        let module = self.tree.module(id).clone();
        let Some(variable) = module.variables.get(name) else { return true };
        let value = match self.insts.all[mi].parent {
            None => self.root_variable(variable),
            Some(parent) => self.argument(variable, parent, mi),
        };
        let (value, place) = match value {
            Ok(found) => found,
            Err(diags) => return self.take(diags),
        };
        if let Some(instead) = &variable.deprecated
            && self.insts.all[mi].parent.is_none()
            && self.stage == Stage::Plan
            && self.variables.get(name).is_some_and(|v| !v.value.is_null())
        {
            self.diags.push(Diagnostic::warning("Deprecated variable got a value", instead).at(place));
        }
        let mut marks = Marks::NONE;
        if variable.sensitive {
            marks |= Marks::SENSITIVE;
        }
        if variable.ephemeral {
            marks |= Marks::EPHEMERAL;
        }
        self.slots.set_value(n, &self.insts, mi, value.with_marks(marks));
        let mut ok = true;
        if !variable.validations.is_empty() {
            let module_addr = self.insts.all[mi].addr.clone();
            let address = sdt_addr::AbsVariable { module: module_addr, name: name.clone() }.to_string();
            ok = self.run_rules(
                &Ctx::new(self, mi).validating(name).outcomes(
                    &variable.validations,
                    crate::rules::RuleKind::Validation,
                    place,
                ),
                CheckKind::Variable,
                &module.path,
                &format!("var.{name}"),
                address,
            );
        }
        // What is validated is the module, whatever this call gives it: only the rules above have seen the value.
        if self.stage == Stage::Validate {
            let unknown = Value::unknown(variable.ty.without_optional());
            self.slots.set_value(n, &self.insts, mi, unknown.with_marks(marks));
        }
        ok
    }

    /// The value of a root variable, and where it was set.
    fn root_variable(&self, variable: &Variable) -> Result<(Value, Span), Diagnostics> {
        if self.stage == Stage::Validate {
            return Ok((Value::unknown(variable.ty.without_optional()), variable.span));
        }
        match self.variables.get(&variable.name) {
            Some(input) => {
                let place = input.span.unwrap_or(variable.span);
                let value = suit(variable, input.value.clone(), place, &|why| {
                    let origin = if input.origin.is_empty() { String::new() } else { format!(" {}", input.origin) };
                    format!("The value of var.{}{origin} does not have the declared type: {why}.", variable.name)
                })?;
                Ok((value, place))
            }
            None => match &variable.default {
                Some(default) => Ok((default.clone(), variable.span)),
                None => Err(Diagnostic::error(
                    "No value for required variable",
                    format!(
                        "The root module variable \"{}\" has no default value and was not set. Set it with -var or -var-file, in terraform.tfvars, or as the environment variable TF_VAR_{0}.",
                        variable.name
                    ),
                )
                .at(variable.span)
                .into()),
            },
        }
    }

    /// The value that a call gives to a variable.
    fn argument(&self, variable: &Variable, parent: Mi, mi: Mi) -> Result<(Value, Span), Diagnostics> {
        let inst = &self.insts.all[mi];
        let caller = self.tree.module(self.insts.all[parent].module);
        let call_name = &inst.addr.steps()[inst.addr.steps().len() - 1].name;
        let call = caller.calls.get(call_name);
        let arguments = call.map(|c| c.config.just_attributes().0).unwrap_or_default();
        let Some(argument) = arguments.get(&variable.name) else {
            let span = call.map_or(variable.span, |c| c.span);
            return match &variable.default {
                Some(default) => Ok((default.clone(), span)),
                None => Err(Diagnostic::error(
                    "Missing required argument",
                    format!("The argument \"{}\" is required, but no definition was found.", variable.name),
                )
                .at(span)
                .into()),
            };
        };
        // As in Terraform, validation does not ask whether the call has count or for_each.
        let repetition = if self.stage == Stage::Validate { Repetition::Any } else { inst.repetition.clone() };
        let (value, diags) = Ctx::new(self, parent).repeated(repetition).eval(&argument.expr);
        if diags.has_errors() {
            return Err(diags);
        }
        let place = argument.expr.span();
        let ephemeral = value.deep_marks().contains(Marks::EPHEMERAL);
        let value = suit(variable, value, place, &|why| {
            format!(
                "The value for the variable \"{}\" of module \"{call_name}\" does not have its type: {why}.",
                variable.name
            )
        })?;
        if !variable.ephemeral && ephemeral {
            return Err(Diagnostic::error(
                "Ephemeral value not allowed",
                format!(
                    "The variable \"{}\" of the module is not declared ephemeral, so it cannot take a value that is.",
                    variable.name
                ),
            )
            .at(place)
            .into());
        }
        Ok((value, place))
    }

    fn output(&mut self, n: NodeIndex, mi: Mi, output: &Output) -> bool {
        let root = self.insts.all[mi].parent.is_none();
        if let Some(outputs) = crate::overrides::of_module(&self.overrides, &self.insts.all[mi].addr) {
            let value = outputs.get(&output.name).cloned().unwrap_or(Value::NULL);
            self.slots.set_value(n, &self.insts, mi, value);
            return true;
        }
        let path = self.tree.module(self.insts.all[mi].module).path.clone();
        let mut ok = true;
        if !output.preconditions.is_empty() {
            let address =
                sdt_addr::AbsOutput { module: self.insts.all[mi].addr.clone(), name: output.name.clone() }.to_string();
            ok = self.run_rules(
                &Ctx::new(self, mi).outcomes(&output.preconditions, crate::rules::RuleKind::Output, output.span),
                CheckKind::Output,
                &path,
                &format!("output.{}", output.name),
                address,
            );
        }
        if !ok {
            return false;
        }
        let (mut value, mut diags) = Ctx::new(self, mi).eval(&output.value);
        if let (Some((ty, defaults)), false) = (&output.ty, diags.has_errors()) {
            let filled = if value.is_null() || defaults.is_empty() { value.clone() } else { defaults.apply(&value) };
            match sdt_value::convert(&filled, ty) {
                Ok(converted) => value = converted,
                Err(e) => {
                    let at = if e.path.0.is_empty() { String::new() } else { format!("at {}: ", e.path) };
                    let detail = format!("The value does not fit the output's type: {at}{}.", e.message);
                    diags.push(Diagnostic::error("Invalid output value", detail).at(output.value.span()));
                }
            }
        }
        let marks = value.deep_marks();
        if let (true, Some(_)) = (root, &output.deprecated) {
            let detail = "There is no module above the root module that could be told not to use the output.";
            diags.push(Diagnostic::error("Root module output deprecated", detail).at(output.span));
        }
        let undeclared_secret = root && marks.contains(Marks::SENSITIVE) && !output.sensitive;
        if root && output.ephemeral {
            diags.push(
                Diagnostic::error(
                    "Ephemeral output not allowed",
                    "Outputs of the root module are stored, so they cannot be ephemeral.",
                )
                .at(output.span),
            );
        } else if marks.contains(Marks::EPHEMERAL) && !output.ephemeral && !undeclared_secret {
            diags.push(
                Diagnostic::error(
                    "Ephemeral value not allowed",
                    "This output value is not declared ephemeral, so it cannot take a value that is.",
                )
                .at(output.value.span()),
            );
        }
        // What a module gives is looked at when it is planned: validation does not know it.
        let of_module = |r: &sdt_config::Reference| {
            matches!(r.subject, Referenceable::Module(..) | Referenceable::ModuleOutput(..))
        };
        let unseen = self.stage == Stage::Validate && crate::refs::of_expr(&output.value).iter().any(of_module);
        if output.ephemeral && !root && !diags.has_errors() && !unseen && !marks.contains(Marks::EPHEMERAL) {
            diags.push(
                Diagnostic::error(
                    "Value not allowed in ephemeral output",
                    "This output value is declared ephemeral, but its value is not: leave out ephemeral = true.",
                )
                .at(output.value.span()),
            );
        }
        if undeclared_secret {
            diags.push(
                Diagnostic::error(
                    "Output refers to sensitive values",
                    "An output value of the root module that holds something sensitive must say so: set sensitive = true, or use nonsensitive() on what may be shown.",
                )
                .at(output.span),
            );
        }
        let mut add = Marks::NONE;
        // Terraform 1.11 does not carry the setting of a child module's output over to the caller.
        if output.sensitive && root {
            add |= Marks::SENSITIVE;
        }
        if output.ephemeral {
            add |= Marks::EPHEMERAL;
        }
        let failed = diags.has_errors();
        // Validation looks at each module by itself: what a caller gets from a child is anything.
        let opaque = self.stage == Stage::Validate && !root;
        let value = if failed || opaque { Value::DYNAMIC } else { value.with_marks(add) };
        if root && !failed {
            self.slots.set_root_output(output.name.clone(), value.clone());
        }
        self.slots.set_value(n, &self.insts, mi, value);
        self.take(diags)
    }

    /// Evaluates a provider block; without one, an empty block.
    pub(crate) fn provider_config(&mut self, n: NodeIndex) -> Option<(Arc<dyn Provider>, Value)> {
        let NodeAddr::Provider(addr) = self.graph.node(n).addr.clone() else { return None };
        let Some(provider) = self.lookup.provider(&addr.provider) else {
            // Reported by the resources that need it, with their place.
            return None;
        };
        let schema = provider.config_schema();
        let block = self.config.module(&addr.module).and_then(|m| {
            m.providers
                .values()
                .find(|p| p.addr.alias == addr.alias && m.provider_for_local(&p.addr.name) == addr.provider)
        });
        let value = match block {
            None => schema.block.empty_value(),
            Some(block) => {
                let block = block.clone();
                let module = self.tree.find(&addr.module)?;
                let mi = *self.insts.of_module(module).first()?;
                let (value, diags) = sdt_config::decode(&block.config, &schema.block, &Ctx::new(self, mi));
                if !self.take(diags) {
                    return None;
                }
                value
            }
        };
        let (value, _) = value.unmark_deep();
        let diags = provider.validate_config(&value);
        let span = block_span(&self.config, &addr);
        let placed = diags.into_iter().map(|d| match (d.subject, span) {
            (None, Some(span)) => d.at(span),
            _ => d,
        });
        self.take(Diagnostics(placed.collect())).then_some((provider, value))
    }
}

/// Schemas as the static checks ask for them.
pub(crate) struct LookupSchemas<'a>(pub(crate) &'a dyn ProviderLookup);

impl SchemaLookup for LookupSchemas<'_> {
    fn resource(&self, provider: &ProviderAddr, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.0.provider(provider)?.schema(provider_mode(mode), type_name)
    }

    fn provider(&self, provider: &ProviderAddr) -> Option<Arc<Schema>> {
        Some(self.0.provider(provider)?.config_schema())
    }

    fn type_names(&self, provider: &ProviderAddr, mode: Mode) -> Vec<Str> {
        self.0.provider(provider).map(|p| p.type_names(provider_mode(mode))).unwrap_or_default()
    }
}

pub(crate) fn provider_mode(mode: Mode) -> sdt_provider::Mode {
    match mode {
        Mode::Managed => sdt_provider::Mode::Managed,
        Mode::Data => sdt_provider::Mode::Data,
        Mode::Ephemeral => sdt_provider::Mode::Ephemeral,
    }
}

pub(crate) fn block_span(config: &Config, addr: &sdt_addr::AbsProviderConfig) -> Option<Span> {
    let m = config.module(&addr.module)?;
    let block = m
        .providers
        .values()
        .find(|p| p.addr.alias == addr.alias && m.provider_for_local(&p.addr.name) == addr.provider)?;
    Some(block.span)
}

/// Fits a value to a variable: defaults of optional attributes, conversion, null.
fn suit(variable: &Variable, value: Value, place: Span, detail: &dyn Fn(&str) -> String) -> Result<Value, Diagnostics> {
    let value = if value.is_null() || variable.defaults.is_empty() { value } else { variable.defaults.apply(&value) };
    let value = sdt_value::convert(&value, &variable.ty).map_err(|e| {
        let at = if e.path.0.is_empty() {
            String::new()
        } else {
            format!("attribute {}: ", e.path).replace("attribute .", "attribute ")
        };
        Diagnostics::from(
            Diagnostic::error("Invalid value for input variable", detail(&format!("{at}{}", e.message))).at(place),
        )
    })?;
    if value.is_null() && !variable.nullable {
        return match &variable.default {
            Some(default) => Ok(default.clone()),
            None => Err(Diagnostic::error(
                "Required variable not set",
                format!(
                    "The variable \"{}\" is required and not nullable, so null is not a value for it.",
                    variable.name
                ),
            )
            .at(place)
            .into()),
        };
    }
    Ok(value)
}
