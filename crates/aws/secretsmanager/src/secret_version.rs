//! `aws_secretsmanager_secret_version`

use std::collections::{BTreeSet, HashMap};

use aws_sdk_secretsmanager::primitives::Blob;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Name, OptComputed, Resource, Set, Token, Value, async_trait};

use crate::secretsmanager;

/// A value of a secret.
#[derive(Clone, Resource)]
#[resource(name = "aws_secretsmanager_secret_version")]
pub(crate) struct SecretVersion {
    id: Id,
    /// ARN of the secret.
    arn: Computed<String>,
    /// Whether the value came in as `secret_string_wo`, so that it is not read back.
    #[attr(keep_null)]
    has_secret_string_wo: Computed<bool>,
    /// Binary value in base64.
    #[attr(force_new, sensitive, conflicts_with(secret_string, secret_string_wo), check = base64)]
    secret_binary: Option<String>,
    /// The secret, by ARN or name.
    #[attr(force_new)]
    secret_id: String,
    /// The value.
    #[attr(force_new, sensitive, conflicts_with(secret_binary, secret_string_wo))]
    secret_string: Option<String>,
    /// The value, never stored in state.
    #[attr(
        sensitive,
        write_only,
        conflicts_with(secret_binary, secret_string),
        required_with(secret_string_wo_version)
    )]
    secret_string_wo: Option<String>,
    /// To be raised when `secret_string_wo` is to be written again.
    #[attr(force_new, carry, required_with(secret_string_wo))]
    secret_string_wo_version: Option<i64>,
    /// Id of the version.
    version_id: Computed<String>,
    /// Labels of the version; the newest has `AWSCURRENT`.
    version_stages: OptComputed<Set<String>>,
}

/// The label that a secret's version in use has; it moves, but cannot be taken away.
const CURRENT: &str = "AWSCURRENT";

fn base64(text: &str) -> Result<(), String> {
    STANDARD.decode(text).map(drop).map_err(|_| "to be base64".to_owned())
}

