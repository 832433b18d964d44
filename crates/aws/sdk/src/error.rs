//! What AWS answered, for programs to decide on and for people to read.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

/// What an error means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// No credentials were found, or finding them failed.
    NoCredentials,
    /// The credentials have run out.
    ExpiredCredentials,
    /// AWS does not know the credentials, or the secret does not fit the key.
    InvalidCredentials,
    /// The credentials are good but not for this.
    AccessDenied,
    /// What was asked for is not there.
    NotFound,
    /// A condition of the request was not met.
    Precondition,
    /// Too many requests, still after retries.
    Throttled,
    /// AWS has a problem (5xx), still after retries.
    Server,
    /// The endpoint cannot be reached or does not answer.
    Network,
    /// The endpoint does not know this operation or option.
    NotImplemented,
    /// Anything else: look at the code.
    Other,
}

/// An error of any operation, its SDK type gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// What it means.
    pub kind: AwsErrorKind,
    /// AWS's code: `NoSuchBucket`.
    pub code: Option<String>,
    /// AWS's message, or what went wrong on the way.
    pub message: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// For AWS's support.
    pub request_id: Option<String>,
}

impl StdError for AwsError {}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(self.message.trim_end_matches('.'))?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        self.remedy().map_or(Ok(()), |remedy| write!(f, ". {remedy}"))
    }
}

impl AwsError {
    /// Takes an SDK error apart.
    #[must_use]
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let status = error.raw_response().map(|r| r.status().as_u16());
        let request_id = error.raw_response().and_then(|r| r.headers().request_id().map(str::to_owned));
        if let Some(service) = error.as_service_error() {
            let meta = service.meta();
            let code = meta.code().map(str::to_owned);
            let message = meta.message().filter(|m| !m.is_empty()).map_or_else(
                || match status {
                    Some(status) => format!("HTTP status {status}"),
                    None => chain(service),
                },
                str::to_owned,
            );
            let kind = classify(code.as_deref(), status);
            return Self { kind, code, message, status, request_id };
        }
        let (kind, message) = match error {
            SdkError::TimeoutError(_) => (AwsErrorKind::Network, "no answer in time".to_owned()),
            SdkError::ResponseError(_) => {
                let kind = if status.is_some_and(|s| s >= 500) { AwsErrorKind::Server } else { AwsErrorKind::Other };
                (kind, format!("the answer is not understood: {}", chain(error)))
            }
            _ => match find::<CredentialsError>(error) {
                Some(error) => (AwsErrorKind::NoCredentials, credentials(error)),
                None => (AwsErrorKind::Network, chain(error)),
            },
        };
        Self { kind, code: None, message, status, request_id }
    }

    /// Tells whether sending the same again may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, AwsErrorKind::Throttled | AwsErrorKind::Server | AwsErrorKind::Network)
    }

    /// Tells whether the request may have been carried out although it failed: no answer, or a useless one.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.kind, AwsErrorKind::Server | AwsErrorKind::Network)
            || (self.kind == AwsErrorKind::Other && self.code.is_none())
    }

    /// What people can do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self.kind {
            AwsErrorKind::NoCredentials if self.message.contains("SSO") || self.message.contains("sso") => {
                "Sign in again with `aws sso login`"
            }
            AwsErrorKind::NoCredentials => {
                "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`"
            }
            AwsErrorKind::ExpiredCredentials => {
                "The credentials have expired: renew them (for example with `aws sso login`) and run the command again"
            }
            AwsErrorKind::InvalidCredentials => {
                "AWS does not accept these credentials: check the access key, the secret key and, for temporary ones, the session token"
            }
            AwsErrorKind::AccessDenied => "The credentials are valid, but their policies do not allow this",
            AwsErrorKind::Throttled => {
                "AWS limits the rate of requests, also after retries: wait, or lower -parallelism"
            }
            AwsErrorKind::Server => "This is a problem of the service that lasted through all retries: try again later",
            AwsErrorKind::Network if self.message.contains("certificate") => {
                "If the server's certificate comes from a CA of your own, name its PEM file in AWS_CA_BUNDLE"
            }
            AwsErrorKind::Network => {
                "Check the network, the region, and AWS_ENDPOINT_URL and proxy variables if they are set"
            }
            _ => return None,
        })
    }
}

fn classify(code: Option<&str>, status: Option<u16>) -> AwsErrorKind {
    use AwsErrorKind::*;
    match code.unwrap_or_default() {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => ExpiredCredentials,
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "AuthFailure"
        | "InvalidToken"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => InvalidCredentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AllAccessDisabled"
        | "AuthorizationError"
        | "UnauthorizedAccess" => AccessDenied,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "PriorRequestNotComplete"
        | "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "LimitExceededException_Throttle" => Throttled,
        "PreconditionFailed" | "ConditionalCheckFailedException" | "ConditionalRequestConflict" => Precondition,
        "NotImplemented" | "UnknownOperationException" => NotImplemented,
        "NoSuchBucket" | "NoSuchKey" | "NotFound" | "ResourceNotFoundException" => NotFound,
        "InternalError" | "InternalFailure" | "InternalServerError" | "ServiceUnavailable" | "Unavailable" => Server,
        _ => match status {
            Some(404) => NotFound,
            Some(412) => Precondition,
            Some(429) => Throttled,
            Some(401 | 403) if code.is_none() => AccessDenied,
            Some(501) => NotImplemented,
            Some(500..) => Server,
            _ => Other,
        },
    }
}

/// The causes of an error that say something, outermost first.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let text = text.strip_prefix("user error: ").unwrap_or(&text).to_owned();
        let says_nothing =
            matches!(text.as_str(), "dispatch failure" | "io error" | "client error (Connect)" | "other");
        if !says_nothing && texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

pub(crate) fn credentials(error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "no AWS credentials were found in the configuration, the environment, the shared files or on this machine"
                .into()
        }
        other => match chain(other) {
            // The last one of the chain: the others have nothing, and this machine most likely is none of AWS's.
            text if text.contains("IMDS") => format!(
                "no AWS credentials were found in the configuration, the environment or the shared files, and this machine's metadata service gives none ({text})"
            ),
            text => format!("AWS credentials could not be had: {text}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_have_a_meaning() {
        use AwsErrorKind::*;
        for (code, status, expected) in [
            (Some("ExpiredToken"), Some(400), ExpiredCredentials),
            (Some("InvalidClientTokenId"), Some(403), InvalidCredentials),
            (Some("AccessDenied"), Some(403), AccessDenied),
            (None, Some(403), AccessDenied),
            (None, Some(404), NotFound),
            (Some("SlowDown"), Some(503), Throttled),
            (Some("Weird"), Some(500), Server),
            (Some("PreconditionFailed"), Some(412), Precondition),
            (Some("ValidationError"), Some(400), Other),
        ] {
            assert_eq!(classify(code, status), expected, "{code:?} {status:?}");
        }
    }
}
