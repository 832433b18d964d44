//! What expressions see: references resolved from the slots of nodes.

use std::path::PathBuf;
use std::sync::Arc;

use sdt_addr::{InstanceKey, ModulePath, ResourceAddr};
use sdt_config::{Module, Referenceable, parse_reference};
use sdt_diag::{Diagnostic, Diagnostics, SourceId, Span};
use sdt_hcl::{CallFailure, CallSite, Expr, Scope, Signature, Traversal};
use sdt_plan::NodeAddr;
use sdt_value::{Marks, Str, Type, Value};

use crate::core::{Core, Stage};
use crate::slots::collect;
use crate::tree::{Mi, Repeat, Repetition};

/// Answers function calls; the engine asks it with what the walk knows.
pub trait Functions: Send + Sync {
    /// How many arguments a function takes.
    fn signature(&self, name: &str) -> Option<Signature>;

    /// Calls it. `applying` is false while planning: then what differs from call to call is unknown.
    ///
    /// # Errors
    /// When the function fails.
    fn call(&self, name: &str, args: &[Value], site: &CallSite, applying: bool) -> Result<Value, CallFailure>;

    /// Every argument whose type is not that of its parameter, with what is wrong.
    fn misfits(&self, _name: &str, _args: &[Value]) -> Vec<(usize, String)> {
        Vec::new()
    }

    /// Name of a parameter, for messages.
    fn parameter_name(&self, function: &str, index: usize) -> Option<String>;

    /// All names.
    fn names(&self) -> Vec<String>;

    /// Reads the file that `templatefile` names.
    ///
    /// # Errors
    /// A message about the argument.
    fn template_file(&self, path: &str) -> Result<(SourceId, Arc<[u8]>), String>;
}

/// What is the same for every expression of a walk.
#[derive(Clone)]
pub struct Env {
    /// The functions.
    pub functions: Arc<dyn Functions>,
    /// `terraform.workspace`
    pub workspace: String,
    /// `path.cwd`
    pub cwd: PathBuf,
    /// Whether `type` exists: in the console.
    pub console: bool,
}

/// The scope of expressions in one module instance, maybe of one resource instance.
#[derive(Clone)]
pub(crate) struct Ctx<'a> {
    pub(crate) core: &'a Core,
    pub(crate) mi: Mi,
    pub(crate) repetition: Repetition,
    /// What `self` means.
    pub(crate) own: Option<Value>,
    /// The variable whose value is being validated.
    validating: Option<Str>,
    /// The variable whose value is taken without its own marks.
    bare: Option<Str>,
}

impl<'a> Ctx<'a> {
    pub(crate) fn new(core: &'a Core, mi: Mi) -> Self {
        Self { core, mi, repetition: Repetition::None, own: None, validating: None, bare: None }
    }

    pub(crate) fn repeated(mut self, repetition: Repetition) -> Self {
        self.repetition = repetition;
        self
    }

    /// For the rules of a variable.
    pub(crate) fn validating(mut self, variable: &Str) -> Self {
        self.validating = Some(variable.clone());
        self
    }

    /// With the value of the validated variable as it was given, before it was marked.
    pub(crate) fn bare(mut self) -> Self {
        self.bare = self.validating.clone();
        self
    }

    pub(crate) fn with_self(mut self, own: Value) -> Self {
        self.own = Some(own);
        self
    }

    pub(crate) fn eval(&self, expr: &Expr) -> (Value, Diagnostics) {
        sdt_hcl::eval(expr, self)
    }

    fn module(&self) -> &Arc<Module> {
        self.core.tree.module(self.core.insts.all[self.mi].module)
    }

    fn path(&self) -> &ModulePath {
        &self.module().path
    }

    fn slot(&self, addr: NodeAddr) -> Option<Value> {
        let node = self.core.graph.find(&addr)?;
        self.core.slots.value(node, &self.core.insts, self.mi).cloned()
    }

    fn resource(&self, addr: &ResourceAddr, key: Option<&InstanceKey>) -> (Value, bool) {
        let Some(node) = self.core.graph.find(&NodeAddr::Resource(addr.clone().in_module(self.path().clone()))) else {
            return (Value::DYNAMIC, false);
        };
        let Some(slot) = self.core.slots.resource(node, &self.core.insts, self.mi) else {
            return (Value::DYNAMIC, false);
        };
        match key {
            // A look-up of one of many must not build the many.
            Some(k) if !slot.unknown && slot.repeat.keyed() => {
                match slot.instances.get(&Some(k.clone())) {
                    Some(v) => (v.clone(), true),
                    // Indexing the whole tells what is wrong.
                    None => (slot.whole(), false),
                }
            }
            _ => (slot.whole(), false),
        }
    }

