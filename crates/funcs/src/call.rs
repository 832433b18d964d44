//! Calling a function: everything that is the same for all of them. Source: cty `function.Function.Call`.

use sdt_value::{Marks, Number, Type, Value, convert};

use crate::{FnCtx, Function, Param};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// One argument is at fault.
    Arg {
        /// Which one.
        index: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The call as a whole failed.
    Call(String),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Arg { message, .. } | Self::Call(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CallError {}

pub(crate) type Out<T = Value> = Result<T, CallError>;

/// An error about one argument.
pub(crate) fn arg<T>(index: usize, message: impl Into<String>) -> Out<T> {
    Err(CallError::Arg { index, message: message.into() })
}

/// An error about the call.
pub(crate) fn fail<T>(message: impl Into<String>) -> Out<T> {
    Err(CallError::Call(message.into()))
}

/// Calls a function with as many arguments as it takes (the caller has counted them).
///
/// # Errors
/// When an argument doesn't fit or the function fails.
pub fn call(f: &Function, args: &[Value], ctx: &FnCtx<'_>) -> Result<Value, CallError> {
    let mut ready = Vec::with_capacity(args.len());
    for (index, value) in args.iter().enumerate() {
        let Some(param) = f.param(index) else { return fail("too many arguments") };
        ready.push(fit(value, param).or_else(|message| arg(index, message))?);
    }
    let mut marks = Marks::NONE;
    let mut open_type = false;
    let mut open_value = false;
    for (index, value) in ready.iter_mut().enumerate() {
        let Some(param) = f.param(index) else { continue };
        if !param.allow_marked {
            let (plain, found) = std::mem::replace(value, Value::NULL).unmark_deep();
            marks |= found;
            *value = plain;
        }
        if value.is_null() && !param.allow_null {
            return arg(index, "argument must not be null");
        }
        if !param.allow_dynamic && is_dynamic(value) {
            open_type = true;
        }
        if !param.allow_unknown && value.is_unknown() {
            open_value = true;
        }
    }
    if open_type {
        return Ok(Value::DYNAMIC.with_marks(marks | outer_marks(&ready)));
    }
    if open_value {
        let ty = f.result_type(&ready)?;
        return Ok(refined(f, Value::unknown(ty)).with_marks(marks | outer_marks(&ready)));
    }
    (f.body)(&ready, ctx).map(|v| refined(f, v).with_marks(marks))
}

fn fit(value: &Value, param: &Param) -> Result<Value, String> {
    convert(value, &param.ty()).map_err(|e| {
        let path = e.path.to_string();
        if path.is_empty() { e.message } else { format!("{path}: {}", e.message) }
    })
}

/// Every argument whose type is not that of its parameter, with what is wrong; a call tells the first one only.
#[must_use]
pub fn misfits(f: &Function, args: &[Value]) -> Vec<(usize, String)> {
    let one = |(index, value)| Some((index, fit(value, f.param(index)?).err()?));
    args.iter().enumerate().filter_map(one).collect()
}

fn is_dynamic(value: &Value) -> bool {
    use sdt_value::Kind;
    matches!(value.kind(), Kind::Null(Type::Dynamic) | Kind::Unknown(Type::Dynamic, _))
}

fn outer_marks(args: &[Value]) -> Marks {
    args.iter().fold(Marks::NONE, |m, v| m | v.marks())
}

fn refined(f: &Function, v: Value) -> Value {
    if f.not_null && v.is_unknown() { v.refine_not_null() } else { v }
}

/// The string of an argument that is known to be one.
pub(crate) fn str_arg(args: &[Value], index: usize) -> &str {
    args.get(index).and_then(Value::as_str).unwrap_or("")
}

/// The number of an argument that is known to be one.
pub(crate) fn num_arg(args: &[Value], index: usize) -> &Number {
    const ZERO: &Number = &Number::ZERO;
    args.get(index).and_then(Value::as_number).unwrap_or(ZERO)
}

/// The whole number of an argument, or what is required of it.
pub(crate) fn int_arg(args: &[Value], index: usize) -> Result<i64, String> {
    num_arg(args, index)
        .as_i64()
        .ok_or_else(|| format!("value must be a whole number, between {} and {}", i64::MIN, i64::MAX))
}

/// As [`int_arg`], the failure being one of the call.
pub(crate) fn int_or_fail(args: &[Value], index: usize) -> Out<i64> {
    int_arg(args, index).map_err(CallError::Call)
}

#[cfg(test)]
pub(crate) mod testing {
    //! Checks of functions written as data: arguments and result as JSON.

    use sdt_value::{from_json_implied, to_json};

    use super::*;

    /// Calls `name` with a JSON array of arguments; the result is JSON, or `arg: …`/`call: …`.
    pub(crate) fn run(name: &str, args: &str, ctx: &FnCtx<'_>) -> String {
        let args = from_json_implied(&serde_json::from_str(args).unwrap());
        let f = crate::lookup(name).unwrap_or_else(|| panic!("no function {name}"));
        match call(f, args.as_items().unwrap(), ctx) {
            Ok(v) => to_json(&v, &v.ty()).to_string(),
            Err(CallError::Arg { index, message }) => format!("arg {index}: {message}"),
            Err(CallError::Call(message)) => format!("call: {message}"),
        }
    }

    /// Checks calls: function, arguments, result. A result that ends in `…` need only start so.
    pub(crate) fn check(cases: &[(&str, &str, &str)]) {
        for (name, args, expected) in cases {
            let got = run(name, args, &FnCtx::pure());
            match expected.strip_suffix('…') {
                Some(start) => assert!(got.starts_with(start), "{name}({args}): {got}"),
                None => assert_eq!(got, *expected, "{name}({args})"),
            }
        }
    }
}
