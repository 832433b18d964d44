//! `sdt graph`

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sdt_config::{Referenceable, references_in_expr};

use crate::app::{App, Command, FAILED, OK};
use crate::args::Parsed;
use crate::commands::{COMMON, no_arguments};
use crate::load;

pub(crate) static COMMAND: Command = Command {
    name: "graph",
    summary: "Write the resources and what they refer to as a graph",
    usage: "[options]",
    about: "Writes the resources of the root module, and which refers to which directly, in the DOT language: sdt graph | dot -Tsvg > graph.svg",
    flags: &[COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "graph") {
        return code;
    }
    let project = load::load(&app.env, false);
    if project.loaded.diagnostics.has_errors() {
        app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
        return FAILED;
    }
    let mut out = String::from("digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n");
    for module in project.loaded.config.modules() {
        let prefix = if module.path.is_root() { String::new() } else { format!("{}.", module.path) };
        for resource in module.resources.values() {
            let from = format!("{prefix}{}", resource.addr);
            let _ = writeln!(out, "  {from:?} [label={from:?}];");
            let mut seen = BTreeSet::new();
            let mut add = |r: &sdt_config::Reference| {
                if let Referenceable::Resource(addr, _) = &r.subject {
                    seen.insert(format!("{prefix}{addr}"));
                }
            };
            let (attributes, _) = resource.config.just_attributes();
            for attribute in attributes.values() {
                references_in_expr(&attribute.expr).0.iter().for_each(&mut add);
            }
            for expr in [&resource.count, &resource.for_each].into_iter().flatten() {
                references_in_expr(expr).0.iter().for_each(&mut add);
            }
            sdt_config::collect(&resource.depends_on).0.iter().for_each(&mut add);
            for to in seen {
                let _ = writeln!(out, "  {from:?} -> {to:?};");
            }
        }
    }
    app.ui.out(&(out + "}\n"));
    OK
}
