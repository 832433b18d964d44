//! What the types of this crate share.

use std::time::Duration;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use sdt_aws_core::Api;
use sdt_provider::{Class, Error, Name, Value};

/// How long a bucket just made may be unknown to the calls that configure it.
pub(crate) const VISIBLE_WITHIN: Duration = Duration::from_secs(120);

/// Settings that are not there, or not offered in the region or by the service at the endpoint, are `None`. A missing bucket stays
/// an error.
pub(crate) fn absent<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    let unsupported =
        ["MethodNotAllowed", "NotImplemented", "UnsupportedArgument", "UnsupportedOperation", "XNotImplemented"];
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.code == "NoSuchBucket" => Err(e),
        Err(e) if e.is_not_found() || e.code.starts_with("NoSuch") || e.code.contains("NotFound") => Ok(None),
        Err(e) if e.has_code(&unsupported) => Ok(None),
        Err(e) => Err(e),
    }
}

/// As [`absent`]; a successful answer that is not what was asked for is "not set" too: stores that only resemble S3 answer with nothing,
/// or list the bucket, where they do not know a setting.
pub(crate) fn setting<T, E>(answer: Result<T, SdkError<E, HttpResponse>>) -> Result<Option<T>, Error>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if answer.as_ref().is_err_and(|e| e.raw_response().is_some_and(|r| r.status().is_success())) {
        return Ok(None);
    }
    absent(answer.api())
}

/// A request that lacks a required member: the configuration is not complete.
pub(crate) fn build(e: impl std::fmt::Display) -> Error {
    Error::new(Class::Invalid, "", e.to_string())
}

/// The id of what is set on a bucket: its name, with the expected owner behind a comma when there is one.
pub(crate) fn id(bucket: &str, owner: Option<&str>) -> String {
    owner.map_or_else(|| bucket.to_owned(), |owner| format!("{bucket},{owner}"))
}

/// Takes such an id apart.
pub(crate) fn import(id: &str, bucket: Name, owner: Name) -> Result<Vec<(Name, Value)>, String> {
    match id.split(',').collect::<Vec<_>>()[..] {
        [name] if !name.is_empty() => Ok(vec![(bucket, Value::string(name))]),
        [name, account] if !name.is_empty() && !account.is_empty() => {
            Ok(vec![(bucket, Value::string(name)), (owner, Value::string(account))])
        }
        _ => Err("BUCKET or BUCKET,EXPECTED_BUCKET_OWNER".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_not_there() {
        let check = |code: &str, gone: bool| {
            let answer = absent::<()>(Err(Error::new(Class::Other, code, "")));
            assert_eq!(answer.is_ok_and(|a| a.is_none()), gone, "{code}");
        };
        check("NoSuchCORSConfiguration", true);
        check("ServerSideEncryptionConfigurationNotFoundError", true);
        check("MethodNotAllowed", true);
        check("NoSuchBucket", false);
        check("AccessDenied", false);
    }

    #[test]
    fn ids() {
        let names = |id: &str| import(id, Name("bucket"), Name("owner")).map(|m| m.len());
        assert_eq!((names("a"), names("a,123456789012")), (Ok(1), Ok(2)));
        assert!(names("").is_err() && names("a,b,c").is_err());
        assert_eq!(id("a", Some("1")), "a,1");
    }
}
