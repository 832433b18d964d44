//! hashicorp/time: moments that are kept in state.

use std::sync::Arc;

use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::{Attribute, Schema};
use sdt_value::{Number, Path, Str, Type, Value};
use time::format_description::well_known::Rfc3339;
use time::{Duration, Month, OffsetDateTime};

use crate::helpers::{Set, attr, complain, get, members, schema};
use crate::{Definition, LocalProvider};

/// The time provider.
#[must_use]
pub fn time() -> LocalProvider {
    let make = |kind| -> Arc<dyn Definition> { Arc::new(Moment(kind)) };
    LocalProvider::new(
        "hashicorp/time",
        Some("0.13.1"),
        vec![make(Kind::Static), make(Kind::Offset), make(Kind::Rotating), Arc::new(Sleep)],
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Static,
    Offset,
    Rotating,
}

/// # time_static, time_offset, time_rotating
struct Moment(Kind);

const UNITS: [&str; 6] = ["years", "months", "days", "hours", "minutes", "seconds"];
const PARTS: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "unix"];

impl Moment {
    /// The attribute that says where the count begins.
    const fn base(&self) -> &'static str {
        match self.0 {
            Kind::Static | Kind::Rotating => "rfc3339",
            Kind::Offset => "base_rfc3339",
        }
    }

    /// The attribute that holds what was counted to, if that is another one.
    const fn target(&self) -> Option<&'static str> {
        match self.0 {
            Kind::Static => None,
            Kind::Offset => Some("rfc3339"),
            Kind::Rotating => Some("rotation_rfc3339"),
        }
    }

    fn units(&self) -> Vec<String> {
        let (prefix, n) = match self.0 {
            Kind::Static => return Vec::new(),
            Kind::Offset => ("offset", 6),
            // Nobody rotates by the second.
            Kind::Rotating => ("rotation", 5),
        };
        UNITS[..n].iter().map(|u| format!("{prefix}_{u}")).collect()
    }

    fn shift(&self, object: &Value, base: OffsetDateTime) -> Option<OffsetDateTime> {
        let mut at = base;
        for (unit, name) in UNITS.iter().zip(self.units()) {
            let n = object.get(&name).and_then(Value::as_number).and_then(Number::as_i64).unwrap_or_default();
            at = match *unit {
                "years" => add_months(at, n.checked_mul(12)?)?,
                "months" => add_months(at, n)?,
                "days" => at.checked_add(Duration::days(n))?,
                "hours" => at.checked_add(Duration::hours(n))?,
                "minutes" => at.checked_add(Duration::minutes(n))?,
                _ => at.checked_add(Duration::seconds(n))?,
            };
        }
        Some(at)
    }
}

/// Adds months as Go does: a day that the month does not have runs over into the next.
fn add_months(at: OffsetDateTime, months: i64) -> Option<OffsetDateTime> {
    let total = i64::from(at.year()).checked_mul(12)?.checked_add(i64::from(u8::from(at.month())) - 1 + months)?;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    let first = time::Date::from_calendar_date(year, month, 1).ok()?;
    let date = first.checked_add(Duration::days(i64::from(at.day()) - 1))?;
    Some(at.replace_date(date))
}

fn text(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

fn parse(text: &str, name: &str) -> Result<OffsetDateTime, Complaint> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|e| {
        let detail = format!("{text:?} is no moment in the form of RFC 3339, such as 2026-01-31T12:00:00Z: {e}.");
        complain("Invalid RFC 3339 value", detail, Path::root().attr(name))
    })
}