    /// Outputs of a called module: of one instance or all.
    fn module_value(&self, call: &Str, key: Option<&InstanceKey>, output: Option<&Str>) -> (Value, bool) {
        let core = self.core;
        let here = core.insts.all[self.mi].module;
        let (Some(child), Some((repeat, unknown, made))) =
            (core.tree.child(here, call), core.insts.of_call(self.mi, call))
        else {
            return (Value::DYNAMIC, false);
        };
        let module = core.tree.module(child);
        if core.stage == Stage::Validate {
            // Of a module nothing is known but the names of its outputs, and whether there can be several.
            let one = Type::object(module.outputs.keys().map(|name| (name.clone(), Type::Dynamic)));
            let ty = match repeat {
                Repeat::Single => one,
                Repeat::Count => Type::list(one),
                Repeat::ForEach => Type::map(one),
                Repeat::Optional => Type::Dynamic,
            };
            return (Value::unknown(ty), key.is_none());
        }
        if *unknown {
            return (Value::DYNAMIC, key.is_some());
        }
        let one = |name: &Str, mi: Mi| {
            let node = core.graph.find(&NodeAddr::Output(module.path.clone(), name.clone()));
            node.and_then(|n| core.slots.value(n, &core.insts, mi)).cloned().unwrap_or(Value::DYNAMIC)
        };
        let all = |mi: Mi| match output {
            Some(name) => Value::object([(name.clone(), one(name, mi))]),
            None => Value::object(module.outputs.keys().map(|name| (name.clone(), one(name, mi)))),
        };
        let wanted = key.cloned();
        if let Some(mi) = made.iter().find(|mi| core.insts.all[**mi].key == wanted)
            && (key.is_some() || !repeat.keyed())
        {
            return (all(*mi), true);
        }
        let values: Vec<(Option<InstanceKey>, Value)> =
            made.iter().map(|mi| (core.insts.all[*mi].key.clone(), all(*mi))).collect();
        (collect(*repeat, false, values.iter().map(|(k, v)| (k, v))), key.is_none())
    }

    fn path_value(&self, name: &str, at: Span) -> Result<Value, Diagnostics> {
        let text = |p: &std::path::Path| {
            let s = p.to_string_lossy();
            Value::string(if s.is_empty() { "." } else { &s })
        };
        match name {
            "module" => Ok(text(&self.module().dir)),
            "root" => Ok(text(&self.core.tree.module(0).dir)),
            "cwd" => Ok(text(&self.core.env.cwd)),
            other => Err(Diagnostic::error(
                "Invalid \"path\" attribute",
                format!("There is no path.{other}; there are path.module, path.root and path.cwd."),
            )
            .at(at)
            .into()),
        }
    }

    fn repetition_value(&self, root: &str, name: &str, at: Span) -> Result<Value, Diagnostics> {
        let attribute = |has: &str| -> Diagnostics {
            let detail = format!("There is no {root}.{name}; there is {has}.");
            Diagnostic::error(format!("Invalid \"{root}\" attribute"), detail).at(at).into()
        };
        match (root, &self.repetition) {
            ("count", Repetition::Any) if name == "index" => Ok(Value::unknown(Type::Number)),
            ("count", Repetition::Any) => Err(attribute("count.index")),
            ("each", Repetition::Any) if name == "key" => Ok(Value::unknown(Type::String)),
            ("each", Repetition::Any) if name == "value" => Ok(Value::DYNAMIC),
            ("each", Repetition::Any) => Err(attribute("each.key and each.value")),
            ("count", Repetition::Count(index)) if name == "index" => Ok(index.clone()),
            ("count", Repetition::Count(_)) => Err(attribute("count.index")),
            ("each", Repetition::Each { key, .. }) if name == "key" => Ok(key.clone()),
            ("each", Repetition::Each { value, .. }) if name == "value" => Ok(value.clone()),
            ("each", Repetition::Each { .. }) => Err(attribute("each.key and each.value")),
            ("count", _) => Err(Diagnostic::error(
                "Reference to \"count\" in non-counted context",
                "count.index has a meaning only in blocks whose \"count\" argument is set.",
            )
            .at(at)
            .into()),
            _ => Err(Diagnostic::error(
                "Reference to \"each\" in context without for_each",
                "each.key and each.value have a meaning only in blocks whose \"for_each\" argument is set.",
            )
            .at(at)
            .into()),
        }
    }
}

