//! Dates and times.

use sdt_value::{Type, Value};

use crate::call::{arg, str_arg};
use crate::{CallError, Function, Param, Timestamp};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "timestamp",
        "Returns the current time in UTC; unknown while planning.",
        &[],
        Type::String,
        |_, ctx| Ok(shown(ctx.clock)),
    ),
    Function::new("plantimestamp", "Returns the time of the plan in UTC.", &[], Type::String, |_, ctx| {
        Ok(shown(ctx.plan_time))
    }),
    Function::new(
        "timeadd",
        "Adds a duration such as \"1h30m\" to a time.",
        &[Param::string("timestamp"), Param::string("duration")],
        Type::String,
        |a, _| {
            let at = Moment::parse(str_arg(a, 0)).map_err(CallError::Call)?;
            let by = parse_duration(str_arg(a, 1)).map_err(CallError::Call)?;
            Ok(Value::string(at.plus(by).to_string()))
        },
    ),
    Function::new(
        "timecmp",
        "Compares two times: -1, 0 or 1.",
        &[Param::string("timestamp_a"), Param::string("timestamp_b")],
        Type::Number,
        |a, _| {
            let at = |index: usize| {
                Moment::parse_as(str_arg(a, index), Rules::Go).map_err(|message| CallError::Arg { index, message })
            };
            Ok(Value::number(at(0)?.instant().cmp(&at(1)?.instant()) as i32))
        },
    ),
    Function::new(
        "formatdate",
        "Writes a time in another form.",
        &[Param::string("format"), Param::string("time")],
        Type::String,
        |a, _| {
            let at = match Moment::parse(str_arg(a, 1)) {
                Ok(m) => m,
                Err(message) => return arg(1, message),
            };
            match format_date(str_arg(a, 0), &at) {
                Ok(s) => Ok(Value::string(s)),
                Err(message) => arg(0, message),
            }
        },
    ),
];

fn shown(at: Option<Timestamp>) -> Value {
    match at {
        Some(t) => Value::string(Moment { seconds: t.seconds, nanos: t.nanos, offset: 0 }.to_string()),
        None => Value::unknown(Type::String),
    }
}

/// An instant with the offset it is shown in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Since 1970, UTC.
    seconds: i64,
    nanos: u32,
    /// Seconds east of UTC.
    offset: i64,
}

/// How exactly a time must follow RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rules {
    Strict,
    /// As Go's own reader, which lets a comma and offsets of a whole day pass: comparison goes through it.
    Go,
}

