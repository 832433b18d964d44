//! Which attributes differ, as data.

use serde_json::{Value as Json, json};

use crate::view::ResourceView;

/// Lists the attributes that differ between both sides: path, before, after. Sensitive values are not shown.
#[must_use]
pub fn drift_paths(view: &ResourceView) -> Vec<Json> {
    let mut out = Vec::new();
    let c = &view.change;
    let null = Json::Null;
    let after = c.after.as_ref().unwrap_or(&null);
    let hidden = [&c.before_sensitive, &c.after_sensitive];
    compare(&mut Vec::new(), &c.before, after, hidden, &mut out);
    out
}

fn compare(path: &mut Vec<Json>, before: &Json, after: &Json, secret: [&Json; 2], out: &mut Vec<Json>) {
    if before == after {
        return;
    }
    let hidden = secret.iter().any(|s| **s == Json::Bool(true));
    let null = Json::Null;
    match (before, after) {
        (Json::Object(b), Json::Object(a)) if !hidden => {
            let mut keys: Vec<_> = b.keys().chain(a.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                path.push(key.as_str().into());
                let inner = secret.map(|s| s.get(key).unwrap_or(&null));
                compare(path, b.get(key).unwrap_or(&null), a.get(key).unwrap_or(&null), inner, out);
                path.pop();
            }
        }
        (Json::Array(b), Json::Array(a)) if !hidden && b.len() == a.len() => {
            for (i, (x, y)) in b.iter().zip(a).enumerate() {
                path.push(i.into());
                let inner = secret.map(|s| s.get(i).unwrap_or(&null));
                compare(path, x, y, inner, out);
                path.pop();
            }
        }
        _ => {
            // A value that holds something sensitive anywhere is hidden whole.
            let inside = secret.iter().any(|s| holds_secret(s));
            let show = |v: &Json| if hidden || inside { Json::from("(sensitive value)") } else { v.clone() };
            out.push(json!({"path": path, "before": show(before), "after": show(after)}));
        }
    }
}

fn holds_secret(flags: &Json) -> bool {
    match flags {
        Json::Bool(b) => *b,
        Json::Array(items) => items.iter().any(holds_secret),
        Json::Object(members) => members.values().any(holds_secret),
        _ => false,
    }
}
