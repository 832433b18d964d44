//! Modules: in configuration and their instances.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sdt_value::Str;

use crate::key::Opt;
use crate::{InstanceKey, ParseError};

/// A module in configuration: the names of the calls that lead to it. Empty for the root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModulePath(Arc<[Str]>);

/// One call and the instance of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleStep {
    /// Name of the call.
    pub name: Str,
    /// Which instance.
    pub key: Option<InstanceKey>,
}

/// One instance of a module. Empty for the root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleInstance(Arc<[ModuleStep]>);

impl ModulePath {
    /// The root module.
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::new([]))
    }

    /// A path from call names.
    pub fn new(names: impl IntoIterator<Item = Str>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The module that a call named `name` in this one leads to.
    #[must_use]
    pub fn child(&self, name: impl Into<Str>) -> Self {
        Self(self.0.iter().cloned().chain([name.into()]).collect())
    }

    /// The calling module and the call's name; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<(Self, &Str)> {
        self.0.split_last().map(|(last, rest)| (Self(rest.into()), last))
    }

    /// Names of the calls, outermost first.
    #[must_use]
    pub fn names(&self) -> &[Str] {
        &self.0
    }

    /// Tells whether this is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether `other` is this module or inside it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The path as manifests name it: `a.b`, empty for the root.
    #[must_use]
    pub fn dotted(&self) -> String {
        self.0.join(".")
    }

    /// The instance where no call on the way has a key.
    #[must_use]
    pub fn unkeyed(&self) -> ModuleInstance {
        ModuleInstance(self.0.iter().map(|n| ModuleStep { name: n.clone(), key: None }).collect())
    }
}

impl ModuleInstance {
    /// The root module.
    #[must_use]
    pub fn root() -> Self {
        Self(Arc::new([]))
    }

    /// An instance from its steps.
    pub fn new(steps: impl IntoIterator<Item = ModuleStep>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// An instance of the call `name` in this module instance.
    #[must_use]
    pub fn child(&self, name: impl Into<Str>, key: Option<InstanceKey>) -> Self {
        Self(self.0.iter().cloned().chain([ModuleStep { name: name.into(), key }]).collect())
    }

    /// The calling module's instance and the last step; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<(Self, &ModuleStep)> {
        self.0.split_last().map(|(last, rest)| (Self(rest.into()), last))
    }

    /// The steps, outermost first.
    #[must_use]
    pub fn steps(&self) -> &[ModuleStep] {
        &self.0
    }

    /// Tells whether this is the root module.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The module it is an instance of.
    #[must_use]
    pub fn path(&self) -> ModulePath {
        ModulePath(self.0.iter().map(|s| s.name.clone()).collect())
    }

    /// Tells whether `other` is this instance or inside it.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// This instance seen from the root when `base` is where `self` starts.
    #[must_use]
    pub fn within(&self, base: &Self) -> Self {
        Self(base.0.iter().chain(self.0.iter()).cloned().collect())
    }
}

impl Default for ModulePath {
    fn default() -> Self {
        Self::root()
    }
}

impl Default for ModuleInstance {
    fn default() -> Self {
        Self::root()
    }
}

/// Shallower modules first, then by names.
impl Ord for ModulePath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for ModulePath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Shallower modules first, then step by step: name, then no key, number, string.
impl Ord for ModuleInstance {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| {
            let pairs = self.0.iter().zip(other.0.iter());
            pairs
                .map(|(a, b)| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)))
                .find(|o| o.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    }
}

impl PartialOrd for ModuleInstance {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prints `module.a.module.b`; nothing for the root.
impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            write!(f, "{}module.{name}", if i == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// Prints `module.a["k"].module.b[0]`; nothing for the root.
impl fmt::Display for ModuleInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, s) in self.0.iter().enumerate() {
            write!(f, "{}module.{}{}", if i == 0 { "" } else { "." }, s.name, Opt(s.key.as_ref()))?;
        }
        Ok(())
    }
}

/// Prints what stands before a thing inside the module: nothing, or the module and a dot.
pub(crate) fn prefix(f: &mut fmt::Formatter<'_>, module: &dyn fmt::Display, is_root: bool) -> fmt::Result {
    if is_root { Ok(()) } else { write!(f, "{module}.") }
}

impl FromStr for ModuleInstance {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        if s.is_empty() {
            return Ok(Self::root());
        }
        let target: crate::Target = s.parse()?;
        match target.subject {
            crate::Subject::Module => Ok(target.module),
            _ => Err(ParseError::new(
                "Invalid module address",
                format!("{s:?} is the address of a resource, not of a module."),
            )),
        }
    }
}

impl FromStr for ModulePath {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        let m: ModuleInstance = s.parse()?;
        if m.0.iter().any(|s| s.key.is_some()) {
            return Err(ParseError::new("Invalid module address", format!("{s:?} must not have instance keys.")));
        }
        Ok(m.path())
    }
}
