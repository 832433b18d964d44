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
    let step = |s: &Step| match s {
        Step::Attr { name, .. } => AddrStep::Attr(name.clone()),
        Step::Index { key, .. } => sdt_addr::InstanceKey::from_value(key).map_or(AddrStep::Splat, AddrStep::Index),
        Step::Splat { .. } => AddrStep::Splat,
    };
    std::iter::once(AddrStep::Attr(t.root.name.clone())).chain(t.steps.iter().map(step)).collect()
}

fn target(t: &Traversal, diags: &mut Diagnostics) -> Option<Target> {
    match sdt_addr::parse_steps(&addr_steps(t)) {
        Ok(target) => Some(target),
        Err(e) => {
            let at = e.step.and_then(|i| i.checked_sub(1)).and_then(|i| t.steps.get(i)).map_or(t.span, Step::span);
            diags.push(Diagnostic::error(e.summary, e.detail).at(at));
            None
        }
    }
}

fn not_a_type(r: &ResourceAddr) -> Option<String> {
    (r.mode == Mode::Managed && NOT_TYPES.contains(&&*r.type_name))
        .then(|| format!("{:?} is no resource type but starts another kind of reference.", &*r.type_name))
}

/// Reads a `moved` block.
pub(crate) fn moved(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Moved> {
    let (content, more) = block.body.content(&schema(&["!from", "!to"], &[]));
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
    let found = target(&t, diags)?;
    let mut bad = |summary: &str, detail: &str| {
        diags.push(Diagnostic::error(summary, detail).at(a.expr.span()));
        None
    };
    if found.module.steps().iter().any(|s| s.key.is_some()) {
        return bad(
            "Module instance keys not allowed",
            "All instances of a module are removed together: leave the index out.",
        );
    }
    let resource = match found.subject {
        Subject::Module => None,
        Subject::Resource(_, Some(_)) => {
            return bad(
                "Resource instance keys not allowed",
                "All instances of a resource are removed together: leave the index out.",
            );
        }
        Subject::Resource(r, None) if r.mode == Mode::Data => {
            return bad(
                "Data source address not allowed",
                "A data source has no object of its own; deleting its block is enough.",
            );
        }
        Subject::Resource(r, None) => Some(r),
    };
    Some((found.module.path(), resource, a.expr.span()))
}

/// Reads an `import` block.
pub(crate) fn import(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Import> {
    let (content, more) = block.body.content(&schema(&["for_each", "!id", "provider", "!to"], &[]));
    let failed = more.has_errors();
    diags.extend(more);
    if failed {
        return None;
    }
    let mut to = None;
    if let Some(a) = content.attribute("to") {
        let expr = statics::inside(&a.expr);
        let steps = flat(&expr);
        let found = match &steps {
            None => Err((
                "Invalid expression",
                "An address is required here: only instance keys in it may be computed.".to_owned(),
            )),
            Some(steps) => match sdt_addr::parse_steps(steps) {
                Ok(Target { module, subject: Subject::Resource(r, _) }) => match not_a_type(&r) {
                    None => Ok((module.path(), r)),
                    Some(detail) => Err(("Invalid address", detail)),
                },
                Ok(_) => Err((
                    "Invalid address",
                    "An object is imported to a resource instance, not to a module.".to_owned(),
                )),
                Err(e) => Err(("Invalid address", e.detail)),
            },
        };
        let managed = found.as_ref().is_ok_and(|(_, r)| r.mode == Mode::Managed);
        match found {
            Ok(f) if managed => to = Some((expr, f)),
            Ok(_) => {}
            Err((summary, detail)) => diags.push(Diagnostic::error(summary, detail).at(a.expr.span())),
        }
        if !managed {
            let detail = "Only managed resources can be imported.";
            diags.push(Diagnostic::error("Invalid import address", detail).at(a.expr.span()));
        }
    }
    let provider = content.attribute("provider").and_then(|a| provider_reference(&a.expr, diags));
    let (to, (to_module, to_resource)) = to?;
    Some(Import {
        to,
        to_module,
        to_resource,
        id: content.attribute("id")?.expr.clone(),
        for_each: content.attribute("for_each").map(|a| a.expr.clone()),
        provider,
        span: block.header,
    })
}

/// The steps of an address expression, computed keys left as splats-free indices.
fn flat(expr: &Expr) -> Option<Vec<AddrStep>> {
    // A computed key stands in as 0: only the names matter here.
    let computed = || AddrStep::Index(sdt_addr::InstanceKey::Int(0));
    match &expr.kind {
        ExprKind::Traversal(t) => Some(addr_steps(t)),
        ExprKind::Index { collection, .. } => {
            let mut steps = flat(collection)?;
            steps.push(computed());
            Some(steps)
        }
        ExprKind::RelativeTraversal { source, steps } => {
            let mut all = flat(source)?;
            for s in steps {
                all.push(match s {
                    Step::Attr { name, .. } => AddrStep::Attr(name.clone()),
                    Step::Index { .. } => computed(),
                    Step::Splat { .. } => return None,
                });
            }
            Some(all)
        }
        _ => None,
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
