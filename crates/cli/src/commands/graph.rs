//! `sdt graph`

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sdt_addr::{ConfigResource, ModulePath};
use sdt_diag::Diagnostics;
use sdt_engine::{ResourceGraph, object_graph, resource_graph};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::commands::{COMMON, VARIABLES, fail, no_arguments};
use crate::drawing::{Drawing, destruction, objects, order};
use crate::load;
use crate::session;
use crate::ui::failure;

pub(crate) static COMMAND: Command = Command {
    name: "graph",
    summary: "Write the resources and what they refer to as a graph",
    usage: "[options]",
    about: "Writes which resource needs which, over modules, variables and locals, in the DOT language (sdt graph | dot -Tsvg > graph.svg) or in Mermaid, which code hosts and wikis draw by themselves.",
    flags: &[
        &[
            option("format", "FORMAT", "dot (default) or mermaid."),
            option(
                "type",
                "TYPE",
                "Every object in place of resources alone: plan, plan-refresh-only, plan-destroy or apply.",
            ),
            option("plan", "FILE", "What applying this plan will do, and in which order."),
            switch("draw-cycles", "With -type: draws red what needs itself in a circle, in place of an error."),
            option("module-depth", "N", "Accepted and without effect."),
        ],
        VARIABLES,
        COMMON,
    ],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "graph") {
        return code;
    }
    let write: fn(&ResourceGraph) -> String = match parsed.get("format").unwrap_or("dot") {
        "dot" => dot,
        "mermaid" => mermaid,
        other => {
            app.ui.error("Invalid graph format", format!("There is no format {other:?}: it is dot or mermaid."));
            return FAILED;
        }
    };
    let kind = parsed.get("type");
    if let Some(kind) = kind.filter(|k| !["plan", "plan-refresh-only", "plan-destroy", "apply"].contains(k)) {
        let detail = format!("{kind:?} is none of plan, plan-refresh-only, plan-destroy and apply.");
        app.ui.error("Unsupported graph type", detail);
        return FAILED;
    }
    let mermaid_form = parsed.get("format") == Some("mermaid");
    if let Some(path) = parsed.get("plan") {
        return match steps(app, path) {
            Ok(drawing) => show(app, &drawing, mermaid_form),
            Err(diags) => fail(app, diags),
        };
    }
    if kind == Some("plan-destroy") {
        return match session::read_state(app, None) {
            Ok(state) => show(app, &destruction(&state), mermaid_form),
            Err(diags) => fail(app, diags),
        };
    }
    let project = load::load(app, Some(parsed), false);
    if project.loaded.diagnostics.has_errors() {
        app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
        return FAILED;
    }
    if kind.is_some() {
        let (graph, diags) = object_graph(&project.loaded.config);
        if diags.has_errors() && !parsed.on("draw-cycles") {
            app.ui.diagnostics(diags, &project.sources);
            return FAILED;
        }
        return show(app, &objects(&graph), mermaid_form);
    }
    let (graph, diags) = resource_graph(&project.loaded.config);
    if diags.has_errors() {
        app.ui.diagnostics(diags, &project.sources);
        return FAILED;
    }
    app.ui.out(&write(&graph));
    OK
}

fn show(app: &App, drawing: &Drawing, mermaid: bool) -> u8 {
    app.ui.out(&if mermaid { drawing.mermaid() } else { drawing.dot() });
    OK
}

/// What a saved plan will do.
fn steps(app: &App, path: &str) -> Result<Drawing, Diagnostics> {
    let bytes = std::fs::read(path).map_err(|e| failure("Failed to read the given file", format!("{path}: {e}")))?;
    let file = crate::saved_plan::unpack(&app.env, &bytes)
        .map_err(|e| failure("Failed to read the given file as a plan file", format!("{path}: {e}")))?;
    Ok(order(&file.plan))
}

/// Resources by their module, the root first.
fn by_module(graph: &ResourceGraph) -> BTreeMap<&ModulePath, Vec<&ConfigResource>> {
    let mut modules: BTreeMap<&ModulePath, Vec<&ConfigResource>> = BTreeMap::new();
    for r in graph.keys() {
        modules.entry(&r.module).or_default().push(r);
    }
    modules
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn dot(graph: &ResourceGraph) -> String {
    let mut out = String::from("digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n");
    for (module, resources) in by_module(graph) {
        let pad = if module.is_root() { "  " } else { "    " };
        if !module.is_root() {
            let name = quoted(&format!("cluster_{module}"));
            let label = quoted(&module.to_string());
            let _ = writeln!(out, "  subgraph {name} {{\n    label = {label}\n    fontname = \"sans-serif\"");
        }
        for r in resources {
            let _ = writeln!(out, "{pad}{} [label={}];", quoted(&r.to_string()), quoted(&r.resource.to_string()));
        }
        if !module.is_root() {
            out.push_str("  }\n");
        }
    }
    for (from, needed) in graph {
        for to in needed {
            let _ = writeln!(out, "  {} -> {};", quoted(&from.to_string()), quoted(&to.to_string()));
        }
    }
    out + "}\n"
}

fn mermaid(graph: &ResourceGraph) -> String {
    // Mermaid's names are plain words, so nodes are numbered.
    let ids: BTreeMap<&ConfigResource, String> = graph.keys().enumerate().map(|(i, r)| (r, format!("n{i}"))).collect();
    let mut out = String::from("flowchart RL\n");
    let text = |s: String| s.replace('"', "#quot;");
    for (i, (module, resources)) in by_module(graph).into_iter().enumerate() {
        let pad = if module.is_root() { "  " } else { "    " };
        if !module.is_root() {
            let _ = writeln!(out, "  subgraph m{i}[\"{}\"]", text(module.to_string()));
        }
        for r in resources {
            let _ = writeln!(out, "{pad}{}[\"{}\"]", ids[r], text(r.resource.to_string()));
        }
        if !module.is_root() {
            out.push_str("  end\n");
        }
    }
    for (from, needed) in graph {
        for to in needed {
            let _ = writeln!(out, "  {} --> {}", ids[from], ids[to]);
        }
    }
    out
}
