//! `moved`, `removed`, `import` and `check` blocks.

use sdt_addr::{Mode, ModulePath, ResourceAddr, Step as AddrStep, Subject, Target};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Attribute, ContentBlock, Expr, ExprKind, Step, Traversal};

use crate::literal;
use crate::{Check, Import, MoveEndpoint, Moved, ProvisionerWhen, Removed, Resource, statics};

use super::resource::{provider_reference, provisioners, resource};
use super::rule::rule;
use super::schema;

/// Names that start other references and so cannot be resource types in addresses.
const NOT_TYPES: [&str; 9] = ["count", "each", "local", "path", "self", "terraform", "var", "lazy", "template"];

fn plain(expr: &Expr, diags: &mut Diagnostics) -> Option<Traversal> {
    let found = statics::traversal(expr);
    if found.is_none() {
        let detail = "A plain address is required here: names and constant indices, without quotes around it.";
        diags.push(Diagnostic::error("Invalid expression", detail).at(expr.span()));
    }
    found
}

/// The steps of a reference as steps of an address.
pub(crate) fn addr_steps(t: &Traversal) -> Vec<AddrStep> {
    let step = |s: &Step| addr_step(s).unwrap_or(AddrStep::Splat);
    std::iter::once(AddrStep::Attr(t.root.name.clone())).chain(t.steps.iter().map(step)).collect()
}

/// A step as that of an address; `None` for a splat.
fn addr_step(s: &Step) -> Option<AddrStep> {
    match s {
        Step::Attr { name, .. } => Some(AddrStep::Attr(name.clone())),
        Step::Index { key, .. } => {
            Some(sdt_addr::InstanceKey::from_value(key).map_or(AddrStep::Splat, AddrStep::Index))
        }
        Step::Splat { .. } => None,
    }
}

fn target(t: &Traversal, diags: &mut Diagnostics) -> Option<Target> {
    let steps = addr_steps(t);
    let found = named_type(&steps, t.span)
        .and_then(|()| sdt_addr::parse_steps(&steps).map_err(|e| at_step(e, &steps, &step_spans(t))));
    found.map_err(|d| diags.push(*d)).ok()
}

fn step_spans(t: &Traversal) -> Vec<Span> {
    std::iter::once(t.root.span).chain(t.steps.iter().map(Step::span)).collect()
}

/// What is wrong with an address, at the step that is to blame. What is missing is nowhere.
fn at_step(e: sdt_addr::ParseError, steps: &[AddrStep], spans: &[Span]) -> Box<Diagnostic> {
    let at = e.step.map_or(Span::NOWHERE, |i| spans.get(i).copied().unwrap_or(Span::NOWHERE));
    match e.step.and_then(|i| steps.get(i)) {
        // An index with a key that no instance has reads as a splat.
        Some(AddrStep::Splat) => {
            Box::new(Diagnostic::error("Invalid address", "The key of an instance is a text or a whole number.").at(at))
        }
        _ => Box::new(Diagnostic::error(e.summary, e.detail).at(at)),
    }
}

/// Refuses words that start other references where the type of a resource is expected.
fn named_type(steps: &[AddrStep], at: Span) -> Result<(), Box<Diagnostic>> {
    match steps {
        [AddrStep::Attr(first), ..] if NOT_TYPES.contains(&&**first) => {
            let detail = format!("{:?} is no resource type but starts another kind of reference.", &**first);
            Err(Box::new(Diagnostic::error("Invalid address", detail).at(at)))
        }
        _ => Ok(()),
    }
}

fn not_a_type(r: &ResourceAddr) -> Option<String> {
    (r.mode == Mode::Managed && NOT_TYPES.contains(&&*r.type_name))
        .then(|| format!("{:?} is no resource type but starts another kind of reference.", &*r.type_name))
}

/// Reads a `moved` block.
pub(crate) fn moved(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Moved> {
    let (content, more) = block.body.content(&schema(&["!from", "!to"], &[]));
    let failed = more.has_errors();
    diags.extend(more);
    let mut end = |name: &str| {
        let a = content.attribute(name)?;
        let t = plain(&a.expr, diags)?;
        let target = target(&t, diags)?;
        if let Subject::Resource(r, _) = &target.subject
            && let Some(detail) = not_a_type(r)
        {
            diags.push(Diagnostic::error("Invalid address", detail).at(t.span));
            return None;
        }
        Some(MoveEndpoint { target, span: a.expr.span() })
    };
    let (from, to) = (end("from"), end("to"));
    let (from, to) = (from?, to?);
    if failed {
        return None;
    }
    if (from.target.subject == Subject::Module) != (to.target.subject == Subject::Module) {
        let detail = format!(
            "{} cannot become {}: a module moves to a module, a resource to a resource.",
            from.target, to.target
        );
        diags.push(Diagnostic::error("Invalid \"moved\" addresses", detail).at(block.header));
        return None;
    }
    Some(Moved { from, to, span: block.header })
}

/// Reads a `removed` block.
pub(crate) fn removed(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Removed> {
    let nested: &[(&str, &[&str])] = &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])];
    let (content, more) = block.body.content(&schema(&["!from"], nested));
    diags.extend(more);
    let mut destroy = true;
    for b in content.blocks_of("lifecycle") {
        let (inner, more) = b.body.content(&schema(&["destroy"], &[]));
        diags.extend(more);
        if let Some(a) = inner.attribute("destroy") {
            destroy = literal::bool(a, diags).unwrap_or(true);
        }
    }
    let from = content.attribute("from").and_then(|a| removed_from(a, diags));
    let (connection, provisioners) = provisioners(&content, diags);
    for p in &provisioners {
        let detail = if from.as_ref().is_some_and(|f| f.1.is_none()) {
            "Only for a managed resource can provisioners be given here."
        } else if p.when != ProvisionerWhen::Destroy {
            "What is removed is never created: set when = destroy."
        } else {
            continue;
        };
        diags.push(Diagnostic::error("Invalid provisioner block", detail).at(p.span));
    }
    let (module, resource, from_span) = from?;
    Some(Removed { module, resource, from_span, destroy, provisioners, connection, span: block.header })
}

