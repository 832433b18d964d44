//! The state as data: outputs, resources, instances.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{InstanceAddr, ResourceKey};

/// The version of Terraform that sdt writes as, in state and in locks.
pub const TERRAFORM_VERSION: &str = "1.11.4";

/// Everything that is known about what a configuration manages.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The version of Terraform that wrote it.
    pub terraform_version: String,
    /// Rises by one with every persisted snapshot.
    pub serial: u64,
    /// Names the state over its whole life; two states of different lineage have nothing in common. Empty: not
    /// persisted yet.
    pub lineage: String,
    /// Root module outputs by name.
    pub outputs: BTreeMap<String, OutputValue>,
    /// Resources in the order in which they are written. Use the methods to change instances: they keep the order.
    pub resources: BTreeMap<ResourceKey, ResourceState>,
    /// Results of checks as written in the file; null when there are none.
    pub check_results: Json,
    /// Unknown keys at the top, kept as they are.
    pub extra: Map<String, Json>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            terraform_version: TERRAFORM_VERSION.into(),
            serial: 0,
            lineage: String::new(),
            outputs: BTreeMap::new(),
            resources: BTreeMap::new(),
            check_results: Json::Null,
            extra: Map::new(),
        }
    }
}

/// A root module output.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputValue {
    /// The value as in the file.
    pub value: Json,
    /// Its type in JSON form.
    pub ty: Json,
    /// Whether it is hidden from people.
    pub sensitive: bool,
    /// Unknown keys, kept as they are.
    pub extra: Map<String, Json>,
}

impl OutputValue {
    /// Makes an output of a wholly known value; marks other than `sensitive` (handed in) are dropped.
    #[must_use]
    pub fn from_value(value: &sdt_value::Value, sensitive: bool) -> Self {
        let ty = value.ty();
        Self { value: sdt_value::to_json(value, &ty), ty: sdt_value::type_to_json(&ty), sensitive, extra: Map::new() }
    }

    /// Returns the value with its type, without marks.
    ///
    /// # Errors
    /// When the state holds a value that does not fit its type.
    pub fn to_value(&self) -> Result<sdt_value::Value, sdt_value::JsonError> {
        sdt_value::from_json(&self.value, &sdt_value::type_from_json(&self.ty)?)
    }
}

/// Whether a resource is managed or only read. The order is that of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// `data` blocks.
    Data,
    /// `resource` blocks.
    Managed,
}

impl Mode {
    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Managed => "managed",
        }
    }
}

/// One resource and its instances.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceState {
    /// `provider["registry.terraform.io/hashicorp/aws"]`, with `module.x.` before and `.alias` after where they apply.
    pub provider: String,
    /// By index key, current before deposed.
    pub instances: Vec<Instance>,
    /// Unknown keys, kept as they are.
    pub extra: Map<String, Json>,
}

impl ResourceState {
    /// A resource that has no instance yet.
    #[must_use]
    pub fn new(provider: impl Into<String>) -> Self {
        Self { provider: provider.into(), instances: Vec::new(), extra: Map::new() }
    }

    fn position(&self, index: Option<&IndexKey>, deposed: Option<&str>) -> Result<usize, usize> {
        self.instances.binary_search_by(|i| (i.index.as_ref(), i.deposed.as_deref()).cmp(&(index, deposed)))
    }
}

/// The key of an instance in `count` or `for_each`. Numbers come before strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndexKey {
    /// From `count`.
    Int(u64),
    /// From `for_each`.
    String(String),
}

impl fmt::Display for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => write!(f, "[{n}]"),
            Self::String(s) => {
                f.write_str("[\"")?;
                let mut chars = s.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        '$' | '%' if chars.peek() == Some(&'{') => write!(f, "{c}{c}")?,
                        _ => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"]")
            }
        }
    }
}

/// One object, current or deposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Key in `count` or `for_each`; none for a single instance.
    pub index: Option<IndexKey>,
    /// Set on an object that a replacement left to be destroyed: its key of eight hexadecimal digits.
    pub deposed: Option<String>,
    /// To be replaced by the next apply.
    pub tainted: bool,
    /// Version of the schema that `attributes` follow.
    pub schema_version: u64,
    /// The object, shared among the states that hold it. Null in the rare file of Terraform 0.11's form, whose attributes are then in
    /// `extra`.
    pub attributes: Arc<Json>,
    /// Paths of sensitive attributes in JSON form; none where the file has none.
    pub sensitive_attributes: Option<Arc<Json>>,
    /// The provider's private data, base64.
    pub private: Option<String>,
    /// Addresses of all resources this one depends on, directly or not; shared among instances.
    pub dependencies: Arc<[Arc<str>]>,
    /// The lifecycle setting, kept for the time when the configuration is gone.
    pub create_before_destroy: bool,
    /// Unknown keys, kept as they are (identity of newer versions among them).
    pub extra: Map<String, Json>,
}

