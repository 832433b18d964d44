//! hashicorp/time: moments that are kept in state.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::{Attribute, Schema};
use sdt_value::{Path, Str, Type, Value};
use time::format_description::well_known::Rfc3339;
use time::{Duration, Month, OffsetDateTime};

use crate::helpers::{Set, at_least, at_least_one, attr, changed, complain, get, int, members, schema};
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

    /// The moment that the settings count to. Offsets add up; of several rotations only one counts, as the public provider has it.
    fn shift(&self, config: &Value, base: OffsetDateTime) -> Option<OffsetDateTime> {
        let mut at = base;
        let mut step = |name: &str, count: fn(OffsetDateTime, i64) -> Option<OffsetDateTime>| {
            let n = int(config, name).filter(|n| *n != 0);
            let from = if self.0 == Kind::Rotating { base } else { at };
            n.map_or(Some(()), |n| count(from, n).map(|moved| at = moved))
        };
        let prefix = if self.0 == Kind::Rotating { "rotation" } else { "offset" };
        step(&format!("{prefix}_days"), |at, n| at.checked_add(Duration::days(n)))?;
        step(&format!("{prefix}_hours"), |at, n| at.checked_add(Duration::hours(n)))?;
        step(&format!("{prefix}_minutes"), |at, n| at.checked_add(Duration::minutes(n)))?;
        step(&format!("{prefix}_months"), add_months)?;
        step(&format!("{prefix}_seconds"), |at, n| at.checked_add(Duration::seconds(n)))?;
        if self.0 == Kind::Rotating
            && let Some(set) = config.get("rotation_rfc3339").and_then(Value::as_str)
        {
            at = OffsetDateTime::parse(set, &Rfc3339).ok()?;
        }
        let years = int(config, &format!("{prefix}_years")).filter(|n| *n != 0);
        match years {
            Some(n) => add_months(if self.0 == Kind::Rotating { base } else { at }, n.checked_mul(12)?),
            None => Some(at),
        }
    }

    /// Sets everything that follows from the base.
    fn fill(&self, object: &mut BTreeMap<Str, Value>, config: &Value, base: OffsetDateTime) -> Result<(), Complaint> {
        let beyond = || complain("Moment out of range", "There is no such moment.", Path::root());
        let target = self.shift(config, base).ok_or_else(beyond)?;
        object.insert("id".into(), Value::string(text(base)));
        for (name, at) in [(Some(self.base()), base), (self.target(), target)] {
            let Some(name) = name else { continue };
            // What is configured stays as it is written.
            let set = get(config, name);
            object.insert(name.into(), if set.is_null() { Value::string(text(at)) } else { set });
        }
        for (name, n) in parts(target) {
            object.insert(name.into(), Value::number(n));
        }
        Ok(())
    }

    /// An object for an import id: the base, and what the rest says.
    fn imported(&self, config: &BTreeMap<Str, Value>, base: &str) -> Result<Value, Complaint> {
        let mut object = members(&self.schema().block.empty_value());
        object.extend(config.clone());
        let base = parse(base, self.base())?;
        self.fill(&mut object, &Value::object(config.clone()), base)?;
        Ok(Value::object(object))
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

#[async_trait]
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
        let units = self.units();
        let mut names: Vec<&str> = units.iter().map(String::as_str).collect();
        if self.0 == Kind::Rotating {
            names.push("rotation_rfc3339");
            found.extend(units.iter().filter_map(|name| at_least(config, name, 1)));
        }
        if self.0 != Kind::Static {
            found.extend(at_least_one(config, &names));
        }
        found
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        let create = request.prior.is_null();
        let given = |name: &str| !get(&request.config, name).is_null();
        let differs = |name: &str| !get(&request.prior, name).raw_equals(&get(&request.proposed, name));
        let mut requires_replace = Vec::new();
        if !create {
            // What an offset counts from may change under it; the others begin anew.
            let fixed = (self.0 != Kind::Offset && given(self.base())).then(|| self.base());
            requires_replace = changed(request, &["triggers"]);
            requires_replace.extend(fixed.iter().flat_map(|n| changed(request, &[*n])));
            if self.0 == Kind::Rotating && due(&request.proposed) {
                requires_replace.push(Path::root().attr("rotation_rfc3339"));
            }
        }
        let anew = create || !requires_replace.is_empty();
        let counted = self.units().iter().any(|n| differs(n))
            || self.target().is_some_and(|t| given(t) && differs(t))
            || given(self.base()) && differs(self.base());
        if anew || counted {
            let base = planned.get(self.base()).and_then(Value::as_str).map(|t| parse(t, self.base()));
            let known = request.config.is_wholly_known();
            // A new moment is taken when it is made, and what is counted to one is told then.
            let early = self.0 == Kind::Static || !anew;
            match base.filter(|_| known && early) {
                Some(Ok(base)) => {
                    if let Err(c) = self.fill(&mut planned, &request.config, base) {
                        return PlanAnswer { complaints: vec![c], ..PlanAnswer::default() };
                    }
                }
                Some(Err(c)) => return PlanAnswer { complaints: vec![c], ..PlanAnswer::default() },
                None => {
                    let texts = ["id", self.base()].into_iter().chain(self.target());
                    for name in texts.filter(|n| !given(n) && (anew || *n != self.base())) {
                        planned.insert(name.into(), Value::unknown(Type::String));
                    }
                    for name in PARTS {
                        planned.insert(name.into(), Value::unknown(Type::Number));
                    }
                }
            }
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        if request.planned.is_wholly_known() {
            return Ok(request.planned.clone());
        }
        let base = match request.planned.get(self.base()).and_then(Value::as_str) {
            Some(text) => parse(text, self.base())?,
            None => OffsetDateTime::now_utc(),
        };
        let mut object = members(&request.planned);
        self.fill(&mut object, &request.config, base)?;
        Ok(Value::object(object))
    }

    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        let units = self.units();
        let parts: Vec<&str> = id.split(',').collect();
        let wrong = || {
            let names = units.iter().map(|u| u.rsplit('_').next().unwrap_or_default().to_uppercase());
            let form = std::iter::once("BASETIMESTAMP".to_owned()).chain(names).collect::<Vec<_>>().join(",");
            let other = if self.0 == Kind::Rotating { " or BASETIMESTAMP,ROTATIONTIMESTAMP" } else { "" };
            Diagnostic::error(
                "Unexpected Format of ID",
                format!("The import id {id:?} must have the form {form}{other}."),
            )
        };
        let mut config = BTreeMap::new();
        match &parts[..] {
            [_, at] if self.0 == Kind::Rotating => {
                config.insert("rotation_rfc3339".into(), Value::string(at));
            }
            [_, counts @ ..] if counts.len() == units.len() => {
                for (unit, count) in units.iter().zip(counts).filter(|(_, c)| !c.is_empty()) {
                    let n: i64 = count.parse().map_err(|_| wrong())?;
                    config.insert(Str::from(unit.as_str()), Value::number(n));
                }
                if self.0 != Kind::Static && config.is_empty() {
                    return Err(wrong().into());
                }
            }
            _ => return Err(wrong().into()),
        }
        self.imported(&config, parts[0]).map_err(|c| Diagnostic::error(c.summary, c.detail).into())
    }

    /// What is due for rotation counts as gone, so that it is made anew.
    fn read(&self, prior: &Value) -> Result<Value, Complaint> {
        Ok(if due(prior) { Value::null(prior.ty()) } else { prior.clone() })
    }
}

