//! Providers and their configurations.

use std::fmt;
use std::str::FromStr;

use sdt_value::Str;

use crate::module::prefix;
use crate::parse::{Step, module_prefix};
use crate::{ModulePath, ParseError, is_identifier, quote, split_steps};

/// The registry that is meant when a source names none.
pub const DEFAULT_HOST: &str = "registry.terraform.io";
const BUILTIN_HOST: &str = "terraform.io";

/// A provider's source address: `registry.terraform.io/hashicorp/aws`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderAddr {
    /// Registry host.
    pub hostname: Str,
    /// Organisation.
    pub namespace: Str,
    /// Provider type: `aws`.
    pub type_name: Str,
}

impl ProviderAddr {
    /// A provider of the default registry.
    #[must_use]
    pub fn new(namespace: &str, type_name: &str) -> Self {
        Self { hostname: DEFAULT_HOST.into(), namespace: namespace.into(), type_name: type_name.into() }
    }

    /// The built-in provider of that type: `terraform.io/builtin/terraform`.
    #[must_use]
    pub fn builtin(type_name: &str) -> Self {
        Self { hostname: BUILTIN_HOST.into(), namespace: "builtin".into(), type_name: type_name.into() }
    }

    /// The provider that a local name stands for where nothing declares it: hashicorp's, except the built-in `terraform`.
    #[must_use]
    pub fn implied(local_name: &str) -> Self {
        if local_name == "terraform" { Self::builtin(local_name) } else { Self::new("hashicorp", local_name) }
    }

    /// Tells whether this provider is part of the program.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        &*self.hostname == BUILTIN_HOST && &*self.namespace == "builtin"
    }

    /// The short form for people: the default host is left out.
    #[must_use]
    pub fn for_display(&self) -> String {
        if &*self.hostname == DEFAULT_HOST {
            format!("{}/{}", self.namespace, self.type_name)
        } else {
            self.to_string()
        }
    }
}

impl fmt::Display for ProviderAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.hostname, self.namespace, self.type_name)
    }
}

fn part(s: &str) -> Result<Str, String> {
    let s = s.to_lowercase();
    if s.is_empty() {
        return Err("must have at least one character".into());
    }
    if s.starts_with('-') || s.ends_with('-') {
        return Err("cannot start or end with a dash".into());
    }
    if s.contains("--") {
        return Err("cannot use multiple consecutive dashes".into());
    }
    if !s.chars().all(|c| c == '-' || c.is_alphanumeric()) {
        return Err("must contain only letters, digits, and dashes, and may not use leading or trailing dashes".into());
    }
    Ok(s.into())
}

/// Reads a source: `aws`, `hashicorp/aws`, `registry.terraform.io/hashicorp/aws`.
impl FromStr for ProviderAddr {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        let parts: Vec<&str> = s.split('/').collect();
        if parts.len() > 3 || parts.iter().any(|p| p.is_empty()) {
            return Err(ParseError::new(
                "Invalid provider source string",
                "The \"source\" attribute must be in the format \"[hostname/][namespace/]name\"",
            ));
        }
        let bad = |what: &str, value: &str, why: String| {
            ParseError::new(
                format!("Invalid provider {what}"),
                format!("Invalid provider {what} {value:?} in source {s:?}: {why}."),
            )
        };
        let (type_name, rest) = parts.split_last().map_or(("", &[][..]), |(t, r)| (*t, r));
        let ty = part(type_name).map_err(|e| bad("type", type_name, e))?;
        let namespace = match rest.last() {
            None => "hashicorp".into(),
            // The namespace of providers of unknown origin in old states.
            Some(&"-") => "-".into(),
            Some(n) => part(n).map_err(|e| bad("namespace", n, e))?,
        };
        let hostname: Str = match rest {
            [host, _] => {
                let name = host.split(':').next().unwrap_or_default();
                let valid = name.split('.').all(|l| part(l).is_ok());
                if !valid {
                    return Err(bad(
                        "source hostname",
                        host,
                        "a host name such as registry.example.com is required".into(),
                    ));
                }
                host.to_lowercase().into()
            }
            _ => DEFAULT_HOST.into(),
        };
        if let Some(bare) = ty.strip_prefix("terraform-provider-").filter(|b| !b.is_empty() && !rest.is_empty()) {
            let hint = Self { hostname, namespace, type_name: bare.into() };
            return Err(ParseError::new(
                "Invalid provider type",
                format!(
                    "The type in provider source {s:?} starts with \"terraform-provider-\", which is only part of a repository's name. The source may be {:?}.",
                    hint.for_display()
                ),
            ));
        }
        Ok(Self { hostname, namespace, type_name: ty })
    }
}

