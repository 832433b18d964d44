//! Functions of the providers time and local.

use sdt_value::{Number, Type, Value};

use crate::call::{arg, int_arg, str_arg};
use crate::datetime::{DAYS, MONTHS, Moment, days_from_civil, parse_duration};
use crate::{FileKind, Function, Param};

/// Moments whose years have four digits.
const UNIX: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "provider::time::rfc3339_parse",
        "Takes a moment in the form of RFC 3339 apart.",
        &[Param::string("timestamp")],
        Type::Dynamic,
        |a, _| {
            let text = str_arg(a, 0);
            match Moment::parse_as_go(text) {
                Ok(at) => {
                    let unix = Value::number(at.seconds());
                    Ok(Value::object(parts(&at).into_iter().chain([("unix", unix)])))
                }
                Err(_) => arg(0, format!("{text:?} is not a valid RFC3339 timestamp")),
            }
        },
    ),
    Function::new(
        "provider::time::unix_timestamp_parse",
        "Takes a moment in seconds since 1970 apart.",
        &[Param::number("unix_timestamp")],
        Type::Dynamic,
        |a, _| match int_arg(a, 0).ok().filter(|n| UNIX.contains(n)) {
            Some(seconds) => {
                let at = Moment::utc(seconds);
                let text = Value::string(at.to_string());
                Ok(Value::object(parts(&at).into_iter().chain([("rfc3339", text)])))
            }
            None => arg(0, "a whole number of seconds is required"),
        },
    ),
    Function::new(
        "provider::time::duration_parse",
        "Takes a duration such as 1h30m apart.",
        &[Param::string("duration")],
        Type::Dynamic,
        |a, _| {
            let text = str_arg(a, 0);
            let Ok(nanos) = parse_duration(text) else {
                return arg(0, format!("{text:?} is not a valid duration string"));
            };
            let float = |unit: i64| {
                // As Go computes them: whole units and the rest apart.
                let f = (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64;
                Value::number(Number::from_f64(f))
            };
            Ok(Value::object([
                ("hours", float(3_600_000_000_000)),
                ("minutes", float(60_000_000_000)),
                ("seconds", float(1_000_000_000)),
                ("milliseconds", Value::number(nanos / 1_000_000)),
                ("microseconds", Value::number(nanos / 1_000)),
                ("nanoseconds", Value::number(nanos)),
            ]))
        },
    ),
    Function::new(
        "provider::local::direxists",
        "Tells whether a path is a folder.",
        &[Param::string("path")],
        Type::Bool,
        |a, ctx| {
            let path = str_arg(a, 0);
            match ctx.files.kind(&ctx.base_dir.join(path)) {
                Ok(FileKind::Dir) => Ok(Value::TRUE),
                Ok(_) => arg(0, format!("{path:?} was found, but is not a directory")),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Value::FALSE),
                Err(e) => arg(0, format!("{path:?}: {e}")),
            }
        },
    ),
];

fn parts(at: &Moment) -> [(&'static str, Value); 12] {
    let p = at.parts();
    let day = days_from_civil(p.year, p.month as i64, p.day);
    let year_day = day - days_from_civil(p.year, 1, 1) + 1;
    // A week belongs to the year of its Thursday.
    let monday = day - (p.weekday as i64 + 6) % 7;
    let iso_year = [p.year + 1, p.year, p.year - 1]
        .into_iter()
        .find(|y| monday + 3 >= days_from_civil(*y, 1, 1))
        .unwrap_or(p.year);
    let iso_week = (monday + 3 - days_from_civil(iso_year, 1, 1)) / 7 + 1;
    [
        ("year", Value::number(p.year)),
        ("year_day", Value::number(year_day)),
        ("day", Value::number(p.day)),
        ("month", Value::number(p.month as i64)),
        ("month_name", Value::string(MONTHS[p.month - 1])),
        ("weekday", Value::number(p.weekday as i64)),
        ("weekday_name", Value::string(DAYS[p.weekday])),
        ("hour", Value::number(p.hour)),
        ("minute", Value::number(p.minute)),
        ("second", Value::number(p.second)),
        ("iso_year", Value::number(iso_year)),
        ("iso_week", Value::number(iso_week)),
    ]
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn moments_and_durations() {
        check(&[
            (
                "provider::time::rfc3339_parse",
                r#"["2023-01-01T03:04:05+02:00"]"#,
                r#"{"day":1,"hour":3,"iso_week":52,"iso_year":2022,"minute":4,"month":1,"month_name":"January","second":5,"unix":1672535045,"weekday":0,"weekday_name":"Sunday","year":2023,"year_day":1}"#,
            ),
            ("provider::time::rfc3339_parse", r#"["soon"]"#, "arg 0: …"),
            (
                "provider::time::unix_timestamp_parse",
                "[1735603200]",
                r#"{"day":31,"hour":0,"iso_week":1,"iso_year":2025,"minute":0,"month":12,"month_name":"December","rfc3339":"2024-12-31T00:00:00Z","second":0,"weekday":2,"weekday_name":"Tuesday","year":2024,"year_day":366}"#,
            ),
            (
                "provider::time::duration_parse",
                r#"["1h30m"]"#,
                r#"{"hours":1.5,"microseconds":5400000000,"milliseconds":5400000,"minutes":90,"nanoseconds":5400000000000,"seconds":5400}"#,
            ),
            ("provider::time::duration_parse", r#"["1 h"]"#, "arg 0: …"),
        ]);
    }
}
