//! YAML text. Reading goes through libyaml's scanner and parser; what scalars mean and how values are written is decided
//! here, as cty-yaml decides it.

mod decode;
mod encode;

use sdt_value::{Type, Value};

use crate::call::str_arg;
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("yamldecode", "Reads a value from YAML.", &[Param::string("src")], Type::Dynamic, |a, _| {
        decode::decode(str_arg(a, 0)).map_err(CallError::Call)
    })
    .typed(|a| match a[0].as_str() {
        Some(s) => decode::decode(s).map(|v| v.ty()).map_err(CallError::Call),
        None => Ok(Type::Dynamic),
    })
    .nullable(),
    Function::new(
        "yamlencode",
        "Writes a value as YAML.",
        &[Param::any("value").unknown().dynamic().null()],
        Type::String,
        |a, _| {
            if a[0].is_too_large() {
                return crate::call::fail(sdt_value::TOO_LARGE);
            }
            Ok(if a[0].is_wholly_known() { Value::string(encode::encode(&a[0])) } else { Value::unknown(Type::String) })
        },
    ),
];
