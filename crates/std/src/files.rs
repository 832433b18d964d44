//! hashicorp/local: files of this machine.

use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_provider::{ApplyRequest, Complaint, Mode, PlanAnswer, PlanRequest};
use sdt_schema::{Attribute, Schema};
use sdt_value::{Path, Str, Type, Value};
use sha1::{Digest as _, Sha1};

use crate::digests::{digests, hex};
use crate::helpers::{Set, attr, complain, exactly_one, get, members, schema};
use crate::{Definition, LocalProvider};

/// The local provider.
#[must_use]
pub fn local() -> LocalProvider {
    LocalProvider::new(
        "hashicorp/local",
        Some("2.5.3"),
        vec![
            Arc::new(File { sensitive: false }),
            Arc::new(File { sensitive: true }),
            Arc::new(FileData { sensitive: false }),
            Arc::new(FileData { sensitive: true }),
        ],
    )
}

const SUMS: [&str; 6] =
    ["content_md5", "content_sha1", "content_sha256", "content_base64sha256", "content_sha512", "content_base64sha512"];

fn sum_attributes() -> Vec<(&'static str, Attribute)> {
    SUMS.iter().map(|name| (*name, attr(Type::String, Set::Computed, "A checksum of the content."))).collect()
}

/// # local_file, local_sensitive_file
struct File {
    sensitive: bool,
}

const SOURCES: [&str; 4] = ["content", "content_base64", "sensitive_content", "source"];

impl File {
    fn content(&self, object: &Value) -> Result<Vec<u8>, Complaint> {
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(text) = text("content").or_else(|| text("sensitive_content")) {
            return Ok(text.into_bytes());
        }
        if let Some(encoded) = text("content_base64") {
            return STANDARD.decode(encoded).map_err(|e| {
                complain("Create local file error", format!("content_base64: {e}"), Path::root().attr("content_base64"))
            });
        }
        match text("source") {
            Some(path) => std::fs::read(&path)
                .map_err(|e| complain("Create local file error", format!("{path}: {e}"), Path::root().attr("source"))),
            None => Ok(Vec::new()),
        }
    }

    fn write(&self, object: &Value, content: &[u8]) -> std::io::Result<()> {
        use std::io::Write as _;
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        let mode = |name: &str| {
            let text = object.get(name).and_then(Value::as_str).unwrap_or("0777");
            u32::from_str_radix(text, 8).unwrap_or(0o777)
        };
        let path = PathBuf::from(object.get("filename").and_then(Value::as_str).unwrap_or_default());
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::DirBuilder::new().recursive(true).mode(mode("directory_permission")).create(dir)?;
        }
        // The mode is that of a new file, less the umask; a file that is there keeps its own.
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(mode("file_permission"));
        options.open(&path)?.write_all(content)
    }
}

