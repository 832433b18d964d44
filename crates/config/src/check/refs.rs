//! References against what is declared.

use sdt_addr::{InstanceKey, Mode, ResourceAddr};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Expr, Step, Traversal, apply_step};
use sdt_schema::{Block, Nesting};
use sdt_value::{Str, Value};

use crate::{Config, Module, Reference, Referenceable, Resource, references_in_expr};

use super::SchemaLookup;
use super::names::suggestion;

/// Where a reference stands.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The whole configuration.
    pub config: &'a Config,
    /// The module.
    pub module: &'a Module,
    /// Schemas of resources.
    pub schemas: &'a dyn SchemaLookup,
    /// What `self` is here.
    pub self_addr: Option<&'a ResourceAddr>,
    /// Whether `count.index` or `each` exist here.
    pub repetition: Repetition,
    /// The check block around it.
    pub check: Option<&'a str>,
}

/// Which of `count.index` and `each` exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// Neither.
    None,
    /// `count.index`
    Count,
    /// `each.key` and `each.value`
    ForEach,
    /// Not asked, as for the arguments of a module call: planning says it.
    Any,
}

impl Repetition {
    /// By the arguments that are there.
    #[must_use]
    pub const fn of(count: bool, for_each: bool) -> Self {
        match (count, for_each) {
            (true, _) => Self::Count,
            (false, true) => Self::ForEach,
            (false, false) => Self::None,
        }
    }
}

