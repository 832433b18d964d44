//! `sdt state verify`

use std::collections::{BTreeMap, BTreeSet};

use sdt_addr::AbsProviderConfig;
use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_state::{Mode, State};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option};
use crate::commands::{COMMON, fail, no_arguments};
use crate::providers::{self, Registry};
use crate::session;

pub(crate) static COMMAND: Command = Command {
    name: "state verify",
    summary: "Check the state's integrity",
    usage: "[options]",
    about: "Looks for what should not be in a state: dependencies on what is not there or in a circle, two objects with one id, providers and types that nobody knows, objects of a newer schema, objects that do not fit their schema. Nothing is changed and no object is looked at.",
    flags: &[&[option("state", "PATH", "Use another local state file than terraform.tfstate.")], COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "state verify") {
        return code;
    }
    let state = match session::read_state(app, parsed.get("state")) {
        Ok(state) => state,
        Err(diags) => return fail(app, diags),
    };
    let diags = verify(&state, &providers::registry());
    let failed = diags.has_errors();
    let count = state.instances().count();
    if diags.is_empty() {
        app.ui.say(&format!("The state is sound: serial {}, {count} object(s).\n", state.serial));
    }
    app.ui.diagnostics(diags, &SourceMap::default());
    if failed { FAILED } else { OK }
}

/// What is wrong with a state.
fn verify(state: &State, registry: &Registry) -> Diagnostics {
    let mut diags = Diagnostics::new();
    let known: BTreeSet<String> = state.resources.keys().map(|k| config_path(&k.to_string())).collect();
    let mut ids: BTreeMap<(String, String, String), String> = BTreeMap::new();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut unknown: BTreeSet<String> = BTreeSet::new();
    for (key, resource) in &state.resources {
        let provider = resource.provider.parse::<AbsProviderConfig>().ok().and_then(|p| registry.get(&p.provider));
        if provider.is_none() && unknown.insert(resource.provider.clone()) {
            let detail = format!("{key} is managed by {}, which is not part of sdt.", resource.provider);
            diags.push(Diagnostic::error("Unknown provider", detail));
        }
        let mode = if key.mode == Mode::Data { sdt_provider::Mode::Data } else { sdt_provider::Mode::Managed };
        let schema = provider.and_then(|p| p.schema(mode, &key.ty));
        if provider.is_some() && schema.is_none() {
            let detail = format!("{key}: the provider {} has no type {:?}.", resource.provider, key.ty);
            diags.push(Diagnostic::error("Unknown resource type", detail));
        }
        let own = config_path(&key.to_string());
        for instance in &resource.instances {
            let addr = key.instance(instance.index.clone());
            let name = match &instance.deposed {
                Some(deposed) => format!("{addr} (deposed {deposed})"),
                None => addr.to_string(),
            };
            if let Some(schema) = &schema {
                if instance.schema_version > schema.version {
                    let detail = format!(
                        "{name} has schema version {}, the provider knows {} at most.",
                        instance.schema_version, schema.version
                    );
                    diags.push(Diagnostic::error("Object of a newer provider", detail));
                } else if instance.schema_version == schema.version
                    && let Err(e) = sdt_value::from_json(&instance.attributes, &schema.block.implied_type())
                {
                    diags.push(Diagnostic::error("Object does not fit its schema", format!("{name}: {e}.")));
                }
            }
            // Local types may share an id by their nature ("none"); those of a service may not.
            let outside = provider.is_some_and(|p| p.has_outside_effects());
            if let Some(id) = instance.id().filter(|_| outside && key.mode == Mode::Managed) {
                let at = (resource.provider.clone(), key.ty.to_string(), id.to_owned());
                if let Some(other) = ids.insert(at, name.clone()) {
                    let detail = format!("{other} and {name} are both the {} with the id {id}.", key.ty);
                    diags.push(Diagnostic::error("One object at two addresses", detail));
                }
            }
            for dependency in instance.dependencies.iter() {
                if !known.contains(&**dependency) {
                    let detail = format!(
                        "{name} was made after {dependency}, which is not in the state. This is harmless once that object is gone on purpose; the next apply of {own} drops the note."
                    );
                    diags.push(Diagnostic::warning("Dangling dependency", detail));
                }
                edges.entry(own.clone()).or_default().insert(dependency.to_string());
            }
        }
    }
    if let Some(cycle) = cycle(&edges) {
        let detail = format!(
            "These depend on each other: {}. When they are destroyed, no order among them is kept.",
            cycle.join(", ")
        );
        diags.push(Diagnostic::error("Circular dependencies", detail));
    }
    diags
}

/// An address without the keys of its modules, as dependencies name resources.
fn config_path(address: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    let mut quoted = false;
    let mut chars = address.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => {
                chars.next();
            }
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Names that lie on a circle, if there are any.
fn cycle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for (from, to) in edges {
        users.entry(from).or_default();
        for t in to {
            *users.entry(t).or_default() += 1;
        }
    }
    let mut free: Vec<&str> = users.iter().filter(|(_, n)| **n == 0).map(|(k, _)| *k).collect();
    let mut left = users.len();
    while let Some(k) = free.pop() {
        left -= 1;
        for t in edges.get(k).into_iter().flatten() {
            if let Some(n) = users.get_mut(t.as_str()) {
                *n -= 1;
                if *n == 0 {
                    free.push(t);
                }
            }
        }
    }
    (left > 0).then(|| users.into_iter().filter(|(_, n)| *n > 0).map(|(k, _)| k.to_owned()).collect())
}
