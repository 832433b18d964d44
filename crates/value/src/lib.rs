//! Values and types of the Terraform language.
//!
//! This crate is the bottom of sdt: every other crate speaks in its [`Value`] and [`Type`]. It computes and never
//! reads an environment, a clock or a file.

mod convert;
mod json;
mod limits;
mod marks;
mod number;
mod path;
mod refine;
mod types;
mod unify;
mod value;

pub use convert::{ConvertError, convert, convertible, convertible_safely, mismatch};
pub use json::{
    JsonError, from_json, from_json_implied, implied_json_type, number_to_json, to_json, type_from_json, type_to_json,
};
pub use limits::{MAX_MEMBERS, MAX_TEXT, TOO_LARGE};
pub use marks::Marks;
pub use number::{Number, ParseNumberError};
pub use path::{Path, PathStep};
pub use refine::Refinement;
pub use types::{ObjectType, Type};
pub use unify::{unify, unify_values};
pub use value::{Kind, Str, Value};
