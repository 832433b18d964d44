//! One module from the blocks of its files, override files laid over.

use std::path::PathBuf;

use indexmap::IndexMap;
use indexmap::map::Entry;
use sdt_addr::{Mode, ModulePath};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{ConfigBody, ContentBlock, Expr, ExprKind};
use sdt_value::{Str, convert};

use crate::{Module, Resource, Variable};

use super::call::{module_call, provider};
use super::file::File;
use super::refactor::{check, import, moved, removed};
use super::resource::resource;
use super::schema;
use super::settings::{Settings, settings};
use super::variable::{locals, output, variable};

/// Makes a module. `primary` are the files that declare, `over` those that override.
pub(crate) fn assemble(
    path: ModulePath,
    dir: PathBuf,
    primary: &[File],
    over: &[File],
    diags: &mut Diagnostics,
) -> Module {
    let mut module = Module { path, dir, ..Module::default() };
    let overs = Overrides::collect(primary, over, diags);
    let constants = primary.iter().flat_map(|f| &f.blocks).any(is_constant);
    for block in primary.iter().flat_map(|f| &f.blocks) {
        add(&mut module, block, &overs, constants, diags);
    }
    override_locals_and_settings(&mut module, over, diags);
    module
}

/// Whether a block declares a constant variable.
fn is_constant(block: &ContentBlock) -> bool {
    &*block.kind.name == "variable" && has_attribute(&block.body, "const")
}

fn duplicate(summary: impl Into<String>, what: &str, at: Span, diags: &mut Diagnostics) {
    let detail = format!("{what} is declared already; names must be unique within a module.");
    diags.push(Diagnostic::error(summary, detail).at(at));
}

fn add(module: &mut Module, block: &ContentBlock, overs: &Overrides, constants: bool, diags: &mut Diagnostics) {
    match &*block.kind.name {
        "terraform" => add_settings(module, settings(block, diags), diags),
        "provider" => {
            if let Some(p) = provider(&overs.merged(block), diags) {
                match module.providers.entry(p.addr.clone()) {
                    Entry::Vacant(e) => {
                        e.insert(p);
                    }
                    Entry::Occupied(e) => {
                        let what = format!("A configuration of provider {}", e.key());
                        duplicate("Duplicate provider configuration", &what, p.span, diags);
                    }
                }
            }
        }
        "variable" => {
            if let Some(v) = overridden_variable(block, overs, diags) {
                let what = format!("A variable named {:?}", &*v.name);
                let span = v.span;
                insert(&mut module.variables, v.name.clone(), v, "Duplicate variable declaration", &what, span, diags);
            }
        }
        "locals" => {
            for (name, l) in locals(block, diags) {
                let what = format!("A local value named {:?}", &*name);
                let span = l.span;
                insert(&mut module.locals, name, l, "Duplicate local value definition", &what, span, diags);
            }
        }
        "output" => {
            if let Some(o) = output(&overs.merged(block), diags) {
                let what = format!("An output value named {:?}", &*o.name);
                let span = o.span;
                insert(&mut module.outputs, o.name.clone(), o, "Duplicate output definition", &what, span, diags);
            }
        }
        "module" => {
            module.has_calls = true;
            if let Some(c) = module_call(block, overs.of(block), constants, diags) {
                let what = format!("A module call named {:?}", &*c.name);
                let span = c.span;
                insert(&mut module.calls, c.name.clone(), c, "Duplicate module call", &what, span, diags);
            }
        }
        "resource" => add_resource(module, resource(Mode::Managed, block, overs.of(block), diags), diags),
        "data" => add_resource(module, resource(Mode::Data, block, overs.of(block), diags), diags),
        "ephemeral" => add_resource(module, resource(Mode::Ephemeral, block, overs.of(block), diags), diags),
        "moved" => module.moved.extend(moved(block, diags)),
        "removed" => module.removed.extend(removed(block, diags)),
        "import" => {
            let Some(i) = import(block, diags) else { return };
            let key = i.to.as_traversal().ok();
            let twin = module.imports.iter().find(|o| key.is_some() && o.to.as_traversal().ok() == key);
            if twin.is_some() {
                let to = i.to_resource.clone().in_module(i.to_module.clone());
                let summary = format!("Duplicate import configuration for \"{to}\"");
                let detail = "An object can be imported to an address only once.";
                diags.push(Diagnostic::error(summary, detail).at(i.to.span()));
            }
            module.imports.push(i);
        }
        "check" => {
            let Some((c, data)) = check(block, diags) else { return };
            if let Some(d) = data {
                add_resource(module, Some(d), diags);
            }
            let what = format!("A check named {:?}", &*c.name);
            let (span, summary) = (c.span, format!("Duplicate check {:?} configuration", &*c.name));
            insert(&mut module.checks, c.name.clone(), c, &summary, &what, span, diags);
        }
        _ => {}
    }
}