fn parts(at: OffsetDateTime) -> [(&'static str, i64); 7] {
    let values = [
        i64::from(at.year()),
        i64::from(u8::from(at.month())),
        i64::from(at.day()),
        i64::from(at.hour()),
        i64::from(at.minute()),
        i64::from(at.second()),
        at.unix_timestamp(),
    ];
    let mut out = [("", 0); 7];
    for (slot, pair) in out.iter_mut().zip(PARTS.into_iter().zip(values)) {
        *slot = pair;
    }
    out
}

fn triggers() -> (&'static str, Attribute) {
    ("triggers", attr(Type::map(Type::String), Set::Optional, "Arbitrary strings; a change takes a new moment."))
}

impl Definition for Moment {
    fn name(&self) -> &'static str {
        match self.0 {
            Kind::Static => "time_static",
            Kind::Offset => "time_offset",
            Kind::Rotating => "time_rotating",
        }
    }

    fn schema(&self) -> Arc<Schema> {
        let mut all: Vec<(&'static str, Attribute)> = vec![
            triggers(),
            ("id", attr(Type::String, Set::Computed, "The moment in the form of RFC 3339.")),
            (self.base(), attr(Type::String, Set::OptionalComputed, "The moment to begin with; now unless set.")),
        ];
        match self.0 {
            Kind::Static => {}
            Kind::Offset => all.push(("rfc3339", attr(Type::String, Set::Computed, "The moment counted to."))),
            Kind::Rotating => all
                .push(("rotation_rfc3339", attr(Type::String, Set::OptionalComputed, "When the next moment is due."))),
        }
        for part in PARTS {
            all.push((part, attr(Type::Number, Set::Computed, "A part of the moment.")));
        }
        let offsets: &[&'static str] = match self.0 {
            Kind::Static => &[],
            Kind::Offset => {
                &["offset_years", "offset_months", "offset_days", "offset_hours", "offset_minutes", "offset_seconds"]
            }
            Kind::Rotating => {
                &["rotation_years", "rotation_months", "rotation_days", "rotation_hours", "rotation_minutes"]
            }
        };
        for name in offsets {
            all.push((name, attr(Type::Number, Set::Optional, "How many of them to count.")));
        }
        schema(0, all, "A moment that is kept.")
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let mut found = Vec::new();
        for name in [Some(self.base()), self.target()].into_iter().flatten() {
            if let Some(given) = config.get(name).and_then(Value::as_str) {
                found.extend(parse(given, name).err());
            }
        }
        let given = self.units().into_iter().chain(self.target().map(Into::into));
        let any = given.into_iter().any(|n| config.get(&n).is_some_and(|v| !v.is_null()));
        if self.0 != Kind::Static && !any {
            let detail = format!("At least one of {} must be set.", self.units().join(", "));
            found.push(complain("Missing Attribute Configuration", detail, Path::root()));
        }
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let changed = |name: &str| !get(&request.prior, name).raw_equals(&get(&request.proposed, name));
        let mut requires_replace = Vec::new();
        if !request.prior.is_null() {
            let base = (!get(&request.config, self.base()).is_null()).then(|| self.base());
            for name in ["triggers"].into_iter().chain(base) {
                if changed(name) {
                    requires_replace.push(Path::root().attr(name));
                }
            }
        }
        let units = self.units().iter().any(|n| changed(n));
        let anew = request.prior.is_null() || !requires_replace.is_empty();
        if anew || units {
            let mut computed: Vec<&str> = PARTS.to_vec();
            computed.push("id");
            if anew && get(&request.config, self.base()).is_null() {
                computed.push(self.base());
            }
            computed.extend(self.target().filter(|t| get(&request.config, t).is_null()));
            if !anew {
                // Counted from the same moment: only what was counted to is new.
                computed.retain(|n| self.0 == Kind::Offset && *n != "id" || Some(*n) == self.target());
            }
            for name in computed {
                let ty = if PARTS.contains(&name) { Type::Number } else { Type::String };
                planned.insert(name.into(), Value::unknown(ty));
            }
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        if request.planned.is_wholly_known() {
            return Ok(request.planned.clone());
        }
        let base = match request.planned.get(self.base()).and_then(Value::as_str) {
            Some(text) => parse(text, self.base())?,
            None => OffsetDateTime::now_utc(),
        };
        let beyond = || complain("Moment out of range", "There is no such moment.", Path::root());
        let target = self.shift(&request.planned, base).ok_or_else(beyond)?;
        let shown = if self.0 == Kind::Offset { target } else { base };
        let mut object = members(&request.planned);
        let mut set = |name: &str, value: Value| {
            if object.get(name).is_none_or(Value::is_unknown) {
                object.insert(Str::from(name), value);
            }
        };
        set(self.base(), Value::string(text(base)));
        if let Some(name) = self.target() {
            set(name, Value::string(text(target)));
        }
        for (name, n) in parts(shown) {
            set(name, Value::number(n));
        }
        set("id", Value::string(text(base)));
        Ok(Value::object(object))
    }

    /// What is due for rotation counts as gone, so that it is made anew.
    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        let due = prior.get("rotation_rfc3339").and_then(Value::as_str);
        match due.and_then(|t| OffsetDateTime::parse(t, &Rfc3339).ok()) {
            Some(due) if OffsetDateTime::now_utc() >= due => Ok(Value::null(prior.ty())),
            _ => Ok(prior.clone()),
        }
    }
}

/// # time_sleep
struct Sleep;

/// Go's durations: `1h30m`, `500ms`.
fn duration(text: &str) -> Option<std::time::Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then(|| std::time::Duration::try_from_secs_f64(total).ok()).flatten()
}

fn sleep(object: &Value, name: &str) {
    if let Some(time) = object.get(name).and_then(Value::as_str).and_then(duration) {
        std::thread::sleep(time);
    }
}

impl Definition for Sleep {
    fn name(&self) -> &'static str {
        "time_sleep"
    }

    fn schema(&self) -> Arc<Schema> {
        schema(
            0,
            [
                triggers(),
                ("create_duration", attr(Type::String, Set::Optional, "How long creation takes: 30s, 5m.")),
                ("destroy_duration", attr(Type::String, Set::Optional, "How long destruction takes.")),
                ("id", attr(Type::String, Set::Computed, "When it was created.")),
            ],
            "Waits.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let mut found = Vec::new();
        for name in ["create_duration", "destroy_duration"] {
            if let Some(text) = config.get(name).and_then(Value::as_str)
                && duration(text).is_none()
            {
                let detail = format!("{text:?} must be a number with a unit of ms, s, m or h, such as 30s.");
                found.push(complain("Invalid Attribute Value Match", detail, Path::root().attr(name)));
            }
        }
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let mut requires_replace = Vec::new();
        if request.prior.is_null() {
            planned.insert("id".into(), Value::unknown_not_null(Type::String));
        } else if !get(&request.prior, "triggers").raw_equals(&get(&request.proposed, "triggers")) {
            requires_replace.push(Path::root().attr("triggers"));
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if get(&request.planned, "id").is_unknown() {
            sleep(&request.planned, "create_duration");
            object.insert("id".into(), Value::string(text(OffsetDateTime::now_utc())));
        }
        Ok(Value::object(object))
    }

    fn delete(&self, prior: &Value) -> Result<(), Complaint> {
        sleep(prior, "destroy_duration");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_run_over() {
        let check = |from: &str, months, expected: &str| {
            let at = OffsetDateTime::parse(from, &Rfc3339).expect("a moment");
            assert_eq!(text(add_months(at, months).expect("in range")), expected);
        };
        check("2026-01-31T00:00:00Z", 1, "2026-03-03T00:00:00Z");
        check("2026-12-15T01:02:03Z", 1, "2027-01-15T01:02:03Z");
        check("2024-02-29T00:00:00Z", 12, "2025-03-01T00:00:00Z");
        check("2026-01-15T00:00:00Z", -1, "2025-12-15T00:00:00Z");
    }
}
