//! Where the state is: the backend block, what `init` noted about it, and the store behind it.
//!
//! `.terraform/terraform.tfstate` has Terraform's form, its hash of the block included, so that both programs can share a
//! working folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sdt_config::Config;
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_state::{Holder, LocalStore, LockInfo, LockRequest, StateStore};
use sdt_value::{Kind, Type, Value, convert};
use serde_json::{Map, Value as Json};

use crate::clock;
use crate::env::Env;
use crate::ui::failure;
use crate::workspace::{self, DEFAULT};

/// A backend with its settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Backend {
    /// `local` or `s3`.
    pub(crate) kind: String,
    /// Every setting, null where it is not given.
    pub(crate) config: Map<String, Json>,
    /// Terraform's hash of the block in the configuration.
    pub(crate) hash: u64,
    /// The workspace whose state is meant.
    pub(crate) workspace: String,
}

/// The block as the configuration has it.
pub(crate) struct Declared {
    /// Type label.
    pub(crate) kind: String,
    /// Its settings, converted to the backend's schema.
    pub(crate) value: Value,
}

/// The settings of a backend with their types.
fn settings(kind: &str) -> Option<Type> {
    let (s, b, n) = (Type::String, Type::Bool, Type::Number);
    let strings = Type::set(Type::String);
    Some(match kind {
        "local" => Type::object([("path", s.clone()), ("workspace_dir", s)]),
        "s3" => {
            let text = [
                "access_key",
                "acl",
                "bucket",
                "custom_ca_bundle",
                "dynamodb_endpoint",
                "dynamodb_table",
                "ec2_metadata_service_endpoint",
                "ec2_metadata_service_endpoint_mode",
                "endpoint",
                "http_proxy",
                "https_proxy",
                "iam_endpoint",
                "key",
                "kms_key_id",
                "no_proxy",
                "profile",
                "region",
                "retry_mode",
                "secret_key",
                "shared_credentials_file",
                "sse_customer_key",
                "sts_endpoint",
                "sts_region",
                "token",
                "workspace_key_prefix",
            ];
            let flags = [
                "encrypt",
                "force_path_style",
                "insecure",
                "skip_credentials_validation",
                "skip_metadata_api_check",
                "skip_region_validation",
                "skip_requesting_account_id",
                "skip_s3_checksum",
                "use_dualstack_endpoint",
                "use_fips_endpoint",
                "use_lockfile",
                "use_path_style",
            ];
            let sets =
                ["allowed_account_ids", "forbidden_account_ids", "shared_config_files", "shared_credentials_files"];
            let role = Type::object([
                ("duration", s.clone()),
                ("external_id", s.clone()),
                ("policy", s.clone()),
                ("policy_arns", strings.clone()),
                ("role_arn", s.clone()),
                ("session_name", s.clone()),
                ("source_identity", s.clone()),
                ("tags", Type::map(s.clone())),
                ("transitive_tag_keys", strings.clone()),
            ]);
            let web = Type::object([
                ("duration", s.clone()),
                ("policy", s.clone()),
                ("policy_arns", strings.clone()),
                ("role_arn", s.clone()),
                ("session_name", s.clone()),
                ("web_identity_token", s.clone()),
                ("web_identity_token_file", s.clone()),
            ]);
            let endpoints = Type::object(["dynamodb", "iam", "s3", "sso", "sts"].map(|name| (name, s.clone())));
            let attrs = text
                .map(|name| (name, s.clone()))
                .into_iter()
                .chain(flags.map(|name| (name, b.clone())))
                .chain(sets.map(|name| (name, strings.clone())))
                .chain([
                    ("assume_role", role),
                    ("assume_role_with_web_identity", web),
                    ("endpoints", endpoints),
                    ("max_retries", n),
                ]);
            Type::object(attrs)
        }
        _ => return None,
    })
}

