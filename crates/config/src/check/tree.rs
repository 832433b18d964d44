//! What keeps a graph from being built.

use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{AttributeSchema, BodySchema};

use crate::{Config, Module, ModuleCall, Resource, provisioner_schema};

/// Checks arguments of module calls against the variables of the modules, provider configurations of resources, and targets of imports. With
/// errors here nothing else is looked at.
#[must_use]
pub fn check_tree(config: &Config) -> Diagnostics {
    let mut diags = Diagnostics::new();
    for module in config.modules() {
        for (name, child) in &module.children {
            if let Some(call) = module.calls.get(name) {
                diags.extend(arguments(call, child));
            }
        }
        for r in module.resources.values() {
            for p in r.provisioners.iter().filter(|p| provisioner_schema(&p.kind).is_none()) {
                let detail = format!("There is no provisioner {:?}: only local-exec, remote-exec and file.", &*p.kind);
                diags.push(Diagnostic::error("Missing required provisioner plugin", detail));
            }
            if config.provider_config_of(&module.path, r).is_none() {
                let addr = r.addr.clone().in_module(module.path.clone());
                let detail = format!(
                    "{addr} uses the provider configuration {}, and there is none of that name. Declare it in a provider block with this alias, or pass it to the module.",
                    r.provider_config()
                );
                diags.push(Diagnostic::error(missing_provider(config, module, r), detail));
            }
        }
    }
    for i in &config.root.imports {
        if i.for_each.is_none() && i.to.as_traversal().is_err() {
            let detail = "Without for_each in the block, the address is made of names and constant keys alone.";
            diags.push(Diagnostic::error("Invalid expression", detail).at(i.to.span()));
            // So says Terraform, too, of the address that it is left with.
            diags.push(Diagnostic::error("Invalid address", "No object is named.").at(Span::NOWHERE));
        }
        let target = i.to_resource.clone().in_module(i.to_module.clone());
        // For the root module, configuration may yet be written by the plan.
        if !i.to_module.is_root() && config.resource(&target).is_none() {
            let detail = format!("The configuration has no {target} to import into.");
            diags.push(Diagnostic::error("Configuration for import target does not exist", detail).at(i.to.span()));
        }
    }
    diags
}

/// The title for a resource whose provider configuration is not there: it may be the one that a call passes to the module.
fn missing_provider(config: &Config, module: &Module, r: &Resource) -> String {
    let own = r.provider_config();
    let passed = config.call(&module.path).and_then(|c| c.providers.as_ref()?.iter().find(|p| p.child == own));
    match passed.and_then(|p| p.parent.alias.as_ref()) {
        Some(alias) => format!("missing provider provider[\"{}\"].{alias}", module.provider_of(r)),
        None => "Provider configuration not present".to_owned(),
    }
}

/// Checks the arguments of a call: each variable without default is required, nothing else than variables is expected.
fn arguments(call: &ModuleCall, child: &Module) -> Diagnostics {
    let attributes =
        child.variables.values().map(|v| AttributeSchema { name: v.name.to_string(), required: v.required() });
    let schema = BodySchema { attributes: attributes.collect(), blocks: Vec::new() };
    call.config.content(&schema).1
}
