//! `sdt providers schema`

use std::collections::BTreeMap;

use sdt_provider::Mode;
use sdt_schema::{Attribute, Block, Nesting, Schema};
use serde_json::{Map, Value as Json, json};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::{COMMON, VARIABLES, no_arguments};
use crate::load;
use crate::providers;

pub(crate) static COMMAND: Command = Command {
    name: "providers schema",
    summary: "Write the schemas of providers as JSON",
    usage: "-json",
    about: "Writes the schemas of all providers that the configuration uses, in the documented JSON form.",
    flags: &[&[switch("json", "Required: there is no other form.")], VARIABLES, COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "providers schema") {
        return code;
    }
    if !parsed.on("json") {
        app.ui.error("The -json flag is required", "sdt providers schema writes JSON only; say so with -json.");
        return FAILED;
    }
    let project = load::load(app, Some(parsed), false);
    if project.loaded.diagnostics.has_errors() {
        app.ui.diagnostics(project.loaded.diagnostics, &project.sources);
        return FAILED;
    }
    let document = schemas_json(&project.loaded.config, &providers::registry());
    app.ui.out(&format!("{document}\n"));
    OK
}

/// The schemas of all providers that a configuration needs.
pub(crate) fn schemas_json(config: &sdt_config::Config, registry: &providers::Registry) -> Json {
    let mut all = BTreeMap::new();
    for addr in config.required_providers().keys() {
        let Some(provider) = registry.get(addr) else { continue };
        let of = |mode| -> Map<String, Json> {
            let names = provider.type_names(mode).into_iter();
            names.filter_map(|n| Some((n.to_string(), schema_json(&*provider.schema(mode, &n)?)))).collect()
        };
        let mut entry = Map::new();
        entry.insert("provider".into(), schema_json(&provider.config_schema()));
        for (name, mode) in [
            ("resource_schemas", Mode::Managed),
            ("data_source_schemas", Mode::Data),
            ("ephemeral_resource_schemas", Mode::Ephemeral),
        ] {
            let types = of(mode);
            if !types.is_empty() {
                entry.insert(name.into(), types.into());
            }
        }
        all.insert(addr.to_string(), entry);
    }
    if all.is_empty() {
        return json!({"format_version": "1.0"});
    }
    json!({"format_version": "1.0", "provider_schemas": all})
}

fn schema_json(schema: &Schema) -> Json {
    json!({"version": schema.version, "block": block_json(&schema.block)})
}

fn block_json(block: &Block) -> Json {
    let mut out = Map::new();
    if !block.attributes.is_empty() {
        let attributes: Map<_, _> = block.attributes.iter().map(|(n, a)| (n.to_string(), attribute_json(a))).collect();
        out.insert("attributes".into(), attributes.into());
    }
    if !block.blocks.is_empty() {
        let blocks: Map<_, _> = block
            .blocks
            .iter()
            .map(|(n, b)| {
                let mode = match b.nesting {
                    Nesting::Single => "single",
                    Nesting::Group => "group",
                    Nesting::List => "list",
                    Nesting::Set => "set",
                    Nesting::Map => "map",
                };
                let mut nested = json!({"nesting_mode": mode, "block": block_json(&b.block)});
                if b.min > 0 {
                    nested["min_items"] = b.min.into();
                }
                if b.max > 0 {
                    nested["max_items"] = b.max.into();
                }
                (n.to_string(), nested)
            })
            .collect();
        out.insert("block_types".into(), blocks.into());
    }
    describe(&mut out, block.doc, block.deprecated);
    out.into()
}

fn attribute_json(a: &Attribute) -> Json {
    let mut out = Map::new();
    out.insert("type".into(), sdt_value::type_to_json(&a.ty));
    describe(&mut out, a.doc, a.deprecated);
    let flags = [
        ("required", a.required),
        ("optional", a.optional),
        ("computed", a.computed),
        ("sensitive", a.sensitive),
        ("write_only", a.write_only),
    ];
    for (name, _) in flags.into_iter().filter(|(_, on)| *on) {
        out.insert(name.into(), true.into());
    }
    out.into()
}

fn describe(out: &mut Map<String, Json>, doc: &str, deprecated: Option<&str>) {
    if !doc.is_empty() {
        out.insert("description".into(), doc.into());
    }
    out.insert("description_kind".into(), "plain".into());
    if deprecated.is_some() {
        out.insert("deprecated".into(), true.into());
    }
}
