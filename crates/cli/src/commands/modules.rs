//! `sdt modules`

use sdt_config::{Config, Manifest, Module};
use serde_json::{Value as Json, json};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::load;

pub(crate) static COMMAND: Command = Command {
    name: "modules",
    summary: "Show the modules that the configuration calls",
    usage: "[options]",
    about: "Lists every module that the configuration calls, with its source and, for a registry's module, the version in use.",
    flags: &[&[switch("json", "Write JSON.")], VARIABLES, COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "modules") {
        return code;
    }
    let project = load::load(app, Some(parsed), false);
    if project.loaded.diagnostics.has_errors() {
        app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
        return FAILED;
    }
    let (config, manifest) = (&project.loaded.config, &project.loaded.manifest);
    if parsed.on("json") {
        let list = list(config, manifest);
        app.ui.out(&format!("{}\n", json!({"format_version": "1.0", "modules": list})));
        return OK;
    }
    if config.root.children.is_empty() {
        app.ui.out("No modules found in configuration.\n");
        return OK;
    }
    let mut out = String::from("\nModules declared by configuration:\n.\n");
    tree(&config.root, manifest, "", &mut out);
    app.ui.out(&format!("{out}\n"));
    OK
}

fn entry(module: &Module, manifest: &Manifest) -> (String, String) {
    let found = manifest.modules.get(&module.path.dotted());
    found.map(|e| (e.source.clone(), e.version.clone())).unwrap_or_default()
}

fn list(config: &Config, manifest: &Manifest) -> Vec<Json> {
    let called = config.modules().filter(|m| !m.path.is_root());
    called
        .filter_map(|m| {
            let (source, version) = entry(m, manifest);
            let (_, name) = m.path.parent()?;
            Some(json!({"key": &**name, "source": source, "version": version}))
        })
        .collect()
}

fn tree(module: &Module, manifest: &Manifest, indent: &str, out: &mut String) {
    let last = module.children.len().saturating_sub(1);
    for (i, (name, child)) in module.children.iter().enumerate() {
        let (branch, below) = if i == last { ("└── ", "    ") } else { ("├── ", "│   ") };
        let (source, version) = entry(child, manifest);
        let version = if version.is_empty() { String::new() } else { format!(" {version}") };
        out.push_str(&format!("{indent}{branch}{:?}[{source}]{version}\n", &**name));
        tree(child, manifest, &format!("{indent}{below}"), out);
    }
}