/// A provider configuration as a module's text names it: `aws`, `aws.west`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalProviderConfig {
    /// Local name of the provider in the module.
    pub name: Str,
    /// Which configuration of it.
    pub alias: Option<Str>,
}

impl fmt::Display for LocalProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.alias.as_ref().map_or(Ok(()), |a| write!(f, ".{a}"))
    }
}

/// A provider configuration in the tree of modules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsProviderConfig {
    /// The module that declares it.
    pub module: ModulePath,
    /// The provider.
    pub provider: ProviderAddr,
    /// Which configuration of it.
    pub alias: Option<Str>,
}

impl AbsProviderConfig {
    /// The configuration without alias in the root module.
    #[must_use]
    pub fn root_default(provider: ProviderAddr) -> Self {
        Self { module: ModulePath::root(), provider, alias: None }
    }
}

/// Prints as in state: `module.x.provider["registry.terraform.io/hashicorp/aws"].alias`.
impl fmt::Display for AbsProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        prefix(f, &self.module, self.module.is_root())?;
        write!(f, "provider[{}]", quote(&self.provider.to_string()))?;
        self.alias.as_ref().map_or(Ok(()), |a| write!(f, ".{a}"))
    }
}

/// Reads the form of states, also that of old ones: `provider.aws.alias`.
impl FromStr for AbsProviderConfig {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        let bad = || {
            ParseError::new(
                "Invalid provider configuration address",
                format!(
                    "{s:?} is not of the form provider[\"SOURCE\"] or provider[\"SOURCE\"].ALIAS, with module.NAME. before it for a configuration in a child module."
                ),
            )
        };
        let steps = split_steps(s)?;
        let (module, rest) = module_prefix(&steps)?;
        if module.steps().iter().any(|s| s.key.is_some()) {
            return Err(bad());
        }
        let [Step::Attr(keyword), source, alias @ ..] = rest else { return Err(bad()) };
        if &**keyword != "provider" {
            return Err(bad());
        }
        let provider = match source {
            Step::Index(crate::InstanceKey::String(text)) => text.parse()?,
            Step::Attr(name) => ProviderAddr::implied(name),
            _ => return Err(bad()),
        };
        let alias = match alias {
            [] => None,
            [Step::Attr(a)] => Some(a.clone()),
            [Step::Index(crate::InstanceKey::String(a))] if is_identifier(a) => Some(a.clone()),
            _ => return Err(bad()),
        };
        Ok(Self { module: module.path(), provider, alias })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_have_defaults() {
        for (text, expected) in [
            ("aws", "registry.terraform.io/hashicorp/aws"),
            ("Acme/Thing", "registry.terraform.io/acme/thing"),
            ("terraform.io/builtin/terraform", "terraform.io/builtin/terraform"),
            ("example.com:8443/a/b", "example.com:8443/a/b"),
        ] {
            assert_eq!(text.parse::<ProviderAddr>().map(|p| p.to_string()).unwrap(), expected);
        }
        for text in ["", "a/b/c/d", "a//b", "a/b_c", "-a/b", "x/terraform-provider-y"] {
            assert!(text.parse::<ProviderAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn configurations_round_trip() {
        for text in [
            r#"provider["registry.terraform.io/hashicorp/aws"]"#,
            r#"provider["registry.terraform.io/hashicorp/aws"].west"#,
            r#"module.a.module.b.provider["terraform.io/builtin/terraform"]"#,
        ] {
            assert_eq!(text.parse::<AbsProviderConfig>().unwrap().to_string(), text);
        }
        assert!(r#"module.a[0].provider["aws"]"#.parse::<AbsProviderConfig>().is_err());
    }
}
