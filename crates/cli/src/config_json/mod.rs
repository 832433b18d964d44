//! The `configuration` of a plan's JSON: what the files say, expressions as constants or as the references in them.

mod provider_configs;

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use sdt_addr::Mode;
use sdt_config::{Config, Files, Load, Manifest, ManifestEntry, Module, references_in_expr};
use sdt_diag::SourceMap;
use sdt_hcl::{ConfigBody, Expr};
use sdt_plan::file::PlanFile;
use sdt_schema::{Block, Nesting};
use serde_json::{Map, Value as Json, json};

use self::provider_configs::ProviderConfigs;
use crate::providers::{self, Registry};

/// Files out of a plan file.
pub(crate) struct Packed<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
}

impl<'a> Packed<'a> {
    pub(crate) const fn new(file: &'a PlanFile) -> Self {
        Self { files: &file.sources }
    }

    fn key(path: &Path) -> String {
        let mut out = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                other => out.push(other),
            }
        }
        out.display().to_string()
    }
}

impl Files for Packed<'_> {
    fn read_dir(&self, dir: &Path) -> io::Result<Vec<String>> {
        let dir = Self::key(dir);
        let names: Vec<String> = self
            .files
            .keys()
            .filter_map(|path| {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                (folder == dir).then(|| name.to_owned())
            })
            .collect();
        // A folder without files is not packed, and could be called as a module all the same.
        Ok(names)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(&Self::key(path)).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Loads the configuration that a plan file holds.
pub(crate) fn load(file: &PlanFile) -> (sdt_config::Loaded, SourceMap) {
    let mut sources = SourceMap::default();
    let modules = file
        .modules
        .iter()
        .map(|(key, dir)| (key.clone(), ManifestEntry { dir: dir.into(), ..ManifestEntry::default() }))
        .collect();
    let values = || crate::vars::of_plan(&file.plan);
    let what = Load { manifest: Manifest { modules }, installing: true, values: Some(&values), ..Load::default() };
    let loaded = sdt_config::load(&Packed::new(file), &what, &mut sources);
    (loaded, sources)
}

/// Describes the configuration of a plan file.
pub(crate) fn of_plan(file: &PlanFile, registry: &Registry) -> Json {
    let (loaded, _) = load(file);
    of(&loaded.config, registry)
}

/// Describes a configuration.
pub(crate) fn of(config: &Config, registry: &Registry) -> Json {
    let mut out = Map::new();
    let providers = ProviderConfigs::of(config, registry);
    let provider_config = providers.json();
    if !provider_config.is_empty() {
        out.insert("provider_config".into(), provider_config.into());
    }
    out.insert("root_module".into(), module_json(&config.root, &providers, registry));
    out.into()
}

fn module_json(m: &Module, configs: &ProviderConfigs, registry: &Registry) -> Json {
    let mut out = Map::new();
    let outputs: Map<_, _> = m
        .outputs
        .values()
        .map(|o| {
            let mut entry = json!({"expression": expr_json(&o.value)});
            if o.sensitive {
                entry["sensitive"] = true.into();
            }
            if let Some(d) = o.description.as_deref().filter(|d| !d.is_empty()) {
                entry["description"] = d.into();
            }
            if !o.depends_on.is_empty() {
                entry["depends_on"] = depends_on(&o.depends_on);
            }
            (o.name.to_string(), entry)
        })
        .collect();
    if !outputs.is_empty() {
        out.insert("outputs".into(), outputs.into());
    }
    let mut resources: Vec<_> = m.resources.values().collect();
    resources.sort_by_cached_key(|r| (r.addr.mode != Mode::Managed, r.addr.to_string()));
    let resources: Vec<_> = resources.into_iter().map(|r| resource_json(m, r, configs, registry)).collect();
    if !resources.is_empty() {
        out.insert("resources".into(), resources.into());
    }
    let calls: Map<_, _> = m
        .calls
        .values()
        .map(|c| {
            let mut entry = json!({"source": c.source.text()});
            let (arguments, _) = c.config.just_attributes();
            let expressions: Map<_, _> = arguments.iter().map(|(k, a)| (k.to_string(), expr_json(&a.expr))).collect();
            if !expressions.is_empty() {
                entry["expressions"] = expressions.into();
            }
            repetition(&mut entry, c.count.as_ref(), c.for_each.as_ref());
            if let Some(child) = m.children.get(&c.name) {
                entry["module"] = module_json(child, configs, registry);
            }
            if let Some(v) = &c.version {
                entry["version_constraint"] = v.to_string().into();
            }
            if !c.depends_on.is_empty() {
                entry["depends_on"] = depends_on(&c.depends_on);
            }
            (c.name.to_string(), entry)
        })
        .collect();
    if !calls.is_empty() {
        out.insert("module_calls".into(), calls.into());
    }
    let variables: Map<_, _> = m
        .variables
        .values()
        .map(|v| {
            let mut entry = Map::new();
            if let Some(default) = &v.default {
                entry.insert("default".into(), crate::backend::to_json(default));
            }
            if let Some(d) = v.description.as_deref().filter(|d| !d.is_empty()) {
                entry.insert("description".into(), d.into());
            }
            if v.sensitive {
                entry.insert("sensitive".into(), true.into());
            }
            (v.name.to_string(), entry.into())
        })
        .collect();
    if !variables.is_empty() {
        out.insert("variables".into(), variables.into());
    }
    out.into()
}

fn resource_json(m: &Module, r: &sdt_config::Resource, configs: &ProviderConfigs, registry: &Registry) -> Json {
    let key = configs.key_of(&m.path, &r.provider_config());
    let mut out = json!({
        "address": r.addr.to_string(),
        "mode": r.addr.mode.name(),
        "type": &*r.addr.type_name,
        "name": &*r.addr.name,
        "provider_config_key": key,
    });
    let provisioners: Vec<_> = r
        .provisioners
        .iter()
        .map(|p| {
            let (arguments, _) = p.config.just_attributes();
            let expressions: Map<_, _> = arguments.iter().map(|(k, a)| (k.to_string(), expr_json(&a.expr))).collect();
            json!({"type": &*p.kind, "expressions": expressions})
        })
        .collect();
    if !provisioners.is_empty() {
        out["provisioners"] = provisioners.into();
    }
    if let Some(schema) = providers::schema(registry, &m.provider_of(r), r.addr.mode, &r.addr.type_name) {
        let expressions = block_json(&r.config, &schema.block);
        if expressions.as_object().is_some_and(|o| !o.is_empty()) {
            out["expressions"] = expressions;
        }
        out["schema_version"] = schema.version.into();
    }
    repetition(&mut out, r.count.as_ref(), r.for_each.as_ref());
    if !r.depends_on.is_empty() {
        out["depends_on"] = depends_on(&r.depends_on);
    }
    out
}

fn repetition(out: &mut Json, count: Option<&Expr>, for_each: Option<&Expr>) {
    for (name, expr) in [("count_expression", count), ("for_each_expression", for_each)] {
        // One that tells nothing is left out.
        if let Some(json) = expr.map(expr_json).filter(|json| json.as_object().is_some_and(|o| !o.is_empty())) {
            out[name] = json;
        }
    }
}

fn depends_on(list: &[sdt_hcl::Traversal]) -> Json {
    sdt_config::collect(list).0.iter().map(|r| Json::from(subject(&r.subject))).collect()
}

/// A block's expressions by its schema.
fn block_json(body: &ConfigBody, schema: &Block) -> Json {
    let shape = sdt_hcl::BodySchema {
        attributes: schema.attributes.keys().map(|k| sdt_hcl::AttributeSchema::optional(k)).collect(),
        blocks: schema
            .blocks
            .iter()
            .map(|(k, b)| sdt_hcl::BlockSchema::new(k, if b.nesting == Nesting::Map { &["key"] } else { &[] }))
            .collect(),
    };
    let (content, _, _) = body.partial_content(&shape);
    let mut out = Map::new();
    for name in schema.attributes.keys() {
        if let Some(a) = content.attribute(name) {
            out.insert(name.to_string(), expr_json(&a.expr));
        }
    }
    for (name, nested) in &schema.blocks {
        let blocks: Vec<_> = content.blocks_of(name).map(|b| block_json(&b.body, &nested.block)).collect();
        match nested.nesting {
            _ if blocks.is_empty() => {}
            Nesting::Single | Nesting::Group => {
                out.insert(name.to_string(), blocks.into_iter().next().unwrap_or_default());
            }
            _ => {
                out.insert(name.to_string(), blocks.into());
            }
        }
    }
    out.into()
}

/// A constant, or the references of an expression: each with the resource and the instance it leads through.
fn expr_json(expr: &Expr) -> Json {
    let (references, _) = references_in_expr(expr);
    if references.is_empty() {
        if expr.calls().is_empty() {
            let (value, diags) = sdt_hcl::eval_const(expr);
            if !diags.has_errors() && value.is_wholly_known() {
                return json!({"constant_value": crate::backend::to_json(&value)});
            }
        }
        return json!({});
    }
    let mut names: Vec<String> = Vec::new();
    for r in &references {
        let base = subject(&r.subject);
        let mut add = |n: String| {
            if !names.contains(&n) {
                names.push(n);
            }
        };
        // The whole, then each part of it that leads there, down to what can be referred to.
        let mut prefixes = vec![base.clone()];
        let mut full = base;
        for step in &r.rest {
            match step {
                sdt_hcl::Step::Attr { name, .. } => full += &format!(".{name}"),
                sdt_hcl::Step::Index { key, .. } => full += &index_text(key),
                sdt_hcl::Step::Splat { .. } => break,
            }
            prefixes.push(full.clone());
        }
        prefixes.into_iter().rev().for_each(&mut add);
        match &r.subject {
            sdt_config::Referenceable::Resource(addr, Some(_)) => add(addr.to_string()),
            sdt_config::Referenceable::ModuleOutput(call, key, _) => {
                let key = key.as_ref().map(ToString::to_string).unwrap_or_default();
                add(format!("module.{call}{key}"));
            }
            sdt_config::Referenceable::Module(call, Some(_)) => add(format!("module.{call}")),
            _ => {}
        }
    }
    json!({"references": names})
}

fn index_text(key: &sdt_value::Value) -> String {
    match key.as_str() {
        Some(s) => format!("[{}]", sdt_hcl::quote(s)),
        None => key.as_number().map(|n| format!("[{n}]")).unwrap_or_default(),
    }
}

fn subject(r: &sdt_config::Referenceable) -> String {
    use sdt_config::Referenceable as R;
    let keyed = |base: String, key: &Option<sdt_addr::InstanceKey>| match key {
        Some(k) => format!("{base}{k}"),
        None => base,
    };
    match r {
        R::Variable(n) => format!("var.{n}"),
        R::Local(n) => format!("local.{n}"),
        R::Resource(a, k) => keyed(a.to_string(), k),
        R::Module(n, k) => keyed(format!("module.{n}"), k),
        R::ModuleOutput(n, k, o) => format!("{}.{o}", keyed(format!("module.{n}"), k)),
        R::Each(n) => format!("each.{n}"),
        R::Count(n) => format!("count.{n}"),
        R::Path(n) => format!("path.{n}"),
        R::Terraform(n) => format!("terraform.{n}"),
        R::SelfObject => "self".into(),
    }
}