#[async_trait]
impl Definition for File {
    fn name(&self) -> &'static str {
        if self.sensitive { "local_sensitive_file" } else { "local_file" }
    }

    fn schema(&self) -> Arc<Schema> {
        let text = |doc| Attribute { sensitive: self.sensitive, ..attr(Type::String, Set::Optional, doc) };
        let mode = |doc| attr(Type::String, Set::OptionalComputed, doc);
        let mut all = vec![
            ("content", text("The content.")),
            ("content_base64", text("The content in base64.")),
            ("directory_permission", mode("Mode of folders that are made, such as \"0777\".")),
            ("file_permission", mode("Mode of the file, such as \"0777\".")),
            ("filename", attr(Type::String, Set::Required, "The path of the file.")),
            ("id", attr(Type::String, Set::Computed, "The SHA-1 checksum of the content.")),
            ("source", attr(Type::String, Set::Optional, "A file to copy.")),
        ];
        if !self.sensitive {
            let old = Attribute {
                sensitive: true,
                deprecated: Some("Use local_sensitive_file instead."),
                ..attr(Type::String, Set::Optional, "The content, not to be shown.")
            };
            all.push(("sensitive_content", old));
        }
        all.extend(sum_attributes());
        schema(0, all, "A file with a given content.")
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let sources: Vec<&str> = SOURCES.into_iter().filter(|n| config.get(n).is_some()).collect();
        let mut found = exactly_one(config, &sources);
        for name in ["file_permission", "directory_permission"] {
            let Some(mode) = config.get(name).and_then(Value::as_str) else { continue };
            let right = (3..=4).contains(&mode.len()) && u32::from_str_radix(mode, 8).is_ok_and(|m| m <= 0o777);
            if !right {
                let detail = format!("{name} is {mode:?}; it must be three or four octal digits, such as \"0644\".");
                found.push(complain("Invalid File Permission String Value", detail, Path::root().attr(name)));
            }
        }
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let default = if self.sensitive { "0700" } else { "0777" };
        for name in ["file_permission", "directory_permission"] {
            if get(&request.config, name).is_null() {
                planned.insert(name.into(), Value::string(default));
            }
        }
        let mut requires_replace = Vec::new();
        if !request.prior.is_null() {
            for name in SOURCES.iter().chain(&["filename", "file_permission", "directory_permission"]) {
                let Some(new) = planned.get(*name) else { continue };
                if !get(&request.prior, name).raw_equals(new) {
                    requires_replace.push(Path::root().attr(*name));
                }
            }
        }
        if request.prior.is_null() || !requires_replace.is_empty() {
            for name in SUMS.iter().chain(&["id"]) {
                planned.insert((*name).into(), Value::unknown(Type::String));
            }
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let content = self.content(&request.planned)?;
        self.write(&request.planned, &content).map_err(|e| {
            complain(
                "Create local file error",
                format!("The file cannot be written: {e}"),
                Path::root().attr("filename"),
            )
        })?;
        let mut object = members(&request.planned);
        for (name, sum) in SUMS.iter().zip(digests(&content)) {
            if *name == "content_sha1" {
                object.insert("id".into(), Value::string(&sum));
            }
            object.insert((*name).into(), Value::string(sum));
        }
        Ok(Value::object(object))
    }

    /// A file that is gone, or has another content, is made anew.
    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        let path = prior.get("filename").and_then(Value::as_str).unwrap_or_default();
        let there = match std::fs::read(path) {
            Ok(content) => prior.get("id").and_then(Value::as_str) == Some(hex(&Sha1::digest(&content)).as_str()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => false,
            Err(e) => {
                let detail = format!("The file {path:?} cannot be read: {e}.");
                return Err(complain("Read local file error", detail, Path::root().attr("filename")));
            }
        };
        Ok(if there { prior.clone() } else { Value::null(prior.ty()) })
    }

    async fn delete(&self, prior: &Value) -> Result<(), Complaint> {
        let path = prior.get("filename").and_then(Value::as_str).unwrap_or_default();
        // The public provider does not mind a file that is gone already.
        let _ = std::fs::remove_file(path);
        Ok(())
    }
}

/// # data local_file, data local_sensitive_file
struct FileData {
    sensitive: bool,
}

#[async_trait]
impl Definition for FileData {
    fn name(&self) -> &'static str {
        if self.sensitive { "local_sensitive_file" } else { "local_file" }
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        let text = |doc| Attribute { sensitive: self.sensitive, ..attr(Type::String, Set::Computed, doc) };
        let mut all = vec![
            ("content", text("The content as text.")),
            ("content_base64", text("The content in base64.")),
            ("filename", attr(Type::String, Set::Required, "The path of the file.")),
            ("id", attr(Type::String, Set::Computed, "The SHA-1 checksum of the content.")),
        ];
        all.extend(sum_attributes());
        schema(0, all, "The content of a file.")
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let path = config.get("filename").and_then(Value::as_str).unwrap_or_default();
        let content = std::fs::read(path).map_err(|e| {
            let detail = format!("The file {path:?} cannot be read: {e}.");
            vec![complain("Read local file data source error", detail, Path::root().attr("filename"))]
        })?;
        let mut object = members(config);
        object.insert("content".into(), Value::string(String::from_utf8_lossy(&content)));
        object.insert("content_base64".into(), Value::string(STANDARD.encode(&content)));
        for (name, sum) in SUMS.iter().zip(digests(&content)) {
            if *name == "content_sha1" {
                object.insert("id".into(), Value::string(&sum));
            }
            object.insert(Str::from(*name), Value::string(sum));
        }
        Ok(Value::object(object))
    }
}
