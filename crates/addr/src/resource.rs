//! Resources and their instances.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use sdt_value::Str;

use crate::key::Opt;
use crate::module::prefix;
use crate::{InstanceKey, ModuleInstance, ModulePath, ParseError, Subject, Target};

/// What kind of resource. Data sources sort first, as in Terraform's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// `data`
    Data,
    /// `resource`
    Managed,
    /// `ephemeral`
    Ephemeral,
}

impl Mode {
    /// What stands before the type in an address: nothing, `data.` or `ephemeral.`.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Data => "data.",
            Self::Managed => "",
            Self::Ephemeral => "ephemeral.",
        }
    }

    /// The keyword of the block: `resource`, `data`, `ephemeral`.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Managed => "resource",
            Self::Ephemeral => "ephemeral",
        }
    }

    /// The name in state files: `managed`, `data`, `ephemeral`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Managed => "managed",
            Self::Ephemeral => "ephemeral",
        }
    }
}

/// A resource inside a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceAddr {
    /// Managed, data or ephemeral.
    pub mode: Mode,
    /// Type name: `aws_vpc`.
    pub type_name: Str,
    /// Name in configuration.
    pub name: Str,
}

/// A resource in configuration, before `count` and `for_each` of it and its modules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigResource {
    /// The module that declares it.
    pub module: ModulePath,
    /// The resource.
    pub resource: ResourceAddr,
}

/// A resource inside one instance of its module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsResource {
    /// The module instance.
    pub module: ModuleInstance,
    /// The resource.
    pub resource: ResourceAddr,
}

/// One instance of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceInstance {
    /// The module instance.
    pub module: ModuleInstance,
    /// The resource.
    pub resource: ResourceAddr,
    /// Which instance.
    pub key: Option<InstanceKey>,
}

impl ResourceAddr {
    /// A managed resource.
    pub fn managed(type_name: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self { mode: Mode::Managed, type_name: type_name.into(), name: name.into() }
    }

    /// A data source.
    pub fn data(type_name: impl Into<Str>, name: impl Into<Str>) -> Self {
        Self { mode: Mode::Data, type_name: type_name.into(), name: name.into() }
    }

    /// The local provider name that the type implies: up to the first underscore.
    #[must_use]
    pub fn implied_provider(&self) -> &str {
        self.type_name.split('_').next().unwrap_or_default()
    }

    /// The resource in a module of the configuration.
    #[must_use]
    pub const fn in_module(self, module: ModulePath) -> ConfigResource {
        ConfigResource { module, resource: self }
    }

    /// An instance of it.
    #[must_use]
    pub const fn instance(self, module: ModuleInstance, key: Option<InstanceKey>) -> ResourceInstance {
        ResourceInstance { module, resource: self, key }
    }
}

impl ConfigResource {
    /// The resource in one instance of its module.
    #[must_use]
    pub fn absolute(&self, module: ModuleInstance) -> AbsResource {
        AbsResource { module, resource: self.resource.clone() }
    }
}

impl AbsResource {
    /// The resource in configuration.
    #[must_use]
    pub fn config(&self) -> ConfigResource {
        ConfigResource { module: self.module.path(), resource: self.resource.clone() }
    }

    /// One instance.
    #[must_use]
    pub fn instance(&self, key: Option<InstanceKey>) -> ResourceInstance {
        ResourceInstance { module: self.module.clone(), resource: self.resource.clone(), key }
    }
}

impl ResourceInstance {
    /// The resource in configuration.
    #[must_use]
    pub fn config(&self) -> ConfigResource {
        ConfigResource { module: self.module.path(), resource: self.resource.clone() }
    }

    /// The resource without the instance key.
    #[must_use]
    pub fn absolute(&self) -> AbsResource {
        AbsResource { module: self.module.clone(), resource: self.resource.clone() }
    }
}

impl fmt::Display for ResourceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}.{}", self.mode.prefix(), self.type_name, self.name)
    }
}

impl fmt::Display for ConfigResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prefix(f, &self.module, self.module.is_root())?;
        self.resource.fmt(f)
    }
}

impl fmt::Display for AbsResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prefix(f, &self.module, self.module.is_root())?;
        self.resource.fmt(f)
    }
}

impl fmt::Display for ResourceInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prefix(f, &self.module, self.module.is_root())?;
        write!(f, "{}{}", self.resource, Opt(self.key.as_ref()))
    }
}

/// Orders a resource instance against another, as the lists of plans and states are: see [`ResourceInstance`]'s fields.
impl ResourceInstance {
    /// Compares only module and resource, not the key.
    #[must_use]
    pub fn cmp_resource(&self, other: &Self) -> Ordering {
        self.module.cmp(&other.module).then_with(|| self.resource.cmp(&other.resource))
    }
}

fn of_resource(target: Target, text: &str) -> Result<ResourceInstance, ParseError> {
    match target.subject {
        Subject::Resource(resource, key) => Ok(ResourceInstance { module: target.module, resource, key }),
        Subject::Module => Err(ParseError::new(
            "Invalid address",
            format!("{text:?} is the address of a module: a resource instance address is required here."),
        )),
    }
}

impl FromStr for ResourceInstance {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        of_resource(s.parse()?, s)
    }
}

impl FromStr for AbsResource {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        let r = of_resource(s.parse()?, s)?;
        if r.key.is_some() {
            return Err(ParseError::new(
                "Invalid address",
                "A resource address is required here. The module path must not include an instance key.",
            ));
        }
        Ok(r.absolute())
    }
}

impl FromStr for ConfigResource {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        let r: AbsResource = s.parse()?;
        if r.module.steps().iter().any(|s| s.key.is_some()) {
            return Err(ParseError::new("Invalid address", "Instance keys are not allowed in the module path here."));
        }
        Ok(r.config())
    }
}
