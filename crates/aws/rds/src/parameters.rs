//! Parameters of groups for instances and for clusters.

use aws_sdk_rds::types::{ApplyMethod, Parameter as ApiParameter};
use sdt_provider::{Block, Set};

/// A parameter that differs from the family's.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Parameter {
    /// When a change takes effect.
    #[attr(default = "immediate", one_of("immediate", "pending-reboot"), any_case)]
    pub(crate) apply_method: Option<String>,
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// Most parameters of a call.
pub(crate) const BATCH: usize = 20;

impl Parameter {
    fn request(&self) -> ApiParameter {
        let method = self.apply_method.as_deref().unwrap_or("immediate").to_lowercase();
        ApiParameter::builder()
            .parameter_name(self.name.to_lowercase())
            .parameter_value(&self.value)
            .apply_method(ApplyMethod::from(method.as_str()))
            .build()
    }

    /// Those parameters that somebody has set.
    pub(crate) fn seen(all: Vec<ApiParameter>) -> Set<Self> {
        let set = all.into_iter().filter(|p| p.source.as_deref().is_none_or(|s| s == "user"));
        let one = |p: ApiParameter| {
            Some(Self {
                apply_method: p.apply_method.map(|m| m.as_str().to_lowercase()).or_else(|| Some("immediate".into())),
                name: p.parameter_name?.to_lowercase(),
                value: p.parameter_value?,
            })
        };
        set.filter_map(one).collect()
    }
}

/// What to set, in batches: character sets first, since collations depend on them.
pub(crate) fn to_set(prior: &[Parameter], want: &[Parameter]) -> Vec<Vec<ApiParameter>> {
    let mut new: Vec<&Parameter> = want.iter().filter(|w| !prior.contains(w)).collect();
    new.sort_by_key(|p| !p.name.to_lowercase().starts_with("character_set"));
    new.chunks(BATCH).map(|some| some.iter().map(|p| p.request()).collect()).collect()
}

/// What goes back to the family's value, in batches.
pub(crate) fn to_reset(prior: &[Parameter], want: &[Parameter]) -> Vec<Vec<ApiParameter>> {
    let kept = |p: &Parameter| want.iter().any(|w| w.name.eq_ignore_ascii_case(&p.name));
    let gone: Vec<&Parameter> = prior.iter().filter(|p| !kept(p)).collect();
    gone.chunks(BATCH).map(|some| some.iter().map(|p| p.request()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let p = |name: &str, value: &str| Parameter { apply_method: None, name: name.into(), value: value.into() };
        let names = |batches: Vec<Vec<ApiParameter>>| -> Vec<String> {
            batches.into_iter().flatten().filter_map(|p| p.parameter_name).collect()
        };
        let (prior, want) =
            (vec![p("a", "1"), p("b", "1")], vec![p("B", "2"), p("collation", "x"), p("character_set_server", "y")]);
        assert_eq!(names(to_set(&prior, &want)), ["character_set_server", "b", "collation"]);
        assert_eq!(names(to_reset(&prior, &want)), ["a"]);
    }
}