/// Evaluates the backend block.
///
/// # Errors
/// When the type is unknown, or an argument is unknown, of the wrong type or not constant.
pub(crate) fn declared(config: &Config) -> Result<Option<Declared>, Diagnostics> {
    if let Some(cloud) = &config.root.cloud {
        let detail = "sdt keeps states locally or in S3. Replace the cloud block by a backend block.";
        return Err(Diagnostic::error("HCP Terraform is not supported", detail).at(cloud.span).into());
    }
    let Some(block) = &config.root.backend else { return Ok(None) };
    let Some(ty) = settings(&block.kind) else {
        let detail = format!("There is no backend type named {:?}. sdt has \"local\" and \"s3\".", &*block.kind);
        return Err(Diagnostic::error("Unsupported backend type", detail).at(block.kind_span).into());
    };
    let (attributes, mut diags) = block.config.just_attributes();
    let mut given = Vec::new();
    for (name, attribute) in &attributes {
        let (value, more) = sdt_hcl::eval_const(&attribute.expr);
        diags.extend(more);
        given.push((name.to_string(), value, attribute.expr.span()));
    }
    if diags.has_errors() {
        return Err(diags);
    }
    let value = build(&block.kind, &ty, given, Some(block.span))?;
    Ok(Some(Declared { kind: block.kind.to_string(), value }))
}

/// Makes the object of settings out of single ones; what is not given is null.
fn build(kind: &str, ty: &Type, given: Vec<(String, Value, Span)>, at: Option<Span>) -> Result<Value, Diagnostics> {
    let Type::Object(object) = ty else { return Ok(Value::NULL) };
    let mut diags = Diagnostics::new();
    let mut out: std::collections::BTreeMap<sdt_value::Str, Value> =
        object.attrs.iter().map(|(k, t)| (k.clone(), Value::null(t.clone()))).collect();
    for (name, value, span) in given {
        let span = if span == Span::default() { at } else { Some(span) };
        let place = |d: Diagnostic| span.map_or_else(|| d.clone(), |s| d.clone().at(s));
        let Some(want) = object.attrs.get(&*name) else {
            let names: Vec<&str> = object.attrs.keys().map(|k| &**k).collect();
            let hint = crate::args::nearest(&name, &names).map(|n| format!(" Did you mean {n:?}?")).unwrap_or_default();
            let detail = format!("The backend {kind:?} has no argument named {name:?}.{hint}");
            diags.push(place(Diagnostic::error("Unsupported argument", detail)));
            continue;
        };
        match fill(&value, want) {
            Ok(value) => {
                out.insert(name.into(), value);
            }
            Err(why) => {
                let detail = format!("Inappropriate value for the backend's argument {name:?}: {why}.");
                diags.push(place(Diagnostic::error("Incorrect attribute value type", detail)));
            }
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(Value::object(out)) }
}

/// Converts a setting; objects may leave members out.
fn fill(value: &Value, ty: &Type) -> Result<Value, String> {
    if let (Type::Object(want), Some(members)) = (ty, value.as_members()) {
        if let Some(odd) = members.keys().find(|k| !want.attrs.contains_key(*k)) {
            return Err(format!("unexpected member {odd:?}"));
        }
        let mut out = Vec::new();
        for (name, t) in &want.attrs {
            out.push((name.clone(), members.get(name).map_or_else(|| Ok(Value::null(t.clone())), |v| fill(v, t))?));
        }
        return Ok(Value::object(out));
    }
    convert(value, ty).map_err(|e| e.to_string())
}

/// Lays `-backend-config` over the block's settings.
///
/// # Errors
/// When a file cannot be read, or a setting does not fit.
pub(crate) fn overlay<'a>(declared: &Declared, extra: impl Iterator<Item = &'a str>) -> Result<Value, Diagnostics> {
    let Some(ty) = settings(&declared.kind) else { return Ok(Value::NULL) };
    let Type::Object(object) = &ty else { return Ok(Value::NULL) };
    let mut value = declared.value.clone();
    for item in extra {
        let given = match item.split_once('=') {
            Some((name, text)) => {
                let primitive = object.attrs.get(name).is_none_or(Type::is_primitive);
                let v = if primitive { Value::string(text) } else { constant(text)? };
                vec![(name.to_owned(), v, Span::default())]
            }
            None => settings_file(Path::new(item))?,
        };
        let over = build(&declared.kind, &ty, given, None)?;
        let (Some(old), Some(new)) = (value.as_members(), over.as_members()) else { continue };
        value = Value::object(old.iter().map(|(k, v)| {
            let set = new.get(k).filter(|n| !n.is_null());
            (k.clone(), set.unwrap_or(v).clone())
        }));
    }
    Ok(value)
}

