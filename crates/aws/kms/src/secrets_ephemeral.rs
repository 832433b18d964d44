//! Ephemeral resource `aws_kms_secrets`

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::EncryptionAlgorithmSpec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Computed, Cx, DataSource, Error, Map, Set, async_trait};

use crate::kms;

/// Secrets that KMS decrypts, for this run alone.
#[derive(Clone, DataSource)]
#[data(name = "aws_kms_secrets", framework)]
pub(crate) struct SecretsEphemeral {
    /// The decrypted texts by name.
    #[attr(sensitive)]
    plaintext: Computed<Map<String>>,
    /// What is to be decrypted.
    secret: Set<Secret>,
}

/// One text to be decrypted.
#[derive(Clone, Block)]
pub(crate) struct Secret {
    /// The context that it was encrypted with.
    context: Option<Map<String>>,
    /// The algorithm that it was encrypted with.
    encryption_algorithm: Option<String>,
    /// Tokens of grants that allow it.
    grant_tokens: Option<Vec<String>>,
    /// The key, where it is an asymmetric one.
    key_id: Option<String>,
    /// Under which name the text is found.
    name: String,
    /// The encrypted text in base64.
    payload: String,
}

#[async_trait]
impl DataSource for SecretsEphemeral {
    type Api = Aws;
    const HUMAN: &'static str = "KMS Secrets";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let mut plaintext = Map::new();
        for secret in &query.secret {
            let name = &secret.name;
            let payload = STANDARD
                .decode(&secret.payload)
                .map_err(|e| Error::other(format!("the payload of secret {name} is not base64: {e}")))?;
            let found = kms(cx.api)
                .decrypt()
                .ciphertext_blob(Blob::new(payload))
                .set_encryption_context(secret.context.clone().map(|c| c.into_iter().collect()))
                .set_encryption_algorithm(secret.encryption_algorithm.as_deref().map(EncryptionAlgorithmSpec::from))
                .set_grant_tokens(secret.grant_tokens.clone())
                .set_key_id(secret.key_id.clone())
                .send()
                .await
                .api()?;
            let text = found.plaintext.map(Blob::into_inner).unwrap_or_default();
            let text = String::from_utf8(text)
                .map_err(|_| Error::other(format!("what secret {name} decrypts to is no UTF-8 text")))?;
            plaintext.insert(name.clone(), text);
        }
        Ok(Self { plaintext: Some(plaintext), ..query })
    }
}
