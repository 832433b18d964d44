//! Numbers.

use sdt_value::{Kind, Number, Type, Value, convert};

use crate::call::{Out, arg, fail, int_arg, int_or_fail, num_arg};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("abs", "Returns the absolute value of a number.", &[Param::number("num")], Type::Number, |a, _| {
        Ok(Value::number(num_arg(a, 0).abs()))
    }),
    Function::new("ceil", "Rounds a number up to a whole one.", &[Param::number("num")], Type::Number, |a, _| {
        Ok(Value::number(num_arg(a, 0).ceil()))
    }),
    Function::new("floor", "Rounds a number down to a whole one.", &[Param::number("num")], Type::Number, |a, _| {
        Ok(Value::number(num_arg(a, 0).floor()))
    }),
    Function::new(
        "log",
        "Returns the logarithm of a number to a base.",
        &[Param::number("num"), Param::number("base")],
        Type::Number,
        |a, _| {
            floats_fit(a)?;
            defined(num_arg(a, 0).log(num_arg(a, 1)))
        },
    ),
    Function::new(
        "pow",
        "Raises a number to a power.",
        &[Param::number("num"), Param::number("power")],
        Type::Number,
        |a, _| {
            floats_fit(a)?;
            defined(num_arg(a, 0).pow(num_arg(a, 1)))
        },
    ),
    Function::new(
        "signum",
        "Returns -1, 0 or 1: the sign of a whole number.",
        &[Param::number("num")],
        Type::Number,
        |a, _| Ok(Value::number(int_or_fail(a, 0)?.signum())),
    ),
    Function::new("max", "Returns the greatest of the given numbers.", &[], Type::Number, |a, _| {
        extreme(a, std::cmp::Ordering::Greater)
    })
    .variadic(Param::number("numbers").dynamic()),
    Function::new("min", "Returns the least of the given numbers.", &[], Type::Number, |a, _| {
        extreme(a, std::cmp::Ordering::Less)
    })
    .variadic(Param::number("numbers").dynamic()),
    Function::new(
        "parseint",
        "Reads a whole number written in a base from 2 to 62.",
        &[Param::any("number"), Param::number("base")],
        Type::Number,
        |a, _| parse_int(a),
    )
    .typed(|a| match a[0].ty() {
        Type::String => Ok(Type::Number),
        other => arg(0, format!("first argument must be a string, not {}", other.friendly_name())),
    }),
    Function::new("sum", "Adds up a list, set or tuple of numbers.", &[Param::any("list")], Type::Number, |a, _| {
        sum(&a[0])
    }),
];

/// Arguments that go through f64 must be in its range.
fn floats_fit(args: &[Value]) -> Out<()> {
    for i in 0..args.len() {
        let n = num_arg(args, i);
        if !n.is_infinite() && n.to_f64().is_infinite() {
            return fail(format!("value must be between {:.6} and {:.6} inclusive", f64::MIN, f64::MAX));
        }
    }
    Ok(())
}

fn defined(n: Option<Number>) -> Out {
    n.map_or_else(|| fail("the result is not a number"), |n| Ok(Value::number(n)))
}

fn extreme(args: &[Value], wanted: std::cmp::Ordering) -> Out {
    let mut best: Option<&Number> = None;
    for i in 0..args.len() {
        let n = num_arg(args, i);
        if best.is_none_or(|b| n.cmp(b) == wanted) {
            best = Some(n);
        }
    }
    best.map_or_else(|| fail("must pass at least one number"), |n| Ok(Value::number(n.clone())))
}

fn parse_int(args: &[Value]) -> Out {
    let Some(text) = args[0].as_str() else {
        return arg(0, format!("first argument must be a string, not {}", args[0].ty().friendly_name()));
    };
    let base = int_arg(args, 1).map_err(|message| CallError::Arg { index: 1, message })?;
    let Some(base) = u32::try_from(base).ok().filter(|b| (2..=62).contains(b)) else {
        return arg(1, "base must be a whole number between 2 and 62 inclusive");
    };
    Number::parse_radix(text, base)
        .map_or_else(|| arg(0, format!("cannot parse {text:?} as a base {base} integer")), |n| Ok(Value::number(n)))
}

fn sum(list: &Value) -> Out {
    const WANTED: &str = "argument must be list, set, or tuple of number values";
    let items = match list.kind() {
        Kind::List(_, v) | Kind::Set(_, v) | Kind::Tuple(v) => v,
        Kind::Map(_, m) | Kind::Object(m) => {
            if m.is_empty() {
                return arg(0, "cannot sum an empty list");
            }
            return arg(0, format!("argument must be list, set, or tuple. Received {}", list.ty().friendly_name()));
        }
        _ => return arg(0, "cannot sum noniterable"),
    };
    if items.is_empty() {
        return arg(0, "cannot sum an empty list");
    }
    if !list.is_wholly_known() {
        return Ok(Value::unknown(Type::Number));
    }
    let mut total: Option<Number> = None;
    for item in items.iter() {
        let Ok(item) = convert(item, &Type::Number) else { return arg(0, WANTED) };
        let Some(n) = item.as_number() else { return arg(0, WANTED) };
        total = Some(match total {
            None => n.clone(),
            Some(t) => match t.add(n) {
                Some(t) => t,
                None => return fail("can't compute sum of opposing infinities"),
            },
        });
    }
    Ok(Value::number(total.unwrap_or(Number::ZERO)))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn numbers() {
        check(&[
            ("abs", r#"["-12"]"#, "12"),
            ("abs", "[null]", "arg 0: argument must not be null"),
            ("abs", "[true]", "arg 0: number required"),
            ("ceil", "[-0.5]", "0"),
            ("floor", "[12345678901234567890.5]", "12345678901234567890"),
            ("log", "[16,4]", "2"),
            ("log", "[1000,10]", "2.9999999999999996"),
            ("log", "[-1,10]", "call: …"),
            ("pow", "[2,10]", "1024"),
            ("pow", "[-2,0.5]", "call: …"),
            ("signum", "[-0.5]", "call: …"),
            ("max", "[]", "call: must pass at least one number"),
            ("max", "[1,3,2]", "3"),
            ("min", "[1,null]", "arg 1: argument must not be null"),
            ("parseint", r#"["Z",62]"#, "61"),
            ("parseint", "[10,8]", "arg 0: …"),
            ("parseint", r#"["x",10]"#, r#"arg 0: cannot parse "x" as a base 10 integer"#),
            ("sum", r#"[[1,"2",3.5]]"#, "6.5"),
            ("sum", "[[1e100,-1e100,1]]", "1"),
            ("sum", r#"["a"]"#, "arg 0: cannot sum noniterable"),
        ]);
    }
}