/// Tells whether the time of rotation is over.
fn due(object: &Value) -> bool {
    let at = object.get("rotation_rfc3339").and_then(Value::as_str);
    at.and_then(|t| OffsetDateTime::parse(t, &Rfc3339).ok()).is_some_and(|at| OffsetDateTime::now_utc() >= at)
}

/// # time_sleep
struct Sleep;

/// A number with one unit: `1.5h`, `500ms`.
fn duration(text: &str) -> Option<std::time::Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(digits);
    let whole = number.starts_with(|c: char| c.is_ascii_digit()) && number.ends_with(|c: char| c.is_ascii_digit());
    let seconds = match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 0.001,
        _ => return None,
    };
    let number: f64 = number.parse().ok().filter(|_| whole)?;
    std::time::Duration::try_from_secs_f64(number * seconds).ok()
}

async fn sleep(object: &Value, name: &str) {
    if let Some(time) = object.get(name).and_then(Value::as_str).and_then(duration) {
        tokio::time::sleep(time).await;
    }
}

#[async_trait]
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
        let mut found = at_least_one(config, &["create_duration", "destroy_duration"]);
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

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if get(&request.planned, "id").is_unknown() {
            sleep(&request.planned, "create_duration").await;
            object.insert("id".into(), Value::string(text(OffsetDateTime::now_utc())));
        }
        Ok(Value::object(object))
    }

    async fn delete(&self, prior: &Value) -> Result<(), Complaint> {
        sleep(prior, "destroy_duration").await;
        Ok(())
    }

    /// `CREATEDURATION,DESTROYDURATION,KEY=VALUE,…`
    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        let wrong = || -> Diagnostics {
            let form = "CREATEDURATION,DESTROYDURATION,KEY=VALUE,KEY=VALUE…, where one of the durations may be empty";
            let detail = format!("The import id {id:?} must have the form {form}.");
            Diagnostic::error("Unexpected Format of ID", detail).into()
        };
        let parts: Vec<&str> = id.split(',').collect();
        let [create, destroy, triggers @ ..] = &parts[..] else { return Err(wrong()) };
        let mut object = members(&self.schema().block.empty_value());
        for (name, text) in [("create_duration", create), ("destroy_duration", destroy)] {
            if !text.is_empty() {
                duration(text).ok_or_else(wrong)?;
                object.insert(name.into(), Value::string(text));
            }
        }
        if create.is_empty() && destroy.is_empty() {
            return Err(wrong());
        }
        let mut all = BTreeMap::new();
        for trigger in triggers {
            let (key, value) = trigger.split_once('=').ok_or_else(wrong)?;
            all.insert(Str::from(key), Value::string(value));
        }
        if !all.is_empty() {
            object.insert("triggers".into(), Value::map(Type::String, all));
        }
        object.insert("id".into(), Value::string(text(OffsetDateTime::now_utc())));
        Ok(Value::object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_add_up_and_rotations_do_not() {
        let base = OffsetDateTime::parse("2026-01-01T00:00:00Z", &Rfc3339).expect("a moment");
        let check = |kind, set: &[(&str, i64)], expected: &str| {
            let config = Value::object(set.iter().map(|(k, n)| (*k, Value::number(*n))));
            assert_eq!(text(Moment(kind).shift(&config, base).expect("in range")), expected, "{set:?}");
        };
        check(Kind::Offset, &[("offset_days", 1), ("offset_hours", -2)], "2026-01-01T22:00:00Z");
        check(Kind::Rotating, &[("rotation_days", 1), ("rotation_hours", 2)], "2026-01-01T02:00:00Z");
        check(Kind::Rotating, &[("rotation_days", 1), ("rotation_years", 1)], "2027-01-01T00:00:00Z");
    }

    #[test]
    fn imports() {
        let check = |kind, id: &str, name: &str, expected: Option<&str>| {
            let object = Moment(kind).import(id).ok();
            let found = object.as_ref().and_then(|o| o.get(name)).and_then(Value::as_str);
            assert_eq!(found, expected, "{id}");
        };
        check(Kind::Static, "2026-01-01T00:00:00Z", "id", Some("2026-01-01T00:00:00Z"));
        check(Kind::Static, "yesterday", "id", None);
        check(Kind::Offset, "2026-01-01T00:00:00Z,,,7,,,", "rfc3339", Some("2026-01-08T00:00:00Z"));
        check(Kind::Offset, "2026-01-01T00:00:00Z,,,,,,", "rfc3339", None);
        check(Kind::Rotating, "2026-01-01T00:00:00Z,,1,,,", "rotation_rfc3339", Some("2026-02-01T00:00:00Z"));
        let both = "2026-01-01T00:00:00Z,2027-01-01T00:00:00Z";
        check(Kind::Rotating, both, "rotation_rfc3339", Some("2027-01-01T00:00:00Z"));
        assert!(Sleep.import("30s,,a=b").is_ok() && Sleep.import(",").is_err() && Sleep.import("1h30m,").is_err());
    }

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