fn constant(text: &str) -> Result<Value, Diagnostics> {
    let mut sources = sdt_diag::SourceMap::default();
    let id = sources.add("<-backend-config>", text.as_bytes());
    let (expr, mut diags) = sdt_hcl::parse_expression(id, text.as_bytes(), 0);
    let (value, more) = sdt_hcl::eval_const(&expr);
    diags.extend(more);
    if diags.has_errors() {
        let detail = format!("-backend-config: {}", diags.0.first().map_or("", |d| &d.detail));
        return Err(Diagnostic::error("Invalid backend configuration argument", detail).into());
    }
    Ok(value)
}

fn settings_file(path: &Path) -> Result<Vec<(String, Value, Span)>, Diagnostics> {
    let text = std::fs::read(path)
        .map_err(|e| failure("Failed to read file", format!("the file {} of -backend-config: {e}", path.display())))?;
    let mut sources = sdt_diag::SourceMap::default();
    let id = sources.add(path.display().to_string(), &text[..]);
    let (body, mut diags) = sdt_hcl::parse_body(id, &text);
    let (attributes, more) = sdt_hcl::ConfigBody::from(body).just_attributes();
    diags.extend(more);
    let mut out = Vec::new();
    for (name, attribute) in &attributes {
        let (value, more) = sdt_hcl::eval_const(&attribute.expr);
        diags.extend(more);
        out.push((name.to_string(), value, Span::default()));
    }
    if diags.has_errors() {
        // The places are in a file of their own; name it in the text.
        for d in &mut diags.0 {
            if let Some(span) = d.subject.take() {
                d.detail = format!("{} line {}: {}", path.display(), sources.pos(id, span.start).line, d.detail);
            }
            d.context = None;
        }
        return Err(diags);
    }
    Ok(out)
}

/// Terraform's hash of a backend block: the checksum of the canonical bytes it hashes set elements by.
pub(crate) fn hash(kind: &str, value: &Value) -> u64 {
    let mut bytes = String::from("<");
    hash_text(&Value::string(kind), &mut bytes);
    bytes.push(';');
    hash_text(value, &mut bytes);
    bytes += ";>";
    u64::from(crc32(bytes.as_bytes()))
}

fn hash_text(value: &Value, out: &mut String) {
    match value.kind() {
        Kind::Unknown(..) => out.push('?'),
        Kind::Null(_) => out.push('~'),
        Kind::Bool(b) => out.push(if *b { 'T' } else { 'F' }),
        Kind::Number(n) => *out += &n.to_string(),
        Kind::String(s) => *out += &format!("{s:?}"),
        Kind::List(_, items) | Kind::Set(_, items) => {
            out.push('[');
            for item in items.iter() {
                hash_text(item, out);
                out.push(';');
            }
            out.push(']');
        }
        Kind::Tuple(items) => {
            out.push('<');
            for item in items.iter() {
                hash_text(item, out);
                out.push(';');
            }
            out.push('>');
        }
        Kind::Map(_, members) => {
            out.push('{');
            for (k, v) in members.iter() {
                *out += &format!("{k:?}:");
                hash_text(v, out);
                out.push(';');
            }
            out.push('}');
        }
        Kind::Object(members) => {
            out.push('<');
            for v in members.values() {
                hash_text(v, out);
                out.push(';');
            }
            out.push('>');
        }
    }
}

/// CRC-32 as in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// A wholly known value as JSON.
pub(crate) fn to_json(value: &Value) -> Json {
    sdt_value::to_json(value, &value.ty())
}

