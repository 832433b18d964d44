//! hashicorp/archive: files packed into one, byte for byte as the public provider packs them, since its digests decide
//! whether what is made of an archive changes.

mod sources;
mod tar;
mod zip;

use std::sync::Arc;

use async_trait::async_trait;
use sdt_provider::{ApplyRequest, Complaint, Mode, PlanAnswer, PlanRequest};
use sdt_schema::{Block, NestedBlock, Nesting, Schema};
use sdt_value::{Path, Str, Type, Value};

use crate::digests::digests;
use crate::helpers::{Set, at_least_one, attr, complain, conflicts, get, members, plan_by_replacement};
use crate::{Definition, LocalProvider};

/// The archive provider.
#[must_use]
pub fn archive() -> LocalProvider {
    let make = |mode| -> Arc<dyn Definition> { Arc::new(ArchiveFile { mode }) };
    LocalProvider::new("hashicorp/archive", Some("2.7.1"), vec![make(Mode::Data), make(Mode::Managed)])
}

/// # data archive_file, archive_file
///
/// The data source packs while planning. The resource packs while applying and again with every refresh, so that the file is
/// there on whatever machine the next step runs.
struct ArchiveFile {
    mode: Mode,
}

const SET: [&str; 10] = [
    "type",
    "source",
    "source_content",
    "source_content_filename",
    "source_file",
    "source_dir",
    "excludes",
    "exclude_symlink_directories",
    "output_path",
    "output_file_mode",
];
const SUMS: [&str; 6] =
    ["output_md5", "output_sha", "output_sha256", "output_base64sha256", "output_sha512", "output_base64sha512"];

/// One file of an archive.
struct Entry {
    /// Its path inside.
    name: String,
    content: Vec<u8>,
    /// Its permissions; `None` for contents that never were a file.
    mode: Option<u32>,
}

impl ArchiveFile {
    /// Packs what the object asks for and returns it with size and digests.
    fn pack(object: &Value) -> Result<Value, Complaint> {
        let fail = |summary: &str, detail: String| complain(summary, detail, Path::root());
        let path = object.get("output_path").and_then(Value::as_str).unwrap_or_default();
        let made = sources::entries(object).and_then(|entries| {
            let mode = object.get("output_file_mode").and_then(Value::as_str).map(sources::file_mode).transpose()?;
            match object.get("type").and_then(Value::as_str).unwrap_or_default() {
                "zip" => Ok(zip::pack(&entries, mode)),
                "tar.gz" => tar::pack_gz(&entries, mode),
                other => Err(format!("archive type not supported: {other}")),
            }
        });
        let bytes = made
            .map_err(|why| fail("Archive creation error", format!("error creating archive: error archiving: {why}")))?;
        if let Some(dir) = std::path::Path::new(path).parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).map_err(|e| {
                fail("Output path error", format!("error creating output path: {}: {e}", dir.display()))
            })?;
        }
        std::fs::write(path, &bytes)
            .map_err(|e| fail("Archive creation error", format!("error creating archive: {path}: {e}")))?;
        let mut object = members(object);
        let sums = digests(&bytes);
        object.insert("id".into(), Value::string(&sums[1]));
        object.insert("output_size".into(), Value::number(bytes.len() as i64));
        for (name, sum) in SUMS.iter().zip(sums) {
            object.insert(Str::from(*name), Value::string(sum));
        }
        Ok(Value::object(object))
    }
}

