//! Tags: the provider's defaults, what is ignored, and the temporary tag that recognises an object whose creation was cut short.

use std::collections::BTreeMap;

use sdt_value::{Str, Type, Value};

use crate::convert::{tag_map, tags_value};

/// Key of the temporary creation tag; its value is the operation's token.
pub const OPERATION_TAG: &str = "sdt:op";

/// What a provider configuration says about tags.
#[derive(Clone, Debug, Default)]
pub struct TagSettings {
    /// Laid under the tags of every taggable object.
    pub default_tags: BTreeMap<String, String>,
    /// Keys that are somebody else's.
    pub ignore_keys: Vec<String>,
    /// Prefixes of such keys.
    pub ignore_prefixes: Vec<String>,
    /// Default tags that are not known yet.
    pub unknown: bool,
}

impl TagSettings {
    /// Returns `tags_all` for a configured `tags`: unknown when it cannot be told, or, for legacy types, when there are no tags on
    /// a creation.
    #[must_use]
    pub fn plan_all(&self, tags: &Value, prior: Option<&Value>, legacy: bool) -> Value {
        let unknown = Value::unknown(Type::map(Type::String));
        if self.unknown || !tags.is_wholly_known() {
            return unknown;
        }
        let all = self.merge(tags);
        match prior {
            None if all.is_empty() && legacy => unknown,
            Some(p) if tag_map(Some(p)) == all && !p.is_null() => p.clone(),
            _ => tags_value(&all),
        }
    }

    /// Lays `tags` over the default tags.
    #[must_use]
    pub fn merge(&self, tags: &Value) -> BTreeMap<String, String> {
        let mut all = self.default_tags.clone();
        all.extend(tag_map(Some(tags)));
        all
    }

    /// What of an object's tags is visible: neither AWS's own, nor ours, nor ignored ones.
    #[must_use]
    pub fn visible(&self, all: &Value) -> BTreeMap<String, String> {
        let mut tags = tag_map(Some(all));
        tags.retain(|k, _| {
            k != OPERATION_TAG
                && !k.starts_with("aws:")
                && !self.ignore_keys.contains(k)
                && !self.ignore_prefixes.iter().any(|p| k.starts_with(p))
        });
        tags
    }

    /// Splits the visible tags into `tags` and `tags_all`: a default tag belongs to `tags` only when the object's own
    /// tags say it too.
    #[must_use]
    pub fn split(&self, all: &Value, own: Option<&Value>) -> [(Str, Value); 2] {
        let visible = self.visible(all);
        let unset = own.is_none_or(Value::is_null);
        let own = tag_map(own);
        let mut tags = visible.clone();
        tags.retain(|k, v| self.default_tags.get(k) != Some(v) || own.contains_key(k));
        let null = || Value::null(Type::map(Type::String));
        let tags = if unset && tags.is_empty() { null() } else { tags_value(&tags) };
        [("tags".into(), tags), ("tags_all".into(), tags_value(&visible))]
    }
}