fn insert<T>(
    map: &mut IndexMap<Str, T>,
    name: Str,
    value: T,
    summary: &str,
    what: &str,
    at: Span,
    diags: &mut Diagnostics,
) {
    match map.entry(name) {
        Entry::Vacant(e) => {
            e.insert(value);
        }
        Entry::Occupied(_) => duplicate(summary, what, at, diags),
    }
}

fn add_resource(module: &mut Module, found: Option<Resource>, diags: &mut Diagnostics) {
    let Some(r) = found else { return };
    match module.resources.entry(r.addr.clone()) {
        Entry::Vacant(e) => {
            e.insert(r);
        }
        Entry::Occupied(e) => {
            // Blocks of files come before those inside checks, whatever their order in the text.
            let first_is_nested = e.get().check.is_some() && r.check.is_none();
            let at = if first_is_nested { e.get().span } else { r.span };
            let summary = format!("Duplicate {} {:?} configuration", r.addr.mode.keyword(), &*r.addr.type_name);
            duplicate(summary, &format!("{}", r.addr), at, diags);
        }
    }
}

fn add_settings(module: &mut Module, found: Settings, diags: &mut Diagnostics) {
    module.required_versions.extend(found.required_versions);
    for (required, span) in found.required_providers {
        if module.required_providers_seen {
            let detail = "A module has one required_providers block; put all providers into it.";
            diags.push(Diagnostic::error("Duplicate required providers configuration", detail).at(span));
        } else {
            module.required_providers_seen = true;
            module.required_providers = required;
        }
    }
    for b in found.backends {
        if module.backend.is_some() {
            let detail = "State has one place: a module may have one backend block only.";
            diags.push(Diagnostic::error("Duplicate backend configuration", detail).at(b.span));
        } else {
            module.backend = Some(b);
        }
    }
    for c in found.clouds {
        if module.cloud.is_some() {
            let detail = "A module may have one cloud block only.";
            diags.push(Diagnostic::error("Duplicate HCP Terraform configurations", detail).at(c.span));
        } else {
            module.cloud = Some(c);
        }
    }
    if let (Some(b), Some(_)) = (&module.backend, &module.cloud) {
        let detail = "State has one place: use either a backend block or a cloud block.";
        diags.push(Diagnostic::error("Both a backend and cloud configuration are present", detail).at(b.span));
    }
    for m in found.provider_metas {
        let span = m.span;
        let what = format!("A provider_meta block for {:?}", &*m.provider);
        insert(&mut module.provider_metas, m.provider.clone(), m, "Duplicate provider_meta block", &what, span, diags);
    }
}

