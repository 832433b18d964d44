//! `module` and `provider` blocks.

use sdt_addr::LocalProviderConfig;
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{ContentBlock, Expr};

use crate::literal;
use crate::{ComputedSource, ModuleCall, ModuleSource, PassedProvider, ProviderConfig, statics};

use super::resource::{escaped, provider_reference, repeated_and_enabled, repetition};
use super::{MODULE_ARGUMENTS, schema};

/// Reads a `module` block and the blocks of override files for it.
///
/// With `constants`, the module has constant variables, and `source` and `version` may refer to them.
pub(crate) fn module_call(
    block: &ContentBlock,
    over: &[ContentBlock],
    constants: bool,
    diags: &mut Diagnostics,
) -> Option<ModuleCall> {
    let label = block.labels.first()?;
    literal::name("Invalid module instance name", label, diags);
    let mut attributes = MODULE_ARGUMENTS.to_vec();
    attributes[0] = "!source";
    let nested: &[(&str, &[&str])] = &[("_", &[]), ("lifecycle", &[]), ("locals", &[]), ("provider", &["type"])];
    let merged = over.iter().fold(block.body.clone(), |base, o| base.overridden_by(o.body.clone()));
    let (content, config, more) = merged.partial_content(&schema(&attributes, nested));
    let config = config.passing_over();
    diags.extend(more);
    let (source_attr, version_attr) = (content.attribute("source"), content.attribute("version"));
    let refers = [source_attr, version_attr].into_iter().flatten().any(|a| !a.expr.traversals().is_empty());
    let (mut version, mut source, mut computed) = (None, None, None);
    if let (true, true, Some(s)) = (refers, constants, source_attr) {
        computed = Some(ComputedSource { source: s.expr.clone(), version: version_attr.map(|a| a.expr.clone()) });
        source = Some(ModuleSource::Local(String::new()));
    } else {
        version = version_attr.and_then(|a| literal::constraint(&a.expr, diags));
        if let Some(a) = source_attr
            && let Some(text) = literal::string(a, diags)
        {
            source = source_of(&text, version_attr.is_some(), a.expr.span(), diags);
        }
    }
    let (count, for_each) = repetition(&content, &block.body, over, diags);
    let depends_on = content.attribute("depends_on").map(|a| literal::depends_on(a, diags)).unwrap_or_default();
    let providers = content.attribute("providers").map(|a| passed(&a.expr, diags));
    let mut enabled = None;
    for b in content.blocks.iter().filter(|b| &*b.kind.name != "_") {
        if &*b.kind.name == "lifecycle" && enabled.is_none() {
            let (inner, more) = b.body.content(&schema(&["enabled"], &[]));
            if let Some(a) = inner.attribute("enabled") {
                enabled = Some(a.expr.clone());
                diags.extend(more);
                continue;
            }
        }
        let detail = format!("Blocks of type {:?} have no meaning in a module block.", b.kind.as_str());
        diags.push(Diagnostic::error("Reserved block type name in module block", detail).at(b.header));
    }
    repeated_and_enabled(count.is_some(), for_each.is_some(), enabled.as_ref(), diags);
    let config = escaped(&content, config, diags);
    Some(ModuleCall {
        name: label.value.clone(),
        source_span: content.attribute("source").map_or(block.header, |a| a.expr.span()),
        source: source?,
        computed,
        version,
        config,
        count,
        for_each,
        enabled,
        depends_on,
        providers,
        span: block.header,
    })
}

/// Reads the text of a `source`.
pub(crate) fn source_of(text: &str, versioned: bool, at: Span, diags: &mut Diagnostics) -> Option<ModuleSource> {
    let parsed = ModuleSource::parse(text);
    if versioned && !matches!(parsed, Ok(ModuleSource::Registry(_))) {
        let detail = format!(
            "A version can be asked for only where a registry has the module, and {text:?} is no registry address. Leave version out, or name a registry module."
        );
        diags.push(Diagnostic::error("Invalid registry module source address", detail).at(at));
        return None;
    }
    parsed.map_err(|e| diags.push(Diagnostic::error("Invalid module source address", e).at(at))).ok()
}

