//! The plan file: a zip of JSON parts and configuration sources. Whoever writes it to disk gives it mode 0600, since it holds
//! values that are sensitive.
//!
//! | part | content |
//! | --- | --- |
//! | `sdt-plan.json` | format version, sdt version, workspace, backend, and the digest of every other part |
//! | `plan.json` | changes, drift, outputs, checks, variables |
//! | `exec.json` | the execution graph |
//! | `prior.tfstate` | the state it starts from |
//! | `schemas.json` | what rendering needs to know of the providers |
//! | `lock.hcl` | the dependency lock file, if there is one |
//! | `config/…` | every configuration file, by its path |

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{ExecGraph, Plan};

const FORMAT: u64 = 3;
/// No part may unpack to more: a damaged archive must not fill the memory.
const MAX_PART_BYTES: u64 = 1 << 30;

/// A plan with what it was made from.
#[derive(Clone, Debug, Default)]
pub struct PlanFile {
    /// Names this plan among all: a plan is good for one apply.
    pub id: String,
    /// The plan.
    pub plan: Plan,
    /// Configuration files: path relative to the root module, and content.
    pub sources: BTreeMap<String, Vec<u8>>,
    /// Where each module's folder is: dotted module path to a path among the sources (empty for the root module).
    pub modules: BTreeMap<String, String>,
    /// The dependency lock file.
    pub lock_file: Option<Vec<u8>>,
    /// The backend's type and configuration as `init` stored them; null for the local state.
    pub backend: Json,
    /// The workspace.
    pub workspace: String,
    /// Schemas to render the plan with, as the writer likes them.
    pub schemas: Json,
}

/// Why a plan file is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is something else.
    #[error("this is no plan file of sdt{}; make a plan with: sdt plan -out=FILE", hint(*.terraform))]
    Foreign {
        /// It looks like one of Terraform's.
        terraform: bool,
    },
    /// It was written by another version.
    #[error(
        "the plan file was written by sdt {version} in format {format}, this version reads format {FORMAT}: make the plan again"
    )]
    Format {
        /// Who wrote it.
        version: String,
        /// Its format.
        format: u64,
    },
    /// Its content is not what was written.
    #[error("the plan file is damaged ({part}: {what}): make the plan again")]
    Damaged {
        /// The part.
        part: String,
        /// What is wrong.
        what: String,
    },
}

fn hint(terraform: bool) -> &'static str {
    if terraform { " but Terraform's own" } else { "" }
}

fn damaged(part: &str, what: impl ToString) -> PlanFileError {
    PlanFileError::Damaged { part: part.to_owned(), what: what.to_string() }
}

/// Packs a plan file.
///
/// # Errors
/// Only when compression fails.
pub fn write(file: &PlanFile, sdt_version: &str) -> Result<Vec<u8>, PlanFileError> {
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    parts.insert("plan.json".into(), crate::encode::plan(&file.plan));
    parts.insert("exec.json".into(), serde_json::to_vec(&file.plan.exec.to_json()).unwrap_or_default());
    parts.insert("prior.tfstate".into(), sdt_state::v4::write(&file.plan.prior_state));
    parts.insert("schemas.json".into(), file.schemas.to_string().into_bytes());
    if let Some(lock) = &file.lock_file {
        parts.insert("lock.hcl".into(), lock.clone());
    }
    for (path, text) in &file.sources {
        parts.insert(format!("config/{path}"), text.clone());
    }
    let digests: BTreeMap<&String, String> = parts.iter().map(|(name, text)| (name, digest(text))).collect();
    let head = json!({
        "format": FORMAT,
        "sdt_version": sdt_version,
        "id": file.id,
        "workspace": file.workspace,
        "backend": file.backend,
        "modules": file.modules,
        "digests": digests,
    });
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // Not compressed: a plan lives for minutes, and packing would take longer than planning.
    let options = zip::write::SimpleFileOptions::default()
        .unix_permissions(0o600)
        .compression_method(zip::CompressionMethod::Stored)
        .large_file(true);
    let mut add = |name: &str, text: &[u8]| -> Result<(), PlanFileError> {
        zip.start_file(name, options).map_err(|e| damaged(name, e))?;
        zip.write_all(text).map_err(|e| damaged(name, e))
    };
    add("sdt-plan.json", head.to_string().as_bytes())?;
    for (name, text) in &parts {
        add(name, text)?;
    }
    Ok(zip.finish().map_err(|e| damaged("archive", e))?.into_inner())
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Unpacks a plan file and checks that it is whole.
///
/// # Errors
/// When it is foreign, of another format, or damaged.
pub fn read(bytes: &[u8]) -> Result<PlanFile, PlanFileError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| {
        // A zip that lost its end is one of ours that was cut off; anything else is foreign.
        if bytes.starts_with(b"PK") { damaged("archive", e) } else { PlanFileError::Foreign { terraform: false } }
    })?;
    let names: Result<Vec<String>, _> = zip.file_names().map(|n| n.map(|n| n.into_owned())).collect();
    let names = names.map_err(|e| damaged("archive", e))?;
    if !names.iter().any(|n| n == "sdt-plan.json") {
        return Err(PlanFileError::Foreign { terraform: names.iter().any(|n| n == "tfplan") });
    }
    let mut parts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for name in names {
        let part = zip.by_name(&name).map_err(|e| damaged(&name, e))?;
        let mut text = Vec::new();
        part.take(MAX_PART_BYTES).read_to_end(&mut text).map_err(|e| damaged(&name, e))?;
        parts.insert(name, text);
    }
    let json = |name: &str, parts: &BTreeMap<String, Vec<u8>>| -> Result<Json, PlanFileError> {
        let text = parts.get(name).ok_or_else(|| damaged(name, "it is missing"))?;
        serde_json::from_slice(text).map_err(|e| damaged(name, e))
    };
    let head = json("sdt-plan.json", &parts)?;
    let format = head["format"].as_u64().unwrap_or_default();
    if format != FORMAT {
        let version = head["sdt_version"].as_str().unwrap_or("?").to_owned();
        return Err(PlanFileError::Format { version, format });
    }
    check_digests(&head, &parts)?;
    let mut plan = crate::decode::plan(&json("plan.json", &parts)?).map_err(|e| damaged("plan.json", e))?;
    plan.exec = ExecGraph::from_json(&json("exec.json", &parts)?).ok_or_else(|| damaged("exec.json", "not a graph"))?;
    let state = parts.get("prior.tfstate").ok_or_else(|| damaged("prior.tfstate", "it is missing"))?;
    plan.prior_state = sdt_state::v4::read(state).map_err(|e| damaged("prior.tfstate", e))?;
    crate::exec::check(&plan).map_err(|e| damaged("exec.json", e))?;
    let strings = |json: &Json| -> BTreeMap<String, String> {
        let all = json.as_object().into_iter().flatten();
        all.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect()
    };
    Ok(PlanFile {
        plan,
        id: head["id"].as_str().unwrap_or_default().to_owned(),
        modules: strings(&head["modules"]),
        backend: head["backend"].clone(),
        workspace: head["workspace"].as_str().unwrap_or("default").to_owned(),
        schemas: json("schemas.json", &parts)?,
        lock_file: parts.get("lock.hcl").cloned(),
        sources: parts.into_iter().filter_map(|(n, t)| Some((n.strip_prefix("config/")?.to_owned(), t))).collect(),
    })
}

