//! SDK errors by class.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use sdt_provider::{Class, Error};

use crate::rate::UNREPEATED;

/// Turns the result of an SDK call into the framework's.
pub trait Api<T> {
    /// The result with the error's class.
    ///
    /// # Errors
    /// What the service or the SDK said.
    fn api(self) -> Result<T, Error>;
}

impl<T, E> Api<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn api(self) -> Result<T, Error> {
        self.map_err(|e| convert(&e))
    }
}

fn convert<E>(e: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let SdkError::ServiceError(service) = e {
        let inner = service.err();
        let status = service.raw().status().as_u16();
        // An answer to HEAD has no body that says why.
        let told = inner.code().filter(|c| !c.is_empty());
        let code = told.unwrap_or(match status {
            403 => "AccessDenied",
            404 => "NotFound",
            _ => "",
        });
        let message = match inner.message() {
            Some(message) => message.to_owned(),
            None if told.is_none() && status == UNREPEATED => "the service failed".to_owned(),
            None if told.is_none() => format!("the service answered {status}"),
            None => inner.to_string(),
        };
        let class = if code.is_empty() && status >= 500 { Class::Transient } else { classify(code) };
        let mut error = Error::new(class, code, message);
        error.request = inner.meta().extra("aws_request_id").map(ToOwned::to_owned);
        return error;
    }
    let text = DisplayErrorContext(e).to_string();
    let credentials = text.contains("CredentialsNotLoaded")
        || text.contains("CredentialsError")
        || text.contains("credentials provider")
        || text.contains("ProviderError");
    let class = match e {
        _ if credentials => Class::Credentials,
        SdkError::ConstructionFailure(_) => Class::Invalid,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Class::Transient,
        _ => Class::Other,
    };
    // The chain repeats itself in parentheses with the program's own debug forms: the first part is what users can read.
    let text = text.split(" (").next().unwrap_or(&text).to_owned();
    let text = if credentials { "no valid credentials were found".to_owned() + &chain(&text) } else { text };
    Error::new(class, "", text)
}

fn chain(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// The class of a service's error code.
#[must_use]
pub fn classify(code: &str) -> Class {
    let any = |parts: &[&str]| parts.iter().any(|p| code.contains(p));
    let is = |codes: &[&str]| codes.contains(&code);
    if is(&[
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "Throttled",
        "ProvisionedThroughputExceededException",
        "RequestThrottled",
        "PriorRequestNotComplete",
    ]) {
        Class::Throttled
    } else if is(&[
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "RequestExpired",
        "MissingAuthenticationToken",
        "InvalidToken",
    ]) {
        Class::Credentials
    } else if is(&[
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedException",
        "OptInRequired",
        "NotAuthorized",
        "AuthorizationError",
        "Forbidden",
    ]) {
        Class::Denied
    } else if any(&[
        "DependencyViolation",
        "InUse",
        "DeleteConflict",
        "BucketNotEmpty",
        "HasInstances",
        "StillContains",
    ]) {
        Class::InUse
    } else if any(&["AlreadyExist", "Duplicate", "AlreadyOwnedByYou", "AlreadyAssociated", "ResourceExistsException"]) {
        Class::AlreadyExists
    } else if code.ends_with("NotFound") || any(&["NotFoundException", "NotFoundFault", "NoSuch", "DoesNotExist"]) {
        Class::NotFound
    } else if any(&["LimitExceeded", "QuotaExceeded", "AddressLimitExceeded"]) {
        Class::Quota
    } else if is(&[
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
        "InternalServiceError",
        "ServerException",
        "InternalServerException",
    ]) {
        Class::Transient
    } else if any(&["Invalid", "Validation", "MissingParameter", "Malformed", "BadRequest", "ClientException"]) {
        Class::Invalid
    } else {
        Class::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let check = |code: &str, class: Class| assert_eq!(classify(code), class, "{code}");
        check("InvalidVpcID.NotFound", Class::NotFound);
        check("NoSuchEntity", Class::NotFound);
        check("DBInstanceNotFound", Class::NotFound);
        check("FileSystemNotFound", Class::NotFound);
        check("DependencyViolation", Class::InUse);
        check("EntityAlreadyExists", Class::AlreadyExists);
        check("InvalidPermission.Duplicate", Class::AlreadyExists);
        check("MalformedPolicyDocument", Class::Invalid);
        check("RequestLimitExceeded", Class::Throttled);
        check("VpcLimitExceeded", Class::Quota);
        check("UnauthorizedOperation", Class::Denied);
        check("InvalidParameterValue", Class::Invalid);
    }
}
