//! Forms of names and times in RDS.

/// Identifiers of instances, snapshots and the like: `orders-db-1`.
///
/// # Errors
/// What the value must be.
pub(crate) fn identifier(text: &str) -> Result<(), String> {
    prefix(text)?;
    if text.ends_with('-') { Err("not to end with a hyphen".into()) } else { Ok(()) }
}

/// The start of an identifier.
///
/// # Errors
/// What the value must be.
pub(crate) fn prefix(text: &str) -> Result<(), String> {
    let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !plain {
        Err("to have only lower-case letters, digits and hyphens".into())
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        Err("to begin with a letter".into())
    } else if text.contains("--") {
        Err("not to have two hyphens in a row".into())
    } else {
        Ok(())
    }
}

/// A final snapshot's identifier: as an instance's, capitals allowed.
///
/// # Errors
/// What the value must be.
pub(crate) fn snapshot(text: &str) -> Result<(), String> {
    identifier(&text.to_ascii_lowercase())
}

/// Names of parameter groups: as identifiers, digits first and dots allowed in old ones.
///
/// # Errors
/// What the value must be.
pub(crate) fn parameter_group(text: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
    if text.is_empty() || !text.bytes().all(plain) {
        Err("to have only lower-case letters, digits, periods and hyphens".into())
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        Err("to begin with a letter".into())
    } else if text.contains("--") {
        Err("not to have two hyphens in a row".into())
    } else {
        Ok(())
    }
}

/// Names of subnet groups.
///
/// # Errors
/// What the value must be.
pub(crate) fn subnet_group(text: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b' ' | b'.' | b'-');
    if text.is_empty() || !text.bytes().all(plain) {
        Err("to have only lower-case letters, digits, hyphens, underscores, periods and spaces".into())
    } else if text.eq_ignore_ascii_case("default") {
        Err("not to be \"Default\"".into())
    } else {
        Ok(())
    }
}

/// Names of event subscriptions: as identifiers, capitals allowed.
///
/// # Errors
/// What the value must be.
pub(crate) fn event_subscription(text: &str) -> Result<(), String> {
    identifier(&text.to_ascii_lowercase())
}

/// The start of such a name.
///
/// # Errors
/// What the value must be.
pub(crate) fn event_prefix(text: &str) -> Result<(), String> {
    prefix(&text.to_ascii_lowercase())
}

/// Names of option groups.
///
/// # Errors
/// What the value must be.
pub(crate) fn option_group(text: &str) -> Result<(), String> {
    identifier(text)
}

/// The start of such a name.
///
/// # Errors
/// What the value must be.
pub(crate) fn option_prefix(text: &str) -> Result<(), String> {
    prefix(text)
}

/// A cluster's final snapshot.
///
/// # Errors
/// What the value must be.
pub(crate) fn cluster_snapshot(text: &str) -> Result<(), String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        Err("to have only letters, digits and hyphens".into())
    } else if text.contains("--") || text.ends_with('-') {
        Err("to have neither two hyphens in a row nor one at its end".into())
    } else {
        Ok(())
    }
}

/// Instance profiles of RDS Custom.
///
/// # Errors
/// What the value must be.
pub(crate) fn custom_profile(text: &str) -> Result<(), String> {
    let fits = text.starts_with("AWSRDSCustom") && text.len() <= 136;
    if fits { Ok(()) } else { Err("to begin with AWSRDSCustom".into()) }
}

/// A time of every day: `02:00-03:00`.
///
/// # Errors
/// What the value must be.
pub(crate) fn daily(text: &str) -> Result<(), String> {
    let ok = text.split_once('-').is_some_and(|(a, b)| clock(a) && clock(b));
    if ok || text.is_empty() { Ok(()) } else { Err("to be two times of a day, hh24:mi-hh24:mi".into()) }
}

/// A time of every week: `sun:03:30-sun:04:30`.
///
/// # Errors
/// What the value must be.
pub(crate) fn weekly(text: &str) -> Result<(), String> {
    let moment = |t: &str| {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        t.split_once(':').is_some_and(|(day, time)| days.contains(&day) && clock(time))
    };
    let text = text.to_ascii_lowercase();
    let ok = text.split_once('-').is_some_and(|(a, b)| moment(a) && moment(b));
    if ok || text.is_empty() { Ok(()) } else { Err("to be two times of a week, ddd:hh24:mi-ddd:hh24:mi".into()) }
}

fn clock(text: &str) -> bool {
    let number = |t: &str, below: u32| t.len() == 2 && t.parse::<u32>().is_ok_and(|n| n < below);
    text.split_once(':').is_some_and(|(h, m)| number(h, 24) && number(m, 60))
}

#[cfg(test)]
mod tests {
    #[test]
    fn forms() {
        let check = |what: fn(&str) -> Result<(), String>, good: &[&str], bad: &[&str]| {
            good.iter().for_each(|t| assert_eq!(what(t), Ok(()), "{t}"));
            bad.iter().for_each(|t| assert!(what(t).is_err(), "{t}"));
        };
        check(super::identifier, &["a", "orders-db-1"], &["1a", "A", "a--b", "a-", "a_b"]);
        check(super::prefix, &["orders-"], &["-a", "a--"]);
        check(super::snapshot, &["Final-1"], &["1", "a--b"]);
        check(super::subnet_group, &["a b.c_d-1"], &["A", "default"]);
        check(super::daily, &["02:00-03:00", ""], &["2:00-3:00", "24:00-01:00"]);
        check(super::weekly, &["sun:03:30-sun:04:30", "Mon:00:00-Mon:01:00"], &["son:03:30-sun:04:30", "02:00-03:00"]);
    }
}
