//! What the AWS services share: clients, error classes, rates, call counts, ARNs and tags.
//!
//! A service crate starts with one line, `sdt_aws_core::client!(ec2, "ec2", aws_sdk_ec2);`, which gives it `ec2(aws)`, and turns SDK
//! errors into the framework's with `.send().await.api()?`. Credentials, endpoints and the HTTP client come from `sdt-aws-sdk`.

mod aws;
pub mod checks;
mod error;
pub mod names;
mod rate;
mod roots;
pub mod tagging;
pub mod tags;

pub use aws::{Aws, Identity, Parts};
pub use error::{Api, classify};
pub use tags::TagChange;

/// Answers each object through its own call, a few at a time, in order: for services without a bulk read. Not found becomes `None`.
///
/// # Errors
/// The first error that is not "not found".
pub async fn each<T, K, F, Fut>(known: &[K], read: F) -> Result<Vec<Option<T>>, sdt_provider::Error>
where
    F: Fn(K) -> Fut + Send,
    K: Clone,
    Fut: Future<Output = Result<Option<T>, sdt_provider::Error>> + Send,
{
    use futures::StreamExt;
    let calls: Vec<_> = known.iter().cloned().map(read).collect();
    let answers: Vec<_> = futures::stream::iter(calls).buffered(8).collect().await;
    answers
        .into_iter()
        .map(|answer| match answer {
            Err(e) if e.is_not_found() => Ok(None),
            other => other,
        })
        .collect()
}

/// Puts what a list call returned into the order of the question.
pub fn in_order<T, K>(
    known: &[K],
    key: impl Fn(&K) -> &str,
    found: impl IntoIterator<Item = (String, T)>,
) -> Vec<Option<T>> {
    let mut found: std::collections::HashMap<String, T> = found.into_iter().collect();
    known.iter().map(|k| found.remove(key(k))).collect()
}