fn removed_from(a: &Attribute, diags: &mut Diagnostics) -> Option<(ModulePath, Option<ResourceAddr>, Span)> {
    let t = plain(&a.expr, diags)?;
    let found = removed_address(&addr_steps(&t), &step_spans(&t));
    let (module, resource) = found.map_err(|d| diags.push(*d)).ok()?;
    if resource.as_ref().is_some_and(|r| r.mode == Mode::Data) {
        let detail = "A data source has no object of its own; deleting its block is enough.";
        diags.push(Diagnostic::error("Data source address not allowed", detail).at(a.expr.span()));
        return None;
    }
    Some((module, resource, a.expr.span()))
}

/// Reads an address without any keys: all instances are removed together.
fn removed_address(steps: &[AddrStep], spans: &[Span]) -> Result<(ModulePath, Option<ResourceAddr>), Box<Diagnostic>> {
    let error = |summary: &str, detail: &str, at: usize| {
        Box::new(Diagnostic::error(summary, detail).at(spans.get(at).copied().unwrap_or(Span::NOWHERE)))
    };
    let invalid = |detail: &str, at: usize| error("Invalid address", detail, at);
    let mut path = Vec::new();
    let mut at = 0;
    while matches!(steps.get(at), Some(AddrStep::Attr(word)) if &**word == "module") {
        let Some(AddrStep::Attr(name)) = steps.get(at + 1) else {
            let place = if at + 1 < steps.len() { at + 1 } else { at };
            return Err(error(
                "Invalid address operator",
                "The name of a module is expected after \"module.\".",
                place,
            ));
        };
        path.push(name.clone());
        at += 2;
        if matches!(steps.get(at), Some(AddrStep::Index(_) | AddrStep::Splat)) {
            let detail = "All instances of a module are removed together: leave the index out.";
            return Err(error("Module instance keys not allowed", detail, at));
        }
    }
    let module = ModulePath::new(path);
    if at > 0 && at == steps.len() {
        return Ok((module, None));
    }
    let data = matches!(steps.get(at), Some(AddrStep::Attr(word)) if &**word == "data");
    at += usize::from(data);
    let Some(AddrStep::Attr(type_name)) = steps.get(at) else {
        return Err(invalid("The type and the name of a resource are expected here.", at));
    };
    let Some(AddrStep::Attr(name)) = steps.get(at + 1) else {
        let place = if at + 1 < steps.len() { at + 1 } else { at };
        return Err(invalid("The name of a resource is expected after its type.", place));
    };
    if at + 2 < steps.len() {
        let detail = "All instances of a resource are removed together: nothing can follow its name.";
        return Err(error("Resource instance keys not allowed", detail, at + 2));
    }
    let mode = if data { Mode::Data } else { Mode::Managed };
    Ok((module, Some(ResourceAddr { mode, type_name: type_name.clone(), name: name.clone() })))
}

