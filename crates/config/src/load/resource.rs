//! `resource`, `data` and `ephemeral` blocks.

use sdt_addr::{LocalProviderConfig, Mode, ResourceAddr};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Attribute, ConfigBody, Content, ContentBlock, Expr, ExprKind, Step};
use sdt_value::Value;

use crate::literal;
use crate::{
    IgnoreChanges, Lifecycle, OnFailure, Provisioner, ProvisionerWhen, Referenceable, Resource, references_in_expr,
    statics,
};

use super::rule::{no_self_reference, rule};
use super::schema;

/// Reads a resource block and the blocks of override files for it.
pub(crate) fn resource(
    mode: Mode,
    block: &ContentBlock,
    over: &[ContentBlock],
    diags: &mut Diagnostics,
) -> Option<Resource> {
    let [type_label, name_label] = block.labels.as_slice() else { return None };
    let (bad_type, bad_name) = match mode {
        Mode::Managed => ("Invalid resource type name", "Invalid resource name"),
        Mode::Data => ("Invalid data source name", "Invalid data resource name"),
        Mode::Ephemeral => ("Invalid ephemeral resource type", "Invalid ephemeral resource name"),
    };
    literal::name(bad_type, type_label, diags);
    literal::name(bad_name, name_label, diags);
    let addr = ResourceAddr { mode, type_name: type_label.value.clone(), name: name_label.value.clone() };
    let nested: &[(&str, &[&str])] = match mode {
        Mode::Managed => &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"]), ("_", &[])],
        Mode::Data | Mode::Ephemeral => &[("lifecycle", &[]), ("_", &[])],
    };
    let wanted = schema(&["count", "for_each", "provider", "depends_on"], nested);
    let merged = over.iter().fold(block.body.clone(), |base, o| base.overridden_by(o.body.clone()));
    let (content, config, more) = merged.partial_content(&wanted);
    let config = config.passing_over();
    diags.extend(more);
    let (count, for_each) = repetition(&content, &block.body, over, diags);
    let provider = content.attribute("provider").and_then(|a| provider_reference(&a.expr, diags));
    let depends_on = content.attribute("depends_on").map(|a| literal::depends_on(a, diags)).unwrap_or_default();

    // `lifecycle` of an override file replaces single arguments of it, unlike other blocks.
    let mut lifecycle_body: Option<ConfigBody> = None;
    let mut lifecycle_seen: Option<Span> = None;
    for (layer, body) in std::iter::once(&block.body).chain(over.iter().map(|o| &o.body)).enumerate() {
        let (own, _, _) = body.partial_content(&schema(&[], &[("lifecycle", &[])]));
        for (i, b) in own.blocks.iter().enumerate() {
            if i > 0 {
                let detail = "This resource has a lifecycle block already; there can be only one.";
                diags.push(Diagnostic::error("Duplicate lifecycle block", detail).at(b.header));
                continue;
            }
            lifecycle_body = Some(match lifecycle_body.take().filter(|_| layer > 0) {
                Some(base) => base.overridden_by(without_empty_lists(b.body.clone())),
                None => b.body.clone(),
            });
            lifecycle_seen.get_or_insert(b.header);
        }
    }
    let lifecycle = lifecycle_body.map(|b| lifecycle(mode, &addr, &b, diags)).unwrap_or_default();
    repeated_and_enabled(count.is_some(), for_each.is_some(), lifecycle.enabled.as_ref(), diags);
    let (connection, provisioners) = provisioners(&content, diags);
    let config = escaped(&content, config, diags);
    Some(Resource {
        addr,
        config,
        count,
        for_each,
        depends_on,
        provider,
        lifecycle,
        provisioners,
        connection,
        check: None,
        span: block.header,
        type_span: type_label.span,
    })
}

/// The `lifecycle` of an override file without the lists that name nothing: they replace nothing.
fn without_empty_lists(body: ConfigBody) -> ConfigBody {
    ["ignore_changes", "replace_triggered_by"].into_iter().fold(body, |body, name| {
        let (found, rest, _) = body.partial_content(&schema(&[name], &[]));
        let empty =
            |a: &Attribute| matches!(&a.expr.unparenthesised().kind, ExprKind::Tuple(items) if items.is_empty());
        if found.attribute(name).is_some_and(empty) { rest } else { body }
    })
}

