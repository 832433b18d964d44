//! What `-target`, `-replace`, state commands and `moved` name: a module, a resource or an instance.

use std::fmt;
use std::str::FromStr;

use crate::key::Opt;
use crate::module::prefix;
use crate::{
    ConfigResource, InstanceKey, ModuleInstance, ModulePath, ParseError, ResourceAddr, ResourceInstance, parse_steps,
    split_steps,
};

/// A module or something in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The module instance; without a last key, with [`Subject::Module`], all instances of it.
    pub module: ModuleInstance,
    /// The module itself, or a resource in it.
    pub subject: Subject,
}

/// The part of a [`Target`] after the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The module itself.
    Module,
    /// A resource; without a key, all instances of it.
    Resource(ResourceAddr, Option<InstanceKey>),
}

impl Target {
    /// Tells whether an instance is meant.
    #[must_use]
    pub fn contains(&self, instance: &ResourceInstance) -> bool {
        match &self.subject {
            Subject::Module => self.contains_module(&instance.module),
            Subject::Resource(resource, key) => {
                self.module == instance.module
                    && *resource == instance.resource
                    && key.as_ref().is_none_or(|k| Some(k) == instance.key.as_ref())
            }
        }
    }

    /// Tells whether a whole module instance is meant.
    #[must_use]
    pub fn contains_module(&self, module: &ModuleInstance) -> bool {
        let (ours, theirs) = (self.module.steps(), module.steps());
        if self.subject != Subject::Module || theirs.len() < ours.len() {
            return false;
        }
        ours.iter()
            .zip(theirs)
            .enumerate()
            .all(|(i, (a, b))| a.name == b.name && (a.key == b.key || (i + 1 == ours.len() && a.key.is_none())))
    }

    /// Tells whether some instance of a configured resource may be meant: keys do not count.
    #[must_use]
    pub fn may_contain(&self, resource: &ConfigResource) -> bool {
        match &self.subject {
            Subject::Module => self.module.path().contains(&resource.module),
            Subject::Resource(r, _) => self.module.path() == resource.module && *r == resource.resource,
        }
    }

    /// The module in configuration.
    #[must_use]
    pub fn module_path(&self) -> ModulePath {
        self.module.path()
    }

    /// The instance, when the target is a resource (its key may be absent).
    #[must_use]
    pub fn instance(&self) -> Option<ResourceInstance> {
        match &self.subject {
            Subject::Module => None,
            Subject::Resource(resource, key) => {
                Some(ResourceInstance { module: self.module.clone(), resource: resource.clone(), key: key.clone() })
            }
        }
    }

    /// The resource in configuration, when the target is one.
    #[must_use]
    pub fn config_resource(&self) -> Option<ConfigResource> {
        self.instance().map(|i| i.config())
    }

    /// This target seen from the root when it was written inside `base`.
    #[must_use]
    pub fn within(&self, base: &ModuleInstance) -> Self {
        Self { module: self.module.within(base), subject: self.subject.clone() }
    }
}

impl From<ResourceInstance> for Target {
    fn from(i: ResourceInstance) -> Self {
        Self { module: i.module, subject: Subject::Resource(i.resource, i.key) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Module => self.module.fmt(f),
            Subject::Resource(r, key) => {
                prefix(f, &self.module, self.module.is_root())?;
                write!(f, "{r}{}", Opt(key.as_ref()))
            }
        }
    }
}

impl FromStr for Target {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        parse_steps(&split_steps(s)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        for text in [
            "module.a",
            r#"module.a["k"].module.b[0]"#,
            "aws_x.y",
            "aws_x.y[0]",
            r#"module.a["k\"1"].data.aws_x.y["$${z}"]"#,
            "ephemeral.random_password.p",
        ] {
            let t: Target = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(t.to_string(), text);
        }
    }

    #[test]
    fn bad_addresses_say_what_is_wrong() {
        for (text, expected) in [
            ("aws_x", "Resource specification must include a resource type and name."),
            ("aws_x.y.0", "a name is expected"),
            ("aws_x.y[a]", "must be a whole number or a quoted string"),
            ("module", "followed by a module name"),
            ("aws_x.y[*]", "splat"),
            ("aws_x.y.z", "square brackets"),
            ("aws_x.y[0].z", "extra operators"),
            ("", "a name is expected"),
        ] {
            let e = text.parse::<Target>().expect_err(text);
            assert!(e.detail.contains(expected), "{text}: {e}");
        }
    }

    #[test]
    fn instances_sort_as_in_lists() {
        let mut v: Vec<ResourceInstance> =
            ["module.b.a.a", "b.b[10]", "b.b[2]", "b.b", r#"b.b["a"]"#, "data.z.z", "module.a.module.c.a.a", "a.b"]
                .iter()
                .map(|s| s.parse().unwrap())
                .collect();
        v.sort();
        let v: Vec<String> = v.iter().map(ToString::to_string).collect();
        assert_eq!(
            v,
            ["data.z.z", "a.b", "b.b", "b.b[2]", "b.b[10]", r#"b.b["a"]"#, "module.b.a.a", "module.a.module.c.a.a"]
        );
    }

    #[test]
    fn targets_contain() {
        for (target, instance, expected) in [
            ("module.a", "module.a[0].module.b.x.y", true),
            ("module.a[1]", "module.a[0].x.y", false),
            ("module.a.module.b", "module.a[0].module.b.x.y", false),
            ("x.y", "x.y[3]", true),
            ("x.y[2]", "x.y[3]", false),
            ("module.a.x.y", "module.a[0].x.y", false),
        ] {
            let (t, i): (Target, ResourceInstance) = (target.parse().unwrap(), instance.parse().unwrap());
            assert_eq!(t.contains(&i), expected, "{target} {instance}");
        }
    }
}
