//! What can be said against a configuration without evaluating it.
//!
//! [`check_tree`] comes first and covers what keeps a graph from being built. [`check_object`] then looks at one object: the walk asks it
//! before it evaluates that object, and does not evaluate what has errors nor what depends on it, as Terraform does.

mod names;
mod refs;
mod tree;

use std::sync::Arc;

use sdt_addr::{Mode, ProviderAddr};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{Expr, ExprKind, Traversal};
use sdt_schema::{Block, Schema};
use sdt_value::Str;

use crate::{
    Check, CheckRule, Config, IgnoreChanges, Import, Local, Module, ModuleCall, Output, ProviderConfig, Provisioner,
    Reference, Referenceable, Resource, Variable, check_body, connection_schema, parse_reference, provisioner_schema,
    references_in_body, references_in_expr,
};

pub use names::suggestion;
pub use refs::{Context, Repetition};
pub use tree::check_tree;

/// Answers for schemas of providers.
pub trait SchemaLookup {
    /// Schema of a resource, data source or ephemeral resource; `None` when the provider has no such type or is not there.
    fn resource(&self, provider: &ProviderAddr, mode: Mode, type_name: &str) -> Option<Arc<Schema>>;

    /// Schema of the provider's own block; `None` when the provider is not there.
    fn provider(&self, provider: &ProviderAddr) -> Option<Arc<Schema>>;

    /// Names of all types of a mode, for suggestions.
    fn type_names(&self, provider: &ProviderAddr, mode: Mode) -> Vec<Str>;
}