fn passed(expr: &Expr, diags: &mut Diagnostics) -> Vec<PassedProvider> {
    let Some(items) = statics::map(expr) else {
        let detail = "Providers are passed in braces: { aws = aws.west }.";
        diags.push(Diagnostic::error("Invalid expression", detail).at(expr.span()));
        return Vec::new();
    };
    let mut found: Vec<PassedProvider> = Vec::new();
    for (key, value) in items {
        let child = provider_reference(&key, diags);
        let parent = provider_reference(&value, diags);
        let (Some((child, child_span)), Some((parent, parent_span))) = (child, parent) else { continue };
        if found.iter().any(|p| p.child == child) {
            let detail = format!("A configuration for {child} is passed already.");
            diags.push(Diagnostic::error("Duplicate provider address", detail).at(parent_span));
            continue;
        }
        found.push(PassedProvider { child, child_span, parent, parent_span });
    }
    found
}

/// Reads a `provider` block; its body may be laid over by override files already.
pub(crate) fn provider(block: &ContentBlock, diags: &mut Diagnostics) -> Option<ProviderConfig> {
    let label = block.labels.first()?;
    if !local_name(&label.value, "Invalid provider local name", block.header, diags) {
        return None;
    }
    let nested: &[(&str, &[&str])] = &[("_", &[]), ("lifecycle", &[]), ("locals", &[])];
    let (content, config, more) =
        block.body.partial_content(&schema(&["alias", "version", "count", "depends_on", "for_each", "source"], nested));
    diags.extend(more);
    let mut alias = None;
    if let Some(a) = content.attribute("alias") {
        let text = literal::string(a, diags).unwrap_or_default();
        if sdt_addr::is_identifier(&text) {
            alias = Some(text.into());
        } else {
            let detail = format!("{text:?} cannot be an alias. {}", literal::NAME_RULE);
            diags.push(Diagnostic::error("Invalid provider configuration alias", detail));
        }
    }
    let mut version = None;
    if let Some(a) = content.attribute("version") {
        let summary = "Version constraints inside provider configuration blocks are deprecated";
        let detail = "Ask for the version in required_providers, inside the terraform block.";
        diags.push(Diagnostic::warning(summary, detail).at(a.expr.span()));
        version = literal::constraint(&a.expr, diags);
    }
    for name in ["count", "depends_on", "for_each", "source"] {
        if let Some(a) = content.attribute(name) {
            let detail = format!("{name:?} has no meaning in a provider block.");
            diags.push(Diagnostic::error("Reserved argument name in provider block", detail).at(a.name.span));
        }
    }
    for b in content.blocks.iter().filter(|b| &*b.kind.name != "_") {
        let detail = format!("Blocks of type {:?} have no meaning in a provider block.", b.kind.as_str());
        diags.push(Diagnostic::error("Reserved block type name in provider block", detail).at(b.header));
    }
    let config = escaped(&content, config, diags);
    Some(ProviderConfig {
        addr: LocalProviderConfig { name: label.value.clone(), alias },
        version,
        config,
        span: block.header,
    })
}

/// Checks that a local provider name is one that a provider type could have.
pub(crate) fn local_name(name: &str, summary: &str, at: sdt_diag::Span, diags: &mut Diagnostics) -> bool {
    let lower = name.to_lowercase();
    let detail = if name.parse::<sdt_addr::ProviderAddr>().is_err() || name.contains('/') {
        format!("{name:?} cannot be the name of a provider: letters, digits and single dashes inside may be used.")
    } else if name != lower {
        format!("Local provider names are in lower case: {lower:?} instead of {name:?}.")
    } else {
        return true;
    };
    diags.push(Diagnostic::error(summary, detail).at(at));
    false
}