/// Adds what a `_` block holds: arguments whose names would otherwise be taken as meta-arguments.
pub(crate) fn escaped(content: &Content, config: ConfigBody, diags: &mut Diagnostics) -> ConfigBody {
    let mut found = content.blocks_of("_");
    let body = match found.next() {
        Some(b) => config.overridden_by(b.body.clone()),
        None => config,
    };
    for b in found {
        let detail = "The special block _ can be used only once in a block.";
        diags.push(Diagnostic::error("Duplicate escaping block", detail).at(b.header));
    }
    body
}

/// Reads `count` and `for_each`, of which only one may be there in one block. An override file that brings the other one does not take
/// the first away: `count` then counts.
pub(crate) fn repetition(
    content: &Content,
    base: &ConfigBody,
    over: &[ContentBlock],
    diags: &mut Diagnostics,
) -> (Option<Expr>, Option<Expr>) {
    for body in std::iter::once(base).chain(over.iter().map(|o| &o.body)) {
        let (own, _, _) = body.partial_content(&schema(&["count", "for_each"], &[]));
        if let (Some(_), Some(f)) = (own.attribute("count"), own.attribute("for_each")) {
            let summary = "Invalid combination of \"count\" and \"for_each\"";
            let detail =
                "A block can have either count or for_each, not both: they would number its instances differently.";
            diags.push(Diagnostic::error(summary, detail).at(f.name.span));
        }
    }
    let expr = |name: &str| content.attribute(name).map(|a| a.expr.clone());
    (expr("count"), expr("for_each"))
}

/// Says so where `enabled` stands beside `count` or `for_each`.
pub(crate) fn repeated_and_enabled(count: bool, for_each: bool, enabled: Option<&Expr>, diags: &mut Diagnostics) {
    let (Some(enabled), true) = (enabled, count || for_each) else { return };
    let other = if count { "count" } else { "for_each" };
    let summary = format!("Invalid combination of \"{other}\" and \"enabled\"");
    let detail = format!(
        "With {other} there can be no instance already: leave enabled out, and make {other} say how many there are."
    );
    diags.push(Diagnostic::error(summary, detail).at(enabled.span()));
}

/// Reads the reference to a provider configuration: `aws`, `aws.west`.
pub(crate) fn provider_reference(expr: &Expr, diags: &mut Diagnostics) -> Option<(LocalProviderConfig, Span)> {
    let t = if statics::quoted(expr).is_some() { literal::reference(expr, diags) } else { statics::traversal(expr) };
    let mut bad = |detail: &str, span: Span| {
        diags.push(Diagnostic::error("Invalid provider configuration reference", detail).at(span));
        None
    };
    let Some(t) = t else {
        return bad(
            "The name of a provider is required here, with the alias of a configuration after a dot where it has one.",
            expr.span(),
        );
    };
    let alias = match t.steps.as_slice() {
        [] => None,
        [Step::Attr { name, .. }] => Some(name.clone()),
        [Step::Attr { .. }, extra, ..] => {
            return bad("Nothing may follow the alias of a provider configuration.", extra.span());
        }
        [other, ..] => return bad("A provider configuration is written NAME or NAME.ALIAS.", other.span()),
    };
    if !super::call::local_name(&t.root.name, "Invalid provider local name", t.root.span, diags) {
        return None;
    }
    Some((LocalProviderConfig { name: t.root.name.clone(), alias }, t.span))
}

fn lifecycle(mode: Mode, addr: &ResourceAddr, body: &ConfigBody, diags: &mut Diagnostics) -> Lifecycle {
    let (content, more) = body.content(&schema(
        &["create_before_destroy", "prevent_destroy", "destroy", "enabled", "ignore_changes", "replace_triggered_by"],
        &[("precondition", &[]), ("postcondition", &[])],
    ));
    diags.extend(more);
    let mut found = Lifecycle { enabled: content.attribute("enabled").map(|a| a.expr.clone()), ..Lifecycle::default() };
    if mode == Mode::Managed {
        let mut flag = |name: &str| content.attribute(name).and_then(|a| literal::bool(a, diags));
        found.create_before_destroy = flag("create_before_destroy");
        found.destroy = flag("destroy");
        found.prevent_destroy = content.attribute("prevent_destroy").and_then(|a| protection(a, addr, diags));
        if let Some(a) = content.attribute("replace_triggered_by") {
            found.replace_triggered_by = triggers(&a.expr, diags);
        }
        if let Some(a) = content.attribute("ignore_changes") {
            found.ignore_changes = ignore_changes(&a.expr, diags);
        }
    } else {
        let (what, whose) = if mode == Mode::Data {
            ("data resource", "data sources")
        } else {
            ("ephemeral resource", "ephemeral resources")
        };
        for a in content.attributes.values().filter(|a| a.name.as_str() != "enabled") {
            let summary = format!("Invalid {what} lifecycle argument");
            let detail =
                format!("{:?} is for resource blocks only: {whose} are never created or destroyed.", a.name.as_str());
            diags.push(Diagnostic::error(summary, detail).at(a.name.span));
        }
    }
    for b in &content.blocks {
        let Some(r) = rule(b, diags) else { continue };
        no_self_reference(&b.kind.name, &r, addr, diags);
        if &*b.kind.name == "precondition" { found.preconditions.push(r) } else { found.postconditions.push(r) }
    }
    found
}

