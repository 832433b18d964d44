//! What sdt created, Terraform with the public provider plans as no change.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_provider::{Mode, Provider};
use sdt_schema::Block;
use sdt_testkit::conformance::Object;
use sdt_value::to_json;
use serde_json::{Map, Value as Json, json};

/// A folder where `terraform init` has run.
fn folder() -> &'static Result<PathBuf, String> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cross");
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        let main = json!({ "terraform": { "required_providers": { "aws": { "source": "hashicorp/aws", "version": "5.100.0" } } } });
        std::fs::write(folder.join("versions.tf.json"), main.to_string()).map_err(|e| e.to_string())?;
        let out = Command::new("terraform").args(["init", "-no-color"]).current_dir(&folder).output();
        let out = out.map_err(|e| format!("terraform does not start: {e}"))?;
        if out.status.success() { Ok(folder) } else { Err(String::from_utf8_lossy(&out.stderr).into_owned()) }
    })
}

/// Writes the objects as state and configuration and has Terraform plan them.
pub(crate) fn check(provider: &dyn Provider, url: &str, objects: &[(String, Object)]) -> Result<(), String> {
    let folder = folder().as_ref().map_err(Clone::clone)?;
    let mut resources = Vec::new();
    let mut config = Map::new();
    for (n, (_, object)) in objects.iter().enumerate() {
        let schema = provider.schema(Mode::Managed, &object.type_name).ok_or("no schema")?;
        let name = format!("o{n}");
        let mut instance = json!({
            "schema_version": schema.version,
            "attributes": to_json(&object.value, &object.value.ty()),
            "sensitive_attributes": [],
        });
        if !object.private.is_empty() {
            instance["private"] = json!(STANDARD.encode(&object.private));
        }
        resources.push(json!({
            "mode": "managed",
            "type": object.type_name,
            "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [instance],
        }));
        let block = config.entry(object.type_name.clone()).or_insert_with(|| json!({}));
        block[&name] = configured(&schema.block, &to_json(&object.config, &object.config.ty()));
    }
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "cross", "outputs": {}, "resources": resources,
    });
    let main = json!({
        "provider": { "aws": {
            "region": "eu-west-1", "access_key": "test", "secret_key": "test", "s3_use_path_style": true,
            "default_tags": { "tags": { "Suite": "conformance" } },
        } },
        "resource": config,
    });
    std::fs::write(folder.join("terraform.tfstate"), state.to_string()).map_err(|e| e.to_string())?;
    std::fs::write(folder.join("main.tf.json"), main.to_string()).map_err(|e| e.to_string())?;
    let out = Command::new("terraform")
        .args(["plan", "-no-color", "-input=false", "-detailed-exitcode", "-lock=false"])
        .env("AWS_ENDPOINT_URL", url)
        .current_dir(folder)
        .output()
        .map_err(|e| format!("terraform does not start: {e}"))?;
    match out.status.code() {
        Some(0) => Ok(()),
        _ => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
            Err(format!("Terraform does not plan \"no changes\":\n{text}"))
        }
    }
}

/// A configuration without what is not set.
fn configured(block: &Block, value: &Json) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    let mut out = Map::new();
    for (name, value) in members {
        let value = match block.blocks.get(name.as_str()) {
            _ if value.is_null() => continue,
            Some(nested) => match value {
                Json::Array(items) if items.is_empty() => continue,
                Json::Array(items) => items.iter().map(|i| configured(&nested.block, i)).collect(),
                one => configured(&nested.block, one),
            },
            None => value.clone(),
        };
        out.insert(name.clone(), value);
    }
    out.into()
}
