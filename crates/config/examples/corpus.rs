//! Throw-away: compares what loading says with the corpus.
use sdt_addr::{Mode, ProviderAddr};
use sdt_config::*;
use sdt_diag::*;
use sdt_schema::{Attribute, Block, Schema};
use sdt_value::{Str, Type};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Fs(PathBuf);
impl Files for Fs {
    fn read_dir(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        std::fs::read_dir(self.0.join(dir))?.map(|e| Ok(e?.file_name().into_string().unwrap())).collect()
    }
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.0.join(path))
    }
}
struct Tf(BTreeMap<(Mode, &'static str), Arc<Schema>>);
fn at(ty: Type, f: &str) -> Attribute {
    Attribute { ty, required: f == "r", optional: f.contains('o'), computed: f.contains('c'), ..Attribute::default() }
}
impl Tf {
    fn new() -> Self {
        let s = |a: Vec<(&str, Attribute)>| {
            Arc::new(Schema {
                version: 0,
                block: Block { attributes: a.into_iter().map(|(n, a)| (n.into(), a)).collect(), ..Block::default() },
                legacy_type_system: false,
            })
        };
        Self(BTreeMap::from([
            (
                (Mode::Managed, "terraform_data"),
                s(vec![
                    ("id", at(Type::String, "c")),
                    ("input", at(Type::Dynamic, "o")),
                    ("output", at(Type::Dynamic, "c")),
                    ("triggers_replace", at(Type::Dynamic, "o")),
                ]),
            ),
            (
                (Mode::Data, "terraform_remote_state"),
                s(vec![
                    ("backend", at(Type::String, "r")),
                    ("config", at(Type::Dynamic, "o")),
                    ("defaults", at(Type::Dynamic, "o")),
                    ("outputs", at(Type::Dynamic, "c")),
                    ("workspace", at(Type::String, "o")),
                ]),
            ),
        ]))
    }
}
impl SchemaLookup for Tf {
    fn resource(&self, p: &ProviderAddr, m: Mode, t: &str) -> Option<Arc<Schema>> {
        if p.is_builtin() { self.0.get(&(m, self.0.keys().find(|k| k.1 == t)?.1)).cloned() } else { None }
    }
    fn provider(&self, p: &ProviderAddr) -> Option<Arc<Schema>> {
        p.is_builtin().then(Arc::default)
    }
    fn type_names(&self, _: &ProviderAddr, m: Mode) -> Vec<Str> {
        self.0.keys().filter(|k| k.0 == m).map(|k| k.1.into()).collect()
    }
}
fn main() {
    let only = std::env::args().nth(2);
    let verbose = std::env::args().nth(3).is_some();
    let (mut ok, mut all) = (0, 0);
    let mut dirs: Vec<_> =
        std::fs::read_dir(std::env::args().nth(1).unwrap()).unwrap().map(|e| e.unwrap().path()).collect();
    dirs.sort();
    for d in dirs {
        let name = d.file_name().unwrap().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|o| !o.is_empty() && !name.starts_with(o.as_str())) {
            continue;
        }
        let expect: serde_json::Value = serde_json::from_slice(&std::fs::read(d.join("expect.json")).unwrap()).unwrap();
        for step in expect["steps"].as_array().unwrap() {
            let dir = d.join(step["config"].as_str().unwrap());
            let Some(v) = step["expect"]["validate"]["diagnostics"].as_array() else { continue };
            all += 1;
            let mut want: Vec<String> = v
                .iter()
                .map(|x| {
                    format!(
                        "{} {} {}:{}",
                        x["severity"].as_str().unwrap(),
                        x["summary"].as_str().unwrap(),
                        x["file"].as_str().unwrap_or("-"),
                        x["line"]
                    )
                })
                .collect();
            want.sort();
            let mut sources = SourceMap::default();
            let loaded = load(&Fs(dir.clone()), &Load::default(), &mut sources);
            let mut diags = loaded.diagnostics;
            let tf = Tf::new();
            if !diags.has_errors() {
                diags.extend(check_tree(&loaded.config));
            }
            if !diags.has_errors() {
                for m in loaded.config.modules() {
                    let mut objects = Vec::new();
                    objects.extend(m.variables.values().map(Object::Variable));
                    objects.extend(m.locals.values().map(Object::Local));
                    objects.extend(m.outputs.values().map(Object::Output));
                    objects.extend(m.resources.values().map(Object::Resource));
                    objects.extend(m.calls.values().map(Object::Call));
                    for (n, c) in &m.children {
                        for v in c.variables.keys() {
                            objects.push(Object::Argument(&m.calls[n], v));
                        }
                    }
                    objects.extend(m.providers.values().map(Object::Provider));
                    objects.extend(m.checks.values().map(Object::Check));
                    objects.extend(m.imports.iter().map(Object::Import));
                    for o in objects {
                        let own = check_object(&loaded.config, m, o, &tf);
                        let bad = own.has_errors();
                        diags.extend(own);
                        if bad {
                            continue;
                        }
                        match o {
                            Object::Resource(r) => {
                                if let Some(s) = tf.resource(&m.provider_of(r), r.addr.mode, &r.addr.type_name) {
                                    diags.extend(check_body(&r.config, &s.block));
                                }
                            }
                            Object::Provider(p) => {
                                if let Some(s) = tf.provider(&m.provider_for_local(&p.addr.name)) {
                                    diags.extend(check_body(&p.config, &s.block));
                                }
                            }
                            _ => {}
                        }
                    }
                }
            }
            let mut got: Vec<String> = diags
                .clone()
                .into_iter()
                .map(|d| {
                    let (f, l) = match d.subject {
                        Some(s) => (
                            sources.file(s.source).unwrap().name.to_string(),
                            sources.pos(s.source, s.start).line.to_string(),
                        ),
                        None => ("-".into(), "null".into()),
                    };
                    format!("{} {} {f}:{l}", if d.severity == Severity::Error { "error" } else { "warning" }, d.summary)
                })
                .collect();
            got.sort();
            if got == want {
                ok += 1;
            } else {
                println!("== {name} {}", step["config"]);
                for w in want.iter().filter(|w| !got.contains(w)) {
                    println!("   missing {w}");
                }
                for g in got.iter().filter(|w| !want.contains(w)) {
                    println!("   extra   {g}");
                }
                for g in &want {
                    let c = |v: &Vec<String>| v.iter().filter(|x| *x == g).count();
                    if got.contains(g) && c(&got) != c(&want) {
                        println!("   count {} for {} {g}", c(&got), c(&want));
                    }
                }
            }
            if verbose {
                for d in diags {
                    println!("     {}: {}", d.summary, d.detail);
                }
            }
        }
    }
    println!("{ok} of {all}");
}