impl Instance {
    /// A current object without private data or dependencies.
    #[must_use]
    pub fn new(index: Option<IndexKey>, schema_version: u64, attributes: impl Into<Arc<Json>>) -> Self {
        Self {
            index,
            deposed: None,
            tainted: false,
            schema_version,
            attributes: attributes.into(),
            sensitive_attributes: Some(Arc::new(Json::Array(Vec::new()))),
            private: None,
            dependencies: Arc::from([]),
            create_before_destroy: false,
            extra: Map::new(),
        }
    }

    /// The attribute `id`, the name by which the provider knows the object.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.attributes.get("id").and_then(Json::as_str)
    }
}

impl State {
    /// Tells whether two states say the same, whoever wrote them and whenever: serial, lineage and writer aside.
    /// Only a state that differs is worth persisting.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.outputs == other.outputs
            && self.resources == other.resources
            && self.check_results == other.check_results
            && self.extra == other.extra
    }

    /// Tells whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty() && self.resources.is_empty() && self.check_results.as_array().is_none_or(Vec::is_empty)
    }

    /// Returns an object: the current one, or the one deposed under a key.
    #[must_use]
    pub fn instance(&self, addr: &InstanceAddr, deposed: Option<&str>) -> Option<&Instance> {
        let resource = self.resources.get(&addr.resource)?;
        let at = resource.position(addr.index.as_ref(), deposed).ok()?;
        Some(&resource.instances[at])
    }

    /// Returns an object to change. Its `index` and `deposed` are its place: leave them alone.
    pub fn instance_mut(&mut self, addr: &InstanceAddr, deposed: Option<&str>) -> Option<&mut Instance> {
        let resource = self.resources.get_mut(&addr.resource)?;
        let at = resource.position(addr.index.as_ref(), deposed).ok()?;
        Some(&mut resource.instances[at])
    }

    /// Every object with its resource and address, in the order of the file.
    pub fn instances(&self) -> impl Iterator<Item = (InstanceAddr, &ResourceState, &Instance)> {
        self.resources.iter().flat_map(|(key, resource)| {
            resource.instances.iter().map(move |instance| {
                (InstanceAddr { resource: key.clone(), index: instance.index.clone() }, resource, instance)
            })
        })
    }

    /// Puts an object at its `index` and `deposed` of a resource, in place of the one that is there.
    pub fn set_instance(&mut self, key: &ResourceKey, provider: &str, instance: Instance) -> Option<Instance> {
        let resource = self.resources.entry(key.clone()).or_insert_with(|| ResourceState::new(provider));
        if resource.provider != provider {
            provider.clone_into(&mut resource.provider);
        }
        match resource.position(instance.index.as_ref(), instance.deposed.as_deref()) {
            Ok(at) => Some(std::mem::replace(&mut resource.instances[at], instance)),
            Err(at) => {
                resource.instances.insert(at, instance);
                None
            }
        }
    }

    /// Takes an object out, and its resource with the last of them.
    pub fn remove_instance(&mut self, addr: &InstanceAddr, deposed: Option<&str>) -> Option<Instance> {
        let resource = self.resources.get_mut(&addr.resource)?;
        let at = resource.position(addr.index.as_ref(), deposed).ok()?;
        let instance = resource.instances.remove(at);
        if resource.instances.is_empty() {
            self.resources.remove(&addr.resource);
        }
        Some(instance)
    }

    /// Makes the current object a deposed one. Returns false when there is no current object.
    pub fn depose(&mut self, addr: &InstanceAddr, key: &str) -> bool {
        let Some(provider) = self.resources.get(&addr.resource).map(|r| r.provider.clone()) else { return false };
        let Some(mut instance) = self.remove_instance(addr, None) else { return false };
        instance.deposed = Some(key.to_owned());
        self.set_instance(&addr.resource, &provider, instance);
        true
    }

    /// Moves every object at an address (deposed ones too) to another. Returns false when there is none, or when the
    /// other address is taken: then nothing has changed.
    pub fn move_instance(&mut self, from: &InstanceAddr, to: &InstanceAddr) -> bool {
        if self.resources.get(&to.resource).is_some_and(|r| r.instances.iter().any(|i| i.index == to.index)) {
            return false;
        }
        let Some(resource) = self.resources.get_mut(&from.resource) else { return false };
        let provider = resource.provider.clone();
        let extra = resource.extra.clone();
        let moved: Vec<Instance> = resource.instances.extract_if(.., |i| i.index == from.index).collect();
        if resource.instances.is_empty() {
            self.resources.remove(&from.resource);
        }
        let found = !moved.is_empty();
        for mut instance in moved {
            instance.index.clone_from(&to.index);
            self.set_instance(&to.resource, &provider, instance);
        }
        if found
            && let Some(resource) = self.resources.get_mut(&to.resource)
            && resource.extra.is_empty()
        {
            resource.extra = extra;
        }
        found
    }
}
