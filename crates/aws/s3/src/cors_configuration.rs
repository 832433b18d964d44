//! `aws_s3_bucket_cors_configuration`

use aws_sdk_s3::types as api;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Block, Changes, Cx, Error, Id, Name, Resource, Set, Token, Value, async_trait, checks};

use crate::s3;
use crate::shared::{self, VISIBLE_WITHIN, build, setting};

/// Which other sites' scripts may use a bucket.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_s3_bucket_cors_configuration")]
pub(crate) struct CorsConfiguration {
    id: Id,
    /// The bucket.
    #[attr(force_new, length(1..=63))]
    bucket: String,
    /// The rules.
    #[attr(min = 1, max = 100)]
    cors_rule: Set<Rule>,
    /// Account that owns the bucket.
    #[attr(force_new, check = checks::account_id)]
    expected_bucket_owner: Option<String>,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Rule {
    /// Headers that browsers may send.
    allowed_headers: Option<Set<String>>,
    /// Methods that browsers may use.
    allowed_methods: Set<String>,
    /// Sites that may ask.
    allowed_origins: Set<String>,
    /// Headers that scripts may see.
    expose_headers: Option<Set<String>>,
    /// Its id.
    #[attr(default = "", length(0..=255))]
    id: Option<String>,
    /// Seconds for which browsers remember the answer.
    max_age_seconds: Option<i32>,
}

#[async_trait]
impl Resource for CorsConfiguration {
    type Api = Aws;
    const HUMAN: &'static str = "S3 Bucket CORS Configuration";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        cx.retry_on(&["NoSuchBucket"], VISIBLE_WITHIN, || want.put(cx)).await?;
        Ok(Self { id: shared::id(&want.bucket, want.expected_bucket_owner.as_deref()), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let call = s3(cx.api).get_bucket_cors().bucket(&k.bucket);
            let answer = setting(call.set_expected_bucket_owner(k.expected_bucket_owner.clone()).send().await)?;
            let rules = answer.and_then(|a| a.cors_rules).unwrap_or_default();
            let id = shared::id(&k.bucket, k.expected_bucket_owner.as_deref());
            Ok((!rules.is_empty()).then(|| Self { id, cors_rule: rules.into_iter().map(Rule::seen).collect(), ..k }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = s3(cx.api).delete_bucket_cors().bucket(&prior.bucket);
        call.set_expected_bucket_owner(prior.expected_bucket_owner.clone()).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.filter(|f| f.cors_rule.len() == want.cors_rule.len()))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        shared::import(id, Self::BUCKET, Self::EXPECTED_BUCKET_OWNER)
    }
}

impl CorsConfiguration {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let rules = self.cors_rule.iter().map(Rule::request).collect::<Result<_, _>>()?;
        let config = api::CorsConfiguration::builder().set_cors_rules(Some(rules)).build().map_err(build)?;
        let call = s3(cx.api).put_bucket_cors().bucket(&self.bucket).cors_configuration(config);
        call.set_expected_bucket_owner(self.expected_bucket_owner.clone()).send().await.api().map(drop)
    }
}

impl Rule {
    fn request(&self) -> Result<api::CorsRule, Error> {
        let some = |v: &Option<Vec<String>>| v.clone().filter(|v| !v.is_empty());
        api::CorsRule::builder()
            .set_id(self.id.clone())
            .set_allowed_headers(some(&self.allowed_headers))
            .set_allowed_methods(Some(self.allowed_methods.clone()))
            .set_allowed_origins(Some(self.allowed_origins.clone()))
            .set_expose_headers(some(&self.expose_headers))
            .set_max_age_seconds(self.max_age_seconds)
            .build()
            .map_err(build)
    }

    fn seen(r: api::CorsRule) -> Self {
        Self {
            allowed_headers: r.allowed_headers,
            allowed_methods: r.allowed_methods,
            allowed_origins: r.allowed_origins,
            expose_headers: r.expose_headers,
            id: r.id,
            max_age_seconds: r.max_age_seconds,
        }
    }
}
