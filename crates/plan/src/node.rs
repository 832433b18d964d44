//! Addresses of configuration objects: the nodes of both graphs.

use std::fmt;
use std::str::FromStr;

use sdt_addr::{AbsProviderConfig, ConfigResource, ModulePath};
use sdt_value::Str;

/// A configuration object; instances are inside.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeAddr {
    /// An input variable.
    Variable(ModulePath, Str),
    /// A local value.
    Local(ModulePath, Str),
    /// An output.
    Output(ModulePath, Str),
    /// A module call: the expansion of the module at that path.
    Module(ModulePath),
    /// Everything of a module is done: what `depends_on = [module.x]` waits for.
    ModuleClose(ModulePath),
    /// A provider configuration.
    Provider(AbsProviderConfig),
    /// A resource, data source or ephemeral resource.
    Resource(ConfigResource),
    /// A `check` block.
    Check(ModulePath, Str),
}

impl NodeAddr {
    /// The module the object is declared in; the called module for a call.
    #[must_use]
    pub fn module(&self) -> &ModulePath {
        match self {
            Self::Variable(m, _) | Self::Local(m, _) | Self::Output(m, _) | Self::Check(m, _) => m,
            Self::Module(m) | Self::ModuleClose(m) => m,
            Self::Provider(p) => &p.module,
            Self::Resource(r) => &r.module,
        }
    }
}

fn prefixed(f: &mut fmt::Formatter<'_>, m: &ModulePath, kind: &str, name: &str) -> fmt::Result {
    if !m.is_root() {
        write!(f, "{m}.")?;
    }
    write!(f, "{kind}.{name}")
}

/// Prints as in "Cycle: …".
impl fmt::Display for NodeAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(m, n) if m.is_root() => write!(f, "var.{n}"),
            Self::Variable(m, n) => prefixed(f, m, "var", n).and_then(|()| f.write_str(" (expand)")),
            Self::Local(m, n) => prefixed(f, m, "local", n).and_then(|()| f.write_str(" (expand)")),
            Self::Output(m, n) => prefixed(f, m, "output", n).and_then(|()| f.write_str(" (expand)")),
            Self::Module(m) => write!(f, "{m} (expand)"),
            Self::ModuleClose(m) if m.is_root() => f.write_str("root"),
            Self::ModuleClose(m) => write!(f, "{m} (close)"),
            Self::Provider(p) => write!(f, "{p}"),
            Self::Resource(r) => write!(f, "{r}"),
            Self::Check(m, n) => prefixed(f, m, "check", n),
        }
    }
}

impl NodeAddr {
    /// The form in plan files: a letter and the parts.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let path = |m: &ModulePath| m.names().iter().map(|n| n.to_string()).collect::<Vec<_>>();
        match self {
            Self::Variable(m, n) => serde_json::json!(["v", path(m), **n]),
            Self::Local(m, n) => serde_json::json!(["l", path(m), **n]),
            Self::Output(m, n) => serde_json::json!(["o", path(m), **n]),
            Self::Module(m) => serde_json::json!(["m", path(m)]),
            Self::ModuleClose(m) => serde_json::json!(["x", path(m)]),
            Self::Provider(p) => serde_json::json!(["p", path(&p.module), p.to_string()]),
            Self::Resource(r) => serde_json::json!(["r", path(&r.module), r.to_string()]),
            Self::Check(m, n) => serde_json::json!(["c", path(m), **n]),
        }
    }

    pub(crate) fn from_json(json: &serde_json::Value) -> Option<Self> {
        let parts = json.as_array()?;
        let names = parts.get(1)?.as_array()?;
        let module = ModulePath::new(names.iter().map(|n| Str::from(n.as_str().unwrap_or_default())));
        let last = parts.get(2).and_then(|n| n.as_str());
        let name = || last.map(Str::from);
        Some(match parts.first()?.as_str()? {
            "v" => Self::Variable(module, name()?),
            "l" => Self::Local(module, name()?),
            "o" => Self::Output(module, name()?),
            "m" => Self::Module(module),
            "x" => Self::ModuleClose(module),
            "p" => Self::Provider(AbsProviderConfig::from_str(last?).ok()?),
            "r" => Self::Resource(ConfigResource::from_str(last?).ok()?),
            "c" => Self::Check(module, name()?),
            _ => return None,
        })
    }
}
