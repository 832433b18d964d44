//! Reading.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{IndexKey, Instance, Mode, OutputValue, ResourceKey, ResourceState, State};

/// Bytes that are no state this version can use. The text never quotes values, which may be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The bytes end in the middle.
    #[error(
        "the state is truncated: it ends in line {line}, column {column}, before its JSON is complete. Restore it from the backup (terraform.tfstate.backup) or from an earlier version of the object"
    )]
    Truncated {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// Not JSON.
    #[error(
        "the state is not JSON: line {line}, column {column}: {message}. Restore it from the backup (terraform.tfstate.backup) or from an earlier version of the object"
    )]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// Written by something newer.
    #[error(
        "the state has format version {version}, and this version of sdt reads version 4 only. It was written by a newer program ({writer}): use that one, or an sdt that knows the format"
    )]
    Newer {
        /// The format.
        version: u64,
        /// `terraform_version`, if it says so.
        writer: String,
    },
    /// Written by Terraform 0.11 or older.
    #[error(
        "the state has format version {version}, from Terraform 0.11 or older. Upgrade it first: run `terraform apply -refresh-only` on it with Terraform 0.12 or newer, which rewrites it as version 4"
    )]
    Older {
        /// The format.
        version: u64,
    },
    /// JSON, but not of a state.
    #[error(
        "the state is invalid at {place}: {message}. Restore it from the backup (terraform.tfstate.backup) or from an earlier version of the object"
    )]
    Invalid {
        /// `resources[3].instances[0].schema_version`
        place: String,
        /// What is wrong there.
        message: String,
    },
}

impl ReadError {
    /// The short title, which programs compare: Terraform's for the same mistake.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let Self::Invalid { place, message } = self else { return "Unsupported state file format" };
        let at = place.rsplit('.').next().unwrap_or(place);
        match at {
            "the top" | "version" => "Unsupported state file format",
            "mode" => "Invalid resource mode in state",
            "index_key" | "status" => "Invalid resource instance metadata in state",
            "type" if place.starts_with("outputs.") => "Invalid output value type in state",
            "value" if place.starts_with("outputs.") => "Invalid output value saved in state",
            _ if message.starts_with(TWICE) => "Duplicate resource instance in state",
            _ => "Invalid state file format",
        }
    }
}

const TWICE: &str = "two objects for ";

/// Reads the bytes of a file. Nothing but white space is a state too: an empty one, as for Terraform.
///
/// # Errors
/// [`ReadError`] says what is wrong, where, and what to do.
pub fn read(bytes: &[u8]) -> Result<State, ReadError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(State::default());
    }
    let json: Json = serde_json::from_slice(bytes).map_err(|e| match e.is_eof() {
        true => ReadError::Truncated { line: e.line(), column: e.column() },
        false => {
            let text = e.to_string();
            let message = text.split(" at line ").next().unwrap_or_default().to_owned();
            ReadError::NotJson { line: e.line(), column: e.column(), message }
        }
    })?;
    let mut top = Fields::new(json, "the top".into())?;
    let version = top.number("version")?;
    let terraform_version = top.text("terraform_version").unwrap_or_default();
    match version {
        4 => {}
        0..4 => return Err(ReadError::Older { version }),
        _ => {
            let writer = if terraform_version.is_empty() { "unknown".into() } else { terraform_version };
            return Err(ReadError::Newer { version, writer });
        }
    }
    top.place.clear();
    let mut state = State { terraform_version, ..State::default() };
    state.serial = top.number_or("serial", 0)?;
    state.lineage = match top.take("lineage") {
        None => String::new(),
        Some(Json::String(lineage)) => lineage,
        Some(_) => return Err(top.error("lineage", "a string")),
    };
    if let Some(outputs) = top.take("outputs") {
        let Json::Object(outputs) = outputs else { return Err(top.error("outputs", "an object")) };
        for (name, output) in outputs {
            let output = read_output(output, format!("outputs.{name}"))?;
            state.outputs.insert(name, output);
        }
    }
    let mut shared = Shared::default();
    for (at, resource) in top.list("resources")?.into_iter().enumerate() {
        read_resource(&mut state, resource, format!("resources[{at}]"), &mut shared)?;
    }
    state.check_results = top.take("check_results").unwrap_or(Json::Null);
    state.extra = top.rest;
    Ok(state)
}

