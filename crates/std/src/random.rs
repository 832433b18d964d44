//! hashicorp/random: values that are drawn once and kept in state.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::Schema;
use sdt_value::{Path, Str, Type, Value};

use crate::helpers::{complain, get, members};
use crate::random_ephemeral::EphemeralPassword;
use crate::random_state::{bcrypt_hash, keepers_changed, upgrade_text};
use crate::{Definition, LocalProvider, Random, random_schema, random_state};

/// The random provider. Whatever changes in a configuration replaces the object, since the value depends on all of it.
#[must_use]
pub fn random(random: Random) -> LocalProvider {
    let make = |kind| -> Arc<dyn Definition> { Arc::new(RandomType { kind, random: random.clone() }) };
    let mut types: Vec<_> = [Kind::Password, Kind::String, Kind::Id, Kind::Uuid, Kind::Integer].map(make).into();
    types.extend(crate::random_more::definitions(&random));
    types.push(Arc::new(EphemeralPassword::new(&random)));
    LocalProvider::new("hashicorp/random", Some("3.7.2"), types)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Password,
    String,
    Id,
    Uuid,
    Integer,
}

pub(crate) struct RandomType {
    pub(crate) kind: Kind,
    pub(crate) random: Random,
}

const FLAGS: [&str; 4] = ["lower", "upper", "numeric", "special"];
const LEAST: [&str; 4] = ["min_lower", "min_upper", "min_numeric", "min_special"];
const SPECIAL: &str = "!@#$%&*()-_=+[]{}<>:?";

impl RandomType {
    fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Password | Kind::String)
    }

    /// Settings that the configuration leaves open and the provider decides: defaults of flags and least numbers.
    pub(crate) fn defaults(&self, object: &mut BTreeMap<Str, Value>, config: &Value) {
        if !self.is_text() {
            return;
        }
        for name in FLAGS {
            let set = match name {
                // `number` is the old name of `numeric`; they always agree.
                "numeric" if get(config, "numeric").is_null() => get(config, "number"),
                _ => get(config, name),
            };
            let value = if set.is_null() { Value::TRUE } else { set };
            if name == "numeric" {
                object.insert("number".into(), value.clone());
            }
            object.insert(name.into(), value);
        }
        for name in LEAST {
            if get(config, name).is_null() {
                object.insert(name.into(), Value::number(0));
            }
        }
    }

    pub(crate) fn draw(&self, object: &mut BTreeMap<Str, Value>) -> Result<(), Complaint> {
        match self.kind {
            Kind::Password => {
                let text = self.text(object)?;
                let hash = bcrypt_hash(&text, &self.random)
                    .map_err(|e| complain("Hash Generation Error", e, Path::root().attr("bcrypt_hash")))?;
                object.insert("bcrypt_hash".into(), Value::string(hash));
                object.insert("id".into(), Value::string("none"));
                object.insert("result".into(), Value::string(text));
            }
            Kind::String => {
                let text = Value::string(self.text(object)?);
                object.insert("id".into(), text.clone());
                object.insert("result".into(), text);
            }
            Kind::Id => {
                let mut bytes = vec![0; usize::try_from(int(object, "byte_length")).unwrap_or_default()];
                self.random.fill(&mut bytes);
                let prefix = object.get("prefix").and_then(Value::as_str).unwrap_or_default().to_owned();
                let forms = id_forms(&bytes);
                object.insert("id".into(), Value::string(&forms[0].1));
                for (name, form) in forms {
                    object.insert(name.into(), Value::string(format!("{prefix}{form}")));
                }
            }
            Kind::Uuid => {
                let uuid = Value::string(self.random.uuid());
                object.insert("id".into(), uuid.clone());
                object.insert("result".into(), uuid);
            }
            Kind::Integer => {
                let (min, max) = (int(object, "min"), int(object, "max"));
                if max < min {
                    let detail = "The minimum (min) value needs to be smaller than or equal to maximum (max) value.";
                    return Err(complain("Create Random Integer Error", detail, Path::root().attr("min")));
                }
                let span = max.abs_diff(min).saturating_add(1);
                let n = match object.get("seed").and_then(Value::as_str) {
                    Some(seed) => Random::fixed(seed.bytes().fold(7, |h, b| h.wrapping_mul(31).wrapping_add(b.into()))),
                    None => self.random.clone(),
                }
                .below(span);
                let result = min.wrapping_add_unsigned(n);
                object.insert("id".into(), Value::string(result.to_string()));
                object.insert("result".into(), Value::number(result));
            }
        }
        Ok(())
    }

    /// Least numbers of each class first, the rest from all classes, then shuffled.
    fn text(&self, object: &BTreeMap<Str, Value>) -> Result<String, Complaint> {
        let special = object.get("override_special").and_then(Value::as_str).unwrap_or(SPECIAL);
        let classes = ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", special];
        let length = usize::try_from(int(object, "length")).unwrap_or_default();
        let mut chars: Vec<char> = Vec::new();
        let mut all: Vec<char> = Vec::new();
        for ((class, flag), least) in classes.iter().zip(FLAGS).zip(LEAST) {
            let class: Vec<char> = class.chars().collect();
            for _ in 0..int(object, least).max(0) {
                chars.extend(self.pick(&class));
            }
            if object.get(flag).and_then(Value::as_bool).unwrap_or(true) {
                all.extend(class);
            }
        }
        if chars.len() > length || all.is_empty() && chars.len() < length {
            let detail = "The length must allow for the least numbers of each class, and one class must be in use.";
            return Err(complain("Random Read Error", detail, Path::root().attr("length")));
        }
        while chars.len() < length {
            chars.extend(self.pick(&all));
        }
        for i in (1..chars.len()).rev() {
            chars.swap(i, self.random.below(i as u64 + 1) as usize);
        }
        Ok(chars.into_iter().collect())
    }

    fn pick(&self, from: &[char]) -> Option<char> {
        from.get(self.random.below(from.len() as u64) as usize).copied()
    }

    fn computed(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Password => &["id", "result", "bcrypt_hash"],
            Kind::String | Kind::Uuid | Kind::Integer => &["id", "result"],
            Kind::Id => &["id", "b64_url", "b64_std", "hex", "dec"],
        }
    }
}