/// Reads a variable and lays override files over it: they may change arguments, not add conditions.
fn overridden_variable(block: &ContentBlock, overs: &Overrides, diags: &mut Diagnostics) -> Option<Variable> {
    let over = overs.of(block);
    let Some(last) = over.last() else { return variable(block, diags) };
    for o in over {
        let (inner, _, _) = o.body.partial_content(&schema(&[], &[("validation", &[])]));
        for v in &inner.blocks {
            let detail = "Conditions of a variable belong where it is declared, not in an override file.";
            diags.push(Diagnostic::error("Can't override validation blocks", detail).at(v.header));
        }
    }
    let mut own = Diagnostics::new();
    let found = variable(&overs.merged(block), &mut own);
    // A default and a type that do not go together are the fault of the override, unless it brings both.
    let brings = |name| has_attribute(&last.body, name);
    let both = brings("default") && brings("type");
    let null = "A variable with nullable = false";
    for mut d in own {
        // Said of the override by itself, and again of what comes of it.
        if d.detail.starts_with(null) && brings("default") && brings("nullable") {
            diags.push(d.clone());
            d.subject = Some(last.header);
        }
        if d.summary == "Invalid default value for variable" && !both && (brings("default") || brings("type")) {
            d.subject = Some(last.header);
            d.detail =
                format!("The variable's type and its default do not go together after this override. {}", d.detail);
        }
        diags.push(d);
    }
    // The default was given for the type that it stands beside.
    let default = (brings("type") && !brings("default")).then(|| variable(block, &mut Diagnostics::new())?.default);
    found.map(|mut v| {
        if let Some(Some(d)) = &default
            && let Ok(d) = convert(d, &v.ty)
        {
            v.default = Some(d);
        }
        // The message must not depend on the order of files.
        if let Some(d) = &v.default
            && let Ok(d) = convert(d, &v.ty)
        {
            v.default = Some(d);
        }
        v
    })
}

fn has_attribute(body: &ConfigBody, name: &str) -> bool {
    !body.partial_content(&schema(&[name], &[])).0.attributes.is_empty()
}

/// Blocks of override files by what they override.
struct Overrides {
    by_key: IndexMap<String, Vec<ContentBlock>>,
}

/// What identifies a block: kind and labels; for provider blocks, kind, name and alias.
fn key(block: &ContentBlock) -> String {
    let mut parts = vec![block.kind.name.to_string()];
    parts.extend(block.labels.iter().map(|l| l.value.to_string()));
    if parts[0] == "provider" {
        let alias = block.body.partial_content(&schema(&["alias"], &[])).0;
        let text = |e: &Expr| e.as_literal_string().map(|s| s.to_string()).unwrap_or_default();
        parts.push(alias.attribute("alias").map(|a| text(&a.expr)).unwrap_or_default());
    }
    parts.join("\u{0}")
}

impl Overrides {
    fn collect(primary: &[File], over: &[File], diags: &mut Diagnostics) -> Self {
        if over.is_empty() {
            return Self { by_key: IndexMap::new() };
        }
        let declared: Vec<String> = primary.iter().flat_map(|f| &f.blocks).map(key).collect();
        let mut by_key: IndexMap<String, Vec<ContentBlock>> = IndexMap::new();
        for block in over.iter().flat_map(|f| &f.blocks) {
            let names: Vec<&str> = block.labels.iter().map(|l| &*l.value).collect();
            let missing = match &*block.kind.name {
                "variable" => "Missing base variable declaration to override",
                "output" => "Missing base output definition to override",
                "module" => "Missing module call to override",
                "provider" => "Missing base provider configuration for override",
                "resource" => "Missing resource to override",
                "data" => "Missing data resource to override",
                "ephemeral" => "Missing ephemeral resource to override",
                "moved" | "removed" | "import" | "check" => {
                    refuse(block, diags);
                    continue;
                }
                _ => continue,
            };
            let k = key(block);
            // A provider configuration without alias may exist only by being implied.
            let implied = k.starts_with("provider") && k.ends_with('\u{0}');
            if !declared.contains(&k) && !implied {
                let detail = format!(
                    "{} {} is not declared in the normal files: an override file can only change what is there.",
                    block.kind.name,
                    names.join(".")
                );
                diags.push(Diagnostic::error(missing, detail).at(block.header));
                continue;
            }
            conditions_stay(block, diags);
            if matches!(&*block.kind.name, "resource" | "data" | "ephemeral" | "output" | "module") {
                let (inner, rest, _) = block.body.partial_content(&schema(&["depends_on"], &[]));
                if let Some(a) = inner.attribute("depends_on") {
                    // An empty list, as generated files have it, changes nothing.
                    if matches!(&a.expr.unparenthesised().kind, ExprKind::Tuple(items) if items.is_empty()) {
                        by_key.entry(k).or_default().push(ContentBlock { body: rest, ..block.clone() });
                        continue;
                    }
                    let detail = "An override file cannot change depends_on.";
                    diags.push(Diagnostic::error("Unsupported override", detail).at(a.span));
                }
            }
            by_key.entry(k).or_default().push(block.clone());
        }
        Self { by_key }
    }