/// `prevent_destroy`: true or false, or in OpenTofu's files an expression of what the module knows. It holds for all instances alike.
fn protection(a: &Attribute, addr: &ResourceAddr, diags: &mut Diagnostics) -> Option<Expr> {
    if a.expr.traversals().is_empty() {
        let flag = literal::bool(a, diags)?;
        return Some(Expr::literal(Value::bool(flag), a.expr.span()));
    }
    let (refs, _) = references_in_expr(&a.expr);
    for r in &refs {
        let own = r.subject.resource() == Some(addr);
        if own || matches!(r.subject, Referenceable::Each(_) | Referenceable::Count(_) | Referenceable::SelfObject) {
            let detail = "Whether destroying is prevented is asked for the resource as a whole, so it cannot depend on an instance of it.";
            diags.push(Diagnostic::error("Invalid prevent_destroy argument", detail).at(r.whole));
            return None;
        }
    }
    Some(a.expr.clone())
}

fn ignore_changes(expr: &Expr, diags: &mut Diagnostics) -> IgnoreChanges {
    if statics::keyword(expr).as_deref() == Some("all") {
        return IgnoreChanges::All;
    }
    let items = literal::list(expr, diags);
    let mut paths = Vec::new();
    let mut wildcard = None;
    for item in &items {
        if let Some(("*", span)) = statics::quoted(item).as_ref().map(|(t, s)| (&**t, *s)) {
            let detail = "The form [\"*\"] is gone: write ignore_changes = all.";
            diags.push(Diagnostic::error("Invalid ignore_changes wildcard", detail).at(expr.span()));
            wildcard = Some(span);
            continue;
        }
        let Some(mut t) = relative(item, diags) else { continue };
        t.span = item.span();
        paths.push(t);
    }
    match wildcard {
        Some(span) if !paths.is_empty() => {
            let detail = "\"*\" already stands for every argument; nothing else can be beside it.";
            diags.push(Diagnostic::error("Invalid ignore_changes ruleset", detail).at(span));
            IgnoreChanges::All
        }
        Some(_) => IgnoreChanges::All,
        None => IgnoreChanges::Paths(paths),
    }
}

fn relative(expr: &Expr, diags: &mut Diagnostics) -> Option<sdt_hcl::Traversal> {
    literal::reference(expr, diags)
}

/// Reads `replace_triggered_by`: references to managed resources, with `count.index` and `each.key` allowed in an index.
fn triggers(expr: &Expr, diags: &mut Diagnostics) -> Vec<Expr> {
    let mut found = Vec::new();
    for item in literal::list(expr, diags) {
        let item = statics::inside(&item);
        let (refs, more) = references_in_expr(&item);
        let failed = more.has_errors();
        diags.extend(more);
        if failed {
            break;
        }
        let mut resources = 0;
        for r in &refs {
            match &r.subject {
                Referenceable::Resource(..) => resources += 1,
                Referenceable::Each(k) if &**k == "key" => {}
                Referenceable::Count(k) if &**k == "index" => {}
                _ => {
                    let detail = "Only resources can be named here, with count.index and each.key as their index.";
                    diags.push(
                        Diagnostic::error("Invalid reference in replace_triggered_by expression", detail)
                            .at(item.span()),
                    );
                }
            }
        }
        if resources != 1 {
            let detail = if resources == 0 {
                "A resource must be named here."
            } else {
                "Only one resource can be named in one item."
            };
            diags.push(Diagnostic::error("Invalid replace_triggered_by expression", detail).at(item.span()));
            break;
        }
        found.push(item);
    }
    found
}