#[async_trait]
impl Definition for RandomType {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Password => "random_password",
            Kind::String => "random_string",
            Kind::Id => "random_id",
            Kind::Uuid => "random_uuid",
            Kind::Integer => "random_integer",
        }
    }

    fn schema(&self) -> Arc<Schema> {
        match self.kind {
            Kind::Password => random_schema::password(),
            Kind::String => random_schema::string(),
            Kind::Id => random_schema::id(),
            Kind::Uuid => random_schema::uuid(),
            Kind::Integer => random_schema::integer(),
        }
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        let name = match self.kind {
            Kind::Password | Kind::String => "length",
            Kind::Id => "byte_length",
            Kind::Uuid | Kind::Integer => return Vec::new(),
        };
        match config.get(name).and_then(Value::as_number).and_then(sdt_value::Number::as_i64) {
            Some(n) if n < 1 => {
                let detail = format!("Attribute {name} value must be at least 1, got: {n}");
                vec![complain("Invalid Attribute Value", detail, Path::root().attr(name))]
            }
            Some(n) if self.is_text() => {
                let least: i64 = LEAST.iter().filter_map(|name| crate::helpers::int(config, name)).sum();
                let mut found = Vec::new();
                if n < least {
                    let sum = ["min_upper", "min_lower", "min_numeric", "min_special"].join(" + ");
                    let detail = format!("Attribute length value must be at least sum of {sum}, got: {n}");
                    found.push(complain("Invalid Attribute Value", detail, Path::root().attr(name)));
                }
                let (number, numeric) = (get(config, "number"), get(config, "numeric"));
                if let (Some(a), Some(b)) = (number.as_bool(), numeric.as_bool())
                    && a != b
                {
                    let detail =
                        "number and numeric are both set and differ; number is the deprecated name of numeric.";
                    found.push(complain("Number and numeric differ", detail, Path::root().attr("number")));
                }
                found
            }
            _ => Vec::new(),
        }
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut planned = members(&request.proposed);
        self.defaults(&mut planned, &request.config);
        let schema = self.schema();
        let mut requires_replace = Vec::new();
        if !request.prior.is_null() {
            let set = |name: &str| !self.computed().contains(&name);
            for name in schema.block.attributes.keys().filter(|n| set(n)) {
                let prior = get(&request.prior, name);
                let changed = match &**name {
                    "keepers" => keepers_changed(&prior, &planned[name]),
                    // Empty and not set are the same special characters.
                    "override_special" if prior.as_str() == Some("") => {
                        !planned[name].is_null() && !prior.raw_equals(&planned[name])
                    }
                    _ => !prior.raw_equals(&planned[name]),
                };
                if changed {
                    requires_replace.push(Path::root().attr(name.clone()));
                }
            }
        }
        if request.prior.is_null() || !requires_replace.is_empty() {
            for name in self.computed() {
                let ty = if self.kind == Kind::Integer && *name == "result" { Type::Number } else { Type::String };
                planned.insert((*name).into(), Value::unknown(ty));
            }
        }
        PlanAnswer { planned: Some(Value::object(planned)), requires_replace, ..PlanAnswer::default() }
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if object.values().any(Value::is_unknown) {
            self.draw(&mut object)?;
        }
        Ok(Value::object(object))
    }

    fn upgrade(&self, version: u64, mut stored: serde_json::Value) -> serde_json::Value {
        if let Some(object) = stored.as_object_mut().filter(|_| self.is_text() && version < self.schema().version) {
            upgrade_text(version, object, self.kind == Kind::Password, &self.random);
        }
        stored
    }

    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        let schema = self.schema();
        match self.kind {
            Kind::Password => {
                let hash = bcrypt_hash(id, &self.random).map_err(|e| Diagnostic::error("Hash Generation Error", e))?;
                Ok(random_state::import_text(&schema, id, Some(hash)))
            }
            Kind::String => Ok(random_state::import_text(&schema, id, None)),
            Kind::Id => random_state::import_id(&schema, id),
            Kind::Uuid => random_state::import_uuid(&schema, id),
            Kind::Integer => random_state::import_integer(&schema, id),
        }
    }
}