fn check_digests(head: &Json, parts: &BTreeMap<String, Vec<u8>>) -> Result<(), PlanFileError> {
    let digests = head["digests"].as_object().ok_or_else(|| damaged("sdt-plan.json", "no digests"))?;
    for (name, expected) in digests {
        let part = parts.get(name).ok_or_else(|| damaged(name, "it is missing"))?;
        if expected.as_str() != Some(digest(part).as_str()) {
            return Err(damaged(name, "its digest does not match"));
        }
    }
    match parts.keys().find(|n| *n != "sdt-plan.json" && !digests.contains_key(*n)) {
        Some(extra) => Err(damaged(extra, "it was added later")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_graphs_are_refused() {
        use crate::{ExecNode, NodeAddr};
        let check = |make: &dyn Fn(&mut ExecGraph), words: &str| {
            let mut plan = Plan::default();
            make(&mut plan.exec);
            let bytes = write(&PlanFile { plan, ..PlanFile::default() }, "0.1.0").expect("packs");
            let told = read(&bytes).expect_err("it is forged").to_string();
            assert!(told.contains(words), "{told}");
        };
        let local = |name: &str| ExecNode::Eval(NodeAddr::Local(sdt_addr::ModulePath::root(), name.into()));
        check(
            &|g| {
                let (a, b) = (g.add(local("a")), g.add(local("b")));
                g.order(a, b);
                g.order(b, a);
            },
            "wait for each other in a circle",
        );
        for (node, words) in [
            (ExecNode::Apply(0), "a step names change 0, and there are 0"),
            (ExecNode::Destroy(7), "a step names change 7"),
        ] {
            check(
                &|g| {
                    g.add(node.clone());
                },
                words,
            );
        }
    }

    #[test]
    fn plan_files_survive_and_reveal_damage() {
        let sources = BTreeMap::from([("main.tf".to_owned(), b"locals {}".to_vec())]);
        let file = PlanFile { sources, workspace: "default".into(), ..PlanFile::default() };
        let bytes = write(&file, "0.1.0").expect("packs");
        let back = read(&bytes).expect("own output");
        assert_eq!((back.sources, back.workspace), (file.sources, file.workspace));

        assert!(matches!(read(b"hello"), Err(PlanFileError::Foreign { .. })));
        assert!(matches!(read(&bytes[..bytes.len() / 2]), Err(PlanFileError::Damaged { .. })));
        for at in (0..bytes.len()).step_by(7) {
            let mut broken = bytes.clone();
            broken[at] ^= 0x55;
            // Flipping a bit may hit padding that nobody reads; it must never panic.
            let _ = read(&broken);
        }
    }
}
