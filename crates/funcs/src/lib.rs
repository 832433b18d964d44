//! The function library of the Terraform language (1.11).
//!
//! Each function is one [`Function`]: its documentation, parameters and body, in the table of its group's file.
//! [`call`] does what is common to all (conversion of arguments, null and unknown arguments, marks) and then runs the body.
//! Nothing here touches the environment: files, clock and random bytes come in through [`FnCtx`].
//!
//! ```
//! use sdt_funcs::{FnCtx, call, lookup};
//! use sdt_value::Value;
//! let f = lookup("upper").unwrap();
//! assert_eq!(call(f, &[Value::string("a")], &FnCtx::pure()).unwrap(), Value::string("A"));
//! ```
//!
//! `try`, `can`, `templatefile`, `templatestring` and `type` are not here: they are forms of the evaluator.

mod assume;
mod call;
mod cidr;
mod collection;
mod convert;
mod crypto;
mod csv;
mod ctx;
mod datetime;
pub mod deflate;
mod encoding;
mod filesystem;
mod format;
mod forms;
pub mod glob;
mod json;
mod map;
mod numeric;
mod provider;
mod provider_aws;
mod provider_time;
mod regex;
mod sequence;
mod sets;
mod string;
mod textenc;
mod yaml;

pub use call::{CallError, call, misfits};
pub use ctx::{FileKind, Files, FnCtx, NoFiles, Random, Timestamp};
pub use forms::{FORMS, Form};
pub use json::{encode_json, parse_json};

use sdt_value::{Type, Value};

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name, without `core::`.
    pub name: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// Fixed parameters.
    pub params: &'static [Param],
    /// What any further arguments are.
    pub variadic: Option<Param>,
    /// The type of its result.
    pub returns: Returns,
    /// Whether its result is never null.
    pub not_null: bool,
    /// The body; sees arguments that fit their parameters.
    pub(crate) body: fn(&[Value], &FnCtx<'_>) -> Result<Value, CallError>,
}

/// The type of a function's result.
#[derive(Debug)]
pub enum Returns {
    /// Always the same.
    Fixed(Type),
    /// A list of these.
    ListOf(Type),
    /// Depends on the arguments, some of which may be unknown.
    Of(fn(&[Value]) -> Result<Type, CallError>),
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, as messages show it.
    pub name: &'static str,
    /// What its arguments are converted to.
    pub kind: ParamType,
    /// Whether the body deals with null; otherwise that is an error.
    pub allow_null: bool,
    /// Whether the body deals with unknown values; otherwise the result is unknown.
    pub allow_unknown: bool,
    /// Whether the body deals with marks; otherwise they all move to the result.
    pub allow_marked: bool,
    /// Whether the body deals with values of no known type; otherwise the result is unknown.
    pub allow_dynamic: bool,
}

/// Type constraints that parameters have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ParamType {
    Any,
    Bool,
    Number,
    String,
    ListOfAny,
    ListOfBool,
    ListOfString,
    SetOfAny,
    MapOfListOfString,
}

impl ParamType {
    /// The type constraint.
    #[must_use]
    pub fn to_type(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::Bool => Type::Bool,
            Self::Number => Type::Number,
            Self::String => Type::String,
            Self::ListOfAny => Type::list(Type::Dynamic),
            Self::ListOfBool => Type::list(Type::Bool),
            Self::ListOfString => Type::list(Type::String),
            Self::SetOfAny => Type::set(Type::Dynamic),
            Self::MapOfListOfString => Type::map(Type::list(Type::String)),
        }
    }
}

impl Param {
    pub(crate) const fn new(name: &'static str, kind: ParamType) -> Self {
        Self { name, kind, allow_null: false, allow_unknown: false, allow_marked: false, allow_dynamic: false }
    }

    pub(crate) const fn any(name: &'static str) -> Self {
        Self::new(name, ParamType::Any)
    }

    pub(crate) const fn string(name: &'static str) -> Self {
        Self::new(name, ParamType::String)
    }

    pub(crate) const fn number(name: &'static str) -> Self {
        Self::new(name, ParamType::Number)
    }

    pub(crate) const fn null(mut self) -> Self {
        self.allow_null = true;
        self
    }

    pub(crate) const fn unknown(mut self) -> Self {
        self.allow_unknown = true;
        self
    }

    pub(crate) const fn marked(mut self) -> Self {
        self.allow_marked = true;
        self
    }