impl Context<'_> {
    /// Checks the references of an expression.
    #[must_use]
    pub fn expr(&self, expr: &Expr) -> Diagnostics {
        let (refs, mut diags) = references_in_expr(expr);
        diags.extend(self.references(&refs).0);
        diags
    }

    /// Checks two expressions as one.
    pub(crate) fn both(&self, a: &Expr, b: &Expr) -> (Diagnostics, bool) {
        let (mut refs, mut diags) = references_in_expr(a);
        let (more_refs, more) = references_in_expr(b);
        refs.extend(more_refs);
        diags.extend(more);
        let (more, gone) = self.references(&refs);
        diags.extend(more);
        (diags, gone)
    }

    /// Checks references. What is declared at all is looked at first; only when that is in order, the rest. The second member
    /// tells whether the first look failed.
    #[must_use]
    pub fn references(&self, refs: &[Reference]) -> (Diagnostics, bool) {
        let mut diags = Diagnostics::new();
        for r in refs {
            match &r.subject {
                Referenceable::Resource(addr, key) => self.resource(addr, key.as_ref(), r, &mut diags),
                Referenceable::Module(name, _) | Referenceable::ModuleOutput(name, ..)
                    if !self.module.calls.contains_key(name) =>
                {
                    let hint = suggestion(name, self.module.calls.keys().map(|n| &**n));
                    let detail = format!("There is no module call {:?} in {}.{hint}", &**name, self.place());
                    diags.push(Diagnostic::error("Reference to undeclared module", detail).at(r.span));
                }
                Referenceable::SelfObject => self.self_object(r, &mut diags),
                _ => {}
            }
        }
        if diags.has_errors() {
            return (diags, true);
        }
        for r in refs {
            self.value(r, &mut diags);
        }
        (diags, false)
    }

    fn place(&self) -> String {
        if self.module.path.is_root() { "the root module".into() } else { self.module.path.to_string() }
    }

    fn self_object(&self, r: &Reference, diags: &mut Diagnostics) {
        let Some(addr) = self.self_addr else {
            let detail = "self exists only in provisioners, connections and postconditions of a resource, and means that resource.";
            diags.push(Diagnostic::error("Invalid \"self\" reference", detail).at(r.span));
            return;
        };
        if let Some(resource) = self.module.resources.get(addr) {
            self.by_schema(resource, &r.rest, diags);
        }
    }

    fn resource(&self, addr: &ResourceAddr, key: Option<&InstanceKey>, r: &Reference, diags: &mut Diagnostics) {
        let found = self.module.resources.get(addr);
        if let Some(resource) = found {
            let repeated = resource.count.is_some() || resource.for_each.is_some();
            if let Some(key) = key.filter(|_| !repeated) {
                let detail =
                    format!("{addr} has neither count nor for_each: there is one instance, referred to without {key}.");
                diags.push(Diagnostic::error("Unexpected resource instance key", detail).at(r.span));
            } else if repeated && key.is_none() && !r.rest.is_empty() {
                let (what, example) =
                    if resource.count.is_some() { ("count", "[count.index]") } else { ("for_each", "[each.key]") };
                let detail = format!(
                    "{addr} has {what} set, so an attribute is that of one instance, such as {addr}{example}. All of them together are {addr}[*] or values({addr})[*]."
                );
                diags.push(Diagnostic::error("Missing resource instance key", detail).at(r.span));
            }
        }
        let Some(resource) = found else {
            diags.push(self.undeclared(addr, r.span));
            return;
        };
        if resource.check.is_some() && resource.check.as_deref() != self.check {
            let detail = format!("{addr} belongs to a check block and can be used only inside it.");
            diags.push(Diagnostic::error("Reference to scoped resource", detail).at(r.span));
            return;
        }
        self.by_schema(resource, &r.rest, diags);
    }

    fn undeclared(&self, addr: &ResourceAddr, at: Span) -> Diagnostic {
        let kind = match addr.mode {
            Mode::Managed => "managed resource",
            Mode::Data => "data source",
            Mode::Ephemeral => "ephemeral resource",
        };
        let data = ResourceAddr { mode: Mode::Data, ..addr.clone() };
        let hint = if addr.mode == Mode::Managed && self.module.resources.contains_key(&data) {
            format!(" Did you mean the data source {data}?")
        } else {
            let names: Vec<String> = self.module.resources.keys().map(ToString::to_string).collect();
            suggestion(&addr.to_string(), names.iter().map(|n| &**n))
        };
        let detail = format!("There is no {kind} {:?} {:?} in {}.{hint}", &*addr.type_name, &*addr.name, self.place());
        Diagnostic::error("Reference to undeclared resource", detail).at(at)
    }

    fn by_schema(&self, resource: &Resource, rest: &[Step], diags: &mut Diagnostics) {
        let provider = self.module.provider_of(resource);
        let Some(schema) = self.schemas.resource(&provider, resource.addr.mode, &resource.addr.type_name) else {
            return;
        };
        if let Some(Step::Attr { name, span }) = rest.first()
            && &**name == "count"
            && !schema.block.attributes.contains_key(name)
            && !schema.block.blocks.contains_key(name)
        {
            let detail = format!("The number of instances is length({}).", resource.addr);
            diags.push(Diagnostic::error("Invalid resource count attribute", detail).at(*span));
            return;
        }
        diags.extend(steps_by_schema(rest, &schema.block));
    }

    /// The second look: names of single values, `each` and `count`.
    fn value(&self, r: &Reference, diags: &mut Diagnostics) {
        match &r.subject {
            Referenceable::Variable(name) => {
                if !self.module.variables.contains_key(name) {
                    let hint = suggestion(name, self.module.variables.keys().map(|n| &**n));
                    let hint = if hint.is_empty() {
                        format!(" It would be declared with a block: variable {:?} {{}}.", &**name)
                    } else {
                        hint
                    };
                    let detail = format!("There is no input variable {:?} in {}.{hint}", &**name, self.place());
                    diags.push(Diagnostic::error("Reference to undeclared input variable", detail).at(r.span));
                }
            }
            Referenceable::Local(name) => {
                if !self.module.locals.contains_key(name) {
                    let hint = suggestion(name, self.module.locals.keys().map(|n| &**n));
                    let detail = format!("There is no local value {:?} in {}.{hint}", &**name, self.place());
                    diags.push(Diagnostic::error("Reference to undeclared local value", detail).at(r.span));
                }
            }
            Referenceable::ModuleOutput(call, _, output) => self.output(call, output, r, diags),
            Referenceable::Count(name) => count(self.repetition, name, r, diags),
            Referenceable::Each(name) => each(self.repetition, name, r, diags),
            Referenceable::Path(name) => {
                if !["module", "root", "cwd"].contains(&&**name) {
                    let hint = suggestion(name, ["cwd", "module", "root"]);
                    let detail = format!("There is no path.{name}: only path.module, path.root and path.cwd.{hint}");
                    diags.push(Diagnostic::error("Invalid \"path\" attribute", detail).at(r.span));
                }
            }
            Referenceable::Terraform(name) => {
                if !["workspace", "applying"].contains(&&**name) {
                    let detail = if &**name == "env" {
                        "terraform.env is gone; it is called terraform.workspace now.".into()
                    } else {
                        format!("There is no terraform.{name}: only terraform.workspace and terraform.applying.")
                    };
                    diags.push(Diagnostic::error("Invalid \"terraform\" attribute", detail).at(r.span));
                }
            }
            Referenceable::Resource(..) | Referenceable::Module(..) | Referenceable::SelfObject => {}
        }
    }

    /// What is to be said of an output that exists; whether it does is told by evaluating.
    fn output(&self, call: &Str, output: &Str, r: &Reference, diags: &mut Diagnostics) {
        let child = self.module.children.get(call);
        if let Some(instead) = child.and_then(|c| c.outputs.get(output)).and_then(|o| o.deprecated.as_ref()) {
            diags.push(Diagnostic::warning("Deprecated value used", instead).at(r.span));
        }
    }
}