impl Backend {
    /// The backend of a folder without a block: `terraform.tfstate` here.
    pub(crate) fn implied() -> Self {
        Self { kind: "local".into(), config: Map::new(), hash: 0, workspace: DEFAULT.into() }
    }

    /// The block with what was laid over it.
    pub(crate) fn new(declared: &Declared, merged: &Value) -> Self {
        let config = to_json(merged).as_object().cloned().unwrap_or_default();
        Self {
            kind: declared.kind.clone(),
            config,
            hash: hash(&declared.kind, &declared.value),
            workspace: DEFAULT.into(),
        }
    }

    /// What `init` noted.
    pub(crate) fn stored(env: &Env) -> Option<Self> {
        let json: Json = serde_json::from_slice(&std::fs::read(note_path(env)).ok()?).ok()?;
        let backend = json.get("backend").filter(|b| b.is_object())?;
        Some(Self {
            kind: backend["type"].as_str()?.to_owned(),
            config: backend["config"].as_object().cloned().unwrap_or_default(),
            hash: backend["hash"].as_u64().unwrap_or_default(),
            workspace: DEFAULT.into(),
        })
    }

    /// Notes it, or that there is none.
    pub(crate) fn store(env: &Env, backend: Option<&Self>) -> std::io::Result<()> {
        let path = note_path(env);
        if backend.is_none() && !path.exists() {
            return Ok(());
        }
        // In Terraform's order of keys, for those who compare.
        let mut text = format!("{{\n  \"version\": 3,\n  \"terraform_version\": \"{}\"", sdt_state::TERRAFORM_VERSION);
        if let Some(b) = backend {
            let config = serde_json::to_string_pretty(&b.config)?.replace('\n', "\n    ");
            text += &format!(
                ",\n  \"backend\": {{\n    \"type\": {},\n    \"config\": {config},\n    \"hash\": {}\n  }}",
                Json::from(b.kind.as_str()),
                b.hash
            );
        }
        text += "\n}\n";
        write_private(&path, text.as_bytes())
    }

    /// The same backend with the state of another workspace.
    pub(crate) fn in_workspace(self, workspace: String) -> Self {
        Self { workspace, ..self }
    }

    /// For people: `s3 (bucket/key)`.
    pub(crate) fn describe(&self) -> String {
        let text = |name: &str| self.config.get(name).and_then(Json::as_str).unwrap_or_default();
        match self.kind.as_str() {
            "s3" => format!("s3://{}/{}", text("bucket"), text("key")),
            _ => match text("path") {
                "" => "terraform.tfstate".into(),
                path => path.into(),
            },
        }
    }
}

fn note_path(env: &Env) -> PathBuf {
    env.data_dir().join("terraform.tfstate")
}

/// Writes a file that only its owner may read, as a whole or not at all.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Flags that change where a local state is.
#[derive(Clone, Debug, Default)]
pub(crate) struct LocalPaths {
    /// `-state`
    pub(crate) state: Option<String>,
    /// `-backup`
    pub(crate) backup: Option<String>,
}

/// The backend that a command other than `init` uses.
///
/// # Errors
/// When `init` has to run first.
pub(crate) fn current(env: &Env, config: &Config) -> Result<Backend, Diagnostics> {
    let workspace = workspace::selected(env)?;
    let declared = declared(config)?;
    let stored = Backend::stored(env);
    let needs_init = |reason: String| {
        let detail = format!(
            "{reason}\n\nRun \"sdt init\" first: it makes the backend ready and notes it in {}. Nothing was changed so far. (If another state is to be taken along, \"sdt init -migrate-state\" copies it; \"sdt init -reconfigure\" leaves it where it is.)",
            env.data_dir().display()
        );
        Err(Diagnostic::error("Backend initialization required, please run \"sdt init\"", detail).into())
    };
    match (declared, stored) {
        (None, None) => Ok(Backend::implied().in_workspace(workspace)),
        (None, Some(s)) => {
            needs_init(format!("The configuration has no backend block any more; the one set up is {:?}.", s.kind))
        }
        (Some(d), None) => {
            needs_init(format!("The configuration asks for the backend {:?}, which is not set up.", d.kind))
        }
        (Some(d), Some(s)) if d.kind != s.kind => {
            needs_init(format!("The backend has changed from {:?} to {:?}.", s.kind, d.kind))
        }
        (Some(d), Some(s)) if hash(&d.kind, &d.value) != s.hash => {
            needs_init(format!("The settings of the backend {:?} have changed.", d.kind))
        }
        (Some(_), Some(s)) => Ok(s.in_workspace(workspace)),
    }
}