fn read_output(json: Json, place: String) -> Result<OutputValue, ReadError> {
    let mut fields = Fields::new(json, place)?;
    let value = fields.take("value").unwrap_or(Json::Null);
    let Some(ty) = fields.take("type") else { return Err(fields.error("type", "a type")) };
    let sensitive = fields.flag("sensitive")?;
    let Ok(of_type) = sdt_value::type_from_json(&ty) else { return Err(fields.error("type", "a type")) };
    if sdt_value::from_json(&value, &of_type).is_err() {
        return Err(fields.error("value", "a value of its type"));
    }
    Ok(OutputValue { value, ty, sensitive, extra: fields.rest })
}

fn read_resource(state: &mut State, json: Json, place: String, shared: &mut Shared) -> Result<(), ReadError> {
    let mut fields = Fields::new(json, place)?;
    let module = match fields.take("module") {
        None => String::new(),
        Some(Json::String(module)) => module,
        Some(_) => return Err(fields.error("module", "a string")),
    };
    let mode = match fields.text("mode")?.as_str() {
        "managed" => Mode::Managed,
        "data" => Mode::Data,
        _ => return Err(fields.error("mode", "\"managed\" or \"data\"")),
    };
    let key = ResourceKey { module, mode, ty: fields.text("type")?, name: fields.text("name")? };
    let provider = fields.text("provider")?;
    let instances = fields.list("instances")?;
    let place = fields.place;
    let mut resource = ResourceState { provider, instances: Vec::with_capacity(instances.len()), extra: fields.rest };
    for (at, instance) in instances.into_iter().enumerate() {
        resource.instances.push(read_instance(instance, format!("{place}.instances[{at}]"), shared)?);
    }
    resource.instances.sort_by(|a, b| (&a.index, &a.deposed).cmp(&(&b.index, &b.deposed)));
    let twice = resource.instances.windows(2).find(|w| w[0].index == w[1].index && w[0].deposed == w[1].deposed);
    if let Some(twice) = twice {
        let addr = key.instance(twice[0].index.clone());
        return Err(ReadError::Invalid { place, message: format!("{TWICE}{addr}") });
    }
    let text = key.to_string();
    match state.resources.entry(key) {
        std::collections::btree_map::Entry::Vacant(slot) => drop(slot.insert(resource)),
        std::collections::btree_map::Entry::Occupied(_) => {
            return Err(ReadError::Invalid { place, message: format!("{text} is there a second time") });
        }
    }
    Ok(())
}

/// Equal dependency lists and addresses, of which a state has thousands, are kept once.
#[derive(Default)]
struct Shared {
    texts: HashSet<Arc<str>>,
    lists: HashSet<Arc<[Arc<str>]>>,
}

impl Shared {
    fn list(&mut self, texts: Vec<String>) -> Arc<[Arc<str>]> {
        let list: Vec<Arc<str>> = texts
            .into_iter()
            .map(|text| match self.texts.get(text.as_str()) {
                Some(known) => known.clone(),
                None => {
                    let text: Arc<str> = text.into();
                    self.texts.insert(text.clone());
                    text
                }
            })
            .collect();
        if let Some(known) = self.lists.get(list.as_slice()) {
            return known.clone();
        }
        let list: Arc<[Arc<str>]> = list.into();
        self.lists.insert(list.clone());
        list
    }
}