    pub(crate) const fn dynamic(mut self) -> Self {
        self.allow_dynamic = true;
        self
    }

    /// The type constraint of its arguments.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.kind.to_type()
    }
}

impl Function {
    /// A function of fixed parameters and result type, whose result is never null.
    pub(crate) const fn new(
        name: &'static str,
        doc: &'static str,
        params: &'static [Param],
        returns: Type,
        body: fn(&[Value], &FnCtx<'_>) -> Result<Value, CallError>,
    ) -> Self {
        Self { name, doc, params, variadic: None, returns: Returns::Fixed(returns), not_null: true, body }
    }

    pub(crate) const fn variadic(mut self, param: Param) -> Self {
        self.variadic = Some(param);
        self
    }

    /// The result's type depends on the arguments.
    pub(crate) const fn typed(mut self, of: fn(&[Value]) -> Result<Type, CallError>) -> Self {
        // A fixed type that is replaced needs no drop: it is `Dynamic`.
        std::mem::forget(std::mem::replace(&mut self.returns, Returns::Of(of)));
        self
    }

    /// The result is a list.
    pub(crate) const fn list_of(mut self, elem: Type) -> Self {
        std::mem::forget(std::mem::replace(&mut self.returns, Returns::ListOf(elem)));
        self
    }

    /// The result may be null.
    pub(crate) const fn nullable(mut self) -> Self {
        self.not_null = false;
        self
    }

    /// The result's type for arguments that fit the parameters; some may be unknown.
    ///
    /// # Errors
    /// When no value of these arguments' types is accepted.
    pub fn result_type(&self, args: &[Value]) -> Result<Type, CallError> {
        match &self.returns {
            Returns::Fixed(t) => Ok(t.clone()),
            Returns::ListOf(t) => Ok(Type::list(t.clone())),
            Returns::Of(f) => f(args),
        }
    }

    /// The type of its results as far as it is always the same.
    #[must_use]
    pub fn declared_type(&self) -> Type {
        let params: Vec<&Param> = self.params.iter().chain(&self.variadic).collect();
        // What is not told the types of its arguments cannot tell that of its result.
        if params.iter().any(|p| p.kind == ParamType::Any && !p.allow_dynamic) {
            return Type::Dynamic;
        }
        let args: Vec<Value> = params.iter().map(|p| Value::unknown(p.ty())).collect();
        self.result_type(&args).unwrap_or(Type::Dynamic)
    }

    /// The parameter of the argument at `index`.
    #[must_use]
    pub fn param(&self, index: usize) -> Option<&Param> {
        self.params.get(index).or(self.variadic.as_ref())
    }
}

static GROUPS: &[&[Function]] = &[
    assume::FUNCTIONS,
    cidr::FUNCTIONS,
    collection::FUNCTIONS,
    convert::FUNCTIONS,
    crypto::FUNCTIONS,
    csv::FUNCTIONS,
    datetime::FUNCTIONS,
    encoding::FUNCTIONS,
    filesystem::FUNCTIONS,
    format::FUNCTIONS,
    json::FUNCTIONS,
    map::FUNCTIONS,
    numeric::FUNCTIONS,
    regex::FUNCTIONS,
    sequence::FUNCTIONS,
    sets::FUNCTIONS,
    string::FUNCTIONS,
    textenc::FUNCTIONS,
    yaml::FUNCTIONS,
];

/// Every function of the language, by group.
pub fn all() -> impl Iterator<Item = &'static Function> {
    GROUPS.iter().copied().flatten()
}

/// Finds a function by its name; `core::name` is the same. The built-in provider's functions are found as
/// `provider::terraform::name`.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Function> {
    static BY_NAME: std::sync::OnceLock<std::collections::HashMap<&'static str, &'static Function>> =
        std::sync::OnceLock::new();
    let name = name.strip_prefix("core::").unwrap_or(name);
    BY_NAME
        .get_or_init(|| {
            all()
                .chain(provider::FUNCTIONS)
                .chain(provider_aws::FUNCTIONS)
                .chain(provider_time::FUNCTIONS)
                .map(|f| (f.name, f))
                .collect()
        })
        .get(name)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_documented() {
        let mut names: Vec<_> = all().map(|f| f.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(all().all(|f| f.doc.ends_with('.') && f.doc.len() < 160));
        assert!(lookup("core::upper").is_some() && lookup("nope").is_none());
    }
}
