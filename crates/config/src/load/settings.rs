//! `terraform` blocks.

use indexmap::IndexMap;
use sdt_addr::{LocalProviderConfig, ProviderAddr};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{ContentBlock, Expr};
use sdt_value::{Str, Type, convert};

use crate::literal;
use crate::{Backend, ProviderMeta, RequiredProvider, RequiredVersion, VersionConstraints, statics};

use super::call::local_name;
use super::resource::provider_reference;
use super::schema;

/// What one `terraform` block says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) required_versions: Vec<RequiredVersion>,
    pub(crate) backends: Vec<Backend>,
    pub(crate) clouds: Vec<Backend>,
    pub(crate) required_providers: Vec<(IndexMap<Str, RequiredProvider>, Span)>,
    pub(crate) provider_metas: Vec<ProviderMeta>,
}

/// Reads a `terraform` block.
pub(crate) fn settings(block: &ContentBlock, diags: &mut Diagnostics) -> Settings {
    let nested: &[(&str, &[&str])] =
        &[("backend", &["type"]), ("cloud", &[]), ("required_providers", &[]), ("provider_meta", &["provider"])];
    let (content, more) = block.body.content(&schema(&["required_version", "experiments", "language"], nested));
    diags.extend(more);
    let mut found = Settings::default();
    if let Some(a) = content.attribute("required_version")
        && let Some(constraint) = literal::constraint(&a.expr, diags)
    {
        found.required_versions.push(RequiredVersion { constraint, span: a.expr.span() });
    }
    if let Some(a) = content.attribute("experiments") {
        let detail = "Experimental features of the language are not available.";
        diags.push(Diagnostic::error("Module uses experimental features", detail).at(a.span));
    }
    for b in &content.blocks {
        let label = b.labels.first();
        match (&*b.kind.name, label) {
            ("backend", Some(l)) => found.backends.push(Backend {
                kind: l.value.clone(),
                config: b.body.clone(),
                span: b.header,
                kind_span: l.span,
            }),
            ("cloud", _) => found.clouds.push(Backend {
                kind: "cloud".into(),
                config: b.body.clone(),
                span: b.header,
                kind_span: b.header,
            }),
            ("required_providers", _) => {
                if let Some(r) = required_providers(b, diags) {
                    found.required_providers.push((r, b.header));
                }
            }
            ("provider_meta", Some(l)) => {
                for a in b.body.just_attributes().0.values().filter(|a| !a.expr.traversals().is_empty()) {
                    diags.extend(sdt_hcl::eval_const(&a.expr).1);
                }
                found.provider_metas.push(ProviderMeta {
                    provider: l.value.clone(),
                    config: b.body.clone(),
                    span: b.header,
                });
            }
            _ => {}
        }
    }
    found
}

fn required_providers(block: &ContentBlock, diags: &mut Diagnostics) -> Option<IndexMap<Str, RequiredProvider>> {
    let (attrs, more) = block.body.just_attributes();
    let failed = more.has_errors();
    diags.extend(more);
    if failed {
        return None;
    }
    let mut found = IndexMap::new();
    for (name, attr) in attrs {
        if let Some(r) = required_provider(&name, &attr.expr, attr.name.span, attr.span, diags) {
            found.insert(name, r);
        }
    }
    Some(found)
}

fn required_provider(
    name: &Str,
    expr: &Expr,
    name_span: Span,
    span: Span,
    diags: &mut Diagnostics,
) -> Option<RequiredProvider> {
    if !local_name(name, "Invalid provider local name", name_span, diags) {
        return None;
    }
    let mut found = RequiredProvider {
        name: name.clone(),
        source: ProviderAddr::implied(name),
        version: VersionConstraints::default(),
        aliases: Vec::new(),
        span,
    };
    let Some(items) = statics::map(expr) else {
        // The form before 0.13: just a version.
        match text(expr) {
            Some(text) => match text.parse() {
                Ok(v) => found.version = v,
                Err(e) => diags.push(Diagnostic::error("Invalid version constraint", format!("{e}.")).at(expr.span())),
            },
            _ => {
                let detail = "Each item is an object with source and version: { source = \"hashicorp/aws\", version = \"~> 5.0\" }.";
                diags.push(Diagnostic::error("Invalid required_providers object", detail).at(expr.span()));
                return None;
            }
        }
        return Some(found);
    };
    let mut failed = false;
    for (key, value) in items {
        let Some(word) = statics::keyword(&key).or_else(|| string(&key).and_then(Result::ok).map(Into::into)) else {
            diags.extend(sdt_hcl::eval_const(&key).1);
            failed = true;
            continue;
        };
        match &*word {
            "version" => match string(&value) {
                Some(Ok(text)) => match text.parse() {
                    Ok(v) => found.version = v,
                    Err(e) => {
                        diags.push(Diagnostic::error("Invalid version constraint", format!("{e}.")).at(value.span()));
                        failed = true;
                    }
                },
                _ => {
                    let detail = "A version constraint is a string.";
                    diags.push(Diagnostic::error("Invalid version constraint", detail).at(value.span()));
                    failed = true;
                }
            },
            "source" => match string(&value) {
                Some(Ok(text)) => match text.parse() {
                    Ok(s) => found.source = s,
                    Err(sdt_addr::ParseError { summary, detail, .. }) => {
                        diags.push(Diagnostic::error(summary, detail).at(value.span()));
                        failed = true;
                    }
                },
                _ => {
                    diags.push(
                        Diagnostic::error("Invalid source", "A source is a string: \"hashicorp/aws\".")
                            .at(value.span()),
                    );
                    failed = true;
                }
            },
            "configuration_aliases" => aliases(&mut found, &value, diags),
            _ => {
                let detail = format!("{word:?} is not known here: only source, version and configuration_aliases are.");
                diags.push(Diagnostic::error("Invalid required_providers object", detail).at(key.span()));
                failed = true;
            }
        }
    }
    (!failed).then_some(found)
}

fn aliases(found: &mut RequiredProvider, value: &Expr, diags: &mut Diagnostics) {
    for item in literal::list(value, diags) {
        let Some((alias, span)) = provider_reference(&item, diags) else { continue };
        if alias.name != found.name {
            let detail = format!("Aliases of this provider are written {}.NAME.", found.name);
            diags.push(Diagnostic::error("Invalid configuration_aliases value", detail).at(span));
            continue;
        }
        let alias: LocalProviderConfig = alias;
        if !found.aliases.contains(&alias) {
            found.aliases.push(alias);
        }
    }
}

/// The constant string an expression is; `Some(Err)` when it is constant and no string.
fn string(expr: &Expr) -> Option<Result<String, ()>> {
    let (value, diags) = sdt_hcl::eval_const(expr);
    (!diags.has_errors()).then(|| value.as_str().map(str::to_owned).ok_or(()))
}

/// The constant string, number or bool an expression is, as text.
fn text(expr: &Expr) -> Option<String> {
    let (value, diags) = sdt_hcl::eval_const(expr);
    let value = convert(&value, &Type::String).ok().filter(|_| !diags.has_errors())?;
    value.as_str().map(str::to_owned)
}