#[async_trait]
impl Definition for ArchiveFile {
    fn name(&self) -> &'static str {
        "archive_file"
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn schema(&self) -> Arc<Schema> {
        let text = |doc| attr(Type::String, Set::Optional, doc);
        let mut block = Block { doc: "Packs a content, files or a folder into an archive.", ..Block::default() };
        for (name, attribute) in [
            ("id", attr(Type::String, Set::Computed, "The SHA-1 checksum of the archive.")),
            ("type", attr(Type::String, Set::Required, "\"zip\" or \"tar.gz\".")),
            ("source_content", text("The content of the one file to pack.")),
            ("source_content_filename", text("The name of the one file to pack.")),
            ("source_file", text("A file to pack.")),
            ("source_dir", text("A folder whose files are packed.")),
            ("excludes", attr(Type::set(Type::String), Set::Optional, "Patterns of paths in the folder to leave out.")),
            (
                "exclude_symlink_directories",
                attr(Type::Bool, Set::Optional, "Leave out folders behind symbolic links."),
            ),
            ("output_path", attr(Type::String, Set::Required, "Where the archive is written.")),
            ("output_file_mode", text("The mode of all packed files, such as \"0666\".")),
            ("output_size", attr(Type::Number, Set::Computed, "The size of the archive in bytes.")),
        ] {
            block.attributes.insert(name.into(), attribute);
        }
        for name in SUMS {
            block.attributes.insert(name.into(), attr(Type::String, Set::Computed, "A checksum of the archive."));
        }
        let mut source = Block { doc: "A content to pack under a name.", ..Block::default() };
        for (name, doc) in [("content", "The content."), ("filename", "The name.")] {
            source.attributes.insert(name.into(), attr(Type::String, Set::Required, doc));
        }
        let source = NestedBlock { nesting: Nesting::Set, block: Arc::new(source), min: 0, max: 0 };
        block.blocks.insert("source".into(), source);
        Arc::new(Schema { version: 0, block, legacy_type_system: false })
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let contents = ["source_content", "source_content_filename"];
        let mut found = at_least_one(config, &["source", "source_content_filename", "source_file", "source_dir"]);
        found.extend(conflicts(config, "source", &["source_file", "source_dir", contents[0], contents[1]]));
        for content in contents {
            found.extend(conflicts(config, content, &["source_file", "source_dir"]));
        }
        found.extend(conflicts(config, "source_file", &["source_dir"]));
        found.extend(conflicts(config, "excludes", &["source_file", contents[0], contents[1]]));
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let sums = SUMS.iter().map(|n| (*n, Type::String));
        let computed: Vec<_> = [("id", Type::String), ("output_size", Type::Number)].into_iter().chain(sums).collect();
        plan_by_replacement(request, &SET, &computed)
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        Self::pack(&request.planned)
    }

    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        Self::pack(prior)
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        Self::pack(config).map_err(|c| vec![c])
    }
}

/// The strings of a list or set attribute.
fn strings(object: &Value, name: &str) -> Vec<String> {
    get(object, name).as_items().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str, mode: Option<u32>) -> Entry {
        Entry { name: name.into(), content: content.into(), mode }
    }

    /// The digests are those that the public provider's own tests expect of these files.
    #[test]
    fn same_bytes_as_the_public_provider() {
        let content = [file("content.txt", "This is some content", None)];
        let one = [file("test-file.txt", "This is test content", Some(0o644))];
        let dir: Vec<Entry> =
            (1..4).map(|n| file(&format!("file{n}.txt"), &format!("This is file {n}"), Some(0o644))).collect();
        let cases: [(&[Entry], Option<u32>, &str, &str); 3] = [
            (&content, None, "ea35f0444ea9a3d5641d8760bc2815cc", "a09ee39e708c38ccd9ba44cc39e7cacc"),
            (&one, Some(0o666), "59fbc9e62af3cbc2f588f97498240dae", "39948f8ddedc8914ac2e42dd18dd3c06"),
            (&dir, Some(0o666), "b73f64a383716070aa4a29563b8b14d4", "6678fae1fe2077c767bac136861e3bdc"),
        ];
        for (entries, mode, zipped, tarred) in cases {
            let name = &entries[0].name;
            assert_eq!(digests(&zip::pack(entries, mode))[0], zipped, "{name}");
            assert_eq!(digests(&tar::pack_gz(entries, mode).expect("names that fit"))[0], tarred, "{name}");
        }
    }
}