fn read_instance(json: Json, place: String, shared: &mut Shared) -> Result<Instance, ReadError> {
    let mut fields = Fields::new(json, place)?;
    let index = match fields.take("index_key") {
        None => None,
        Some(Json::String(s)) => Some(IndexKey::String(s)),
        Some(Json::Number(n)) => match index_number(&n) {
            Some(n) => Some(IndexKey::Int(n)),
            None => return Err(fields.error("index_key", "a whole number")),
        },
        Some(_) => return Err(fields.error("index_key", "a number or a string")),
    };
    let tainted = match fields.take("status") {
        None => false,
        Some(Json::String(s)) if s.is_empty() => false,
        Some(Json::String(s)) if s == "tainted" => true,
        Some(_) => return Err(fields.error("status", "\"tainted\"")),
    };
    let deposed = match fields.take("deposed") {
        None => None,
        Some(Json::String(s)) if s.is_empty() => None,
        Some(Json::String(s)) => Some(s),
        Some(_) => return Err(fields.error("deposed", "a string")),
    };
    let schema_version = fields.number_or("schema_version", 0)?;
    let attributes = fields.take("attributes").unwrap_or(Json::Null);
    if !matches!(attributes, Json::Object(_) | Json::Null) {
        return Err(fields.error("attributes", "an object"));
    }
    let sensitive_attributes = fields.take_even_null("sensitive_attributes");
    let private = match fields.take("private") {
        None => None,
        Some(Json::String(s)) => Some(s),
        Some(_) => return Err(fields.error("private", "a string")),
    };
    let mut dependencies = Vec::new();
    for dep in fields.list("dependencies")? {
        let Json::String(dep) = dep else { return Err(fields.error("dependencies", "a list of strings")) };
        dependencies.push(dep);
    }
    let dependencies = shared.list(dependencies);
    let create_before_destroy = fields.flag("create_before_destroy")?;
    Ok(Instance {
        index,
        deposed,
        tainted,
        schema_version,
        attributes: attributes.into(),
        sensitive_attributes: sensitive_attributes.map(Arc::new),
        private,
        dependencies,
        create_before_destroy,
        extra: fields.rest,
    })
}

/// Some writers give `0.0` for `0`.
fn index_number(n: &serde_json::Number) -> Option<u64> {
    n.as_u64().or_else(|| {
        let f = n.as_f64()?;
        (f.fract() == 0.0 && (0.0..9e15).contains(&f)).then_some(f as u64)
    })
}

/// Reads an instance back from the journal.
///
/// # Errors
/// When it is none.
pub fn instance_from_json(json: &Json) -> Result<Instance, ReadError> {
    read_instance(json.clone(), "journal".into(), &mut Shared::default())
}

/// Reads an output back from the journal.
///
/// # Errors
/// When it is none.
pub fn output_from_json(json: &Json) -> Result<OutputValue, ReadError> {
    read_output(json.clone(), "journal".into())
}

/// An object being taken apart: what is left at the end are unknown keys.
struct Fields {
    rest: Map<String, Json>,
    place: String,
}

impl Fields {
    fn new(json: Json, place: String) -> Result<Self, ReadError> {
        match json {
            Json::Object(rest) => Ok(Self { rest, place }),
            _ => Err(ReadError::Invalid { place, message: "an object is expected".into() }),
        }
    }

    fn error(&self, key: &str, wanted: &str) -> ReadError {
        let mut place = self.place.clone();
        if place.is_empty() || place == "the top" {
            place = key.to_owned();
        } else {
            let _ = write!(place, ".{key}");
        }
        ReadError::Invalid { place, message: format!("{wanted} is expected") }
    }

    fn take(&mut self, key: &str) -> Option<Json> {
        self.rest.remove(key).filter(|v| !v.is_null())
    }

    fn take_even_null(&mut self, key: &str) -> Option<Json> {
        self.rest.remove(key)
    }

    fn text(&mut self, key: &str) -> Result<String, ReadError> {
        match self.take(key) {
            Some(Json::String(s)) => Ok(s),
            _ => Err(self.error(key, "a string")),
        }
    }

    fn number(&mut self, key: &str) -> Result<u64, ReadError> {
        self.take(key).and_then(|v| v.as_u64()).ok_or_else(|| self.error(key, "a whole number"))
    }

    fn number_or(&mut self, key: &str, default: u64) -> Result<u64, ReadError> {
        if self.rest.get(key).is_none_or(Json::is_null) {
            self.rest.remove(key);
            return Ok(default);
        }
        self.number(key)
    }

    fn flag(&mut self, key: &str) -> Result<bool, ReadError> {
        match self.take(key) {
            None => Ok(false),
            Some(Json::Bool(b)) => Ok(b),
            Some(_) => Err(self.error(key, "true or false")),
        }
    }

    fn list(&mut self, key: &str) -> Result<Vec<Json>, ReadError> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(items)) => Ok(items),
            Some(_) => Err(self.error(key, "a list")),
        }
    }
}
