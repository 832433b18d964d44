//! ephemeral random_password: a password that no state keeps.

use std::sync::Arc;

use async_trait::async_trait;
use sdt_provider::{Complaint, Mode};
use sdt_schema::Schema;
use sdt_value::Value;

use crate::helpers::members;
use crate::random::{Kind, RandomType};
use crate::{Definition, Random, random_schema};

pub(crate) struct EphemeralPassword(RandomType);

impl EphemeralPassword {
    pub(crate) fn new(random: &Random) -> Self {
        Self(RandomType { kind: Kind::Password, random: random.clone() })
    }
}

#[async_trait]
impl Definition for EphemeralPassword {
    fn name(&self) -> &'static str {
        "random_password"
    }

    fn mode(&self) -> Mode {
        Mode::Ephemeral
    }

    fn schema(&self) -> Arc<Schema> {
        random_schema::ephemeral_password()
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        self.0.validate(config)
    }

    async fn read_data(&self, config: &Value) -> Result<Value, Vec<Complaint>> {
        let mut object = members(config);
        self.0.defaults(&mut object, config);
        self.0.draw(&mut object).map_err(|c| vec![c])?;
        // What only the kept kind has.
        let schema = self.schema();
        object.retain(|name, _| schema.block.attributes.contains_key(name));
        Ok(Value::object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn drawn_anew_each_time() {
        let kind = EphemeralPassword::new(&Random::fixed(5));
        let attributes = kind.schema().block.attributes.clone();
        let config = Value::object(attributes.iter().map(|(name, a)| match &**name {
            "length" => (name.clone(), Value::number(20)),
            "special" => (name.clone(), Value::FALSE),
            _ => (name.clone(), Value::null(a.ty.clone())),
        }));
        let mut seen = Vec::new();
        for _ in 0..2 {
            let got = kind.read_data(&config).await.unwrap();
            assert!(got.is_wholly_known() && got.as_members().is_some_and(|m| m.len() == attributes.len()), "{got:?}");
            let text = got.get("result").and_then(Value::as_str).unwrap_or_default().to_owned();
            assert!(text.len() == 20 && text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
            seen.push(text);
        }
        assert_ne!(seen[0], seen[1]);
    }
}