/// Reads the `connection` and `provisioner` blocks of a resource.
pub(crate) fn provisioners(content: &Content, diags: &mut Diagnostics) -> (Option<ConfigBody>, Vec<Provisioner>) {
    let mut connection = None;
    let mut found = Vec::new();
    for b in &content.blocks {
        match &*b.kind.name {
            "connection" if connection.is_some() => {
                let detail = "This resource has a connection block already; there can be only one.";
                diags.push(Diagnostic::error("Duplicate connection block", detail).at(b.header));
            }
            "connection" => connection = Some(b.body.clone()),
            "provisioner" => found.extend(provisioner(b, diags)),
            _ => {}
        }
    }
    // A shared connection is bound by the same rule as destroy-time provisioners that use it.
    if let Some(c) = &connection
        && found.iter().any(|p| p.when == ProvisionerWhen::Destroy)
    {
        only_self(c, diags);
    }
    (connection, found)
}

fn provisioner(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Provisioner> {
    let label = block.labels.first()?;
    let nested: &[(&str, &[&str])] = &[("_", &[]), ("connection", &[]), ("lifecycle", &[])];
    let (content, config, more) = block.body.partial_content(&schema(&["when", "on_failure"], nested));
    diags.extend(more);
    if ["chef", "habitat", "puppet", "salt-masterless"].contains(&&*label.value) {
        let summary = format!("The {:?} provisioner has been removed", &*label.value);
        diags.push(
            Diagnostic::error(summary, "It is gone since Terraform 0.15. Use local-exec or remote-exec.")
                .at(label.span),
        );
        return None;
    }
    let mut when = ProvisionerWhen::Create;
    if let Some(a) = content.attribute("when") {
        match literal::keyword(&a.expr, diags).as_deref() {
            Some("create") => {}
            Some("destroy") => when = ProvisionerWhen::Destroy,
            _ => diags.push(
                Diagnostic::error("Invalid \"when\" keyword", "A provisioner runs at create or at destroy.")
                    .at(a.expr.span()),
            ),
        }
    }
    if when == ProvisionerWhen::Destroy {
        only_self(&config, diags);
    }
    let mut on_failure = OnFailure::Fail;
    if let Some(a) = content.attribute("on_failure") {
        match literal::keyword(&a.expr, diags).as_deref() {
            Some("fail") => {}
            Some("continue") => on_failure = OnFailure::Continue,
            _ => diags.push(
                Diagnostic::error(
                    "Invalid \"on_failure\" keyword",
                    "After a failure a provisioner lets things fail or continue.",
                )
                .at(a.expr.span()),
            ),
        }
    }
    let mut connection = None;
    for b in &content.blocks {
        match &*b.kind.name {
            "connection" if connection.is_some() => {
                let detail = "This provisioner has a connection block already; there can be only one.";
                diags.push(Diagnostic::error("Duplicate connection block", detail).at(b.header));
            }
            "connection" => {
                if when == ProvisionerWhen::Destroy {
                    only_self(&b.body, diags);
                }
                connection = Some(b.body.clone());
            }
            "lifecycle" => diags.push(
                Diagnostic::error(
                    "Reserved block type name in provisioner block",
                    "Provisioners have no lifecycle block.",
                )
                .at(b.header),
            ),
            _ => {}
        }
    }
    let config = escaped(&content, config, diags);
    Some(Provisioner { kind: label.value.clone(), config, connection, when, on_failure, span: block.header })
}

/// Says so where something that runs at destruction refers to more than the object itself.
fn only_self(body: &ConfigBody, diags: &mut Diagnostics) {
    for t in body.traversals() {
        let Ok(r) = crate::parse_reference(&t) else { continue };
        let allowed = match &r.subject {
            Referenceable::SelfObject | Referenceable::Path(_) | Referenceable::Terraform(_) => true,
            Referenceable::Count(k) => &**k == "index",
            Referenceable::Each(k) => &**k == "key",
            _ => false,
        };
        if !allowed {
            let detail = "What runs when an object is destroyed can only refer to self, count.index and each.key: other objects may be gone by then.";
            diags.push(Diagnostic::error("Invalid reference from destroy provisioner", detail).at(t.span));
        }
    }
}