/// Reads an `import` block.
pub(crate) fn import(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Import> {
    let (identity, rest, _) = block.body.partial_content(&schema(&["identity"], &[]));
    let identity = identity.attribute("identity");
    let (content, more) = match identity {
        Some(_) => rest.content(&schema(&["for_each", "id", "provider", "!to"], &[])),
        None => block.body.content(&schema(&["for_each", "!id", "provider", "!to"], &[])),
    };
    let failed = more.has_errors();
    diags.extend(more);
    if failed {
        // Without an address the provider is all that is left to be looked at.
        if let (None, Some(a)) = (content.attribute("to"), content.attribute("provider")) {
            provider_reference(&a.expr, diags);
        }
        return None;
    }
    if let (Some(a), Some(_)) = (identity, content.attribute("id")) {
        let detail = "An object is imported by its id or by its identity, not by both.";
        diags.push(Diagnostic::error("Invalid import block", detail).at(a.span));
        return None;
    }
    let for_each = content.attribute("for_each").map(|a| a.expr.clone());
    let to = content.attribute("to").and_then(|a| import_to(a, diags));
    let provider = content.attribute("provider").and_then(|a| provider_reference(&a.expr, diags));
    let (to, (to_module, to_resource)) = to?;
    Some(Import {
        to,
        to_module,
        to_resource,
        id: identity.or_else(|| content.attribute("id"))?.expr.clone(),
        by_identity: identity.is_some(),
        for_each,
        provider,
        span: block.header,
    })
}

/// Reads the address that an import goes to.
fn import_to(a: &Attribute, diags: &mut Diagnostics) -> Option<(Expr, (ModulePath, ResourceAddr))> {
    if let ExprKind::Json(json) = &a.expr.kind
        && json.as_string().is_none()
    {
        let detail = "A reference is written as a text in JSON.";
        diags.push(Diagnostic::error("Invalid reference expression", detail).at(a.expr.span()));
        return None;
    }
    let expr = statics::inside(&a.expr);
    let mut flat = Flat { steps: Vec::new(), spans: Vec::new() };
    let found = if flat.add(&expr) {
        let read = sdt_addr::parse_steps(&flat.steps).map_err(|e| at_step(e, &flat.steps, &flat.spans));
        read.and_then(|target| match target.subject {
            Subject::Resource(r, _) => match not_a_type(&r) {
                None => Ok((target.module.path(), r)),
                Some(detail) => Err(Box::new(Diagnostic::error("Invalid address", detail).at(a.expr.span()))),
            },
            Subject::Module => {
                let detail = "An object is imported to a resource instance, not to a module.";
                Err(Box::new(Diagnostic::error("Invalid address", detail).at(a.expr.span())))
            }
        })
    } else {
        let detail = "An address is required here: only instance keys in it may be computed.";
        Err(Box::new(Diagnostic::error("Invalid expression", detail).at(a.expr.span())))
    };
    let managed = found.as_ref().is_ok_and(|(_, r)| r.mode == Mode::Managed);
    let found = found.map_err(|d| diags.push(*d)).ok();
    if !managed {
        diags.push(Diagnostic::error("Invalid import address", "Only managed resources can be imported.").at(a.span));
        return None;
    }
    Some((expr, found?))
}

/// The steps of an address expression. A computed key stands as 0: only the names matter here.
struct Flat {
    steps: Vec<AddrStep>,
    spans: Vec<Span>,
}

impl Flat {
    /// Adds the steps of an expression; `false` when it is no address.
    fn add(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Traversal(t) => {
                self.steps.extend(addr_steps(t));
                self.spans.extend(step_spans(t));
                true
            }
            ExprKind::Index { collection, .. } => {
                let found = self.add(collection);
                self.steps.push(AddrStep::Index(sdt_addr::InstanceKey::Int(0)));
                self.spans.push(collection.span());
                found
            }
            ExprKind::RelativeTraversal { source, steps } => {
                let found = self.add(source);
                for s in steps {
                    let Some(step) = addr_step(s) else { return false };
                    self.steps.push(step);
                    self.spans.push(s.span());
                }
                found
            }
            _ => false,
        }
    }
}

/// Reads a `check` block and the data source in it.
pub(crate) fn check(block: &ContentBlock, diags: &mut Diagnostics) -> Option<(Check, Option<Resource>)> {
    let label = block.labels.first()?;
    let (content, more) = block.body.content(&schema(&[], &[("data", &["type", "name"]), ("assert", &[])]));
    diags.extend(more);
    literal::name("Invalid check block name", label, diags);
    let mut data: Option<Resource> = None;
    let mut asserts = Vec::new();
    for b in &content.blocks {
        if &*b.kind.name == "assert" {
            asserts.extend(rule(b, diags));
            continue;
        }
        if data.is_some() {
            let detail = "A check has a single data source of its own.";
            diags.push(Diagnostic::error("Multiple data resource blocks", detail).at(b.header));
            continue;
        }
        let mut own = Diagnostics::new();
        let found = nested_data(b, &label.value, &mut own);
        data = found.filter(|_| !own.has_errors());
        diags.extend(own);
    }
    if asserts.is_empty() {
        let detail = "A check needs at least one assert block, else it checks nothing.";
        diags.push(Diagnostic::error("Zero assert blocks", detail).at(block.header));
    }
    let check =
        Check { name: label.value.clone(), data: data.as_ref().map(|d| d.addr.clone()), asserts, span: block.header };
    Some((check, data))
}

fn nested_data(block: &ContentBlock, check: &sdt_value::Str, diags: &mut Diagnostics) -> Option<Resource> {
    let (own, rest, _) = block.body.partial_content(&schema(&["count", "for_each"], &[("lifecycle", &[])]));
    for a in own.attributes.values() {
        let detail = "A data source inside a check has a single instance.";
        diags.push(Diagnostic::error(format!("Invalid {:?} attribute", a.name.as_str()), detail).at(a.name.span));
    }
    for b in &own.blocks {
        let detail = "The conditions of a data source inside a check are the check's own.";
        diags.push(Diagnostic::error("Invalid lifecycle block", detail).at(b.header));
    }
    let block = ContentBlock { body: rest, ..block.clone() };
    let mut found = resource(Mode::Data, &block, &[], diags)?;
    found.check = Some(check.clone());
    Some(found)
}
