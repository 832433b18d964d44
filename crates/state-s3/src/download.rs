//! Objects that are module packages.

use aws_sdk_s3::error::DisplayErrorContext;
use sdt_aws_sdk::AwsSettings;

/// What to download.
#[derive(Clone, Debug, Default)]
pub struct Download {
    /// Region; else that of the environment, else `us-east-1`.
    pub region: Option<String>,
    /// Endpoint in place of AWS's.
    pub endpoint: Option<String>,
    /// Profile of the shared configuration.
    pub profile: Option<String>,
    /// Bucket.
    pub bucket: String,
    /// Key of an object, or of a folder of objects.
    pub key: String,
    /// Version of the object.
    pub version: Option<String>,
}

/// Reads the object of that key, or else every object below it: (rest of the key, content).
///
/// # Errors
/// When it cannot be read, or is larger than `limit` bytes.
pub async fn download(what: &Download, limit: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
    let default = || std::env::var("AWS_REGION").or_else(|_| std::env::var("AWS_DEFAULT_REGION")).ok();
    let mut settings = AwsSettings {
        region: what.region.clone().or_else(default).or_else(|| Some("us-east-1".into())),
        profile: what.profile.clone(),
        s3_use_path_style: what.endpoint.is_some(),
        ..AwsSettings::default()
    };
    if let Some(endpoint) = &what.endpoint {
        settings.endpoints.insert("s3".into(), endpoint.clone());
    }
    let aws = sdt_aws_sdk::load(&settings).await.map_err(|e| e.to_string())?;
    let config = aws_sdk_s3::config::Builder::from(&aws.service("s3")).force_path_style(aws.s3_use_path_style);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    let folder = format!("{}/", what.key.trim_end_matches('/'));
    let mut keys = Vec::new();
    let mut pages = client.list_objects_v2().bucket(&what.bucket).prefix(&what.key).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| DisplayErrorContext(&e).to_string())?;
        for key in page.contents().iter().filter_map(|o| o.key()) {
            if key == what.key {
                keys = vec![(String::new(), key.to_owned())];
                break;
            }
            if let Some(rest) = key.strip_prefix(&folder).filter(|r| !r.is_empty() && !r.ends_with('/')) {
                keys.push((rest.to_owned(), key.to_owned()));
            }
        }
        if keys.first().is_some_and(|(rest, _)| rest.is_empty()) {
            break;
        }
    }
    let mut out = Vec::new();
    let mut left = limit;
    for (rest, key) in keys {
        let request = client.get_object().bucket(&what.bucket).key(&key).set_version_id(what.version.clone());
        let answer = request.send().await.map_err(|e| DisplayErrorContext(&e).to_string())?;
        let size = answer.content_length().and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        left = left.checked_sub(size).ok_or_else(|| format!("there are more than {limit} bytes"))?;
        let bytes = answer.body.collect().await.map_err(|e| e.to_string())?.into_bytes();
        out.push((rest, bytes.to_vec()));
    }
    Ok(out)
}
