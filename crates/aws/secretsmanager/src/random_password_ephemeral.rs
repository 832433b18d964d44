//! Ephemeral resource `aws_secretsmanager_random_password`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{Computed, Cx, DataSource, Error, async_trait};

use crate::secretsmanager;

/// A password that the service draws, for this run alone.
#[derive(Clone, DataSource)]
#[data(name = "aws_secretsmanager_random_password", framework)]
pub(crate) struct RandomPasswordEphemeral {
    /// Characters that it must not have.
    exclude_characters: Option<String>,
    /// Without lower-case letters.
    exclude_lowercase: Option<bool>,
    /// Without digits.
    exclude_numbers: Option<bool>,
    /// Without punctuation.
    exclude_punctuation: Option<bool>,
    /// Without upper-case letters.
    exclude_uppercase: Option<bool>,
    /// With spaces.
    include_space: Option<bool>,
    /// Number of characters (the service's default: 32).
    password_length: Option<i64>,
    /// The password.
    #[attr(sensitive)]
    random_password: Computed<String>,
    /// With one of each kind that is not left out.
    require_each_included_type: Option<bool>,
}

#[async_trait]
impl DataSource for RandomPasswordEphemeral {
    type Api = Aws;
    const HUMAN: &'static str = "Secrets Manager Random Password";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let drawn = secretsmanager(cx.api)
            .get_random_password()
            .set_exclude_characters(query.exclude_characters.clone())
            .set_exclude_lowercase(query.exclude_lowercase)
            .set_exclude_numbers(query.exclude_numbers)
            .set_exclude_punctuation(query.exclude_punctuation)
            .set_exclude_uppercase(query.exclude_uppercase)
            .set_include_space(query.include_space)
            .set_password_length(query.password_length)
            .set_require_each_included_type(query.require_each_included_type)
            .send()
            .await
            .api()?;
        Ok(Self { random_password: drawn.random_password, ..query })
    }
}