/// The parts of a clock and calendar.
pub(crate) struct Parts {
    pub(crate) year: i64,
    pub(crate) month: usize,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// 0 is Sunday.
    pub(crate) weekday: usize,
}

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(crate) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day comes last.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Moment {
    /// Reads RFC 3339.
    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_as(text, Rules::Strict)
    }

    /// Reads what Go's own reader takes.
    pub(crate) fn parse_as_go(text: &str) -> Result<Self, String> {
        Self::parse_as(text, Rules::Go)
    }

    /// A moment in UTC.
    pub(crate) const fn utc(seconds: i64) -> Self {
        Self { seconds, nanos: 0, offset: 0 }
    }

    /// Seconds since 1970.
    pub(crate) const fn seconds(&self) -> i64 {
        self.seconds
    }

    fn parse_as(text: &str, rules: Rules) -> Result<Self, String> {
        let bad = |why: String| format!("not a valid RFC3339 timestamp: {why}");
        let mark = |at: &mut &str, c: char, what: &str| match at.strip_prefix(c) {
            Some(next) => {
                *at = next;
                Ok(())
            }
            None => Err(bad(format!("missing required {what} {c:?}"))),
        };
        let number = |at: &mut &str, len: usize, what: &str, max: i64, min: i64| -> Result<i64, String> {
            let part = at.get(..len).filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
            let Some(part) = part else {
                let shown: String = at.chars().take(len).collect();
                return Err(bad(if at.is_empty() {
                    format!("end of string before {what}")
                } else {
                    format!("cannot use {shown:?} as {what}")
                }));
            };
            *at = &at[len..];
            let n: i64 = part.parse().map_err(|_| bad(format!("cannot use {part:?} as {what}")))?;
            if n > max || n < min {
                return Err(bad(format!("{what} out of range")));
            }
            Ok(n)
        };
        let mut at = text;
        let year = number(&mut at, 4, "year", 9999, 0)?;
        mark(&mut at, '-', "time separator")?;
        let month = number(&mut at, 2, "month", 12, 1)?;
        mark(&mut at, '-', "time separator")?;
        let day = number(&mut at, 2, "day of month", 31, 1)?;
        if day > days_in(year, month) {
            return Err(bad("day of month out of range".into()));
        }
        mark(&mut at, 'T', "time introducer")?;
        let hour = number(&mut at, 2, "hour", 23, 0)?;
        mark(&mut at, ':', "time separator")?;
        let minute = number(&mut at, 2, "minute", 59, 0)?;
        mark(&mut at, ':', "time separator")?;
        let second = number(&mut at, 2, "second", 59, 0)?;
        let mut nanos = 0u32;
        let point: &[char] = if rules == Rules::Go { &['.', ','] } else { &['.'] };
        if let Some(fraction) = at.strip_prefix(point) {
            let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if len > 0 {
                let digits: String = fraction[..len].chars().chain("000000000".chars()).take(9).collect();
                nanos = digits.parse().unwrap_or(0);
                at = &fraction[len..];
            }
        }
        let offset = if let Some(next) = at.strip_prefix('Z') {
            at = next;
            0
        } else {
            let sign = match at.as_bytes().first() {
                Some(b'+') => 1,
                Some(b'-') => -1,
                None => return Err(bad("end of string before UTC offset".into())),
                _ => return Err(bad(format!("cannot use {at:?} as UTC offset"))),
            };
            at = &at[1..];
            let hours = number(&mut at, 2, "UTC offset", 23 + i64::from(rules == Rules::Go), 0)?;
            mark(&mut at, ':', "time separator")?;
            let minutes = number(&mut at, 2, "UTC offset", 59 + i64::from(rules == Rules::Go), 0)?;
            sign * (hours * 3600 + minutes * 60)
        };
        if !at.is_empty() {
            return Err(bad(format!("extra characters {at:?} after UTC offset")));
        }
        let days = days_from_civil(year, month, day);
        Ok(Self { seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanos, offset })
    }

    fn instant(&self) -> (i64, u32) {
        (self.seconds, self.nanos)
    }

    fn plus(self, nanos: i64) -> Self {
        let total = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos) + i128::from(nanos);
        let (seconds, nanos) = (total.div_euclid(1_000_000_000), total.rem_euclid(1_000_000_000));
        Self { seconds: i64::try_from(seconds).unwrap_or(i64::MAX / 2), nanos: nanos as u32, offset: self.offset }
    }

    pub(crate) fn parts(&self) -> Parts {
        let local = self.seconds + self.offset;
        let days = local.div_euclid(86_400);
        let second = local.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        Parts {
            year,
            month: month as usize,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            weekday: (days + 4).rem_euclid(7) as usize,
        }
    }

    /// `+05:30` or, with an empty separator, `+0530`.
    fn offset_text(&self, separator: &str) -> String {
        let minutes = self.offset.abs() / 60;
        let sign = if self.offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

/// RFC 3339 in whole seconds.
impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let p = self.parts();
        let zone = if self.offset == 0 { "Z".to_owned() } else { self.offset_text(":") };
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}", p.year, p.month, p.day, p.hour, p.minute, p.second)
    }
}

