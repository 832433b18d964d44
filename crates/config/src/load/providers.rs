//! Whether provider configurations are passed between modules in a way that fits.

use sdt_addr::{LocalProviderConfig, ProviderAddr};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::BodySchema;

use crate::{Config, Module, ModuleCall, ProviderConfig};

/// Checks the whole tree.
pub(crate) fn check_providers(config: &Config) -> Diagnostics {
    let mut diags = Diagnostics::new();
    walk(&config.root, None, &mut diags);
    for module in config.modules() {
        let all: Vec<_> = module.required_providers.values().collect();
        for (i, r) in all.iter().enumerate() {
            if let Some(first) = all[..i].iter().find(|f| f.source == r.source) {
                let detail =
                    format!("{} is already known here as {}; one name is enough.", r.source.for_display(), first.name);
                diags.push(Diagnostic::warning("Duplicate required provider", detail).at(r.span));
            }
        }
    }
    diags
}

fn walk(module: &Module, repeated: Option<&ModuleCall>, diags: &mut Diagnostics) {
    for (name, child) in &module.children {
        let Some(call) = module.calls.get(name) else { continue };
        let repeats = call.count.is_some() || call.for_each.is_some() || !call.depends_on.is_empty();
        let repeated = repeated.or(Some(call).filter(|_| repeats));
        check_call(module, call, child, repeated, diags);
        walk(child, repeated, diags);
    }
}

/// Tells whether a provider block sets nothing: old modules use such blocks to say that they expect a configuration.
pub(crate) fn is_empty(p: &ProviderConfig) -> bool {
    p.version.is_none() && !p.config.content(&BodySchema::default()).1.has_errors()
}

fn check_call(
    module: &Module,
    call: &ModuleCall,
    child: &Module,
    repeated: Option<&ModuleCall>,
    diags: &mut Diagnostics,
) {
    let passed = call.providers.as_deref().unwrap_or_default();
    for p in child.providers.values() {
        if is_empty(p) {
            let detail = format!(
                "The block configures nothing. That {} uses {} is said in required_providers; the block can go.",
                child.path, p.addr
            );
            diags.push(Diagnostic::warning("Redundant empty provider block", detail).at(p.span));
            continue;
        }
        if let Some(r) = repeated {
            let detail = format!(
                "{} configures provider {} itself, so it cannot be used with count, for_each or depends_on. Pass the configuration from the calling module in providers.",
                child.path, p.addr
            );
            diags.push(
                Diagnostic::error("Module is incompatible with count, for_each, and depends_on", detail).at(r.span),
            );
        }
        if let Some(q) = passed.iter().find(|q| q.child == p.addr) {
            let detail = format!("{} configures {} itself; nothing can be passed for it.", child.path, p.addr);
            diags.push(Diagnostic::error("Cannot override provider configuration", detail).at(q.child_span));
        }
    }
    for required in child.required_providers.values() {
        for alias in &required.aliases {
            let own = child.providers.get(alias).is_some_and(|p| !is_empty(p));
            if !own && !passed.iter().any(|p| p.child == *alias) {
                let detail = format!(
                    "{} needs a configuration {alias} of provider {}: add it to the call's providers.",
                    child.path,
                    required.source.for_display()
                );
                diags.push(Diagnostic::error("Missing required provider configuration", detail).at(call.span));
            }
        }
    }
    let mut told: Vec<&LocalProviderConfig> = Vec::new();
    for p in passed {
        let declared_child = child.required_providers.contains_key(&p.child.name);
        let alias_known = p.child.alias.is_none()
            || child.required_providers.get(&p.child.name).is_some_and(|r| r.aliases.contains(&p.child))
            || child.providers.contains_key(&p.child);
        if !declared_child && !child.providers.contains_key(&p.child) {
            undefined(&p.child, &child.provider_for_local(&p.child.name), &child.path.to_string(), p.child_span, diags);
        } else if !alias_known {
            let detail = format!(
                "{} does not say that it takes a configuration {}: add it to configuration_aliases there.",
                child.path, p.child
            );
            diags.push(Diagnostic::error("Reference to undefined provider", detail).at(p.child_span));
        }
        let declared = module.required_providers.contains_key(&p.parent.name)
            || module.providers.keys().any(|k| k.name == p.parent.name);
        // Configurations with an alias are never inherited; that one is missing is told where it is used.
        if !declared && p.parent.alias.is_none() && !told.contains(&&p.parent) {
            told.push(&p.parent);
            let what = if module.path.is_root() { "the root module".to_owned() } else { module.path.to_string() };
            undefined(&p.parent, &guess(module, &p.parent), &what, p.parent_span, diags);
        }
        let (ours, theirs) = (guess(module, &p.parent), guess(child, &p.child));
        if ours != theirs {
            let detail = format!(
                "{} is a configuration of {} here, but {} is of {} in {}.",
                p.parent,
                ours.for_display(),
                p.child,
                theirs.for_display(),
                child.path
            );
            diags.push(Diagnostic::error("Provider type mismatch", detail).at(p.parent_span));
        }
    }
}

/// The provider of a local name: declared, else hashicorp's of that name, even for `terraform`, as Terraform does here.
fn guess(module: &Module, p: &LocalProviderConfig) -> ProviderAddr {
    match module.required_providers.get(&p.name) {
        Some(r) => r.source.clone(),
        None => ProviderAddr::new("hashicorp", &p.name),
    }
}

fn undefined(p: &LocalProviderConfig, guess: &ProviderAddr, module: &str, at: Span, diags: &mut Diagnostics) {
    let detail = format!(
        "Provider {p} is not declared in {module}, so {} is taken for it. Add it to required_providers there to make it certain.",
        guess.for_display()
    );
    diags.push(Diagnostic::warning("Reference to undefined provider", detail).at(at));
}