/// Opens the store of a backend.
///
/// # Errors
/// When its settings are wrong or it cannot be reached.
pub(crate) async fn open(backend: &Backend, paths: &LocalPaths) -> Result<Arc<dyn StateStore>, Diagnostics> {
    match backend.kind.as_str() {
        "local" => {
            let path = paths.state.as_ref().map_or_else(|| workspace::local_path(backend), PathBuf::from);
            if paths.state.is_none() && backend.workspace != DEFAULT {
                workspace::create(backend).await?;
            }
            let mut store = LocalStore::new(path);
            if let Some(backup) = paths.backup.as_deref() {
                store = store.with_backup((backup != "-").then(|| backup.into()));
            }
            Ok(Arc::new(store))
        }
        #[cfg(feature = "aws")]
        "s3" => {
            let store = sdt_state_s3::S3Store::open(s3_config(backend)?)
                .await
                .map_err(|e| failure("Failed to open the backend", e))?;
            Ok(Arc::new(store))
        }
        other => Err(failure("Unsupported backend type", format!("this build of sdt has no backend {other:?}"))),
    }
}

/// The settings of an S3 backend, for the state of its workspace.
#[cfg(feature = "aws")]
pub(crate) fn s3_config(backend: &Backend) -> Result<sdt_state_s3::S3Config, Diagnostics> {
    let config =
        sdt_state_s3::S3Config::parse(&backend.config).map_err(|e| failure("Invalid backend configuration", e))?;
    Ok(if backend.workspace == DEFAULT { config } else { config.in_workspace(&backend.workspace) })
}

/// Describes this process to others who want the lock.
pub(crate) fn lock_request(env: &Env, operation: &str, timeout: std::time::Duration) -> LockRequest {
    let holder = holder();
    let user = env.get("USER").or_else(|| env.get("LOGNAME")).map_or_else(user, str::to_owned);
    let info = LockInfo {
        id: uuid(),
        operation: operation.into(),
        who: format!("{user}@{}", holder.host),
        created: clock::now_nanos(),
        ..LockInfo::default()
    };
    LockRequest { info, holder, timeout }
}

/// The user's name by the system's list.
fn user() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = list.lines().map(|l| l.split(':')).find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    });
    found.unwrap_or(uid)
}

#[cfg(feature = "aws")]
fn holder() -> Holder {
    sdt_state_s3::current_holder()
}

/// Local locks are the kernel's: they need nobody's description.
#[cfg(not(feature = "aws"))]
fn holder() -> Holder {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Holder { host, pid: std::process::id(), ..Holder::default() }
}

/// A random uuid.
pub(crate) fn uuid() -> String {
    let mut bytes = [0u8; 16];
    random(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Fills a buffer with randomness of the system. Without any, nothing that needs it could go on safely.
pub(crate) fn random(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        panic!("the operating system gives no random numbers: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_terraforms() {
        let check = |kind: &str, given: &[(&str, Value)], expected: u64| {
            let given = given.iter().map(|(k, v)| ((*k).to_owned(), v.clone(), Span::default())).collect();
            let value = build(kind, &settings(kind).unwrap(), given, None).unwrap();
            assert_eq!(hash(kind, &value), expected, "{kind}");
        };
        check("local", &[("path", Value::string("x.tfstate"))], 2_326_359_980);
        check(
            "s3",
            &[
                ("bucket", Value::string("bkt")),
                ("key", Value::string("a/b.tfstate")),
                ("encrypt", Value::string("true")),
                ("use_lockfile", Value::TRUE),
            ],
            496_740_520,
        );
    }
}