/// An object of a module that can be checked.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// An input variable: its conditions.
    Variable(&'a Variable),
    /// A local value.
    Local(&'a Local),
    /// An output value.
    Output(&'a Output),
    /// A resource of any mode.
    Resource(&'a Resource),
    /// `count`, `for_each`, `enabled` and `depends_on` of a module call.
    Call(&'a ModuleCall),
    /// The argument of a module call for one input variable.
    Argument(&'a ModuleCall, &'a str),
    /// A provider configuration.
    Provider(&'a ProviderConfig),
    /// A check block.
    Check(&'a Check),
    /// An import block.
    Import(&'a Import),
}

/// Which parts of a resource can be evaluated after [`check_resource`].
#[derive(Clone, Copy, Debug)]
pub struct Readable {
    /// `count`, `for_each` or `enabled`.
    pub repetition: bool,
    /// Its arguments and blocks.
    pub body: bool,
}

/// Checks a resource as [`check_object`] does, and says which parts of it can be evaluated all the same.
#[must_use]
pub fn check_resource(
    config: &Config,
    module: &Module,
    r: &Resource,
    schemas: &dyn SchemaLookup,
) -> (Diagnostics, Readable) {
    resource(&Context { config, module, schemas, self_addr: None, repetition: Repetition::None, check: None }, r)
}

/// Checks one object: its references, and its schema where it has one.
#[must_use]
pub fn check_object(config: &Config, module: &Module, object: Object<'_>, schemas: &dyn SchemaLookup) -> Diagnostics {
    let ctx = Context { config, module, schemas, self_addr: None, repetition: Repetition::None, check: None };
    match object {
        Object::Variable(v) => {
            let mut diags = Diagnostics::new();
            for rule in &v.validations {
                let mut unreadable = references_in_expr(&rule.condition).1;
                unreadable.extend(references_in_expr(&rule.error_message).1);
                // What cannot be read as a reference is all that is told.
                let failed = unreadable.has_errors();
                diags.extend(if failed { unreadable } else { ctx.both(&rule.condition, &rule.error_message).0 });
            }
            diags
        }
        Object::Local(l) => {
            let (refs, _) = references_in_expr(&l.expr);
            if let Some(own) = refs.iter().find(|r| r.subject == Referenceable::Local(l.name.clone())) {
                let detail = format!("local.{} is used in its own expression.", l.name);
                return Diagnostic::error("Self-referencing local value", detail).at(own.span).into();
            }
            ctx.expr(&l.expr)
        }
        Object::Output(o) => {
            let mut diags = Diagnostics::new();
            for rule in &o.preconditions {
                let (more, gone) = ctx.both(&rule.condition, &rule.error_message);
                diags.extend(more);
                if gone {
                    unknown_variables(&rule.condition, &mut diags);
                    unknown_variables(&rule.error_message, &mut diags);
                } else {
                    let both = [&rule.condition, &rule.error_message];
                    both.iter().for_each(|e| unreadable(e, &both, &mut diags));
                }
            }
            // With a broken condition the value is not looked at.
            if !diags.has_errors() {
                diags.extend(depends_on(&ctx, &o.depends_on));
                diags.extend(ctx.expr(&o.value));
            }
            diags
        }
        Object::Resource(r) => resource(&ctx, r).0,
        Object::Call(c) => {
            let mut diags = Diagnostics::new();
            for e in [&c.count, &c.for_each, &c.enabled].into_iter().flatten() {
                diags.extend(ctx.expr(e));
            }
            diags.extend(depends_on(&ctx, &c.depends_on));
            diags
        }
        Object::Argument(c, name) => {
            let ctx = Context { repetition: Repetition::Any, ..ctx };
            let Some(e) = argument(c, name) else { return Diagnostics::new() };
            let mut diags = ctx.expr(&e);
            let variable = module.children.get(&c.name).and_then(|m| m.variables.get(name));
            if let Some(instead) = variable.and_then(|v| v.deprecated.as_ref()) {
                diags.push(Diagnostic::warning("Deprecated variable got a value", instead).at(e.span()));
            }
            diags
        }
        Object::Provider(p) => {
            let provider = module.provider_for_local(&p.addr.name);
            let Some(schema) = schemas.provider(&provider) else { return Diagnostics::new() };
            let (refs, mut diags) = references_in_body(&p.config, &schema.block);
            diags.extend(ctx.references(&refs).0);
            diags
        }
        Object::Check(c) => {
            let ctx = Context { check: Some(&c.name), ..ctx };
            let mut diags = Diagnostics::new();
            for rule in &c.asserts {
                let (more, gone) = ctx.both(&rule.condition, &rule.error_message);
                diags.extend(more);
                if gone {
                    unknown_variables(&rule.error_message, &mut diags);
                } else {
                    unreadable(&rule.error_message, &[&rule.condition, &rule.error_message], &mut diags);
                }
            }
            diags
        }
        Object::Import(i) => {
            let mut diags = Diagnostics::new();
            diags.extend(i.for_each.as_ref().map(|e| ctx.expr(e)).unwrap_or_default());
            let own = |e: &Expr| {
                let same = |r: &Reference| r.subject.resource() == Some(&i.to_resource);
                i.to_module.is_root() && references_in_expr(e).0.iter().any(same)
            };
            if own(&i.id) {
                let detail = "The id cannot come from the object that is to be imported with it.";
                diags.push(Diagnostic::error("Invalid import id argument", detail).at(i.id.span()));
                return diags;
            }
            if let Some(e) = i.for_each.as_ref().filter(|e| own(e)) {
                let detail = "What is to be imported cannot come from the resource that it is imported into.";
                diags.push(Diagnostic::error("Invalid for_each argument", detail).at(e.span()));
                return diags;
            }
            let ctx = Context { repetition: Repetition::of(false, i.for_each.is_some()), ..ctx };
            diags.extend(ctx.expr(&i.id));
            diags
        }
    }
}

/// The expression of a module call's argument.
#[must_use]
pub fn argument(call: &ModuleCall, name: &str) -> Option<Expr> {
    let (content, _, _) = call.config.partial_content(&crate::load::schema(&[name], &[]));
    content.attribute(name).map(|a| a.expr.clone())
}

fn resource(ctx: &Context<'_>, r: &Resource) -> (Diagnostics, Readable) {
    let mut diags = Diagnostics::new();
    let plain = Context { check: r.check.as_deref(), ..*ctx };
    let repetition = Repetition::of(r.count.is_some(), r.for_each.is_some());
    let ctx = Context { repetition, ..plain };
    let with_self = Context { self_addr: Some(&r.addr), ..ctx };

    for e in [&r.count, &r.for_each, &r.lifecycle.enabled].into_iter().flatten() {
        diags.extend(plain.expr(e));
    }
    let repetition = !diags.has_errors();
    diags.extend(depends_on(&ctx, &r.depends_on));

    let provider = ctx.module.provider_of(r);
    let Some(schema) = ctx.schemas.resource(&provider, r.addr.mode, &r.addr.type_name) else {
        if ctx.schemas.provider(&provider).is_some() {
            diags.push(no_such_type(&ctx, r, &provider));
        }
        provisioners(&with_self, r, &mut diags);
        return (diags, Readable { repetition, body: false });
    };
    let (refs, mut wrong) = references_in_body(&r.config, &schema.block);
    wrong.extend(ctx.references(&refs).0);
    let readable = Readable { repetition, body: !wrong.has_errors() };
    diags.extend(wrong);
    // Of a body that has mistakes nothing is compared with what is ignored.
    let ignores = matches!(r.lifecycle.ignore_changes, IgnoreChanges::Paths(_));
    if ignores && readable.body && !check_body(&r.config, &schema.block).has_errors() {
        diags.extend(ignored(r, &schema));
    }
    for (rule, ctx) in r
        .lifecycle
        .preconditions
        .iter()
        .map(|c| (c, &ctx))
        .chain(r.lifecycle.postconditions.iter().map(|c| (c, &with_self)))
    {
        let CheckRule { condition, error_message, .. } = rule;
        for e in [condition, error_message] {
            let (refs, more) = references_in_expr(e);
            diags.extend(more);
            let (more, gone) = ctx.references(&refs);
            diags.extend(more);
            if gone {
                unknown_variables(e, &mut diags);
            } else {
                unreadable(e, &[e], &mut diags);
            }
        }
    }
    provisioners(&with_self, r, &mut diags);
    (diags, readable)
}

/// Checks provisioners up to the first one after which there is an error, be it its own or not.
fn provisioners(ctx: &Context<'_>, r: &Resource, diags: &mut Diagnostics) {
    let connection = if r.provisioners.is_empty() { Block::default() } else { connection_schema() };
    for p in &r.provisioners {
        let mut own = Diagnostics::new();
        let schema = provisioner_schema(&p.kind).unwrap_or_default();
        let connections = [p.connection.as_ref(), r.connection.as_ref()].into_iter().flatten();
        for (body, schema) in std::iter::once((&p.config, &schema)).chain(connections.map(|c| (c, &connection))) {
            let (refs, more) = references_in_body(body, schema);
            own.extend(more);
            let wrong = ctx.references(&refs).0;
            // What refers to nothing is not looked at further.
            let form = if wrong.has_errors() { Diagnostics::new() } else { check_body(body, schema) };
            own.extend(wrong);
            own.extend(form);
        }
        own.extend(provisioner_sources(p));
        diags.extend(own);
        if diags.has_errors() {
            return;
        }
    }
}

fn no_such_type(ctx: &Context<'_>, r: &Resource, provider: &ProviderAddr) -> Diagnostic {
    let (summary, what) = match r.addr.mode {
        Mode::Managed => ("Invalid resource type", "resource type"),
        Mode::Data => ("Invalid data source", "data source"),
        Mode::Ephemeral => ("Invalid ephemeral resource", "ephemeral resource"),
    };
    let name = &*r.addr.type_name;
    let names = ctx.schemas.type_names(provider, r.addr.mode);
    let mut detail = format!("Provider {} has no {what} {name:?}.", provider.for_display());
    let twin = match r.addr.mode {
        Mode::Managed => Some((Mode::Data, "a data source")),
        Mode::Data => Some((Mode::Managed, "a managed resource")),
        Mode::Ephemeral => None,
    };
    if let Some((mode, kind)) = twin
        && ctx.schemas.resource(provider, mode, name).is_some()
    {
        detail.push_str(&format!(" There is {kind} of this name: use a {} block for it.", mode.keyword()));
    } else {
        detail.push_str(&suggestion(name, names.iter().map(|n| &**n)));
    }
    Diagnostic::error(summary, detail).at(r.type_span)
}

/// Checks `ignore_changes` against the schema.
fn ignored(r: &Resource, schema: &Schema) -> Diagnostics {
    let mut diags = Diagnostics::new();
    let IgnoreChanges::Paths(paths) = &r.lifecycle.ignore_changes else { return diags };
    for t in paths {
        let steps = refs::as_steps(t);
        let wrong = refs::steps_by_schema(&steps, &schema.block);
        let failed = wrong.has_errors();
        diags.extend(wrong);
        if failed {
            continue;
        }
        if diags.has_errors() {
            continue;
        }
        let attribute = schema.block.attributes.get(&t.root.name).filter(|_| t.steps.is_empty());
        if attribute.is_some_and(|a| a.computed && !a.optional) {
            let detail = format!(
                "{} is set by the provider alone: there is no argument whose changes could be ignored.",
                t.root.name
            );
            diags.push(Diagnostic::warning("Redundant ignore_changes element", detail).at(r.type_span));
        }
    }
    diags
}

/// Checks that `depends_on` names whole objects that are there.
fn depends_on(ctx: &Context<'_>, all: &[Traversal]) -> Diagnostics {
    let mut diags = Diagnostics::new();
    // Instances of one object cannot depend on different things.
    let ctx = &Context { repetition: Repetition::None, ..*ctx };
    for t in all {
        match parse_reference(t) {
            Err(d) => diags.extend(d),
            Ok(r) => {
                if let Some(first) = r.rest.first() {
                    let at = r.rest.last().map_or(first.span(), |last| first.span().to(last.span()));
                    let detail = format!(
                        "depends_on takes whole objects: {}, without attributes of it.",
                        names::whole(&r.subject)
                    );
                    diags.push(Diagnostic::error("Invalid depends_on reference", detail).at(at));
                    continue;
                }
                // After the first mistake the existence of the others is not looked at.
                if r.subject != Referenceable::SelfObject && !diags.has_errors() {
                    diags.extend(ctx.references(&[r]).0);
                }
            }
        }
    }
    diags
}

fn unknown_variables(expr: &Expr, diags: &mut Diagnostics) {
    for t in expr.traversals() {
        let detail =
            format!("{:?} cannot be resolved while other references of this condition are wrong.", &*t.root.name);
        diags.push(Diagnostic::error("Unknown variable", detail).at(t.root.span));
    }
}

/// What evaluating a condition says of words that are no references. Where anything in it is one, objects of the usual names are there,
/// although what they hold is not; else there is nothing.
fn unreadable(expr: &Expr, condition: &[&Expr], diags: &mut Diagnostics) {
    const OBJECTS: [&str; 9] = ["var", "local", "path", "terraform", "count", "each", "module", "data", "ephemeral"];
    let something = condition.iter().any(|e| !references_in_expr(e).0.is_empty());
    for t in expr.traversals().into_iter().filter(|t| parse_reference(t).is_err()) {
        let root = &*t.root.name;
        if !something || !(OBJECTS.contains(&root) || root == "resource") {
            let detail = format!("{root:?} is no object that a condition could refer to.");
            diags.push(Diagnostic::error("Unknown variable", detail).at(t.root.span));
        } else if let Some(step) = t.steps.first() {
            let detail = format!("{root:?} has no such member.");
            diags.push(Diagnostic::error("Unsupported attribute", detail).at(step.span()));
        } else if let ExprKind::Template(parts) = &expr.kind
            && parts.iter().any(|p| p.span() == t.span)
        {
            let detail = format!("{root:?} is an object, and has no text.");
            diags.push(Diagnostic::error("Invalid template interpolation value", detail).at(t.span));
        }
    }
}

/// Checks that a provisioner that takes its input from one of several arguments has exactly one of them.
fn provisioner_sources(p: &Provisioner) -> Diagnostics {
    let names: &[&str] = match &*p.kind {
        "remote-exec" => &["inline", "script", "scripts"],
        "file" => &["source", "content"],
        _ => return Diagnostics::new(),
    };
    let (found, _, _) = p.config.partial_content(&crate::load::schema(names, &[]));
    let summary = match (&*p.kind, found.attributes.len()) {
        (_, 1) => return Diagnostics::new(),
        ("file", 0) => "Must provide one of 'source' or 'content'".to_owned(),
        ("file", _) => "Cannot set both 'source' and 'content'".to_owned(),
        (kind, _) => format!("Invalid {kind} provisioner configuration"),
    };
    Diagnostic::error(summary, format!("Exactly one of {} must be set.", names.join(", "))).into()
}
