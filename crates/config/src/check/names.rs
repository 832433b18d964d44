//! Words for messages.

use crate::Referenceable;

/// Returns " Did you mean \"x\"?" for the nearest name, or nothing.
#[must_use]
pub fn suggestion<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = names
        .into_iter()
        .map(|n| (strsim::levenshtein(given, n), n))
        .filter(|(d, n)| *d <= (n.len().max(given.len()) / 3).max(1))
        .min();
    nearest.map(|(_, n)| format!(" Did you mean {n:?}?")).unwrap_or_default()
}

/// The object that a reference is to, as it is written.
pub(crate) fn whole(r: &Referenceable) -> String {
    let key = |k: &Option<sdt_addr::InstanceKey>| k.as_ref().map(ToString::to_string).unwrap_or_default();
    match r {
        Referenceable::Variable(n) => format!("var.{n}"),
        Referenceable::Local(n) => format!("local.{n}"),
        Referenceable::Resource(a, k) => format!("{a}{}", key(k)),
        Referenceable::Module(n, k) | Referenceable::ModuleOutput(n, k, _) => format!("module.{n}{}", key(k)),
        Referenceable::Each(n) => format!("each.{n}"),
        Referenceable::Count(n) => format!("count.{n}"),
        Referenceable::Path(n) => format!("path.{n}"),
        Referenceable::Terraform(n) => format!("terraform.{n}"),
        Referenceable::SelfObject => "self".into(),
    }
}
