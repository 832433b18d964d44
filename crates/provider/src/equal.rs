//! Values that mean the same although they differ, for `same = …` in declarations.

use sdt_value::Value;

/// JSON texts with the same meaning.
#[must_use]
pub fn json(a: &Value, b: &Value) -> bool {
    let parse = |v: &Value| v.as_str().and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok());
    matches!((parse(a), parse(b)), (Some(x), Some(y)) if x == y)
}

/// A JSON text with its members in order and without blanks; what is none stays as it is.
#[must_use]
pub fn json_form(text: &str) -> String {
    let Ok(parsed) = serde_json::from_str::<serde_json::Value>(text) else { return text.to_owned() };
    let plain = parsed.to_string();
    // As Go writes them.
    plain.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A policy in the form of [`json_form`], but the version, if it is the newest, before all else: some services insist on that.
#[must_use]
pub fn version_first(text: &str) -> String {
    const VERSION: &str = r#""Version":"2012-10-17""#;
    let plain = json_form(text);
    let Some((before, after)) = plain.strip_prefix('{').and_then(|members| members.split_once(VERSION)) else {
        return plain;
    };
    let rest = format!("{}{after}", before.trim_end_matches(','));
    format!("{{{VERSION}{}{rest}", if rest == "}" || rest.starts_with(',') { "" } else { "," })
}

/// Texts that differ only in upper and lower case.
#[must_use]
pub fn ignore_case(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(x), Some(y)) if x.eq_ignore_ascii_case(y))
}

/// IAM policies with the same meaning: the order of lists does not matter, a list of one is its element, `Statement` may be one object,
/// truth values and numbers may be written as text, and an account stands for its root user.
#[must_use]
pub fn policy(a: &Value, b: &Value) -> bool {
    let parse =
        |v: &Value| v.as_str().and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok()).map(canonical_policy);
    match (parse(a), parse(b)) {
        (Some(x), Some(y)) => x == y,
        _ => false,
    }
}

fn canonical_policy(json: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.into_iter().map(canonical_policy).collect();
            items.sort_by_cached_key(Json::to_string);
            items.dedup();
            match <[Json; 1]>::try_from(items) {
                Ok([only]) => only,
                Err(items) => Json::Array(items),
            }
        }
        Json::Object(members) => members
            .into_iter()
            // An empty statement id is none.
            .filter(|(k, v)| !(k == "Sid" && v == ""))
            .map(|(k, v)| (k, canonical_policy(v)))
            .collect(),
        Json::Bool(b) => Json::String(b.to_string()),
        Json::Number(n) => Json::String(n.to_string()),
        Json::String(s) => Json::String(root_account(&s).map_or_else(|| s.clone(), ToOwned::to_owned)),
        Json::Null => Json::Null,
    }
}

/// The account whose root user an ARN names: `arn:aws:iam::123456789012:root`.
fn root_account(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:")?.split_once(":iam::")?.1;
    rest.strip_suffix(":root").filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let check = |text: &str, plain: &str, first: &str| {
            assert_eq!((json_form(text).as_str(), version_first(text).as_str()), (plain, first), "{text}");
        };
        check(" { \"b\": 1, \"a\": \"<\" } ", r#"{"a":"\u003c","b":1}"#, r#"{"a":"\u003c","b":1}"#);
        let sorted = r#"{"Id":"i","Statement":[],"Version":"2012-10-17"}"#;
        check(sorted, sorted, r#"{"Version":"2012-10-17","Id":"i","Statement":[]}"#);
        check(r#"{"Version":"2012-10-17"}"#, r#"{"Version":"2012-10-17"}"#, r#"{"Version":"2012-10-17"}"#);
        check(
            r#"{"Version":"2008-10-17","A":1}"#,
            r#"{"A":1,"Version":"2008-10-17"}"#,
            r#"{"A":1,"Version":"2008-10-17"}"#,
        );
        check("no JSON", "no JSON", "no JSON");
    }

    #[test]
    fn policies_by_meaning() {
        let check =
            |a: &str, b: &str, want: bool| assert_eq!(policy(&Value::string(a), &Value::string(b)), want, "{a} {b}");
        check(r#"{"Statement":{"Action":"a"}}"#, r#"{"Statement":[{"Action":["a"]}]}"#, true);
        check(r#"{"Statement":[{"Action":["b","a"]}]}"#, r#"{"Statement":[{"Action":["a","b"]}]}"#, true);
        check(r#"{"C":{"Bool":{"x":true}}}"#, r#"{"C":{"Bool":{"x":"true"}}}"#, true);
        check(r#"{"P":"123456789012"}"#, r#"{"P":"arn:aws:iam::123456789012:root"}"#, true);
        check(r#"{"Statement":[{"Action":"a"}]}"#, r#"{"Statement":[{"Action":"b"}]}"#, false);
    }
}