fn count(repetition: Repetition, name: &str, r: &Reference, diags: &mut Diagnostics) {
    if name != "index" {
        let detail = format!("There is no count.{name}, only count.index.");
        diags.push(Diagnostic::error("Invalid \"count\" attribute", detail).at(r.span));
    } else if !matches!(repetition, Repetition::Count | Repetition::Any) {
        let detail = "count.index exists only in blocks with a count argument.";
        diags.push(Diagnostic::error("Reference to \"count\" in non-counted context", detail).at(r.span));
    }
}

fn each(repetition: Repetition, name: &str, r: &Reference, diags: &mut Diagnostics) {
    let (summary, detail) = match name {
        "key" | "value" if matches!(repetition, Repetition::ForEach | Repetition::Any) => return,
        "key" => (
            "Reference to \"each\" in context without for_each",
            "each.key exists only in blocks with a for_each argument.".to_owned(),
        ),
        "value" => (
            "each.value cannot be used in this context",
            "each.value exists only in blocks with a for_each argument.".to_owned(),
        ),
        _ => ("Invalid \"each\" attribute", format!("There is no each.{name}: only each.key and each.value.")),
    };
    diags.push(Diagnostic::error(summary, detail).at(r.span));
}

/// A relative reference as steps from the object.
pub(crate) fn as_steps(t: &Traversal) -> Vec<Step> {
    let first = Step::Attr { name: t.root.name.clone(), span: t.root.span };
    std::iter::once(first).chain(t.steps.iter().cloned()).collect()
}

/// Follows steps through a schema.
pub(crate) fn steps_by_schema(steps: &[Step], block: &Block) -> Diagnostics {
    let (name, span, rest) = match steps {
        [] => return Diagnostics::new(),
        [Step::Attr { name, span }, rest @ ..] => (name.clone(), *span, rest),
        [Step::Index { key, span }, rest @ ..] => match key.as_str() {
            Some(name) => (Str::from(name), *span, rest),
            None => {
                let detail = "This object has attributes, not numbered elements.";
                return Diagnostic::error("Invalid index operation", detail).at(*span).into();
            }
        },
        [Step::Splat { .. }, ..] => return Diagnostics::new(),
    };
    if let Some(a) = block.attributes.get(&name) {
        return follow(Value::unknown(a.ty.clone()), rest);
    }
    let Some(b) = block.blocks.get(&name) else {
        let names = block.attributes.keys().chain(block.blocks.keys());
        let hint = suggestion(&name, names.map(|n| &**n));
        let detail = format!("There is no argument, block or attribute {:?} in this object.{hint}", &*name);
        return Diagnostic::error("Unsupported attribute", detail).at(span).into();
    };
    let wrong = |summary: &str, detail: String, at: Span| Diagnostic::error(summary, detail).at(at).into();
    match (b.nesting, rest) {
        (_, []) => Diagnostics::new(),
        (Nesting::Single | Nesting::Group, rest) => steps_by_schema(rest, &b.block),
        (Nesting::List | Nesting::Map, [Step::Index { .. }, rest @ ..]) => steps_by_schema(rest, &b.block),
        (Nesting::Map, [Step::Attr { .. }, rest @ ..]) => steps_by_schema(rest, &b.block),
        (Nesting::List, [Step::Attr { span, .. }, ..]) => wrong(
            "Invalid operation",
            format!("There can be several {name:?} blocks, in a list: one of them is {name}[0]."),
            *span,
        ),
        (Nesting::Set, [step @ (Step::Attr { .. } | Step::Index { .. }), ..]) => {
            let detail = format!(
                "The {name:?} blocks are a set, whose elements have no index. Use a for expression, or [*] for all of them."
            );
            wrong("Cannot index a set value", detail, step.span())
        }
        (_, [Step::Splat { .. }, ..]) => Diagnostics::new(),
    }
}

fn follow(mut value: Value, steps: &[Step]) -> Diagnostics {
    for s in steps {
        match apply_step(&value, s) {
            Ok(v) => value = v,
            Err(d) => return d,
        }
    }
    Diagnostics::new()
}
