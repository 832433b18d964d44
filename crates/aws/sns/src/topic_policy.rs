//! `aws_sns_topic_policy`

use sdt_aws_core::{Aws, each};
use sdt_provider::{Changes, Computed, Cx, Error, Id, Json, Name, Resource, Token, Value, async_trait, checks, equal};
use serde_json::json;

use crate::attributes::{Attributes, set_topic};

/// Who may do what with a topic.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_sns_topic_policy")]
pub(crate) struct TopicPolicy {
    id: Id,
    /// Its ARN.
    #[attr(force_new, check = checks::arn)]
    arn: String,
    /// Account that owns it.
    owner: Computed<String>,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: Json,
}

#[async_trait]
impl Resource for TopicPolicy {
    type Api = Aws;
    const HUMAN: &'static str = "SNS Topic Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        set_topic(cx, &want.arn, "Policy", want.policy.clone()).await?;
        Ok(Self { id: want.arn.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let found = Attributes::shared(cx, &k.id).await?;
            let policy = found.text("Policy").filter(|p| !p.is_empty());
            Ok(policy.map(|policy| Self { arn: k.id.clone(), owner: found.text("Owner"), policy, id: k.id }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        set_topic(cx, &prior.id, "Policy", want.policy.clone()).await
    }

    /// A topic cannot be without a policy: it gets the one that new topics have.
    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let owner = Attributes::of_topic(cx.api, &prior.id).await?.text("Owner").unwrap_or_default();
        set_topic(cx, &prior.id, "Policy", default_policy(&prior.id, &owner)).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.arn.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy), &Value::string(&want.policy));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::ARN, Value::string(id))])
    }
}

/// What AWS gives a new topic: its owner may do everything.
fn default_policy(arn: &str, owner: &str) -> String {
    let verbs = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": verbs.map(|v| format!("SNS:{v}")),
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": owner } },
        }],
    })
    .to_string()
}