#[async_trait]
impl Resource for SecretVersion {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Secret Version";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let binary = want.secret_binary.as_deref().and_then(|b| STANDARD.decode(b).ok()).map(Blob::new);
        let text = want.secret_string_wo.clone().or_else(|| want.secret_string.clone());
        let made = secretsmanager(cx.api)
            .put_secret_value()
            .secret_id(&want.secret_id)
            .client_request_token(cx.client_token(""))
            // An empty string is a value too; the service wants one of the two.
            .set_secret_string(if binary.is_some() { None } else { Some(text.unwrap_or_default()) })
            .set_secret_binary(binary)
            .set_version_stages(want.version_stages.clone().filter(|s| !s.is_empty()))
            .send()
            .await
            .api()?;
        let version = made.version_id.unwrap_or_default();
        Ok(Self {
            id: format!("{}|{version}", want.secret_id),
            arn: made.arn,
            has_secret_string_wo: want.secret_string_wo.is_some().then_some(true),
            version_id: Some(version),
            ..want
        })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let current = &current(cx.api, known).await;
        each(known, |k| async move {
            let (secret, version) = k.parts();
            if let Some(found) = current.get(&(secret.clone(), version.clone())) {
                return Ok(Some(k.seen(found.clone())));
            }
            let answer =
                secretsmanager(cx.api).get_secret_value().secret_id(&secret).version_id(&version).send().await.api();
            let found = match answer {
                // The secret is waiting for its deletion.
                Err(e) if e.has_code(&["InvalidRequestException"]) => return Ok(None),
                other => other?,
            };
            Ok(Some(k.seen(Seen {
                arn: found.arn,
                version: found.version_id,
                text: found.secret_string,
                binary: found.secret_binary,
                stages: found.version_stages,
            })))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if !changed.has(Self::VERSION_STAGES) {
            return Ok(());
        }
        let (secret, version) = prior.parts();
        let (old, new) =
            (prior.version_stages.clone().unwrap_or_default(), want.version_stages.clone().unwrap_or_default());
        for stage in new.iter().filter(|s| !old.contains(s)) {
            // A label sits on one version: taking it needs the name of the one that has it.
            let holder = holder_of(cx.api, &secret, stage).await?;
            let call = secretsmanager(cx.api).update_secret_version_stage().secret_id(&secret).version_stage(stage);
            call.move_to_version_id(&version).set_remove_from_version_id(holder).send().await.api()?;
        }
        for stage in old.iter().filter(|s| !new.contains(s) && *s != CURRENT) {
            prior.drop_stage(cx.api, stage).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // Versions cannot be deleted. Without labels the service forgets them; the current one goes with its secret.
        for stage in prior.version_stages.iter().flatten().filter(|s| *s != CURRENT) {
            match prior.drop_stage(cx.api, stage).await {
                Err(e) if e.is_not_found() || e.has_code(&["InvalidRequestException"]) => return Ok(()),
                other => other?,
            }
        }
        Ok(())
    }

    /// The client token is the version's id.
    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let version = cx.client_token("");
        let made = Self { id: format!("{}|{version}", want.secret_id), version_id: Some(version), ..want.clone() };
        match Self::read_many(cx, std::slice::from_ref(&made)).await {
            Err(e) if e.is_not_found() => Ok(None),
            found => Ok(found?.pop().flatten().map(|f| Self { arn: f.arn, ..made })),
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once('|') {
            Some((secret, version)) if !secret.is_empty() && !version.is_empty() => {
                Ok(vec![(Self::SECRET_ID, Value::string(secret)), (Self::VERSION_ID, Value::string(version))])
            }
            _ => Err("SecretID|VersionID".to_owned()),
        }
    }
}

impl SecretVersion {
    /// Secret and version, from the id.
    fn parts(&self) -> (String, String) {
        let (secret, version) = self.id.split_once('|').unwrap_or((&self.secret_id, ""));
        (secret.to_owned(), version.to_owned())
    }

    /// This object with what the service says.
    fn seen(&self, found: Seen) -> Self {
        let (secret, version) = self.parts();
        // The value itself is never in what is known of an object; its version is.
        let hidden = self.has_secret_string_wo == Some(true) || self.secret_string_wo_version.is_some();
        Self {
            id: format!("{secret}|{version}"),
            arn: found.arn,
            has_secret_string_wo: hidden.then_some(true),
            secret_binary: found.binary.map(|b| STANDARD.encode(b)),
            secret_id: secret,
            secret_string: found.text.filter(|_| !hidden),
            secret_string_wo: None,
            secret_string_wo_version: None,
            version_id: found.version,
            version_stages: found.stages,
        }
    }

    async fn drop_stage(&self, aws: &Aws, stage: &str) -> Result<(), Error> {
        let (secret, version) = self.parts();
        let call = secretsmanager(aws).update_secret_version_stage().secret_id(secret).version_stage(stage);
        call.remove_from_version_id(version).send().await.api().map(drop)
    }
}

/// A value as the service says it.
#[derive(Clone)]
struct Seen {
    arn: Option<String>,
    version: Option<String>,
    text: Option<String>,
    binary: Option<Blob>,
    stages: Option<Vec<String>>,
}

/// From so many versions on, a batch costs less than asking for each.
const HANDFUL: usize = 3;

/// Most secrets of a batch.
const BATCH: usize = 20;

/// Current values by secret (as the objects name it) and version, twenty a call. What a batch does not say, or may not be asked, is read
/// singly: this never fails.
async fn current(aws: &Aws, known: &[SecretVersion]) -> HashMap<(String, String), Seen> {
    let mut out = HashMap::new();
    let secrets: BTreeSet<String> = known.iter().map(|k| k.parts().0).collect();
    if secrets.len() < HANDFUL {
        return out;
    }
    let secrets: Vec<String> = secrets.into_iter().collect();
    let batches: Vec<Vec<String>> = secrets.chunks(BATCH).map(<[String]>::to_vec).collect();
    let answers = each(&batches, |batch| async move {
        let call = secretsmanager(aws).batch_get_secret_value().set_secret_id_list(Some(batch));
        Ok(call.send().await.api().ok().and_then(|a| a.secret_values))
    })
    .await;
    for found in answers.into_iter().flatten().flatten().flatten() {
        let named = |secret: &&String| Some(secret.as_str()) == found.arn() || Some(secret.as_str()) == found.name();
        for secret in secrets.iter().filter(named) {
            let seen = Seen {
                arn: found.arn.clone(),
                version: found.version_id.clone(),
                text: found.secret_string.clone(),
                binary: found.secret_binary.clone(),
                stages: found.version_stages.clone(),
            };
            out.insert((secret.clone(), found.version_id.clone().unwrap_or_default()), seen);
        }
    }
    out
}

/// The version that has a label now.
async fn holder_of(aws: &Aws, secret: &str, stage: &str) -> Result<Option<String>, Error> {
    let found = secretsmanager(aws).describe_secret().secret_id(secret).send().await.api()?;
    let holders = found.version_ids_to_stages.unwrap_or_default();
    Ok(holders.into_iter().find(|(_, stages)| stages.iter().any(|s| s == stage)).map(|(version, _)| version))
}