/// Reads a date or time as YAML writes them (`2001-1-2`, `2001-1-2 3:4:5`, `2001-1-2T3:4:5Z`) into RFC 3339.
pub(crate) fn lenient(text: &str) -> Option<String> {
    fn number(at: &mut &str, least: usize, most: usize, max: i64) -> Option<i64> {
        let len = at.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let n: i64 = at[..len].parse().ok().filter(|_| len >= least)?;
        *at = &at[len..];
        (n <= max).then_some(n)
    }
    fn mark(at: &mut &str, mark: &str) -> Option<()> {
        *at = at.strip_prefix(mark)?;
        Some(())
    }
    let mut at = text;
    let year = number(&mut at, 4, 4, 9999)?;
    mark(&mut at, "-")?;
    let month = number(&mut at, 1, 2, 12).filter(|m| *m > 0)?;
    mark(&mut at, "-")?;
    let day = number(&mut at, 1, 2, days_in(year, month)).filter(|d| *d > 0)?;
    let (mut seconds, mut offset) = (days_from_civil(year, month, day) * 86_400, 0);
    if !at.is_empty() {
        let zoned = at.starts_with(['T', 't']);
        at = at.strip_prefix(['T', 't', ' '])?;
        seconds += number(&mut at, 1, 2, 23)? * 3600;
        mark(&mut at, ":")?;
        seconds += number(&mut at, 1, 2, 59)? * 60;
        mark(&mut at, ":")?;
        seconds += number(&mut at, 1, 2, 59)?;
        if let Some(fraction) = at.strip_prefix('.') {
            at = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        if zoned && mark(&mut at, "Z").is_none() {
            let sign = if mark(&mut at, "+").is_some() { 1 } else { -1 };
            if sign < 0 {
                mark(&mut at, "-")?;
            }
            offset = number(&mut at, 2, 2, 24)? * 3600;
            mark(&mut at, ":")?;
            offset = sign * (offset + number(&mut at, 2, 2, 60)? * 60);
        }
    }
    let moment = Moment { seconds: seconds - offset, nanos: 0, offset };
    at.is_empty().then(|| moment.to_string())
}

fn format_date(format: &str, at: &Moment) -> Result<String, String> {
    let p = at.parts();
    let mut out = String::new();
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        if let Some(next) = rest.strip_prefix("''") {
            out.push('\'');
            rest = next;
            continue;
        }
        if c == '\'' {
            rest = literal(&rest[1..], &mut out)?;
            continue;
        }
        let len = rest.chars().take_while(|d| *d == c).map(char::len_utf8).sum::<usize>();
        if !c.is_ascii_alphabetic() {
            out.push_str(&rest[..len]);
            rest = &rest[len..];
            continue;
        }
        let verb = &rest[..len];
        rest = &rest[len..];
        let month = MONTHS[p.month - 1];
        let day = DAYS[p.weekday];
        let half = match p.hour % 12 {
            0 => 12,
            h => h,
        };
        let text = match verb {
            "YYYY" => format!("{:04}", p.year),
            "YY" => format!("{:02}", p.year.rem_euclid(100)),
            "MMMM" => month.to_owned(),
            "MMM" => month[..3].to_owned(),
            "MM" => format!("{:02}", p.month),
            "M" => p.month.to_string(),
            "DD" => format!("{:02}", p.day),
            "D" => p.day.to_string(),
            "EEEE" => day.to_owned(),
            "EEE" => day[..3].to_owned(),
            "hh" => format!("{:02}", p.hour),
            "h" => p.hour.to_string(),
            "HH" => format!("{half:02}"),
            "H" => half.to_string(),
            "AA" => if p.hour < 12 { "AM" } else { "PM" }.to_owned(),
            "aa" => if p.hour < 12 { "am" } else { "pm" }.to_owned(),
            "mm" => format!("{:02}", p.minute),
            "m" => p.minute.to_string(),
            "ss" => format!("{:02}", p.second),
            "s" => p.second.to_string(),
            "ZZZZZ" => at.offset_text(":"),
            "ZZZZ" => at.offset_text(""),
            "ZZZ" if at.offset == 0 => "UTC".to_owned(),
            "ZZZ" => at.offset_text(""),
            "Z" if at.offset == 0 => "Z".to_owned(),
            "Z" => at.offset_text(":"),
            _ => return Err(verb_help(c, verb)),
        };
        out.push_str(&text);
    }
    Ok(out)
}

fn verb_help(c: char, verb: &str) -> String {
    let (what, right) = match c {
        'Y' => ("year", "must either be \"YY\" or \"YYYY\""),
        'M' => ("month", "must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
        'D' => ("day of month", "must be either \"D\" or \"DD\""),
        'E' => ("day of week", "must be either \"EEE\" or \"EEEE\""),
        'h' => ("24-hour", "must be either \"h\" or \"hh\""),
        'H' => ("12-hour", "must be either \"H\" or \"HH\""),
        'A' | 'a' => ("day period", "must be \"AA\" or \"aa\""),
        'm' => ("minute", "must be either \"m\" or \"mm\""),
        's' => ("second", "must be either \"s\" or \"ss\""),
        'Z' => ("timezone", "must be Z, ZZZ, ZZZZ, or ZZZZZ"),
        _ => return format!("invalid date format verb {verb:?}: use '{verb}' in quotes for literal letters"),
    };
    format!("invalid date format verb {verb:?}: {what} {right}")
}

/// Reads a quoted part after its opening quote; two quotes stand for one.
fn literal<'a>(mut rest: &'a str, out: &mut String) -> Result<&'a str, String> {
    loop {
        let Some(end) = rest.find('\'') else { return Err("unterminated literal '".to_owned() + rest) };
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(next) => {
                out.push('\'');
                rest = next;
            }
            None => return Ok(rest),
        }
    }
}