fn int(object: &BTreeMap<Str, Value>, name: &str) -> i64 {
    object.get(name).and_then(Value::as_number).and_then(sdt_value::Number::as_i64).unwrap_or_default()
}

/// The bytes in the four notations; the first is the id.
pub(crate) fn id_forms(bytes: &[u8]) -> [(&'static str, String); 4] {
    [
        ("b64_url", URL_SAFE_NO_PAD.encode(bytes)),
        ("b64_std", STANDARD.encode(bytes)),
        ("hex", bytes.iter().map(|b| format!("{b:02x}")).collect()),
        ("dec", decimal(bytes)),
    ]
}

/// A big-endian number in decimal digits.
pub(crate) fn decimal(bytes: &[u8]) -> String {
    let mut digits = vec![0u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for d in &mut digits {
            let n = u32::from(*d) * 256 + carry;
            *d = (n % 10) as u8;
            carry = n / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|d| char::from(b'0' + d)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_bytes() {
        let check = |bytes: &[u8], dec: &str| assert_eq!(decimal(bytes), dec);
        check(&[0], "0");
        check(&[1, 0], "256");
        check(&[255, 255, 255, 255, 255, 255, 255, 255, 255], "4722366482869645213695");
    }

    #[test]
    fn text_respects_least_numbers() {
        let t = RandomType { kind: Kind::String, random: Random::fixed(1) };
        let settings = [("length", 12), ("min_lower", 3), ("min_upper", 3), ("min_numeric", 3), ("min_special", 3)];
        let object: BTreeMap<Str, Value> = settings.map(|(k, n)| (Str::from(k), Value::number(n))).into();
        let text = t.text(&object).expect("a satisfiable request");
        let count = |f: fn(&char) -> bool| text.chars().filter(f).count();
        assert_eq!(
            (count(char::is_ascii_lowercase), count(char::is_ascii_uppercase), count(char::is_ascii_digit)),
            (3, 3, 3),
            "{text}"
        );
    }
}