    fn of(&self, block: &ContentBlock) -> &[ContentBlock] {
        if self.by_key.is_empty() {
            return &[];
        }
        self.by_key.get(&key(block)).map_or(&[], Vec::as_slice)
    }

    fn merged(&self, block: &ContentBlock) -> ContentBlock {
        let body = self.of(block).iter().fold(block.body.clone(), |base, o| base.overridden_by(o.body.clone()));
        ContentBlock { body, ..block.clone() }
    }
}

/// Conditions are not replaced by those of an override file.
fn conditions_stay(block: &ContentBlock, diags: &mut Diagnostics) {
    let kinds: &[(&str, &[&str])] = &[("precondition", &[]), ("postcondition", &[])];
    let bodies = match &*block.kind.name {
        "output" => vec![block.body.clone()],
        "resource" | "data" | "ephemeral" => {
            let (inner, _, _) = block.body.partial_content(&schema(&[], &[("lifecycle", &[])]));
            inner.blocks.into_iter().map(|b| b.body).collect()
        }
        _ => return,
    };
    for body in bodies {
        for b in body.partial_content(&schema(&[], kinds)).0.blocks {
            let summary = format!("Can't override {} blocks", b.kind.name);
            let detail = "Conditions belong where the object is declared, not in an override file.";
            diags.push(Diagnostic::error(summary, detail).at(b.header));
        }
    }
}

fn refuse(block: &ContentBlock, diags: &mut Diagnostics) {
    let (summary, detail) = match &*block.kind.name {
        "moved" => ("Cannot override 'moved' blocks", "What has moved is said in normal files, not in override files."),
        "import" => {
            ("Cannot override 'import' blocks", "What to import is said in normal files, not in override files.")
        }
        "removed" => return,
        _ => ("Can't override check blocks", "Checks belong in normal files, not in override files."),
    };
    diags.push(Diagnostic::error(summary, detail).at(block.header));
}

/// Local values are replaced one by one, settings by kind.
fn override_locals_and_settings(module: &mut Module, over: &[File], diags: &mut Diagnostics) {
    for file in over {
        let mut backends = 0;
        for block in &file.blocks {
            backends += override_one(module, block, backends > 0, diags);
        }
    }
}

/// Returns how many backend blocks there were.
fn override_one(module: &mut Module, block: &ContentBlock, placed: bool, diags: &mut Diagnostics) -> usize {
    let mut backends = 0;
    match &*block.kind.name {
        "locals" => {
            for (name, l) in locals(block, diags) {
                if !module.locals.contains_key(&name) {
                    let detail = format!("There is no local value {:?} in the normal files to be changed.", &*name);
                    diags.push(Diagnostic::error("Missing base local value definition to override", detail).at(l.span));
                    continue;
                }
                module.locals.insert(name, l);
            }
        }
        "terraform" => {
            let found = settings(block, diags);
            if !found.required_versions.is_empty() {
                module.required_versions = found.required_versions;
            }
            for (required, _) in found.required_providers {
                module.required_providers.extend(required);
            }
            backends = found.backends.len();
            if let Some(b) = found.backends.get(usize::from(!placed)) {
                let detail = "State has one place: an override file may have one backend block only.";
                diags.push(Diagnostic::error("Duplicate backend configuration", detail).at(b.span));
            }
            if let Some(b) = found.backends.into_iter().next() {
                (module.backend, module.cloud) = (Some(b), None);
            }
            if let Some(c) = found.clouds.into_iter().next() {
                (module.backend, module.cloud) = (None, Some(c));
            }
        }
        _ => {}
    }
    backends
}
