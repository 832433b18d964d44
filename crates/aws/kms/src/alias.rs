//! `aws_kms_alias`

use std::time::Duration;

use aws_sdk_kms::types::AliasListEntry;
use sdt_aws_core::{Api, Aws, in_order, names};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, OptComputed, Resource, Token, Value, async_trait};

use crate::kms;

fn alias(text: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    match text.strip_prefix("alias/") {
        Some(name) if name.bytes().all(plain) && !name.starts_with("aws/") => Ok(()),
        _ => {
            Err("to begin with alias/, to have only letters, digits, /, _ and -, and not to begin with alias/aws/"
                .into())
        }
    }
}

/// A key by its id or its ARN.
fn same_key(a: &Value, b: &Value) -> bool {
    let id = |v: &Value| v.as_str().map(|s| s.rsplit("key/").next().unwrap_or(s).to_owned());
    id(a).is_some_and(|a| !a.is_empty()) && id(a) == id(b)
}

/// A name of a key.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_kms_alias")]
pub(crate) struct Alias {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// Its name.
    #[attr(force_new, conflicts_with(name_prefix), check = alias)]
    name: OptComputed<String>,
    /// Start of a name that is then made unique.
    #[attr(force_new, conflicts_with(name), check = alias)]
    name_prefix: OptComputed<String>,
    /// ARN of the key.
    target_key_arn: Computed<String>,
    /// The key.
    #[attr(same = same_key, as_read)]
    target_key_id: String,
}

#[async_trait]
impl Resource for Alias {
    type Api = Aws;
    const HUMAN: &'static str = "KMS Alias";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let name = want.name_for(cx);
        // A key just made may not be visible yet.
        cx.retry_on(&["NotFoundException"], Duration::from_secs(60), || async {
            kms(cx.api).create_alias().alias_name(&name).target_key_id(&want.target_key_id).send().await.api().map(drop)
        })
        .await?;
        Ok(Self { id: name.clone(), name: Some(name), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let all: Vec<AliasListEntry> =
            kms(cx.api).list_aliases().limit(100).into_paginator().items().send().try_collect().await.api()?;
        let objects = all.into_iter().filter_map(|a| {
            let (name, arn, key) = (a.alias_name?, a.alias_arn?, a.target_key_id?);
            let object = Self {
                id: name.clone(),
                target_key_arn: arn.rsplit_once(":alias/").map(|(start, _)| format!("{start}:key/{key}")),
                arn: Some(arn),
                name_prefix: Some(names::prefix_of(&name)),
                name: Some(name.clone()),
                target_key_id: key,
            };
            Some((name, object))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        kms(cx.api).update_alias().alias_name(&prior.id).target_key_id(&want.target_key_id).send().await.api().map(drop)
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        kms(cx.api).delete_alias().alias_name(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let name = want.name_for(cx);
        let made = Self { id: name.clone(), name: Some(name), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| same_key(&Value::string(&f.target_key_id), &Value::string(&want.target_key_id));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        if id.starts_with("alias/") { Ok(Vec::new()) } else { Err("alias/NAME".into()) }
    }
}

impl Alias {
    fn name_for(&self, cx: &Cx<'_, Aws>) -> String {
        let generated = || match self.name_prefix.as_deref() {
            Some(prefix) => cx.generated_name(prefix),
            None => cx.generated_name("alias/"),
        };
        self.name.clone().unwrap_or_else(generated)
    }
}
