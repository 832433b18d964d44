//! hashicorp/external: the answer of a program.

use async_trait::async_trait;
use std::process::Stdio;
use std::sync::Arc;

use sdt_provider::{Complaint, Mode};
use sdt_schema::Schema;
use sdt_value::{Path, Type, Value};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::helpers::{Set, attr, complain, get, members, schema};
use crate::{Definition, LocalProvider};

/// The external provider.
#[must_use]
pub fn external() -> LocalProvider {
    LocalProvider::new("hashicorp/external", Some("2.3.5"), vec![Arc::new(External)])
}

/// # data external
struct External;

#[async_trait]
impl Definition for External {
    fn name(&self) -> &'static str {
        "external"
    }

    fn mode(&self) -> Mode {
        Mode::Data
    }

    fn schema(&self) -> Arc<Schema> {
        let strings = Type::map(Type::String);
        schema(
            0,
            [
                ("id", attr(Type::String, Set::Computed, "Always \"-\".")),
                ("program", attr(Type::list(Type::String), Set::Required, "The program and its arguments.")),
                ("query", attr(strings.clone(), Set::Optional, "Strings that the program reads as a JSON object.")),
                ("result", attr(strings, Set::Computed, "The strings of the JSON object that the program writes.")),
                ("working_dir", attr(Type::String, Set::Optional, "Where the program runs.")),
            ],
            "Runs a program that answers JSON with JSON.",
        )
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let fail = |summary: &str, detail: String| vec![complain(summary, detail, Path::root().attr("program"))];
        let words: Vec<String> = get(config, "program")
            .as_items()
            .into_iter()
            .flatten()
            .filter_map(|w| w.as_str().map(str::to_owned))
            .filter(|w| !w.is_empty())
            .collect();
        let Some((program, arguments)) = words.split_first() else {
            return Err(fail("External Program Missing", "The program is an empty list.".into()));
        };
        let query: serde_json::Map<String, serde_json::Value> = get(config, "query")
            .as_members()
            .into_iter()
            .flatten()
            // Members that are null are left out.
            .filter_map(|(k, v)| Some((k.to_string(), v.as_str()?.into())))
            .collect();
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(dir) = get(config, "working_dir").as_str() {
            command.current_dir(dir);
        }
        let failed = |e: std::io::Error| fail("External Program Execution Failed", format!("{program}: {e}."));
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input is fine.
            let _ = stdin.write_all(serde_json::Value::Object(query).to_string().as_bytes()).await;
        }
        let out = child.wait_with_output().await.map_err(failed)?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            let detail = format!("{program} ended with {}.\n\n{}", out.status, said.trim());
            return Err(fail("External Program Execution Failed", detail));
        }
        let parsed: Result<std::collections::BTreeMap<String, Option<String>>, _> = serde_json::from_slice(&out.stdout);
        let result = parsed.map_err(|e| {
            let detail = format!("{program} must write a JSON object whose members are all strings: {e}.");
            fail("Unexpected External Program Results", detail)
        })?;
        let mut object = members(config);
        object.insert("id".into(), Value::string("-"));
        // The public provider reads null as an empty string.
        let strings = result.into_iter().map(|(k, v)| (k.into(), Value::string(v.unwrap_or_default())));
        object.insert("result".into(), Value::map(Type::String, strings.collect()));
        Ok(Value::object(object))
    }
}
