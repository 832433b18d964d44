//! Outputs, checks and input variables of module instances.

use std::fmt;
use std::str::FromStr;

use sdt_value::Str;

use crate::module::prefix;
use crate::parse::{Step, module_prefix, split_steps};
use crate::{ModuleInstance, ParseError};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $keyword:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            /// The module instance.
            pub module: ModuleInstance,
            /// The name.
            pub name: Str,
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                prefix(f, &self.module, self.module.is_root())?;
                write!(f, concat!($keyword, ".{}"), self.name)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(s: &str) -> Result<Self, ParseError> {
                let steps = split_steps(s)?;
                let (module, rest) = module_prefix(&steps)?;
                match rest {
                    [Step::Attr(k), Step::Attr(name)] if &**k == $keyword => Ok(Self { module, name: name.clone() }),
                    _ => Err(ParseError::new("Invalid address", format!(concat!("{:?} is not of the form ", $keyword, ".NAME."), s))),
                }
            }
        }
    };
}

named!(
    /// An output value: `module.a.output.x`.
    AbsOutput,
    "output"
);
named!(
    /// A check block: `module.a.check.x`.
    AbsCheck,
    "check"
);
named!(
    /// An input variable: `module.a.var.x`.
    AbsVariable,
    "var"
);