/// Reads a duration such as `-1h2.5m` in nanoseconds. Source: Go `time.ParseDuration`.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    let bad = || format!("time: invalid duration {text:?}");
    let (neg, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole_len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let whole = &rest[..whole_len];
        rest = &rest[whole_len..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let len = after.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &after[..len];
            rest = &after[len..];
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(bad());
        }
        let unit_len = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: i128 = match &rest[..unit_len] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            unit => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        rest = &rest[unit_len..];
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| bad())? };
        let mut part = whole.checked_mul(unit).ok_or_else(bad)?;
        // Digits beyond the eighteenth are below a nanosecond of any unit.
        let fraction = &fraction[..fraction.len().min(18)];
        if !fraction.is_empty() {
            let scale = 10i128.pow(fraction.len() as u32);
            part += fraction.parse::<i128>().map_err(|_| bad())? * unit / scale;
        }
        total += part;
        if total > i128::from(i64::MAX) + i128::from(neg) {
            return Err(bad());
        }
    }
    i64::try_from(if neg { -total } else { total }).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;
    use crate::{FnCtx, Timestamp, call, lookup};

    #[test]
    fn dates() {
        check(&[
            (
                "formatdate",
                r#"["EEEE, DD-MMM-YY hh:mm:ss ZZZ","2018-01-02T23:12:01Z"]"#,
                r#""Tuesday, 02-Jan-18 23:12:01 UTC""#,
            ),
            (
                "formatdate",
                r#"["H:mm AA h 'o''clock' ZZZZ","1999-12-31T12:00:59-08:00"]"#,
                r#""12:00 PM 12 o'clock -0800""#,
            ),
            (
                "formatdate",
                r#"["YYYY-MM-DD'T'hh:mm:ssZ","2020-02-29T00:05:09+05:30"]"#,
                r#""2020-02-29T00:05:09+05:30""#,
            ),
            ("formatdate", r#"["ss.s","2018-01-01T00:00:30.5Z"]"#, r#""30.30""#),
            ("formatdate", r#"["EE","2018-01-02T23:12:01Z"]"#, "arg 0: …"),
            ("formatdate", r#"["YYYY","2018-02-30T00:00:00Z"]"#, "arg 1: …"),
            ("formatdate", r#"["YYYY","2018-01-01 00:00:00Z"]"#, "arg 1: …"),
            ("formatdate", r#"["YYYY","2018-01-01T24:00:00Z"]"#, "arg 1: …"),
            ("formatdate", r#"["YYYY","2018-01-01T00:00Z"]"#, "arg 1: …"),
            ("timeadd", r#"["2018-01-01T00:00:00Z","1h30m"]"#, r#""2018-01-01T01:30:00Z""#),
            ("timeadd", r#"["2018-01-01T00:00:00-08:00","-1h"]"#, r#""2017-12-31T23:00:00-08:00""#),
            ("timeadd", r#"["2024-02-28T23:59:59+00:00","1.5s"]"#, r#""2024-02-29T00:00:00Z""#),
            ("timeadd", r#"["2018-01-01T00:00:00Z","1d"]"#, "call: time: unknown unit \"d\" in duration \"1d\""),
            ("timeadd", r#"["2018-01-01T00:00:00Z","1h 30m"]"#, "call: …"),
            ("timeadd", r#"["x","1h"]"#, "call: not a valid RFC3339 timestamp: cannot use \"x\" as year"),
            ("timecmp", r#"["2018-01-01T00:00:00Z","2018-01-01T01:00:00+01:00"]"#, "0"),
            ("timecmp", r#"["2018-01-01T00:00:00Z","bad"]"#, "arg 1: …"),
            ("timecmp", r#"["2018-01-01T00:00:00+25:00","2018-01-01T00:00:00Z"]"#, "arg 0: …"),
        ]);
        let at = Some(Timestamp { seconds: 1_700_000_000, nanos: 5 });
        let ctx = FnCtx { clock: at, ..FnCtx::pure() };
        let now = |ctx: &FnCtx<'_>| call(lookup("timestamp").unwrap(), &[], ctx).unwrap();
        assert_eq!(now(&ctx).as_str(), Some("2023-11-14T22:13:20Z"));
        assert!(now(&FnCtx::pure()).is_unknown());
    }
}