impl Scope for Ctx<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let r = parse_reference(traversal)?;
        let used = traversal.steps.len() - r.rest.len();
        let missing = |what: &str, name: &str| -> Diagnostics {
            Diagnostic::error(
                format!("Reference to undeclared {what}"),
                format!("There is no {what} named \"{name}\" in {}.", module_text(self.path())),
            )
            .at(r.span)
            .into()
        };
        let value = match &r.subject {
            Referenceable::Variable(name) => {
                if !self.module().variables.contains_key(name) {
                    return Err(missing("input variable", name));
                }
                let value = self.slot(NodeAddr::Variable(self.path().clone(), name.clone())).unwrap_or(Value::DYNAMIC);
                if self.bare.as_ref() == Some(name) { value.unmark().0 } else { value }
            }
            Referenceable::Local(name) => {
                if !self.module().locals.contains_key(name) {
                    return Err(missing("local value", name));
                }
                self.slot(NodeAddr::Local(self.path().clone(), name.clone())).unwrap_or(Value::DYNAMIC)
            }
            Referenceable::Resource(addr, key) => {
                if !self.module().resources.contains_key(addr) {
                    return Err(missing("resource", &addr.to_string()));
                }
                let (value, indexed) = self.resource(addr, key.as_ref());
                return Ok((value, if key.is_some() && !indexed { used - 1 } else { used }));
            }
            Referenceable::Module(call, key) => {
                if !self.module().calls.contains_key(call) {
                    return Err(missing("module", call));
                }
                let (value, indexed) = self.module_value(call, key.as_ref(), None);
                return Ok((value, if key.is_some() && !indexed { used - 1 } else { used }));
            }
            Referenceable::ModuleOutput(call, key, output) => {
                if !self.module().calls.contains_key(call) {
                    return Err(missing("module", call));
                }
                // The output step is taken by the evaluator, which reports what is wrong with it.
                let declared = self
                    .core
                    .tree
                    .child(self.core.insts.all[self.mi].module, call)
                    .is_none_or(|c| self.core.tree.module(c).outputs.contains_key(output));
                let (value, indexed) = self.module_value(call, key.as_ref(), declared.then_some(output));
                return Ok((value, if key.is_some() && !indexed { used - 2 } else { used - 1 }));
            }
            Referenceable::Each(name) => self.repetition_value("each", name, r.span)?,
            Referenceable::Count(name) => self.repetition_value("count", name, r.span)?,
            Referenceable::Path(name) => self.path_value(name, r.span)?,
            Referenceable::Terraform(name) => match &**name {
                "workspace" => Value::string(&self.core.env.workspace),
                "applying" => Value::bool(self.core.applying).with_marks(Marks::EPHEMERAL),
                other => {
                    return Err(Diagnostic::error(
                        "Invalid \"terraform\" attribute",
                        format!("There is no terraform.{other}; there are terraform.workspace and terraform.applying."),
                    )
                    .at(r.span)
                    .into());
                }
            },
            Referenceable::SelfObject => match &self.own {
                Some(v) => v.clone(),
                None => {
                    return Err(Diagnostic::error(
                        "Invalid \"self\" reference",
                        "\"self\" has a meaning only in the provisioner, connection and postcondition blocks of a resource.",
                    )
                    .at(r.span)
                    .into());
                }
            },
        };
        Ok((value, used))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        self.core.env.functions.signature(name)
    }

    fn call(&self, name: &str, args: &[Value], site: &CallSite) -> Result<Value, CallFailure> {
        self.core.env.functions.call(name, args, site, self.core.applying)
    }

    fn misfits(&self, name: &str, args: &[Value]) -> Vec<(usize, String)> {
        self.core.env.functions.misfits(name, args)
    }

    fn allows_calls(&self) -> bool {
        true
    }

    fn parameter_name(&self, function: &str, index: usize) -> Option<String> {
        self.core.env.functions.parameter_name(function, index)
    }

    fn function_names(&self) -> Vec<String> {
        self.core.env.functions.names()
    }

    fn template_file(&self, path: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        self.core.env.functions.template_file(path)
    }

    fn convert(&self, value: &Value, ty: &Expr) -> Option<Result<Value, CallFailure>> {
        let (ty, defaults, diags) = sdt_config::type_constraint(ty);
        if diags.has_errors() {
            return Some(Err(CallFailure::Diagnostics(diags)));
        }
        let (plain, marks) = value.clone().unmark();
        let filled = if plain.is_null() || defaults.is_empty() { plain } else { defaults.apply(&plain) };
        let converted = sdt_value::convert(&filled, &ty).map(|v| v.with_marks(marks));
        Some(converted.map_err(|e| {
            let path = e.path.to_string();
            let message = if path.is_empty() { e.message } else { format!("{path}: {}", e.message) };
            CallFailure::Arg { index: 0, message }
        }))
    }

    fn has_type_function(&self) -> bool {
        self.core.env.console
    }
}

fn module_text(path: &ModulePath) -> String {
    if path.is_root() { "the root module".into() } else { path.to_string() }
}
