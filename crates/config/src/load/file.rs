//! One file: its blocks.

use std::path::Path;

use sdt_diag::{Diagnostic, Diagnostics, SourceMap};
use sdt_hcl::{BodySchema, ConfigBody, ContentBlock, parse_body, parse_json_body};

use super::{Files, schema};
use crate::literal;

/// The blocks of a file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) blocks: Vec<ContentBlock>,
}

/// Names of the configuration files of a folder: those that declare, then those that override, each sorted.
pub(crate) fn configuration_files(mut names: Vec<String>) -> (Vec<String>, Vec<String>) {
    names.sort();
    // Where both are there, `x.tofu` stands for `x.tf`.
    let all = names.clone();
    names.retain(|n| {
        let base = ["tf.json", "tofu.json", "tf", "tofu"]
            .iter()
            .find_map(|e| n.strip_suffix(e)?.strip_suffix('.').map(|b| (b, *e)));
        let Some((base, ext)) = base else { return false };
        let hidden = n.starts_with('.') || n.ends_with('~') || (n.starts_with('#') && n.ends_with('#'));
        let replaced = ext.strip_prefix("tf").is_some_and(|rest| all.contains(&format!("{base}.tofu{rest}")));
        !hidden && !replaced
    });
    names.into_iter().partition(|n| {
        let base = n.split(".tf").next().and_then(|b| b.split(".tofu").next()).unwrap_or_default();
        base != "override" && !base.ends_with("_override")
    })
}

fn file_schema() -> BodySchema {
    schema(
        &[],
        &[
            ("terraform", &[]),
            ("required_providers", &[]),
            ("provider", &["name"]),
            ("variable", &["name"]),
            ("locals", &[]),
            ("output", &["name"]),
            ("module", &["name"]),
            ("resource", &["type", "name"]),
            ("data", &["type", "name"]),
            ("ephemeral", &["type", "name"]),
            ("moved", &[]),
            ("import", &[]),
            ("check", &["name"]),
            ("removed", &[]),
        ],
    )
}

/// Reads a file into blocks.
pub(crate) fn read_file(
    files: &dyn Files,
    dir: &Path,
    name: &str,
    sources: &mut SourceMap,
    diags: &mut Diagnostics,
) -> File {
    let path = dir.join(name);
    let shown = path.strip_prefix(".").unwrap_or(&path).display().to_string();
    let text = match files.read(&path) {
        Ok(t) => t,
        Err(e) => {
            diags.push(Diagnostic::error("Failed to read file", format!("The file {shown:?} cannot be read: {e}.")));
            return File { blocks: Vec::new() };
        }
    };
    let json = name.ends_with(".json");
    let (body, more) = parse(&text, &shown, json, sources);
    diags.extend(more);
    // Terraform looks for its own settings twice before it reads the file as such; what is wrong with those blocks shows each time.
    let sniffed = schema(&[], &[("terraform", &[])]);
    for _ in 0..2 {
        diags.extend(body.partial_content(&sniffed).2);
    }
    let (content, more) = body.content(&file_schema());
    diags.extend(more);
    for b in content.blocks_of("required_providers") {
        let detail = "A required_providers block belongs inside the terraform block.";
        diags.push(Diagnostic::error("Invalid required_providers block", detail).at(b.header));
    }
    if !(name.ends_with(".tofu") || name.ends_with(".tofu.json")) {
        content.blocks_of("resource").for_each(|b| literal_protection(&b.body, diags));
    }
    File { blocks: content.blocks }
}

/// In Terraform's own files `prevent_destroy` is true or false; only OpenTofu takes an expression there.
fn literal_protection(resource: &ConfigBody, diags: &mut Diagnostics) {
    let (found, _, _) = resource.partial_content(&schema(&[], &[("lifecycle", &[])]));
    for b in found.blocks {
        let (own, _, _) = b.body.partial_content(&schema(&["prevent_destroy"], &[]));
        if let Some(a) = own.attribute("prevent_destroy").filter(|a| !a.expr.traversals().is_empty()) {
            literal::bool(a, diags);
        }
    }
}

/// Parses a text in native or JSON syntax.
pub(crate) fn parse(text: &[u8], shown: &str, json: bool, sources: &mut SourceMap) -> (ConfigBody, Diagnostics) {
    let id = sources.add(shown, text);
    if json {
        parse_json_body(id, text)
    } else {
        let (body, diags) = parse_body(id, text);
        (body.into(), diags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_chosen_by_name() {
        let names =
            ["b.tf", "a.tf.json", "override.tf", "x_override.tf.json", ".h.tf", "c.tf~", "d.txt", "e.tf", "e.tofu"];
        let (primary, over) = configuration_files(names.iter().map(ToString::to_string).collect());
        assert_eq!(primary, ["a.tf.json", "b.tf", "e.tofu"]);
        assert_eq!(over, ["override.tf", "x_override.tf.json"]);
    }
}
