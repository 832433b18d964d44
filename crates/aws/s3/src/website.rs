//! Static websites inside `aws_s3_bucket`.

use aws_sdk_s3::types as t;
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Block, Error, Json};
use serde_json::{Map, Value as JsonValue};

use crate::s3;
use crate::shared::{absent, build};

/// A website from the bucket's objects.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Website {
    /// Object that answers errors.
    error_document: Option<String>,
    /// Object that answers for a folder.
    #[attr(exactly_one_of(index_document, redirect_all_requests_to))]
    index_document: Option<String>,
    /// Host, or protocol and host, that gets every request.
    #[attr(exactly_one_of(index_document, redirect_all_requests_to), conflicts_with(error_document, routing_rules))]
    redirect_all_requests_to: Option<String>,
    /// Redirections, as JSON.
    routing_rules: Option<Json>,
}

/// The website of a bucket.
pub(crate) async fn read(aws: &Aws, bucket: &str) -> Result<Option<Website>, Error> {
    let answer = s3(aws).get_bucket_website().bucket(bucket).send().await.api();
    let Some(found) = absent(answer)? else { return Ok(None) };
    let rules: Vec<JsonValue> = found.routing_rules().iter().map(rule_seen).collect();
    Ok(Some(Website {
        error_document: found.error_document().map(|d| d.key().to_owned()),
        index_document: found.index_document().map(|d| d.suffix().to_owned()),
        redirect_all_requests_to: found.redirect_all_requests_to().map(|r| match r.protocol() {
            Some(protocol) => format!("{}://{}", protocol.as_str(), r.host_name()),
            None => r.host_name().to_owned(),
        }),
        routing_rules: (!rules.is_empty()).then(|| JsonValue::Array(rules).to_string()),
    }))
}

/// Sets the website, `None` removes it.
pub(crate) async fn put(aws: &Aws, bucket: &str, wanted: Option<&Website>) -> Result<(), Error> {
    let Some(w) = wanted else {
        return s3(aws).delete_bucket_website().bucket(bucket).send().await.api().map(drop);
    };
    let index = w.index_document.as_ref().map(|i| t::IndexDocument::builder().suffix(i).build().map_err(build));
    let error = w.error_document.as_ref().map(|k| t::ErrorDocument::builder().key(k).build().map_err(build));
    let all = w.redirect_all_requests_to.as_deref().map(|to| {
        let (protocol, host) = to.split_once("://").map_or((None, to), |(p, h)| (Some(p), h));
        let redirect = t::RedirectAllRequestsTo::builder().host_name(host);
        redirect.set_protocol(protocol.map(t::Protocol::from)).build().map_err(build)
    });
    let rules = w.routing_rules.as_deref().map(rules).transpose()?;
    let config = t::WebsiteConfiguration::builder()
        .set_index_document(index.transpose()?)
        .set_error_document(error.transpose()?)
        .set_redirect_all_requests_to(all.transpose()?)
        .set_routing_rules(rules);
    s3(aws).put_bucket_website().bucket(bucket).website_configuration(config.build()).send().await.api().map(drop)
}

/// The rules' JSON has the names of the API.
fn rules(json: &str) -> Result<Vec<t::RoutingRule>, Error> {
    let parsed: Vec<JsonValue> = serde_json::from_str(json).map_err(build)?;
    let text = |v: &JsonValue, name: &str| v.get(name).and_then(JsonValue::as_str).map(str::to_owned);
    let one = |rule: &JsonValue| {
        let condition = rule.get("Condition").map(|c| {
            t::Condition::builder()
                .set_http_error_code_returned_equals(text(c, "HttpErrorCodeReturnedEquals"))
                .set_key_prefix_equals(text(c, "KeyPrefixEquals"))
                .build()
        });
        let redirect = rule.get("Redirect").map(|r| {
            t::Redirect::builder()
                .set_host_name(text(r, "HostName"))
                .set_http_redirect_code(text(r, "HttpRedirectCode"))
                .set_protocol(text(r, "Protocol").map(|p| p.as_str().into()))
                .set_replace_key_prefix_with(text(r, "ReplaceKeyPrefixWith"))
                .set_replace_key_with(text(r, "ReplaceKeyWith"))
                .build()
        });
        t::RoutingRule::builder().set_condition(condition).set_redirect(redirect).build()
    };
    Ok(parsed.iter().map(one).collect())
}

fn rule_seen(rule: &t::RoutingRule) -> JsonValue {
    let members = |items: Vec<(&str, Option<&str>)>| {
        let set = items.into_iter().filter_map(|(k, v)| Some((k.to_owned(), JsonValue::from(v?))));
        JsonValue::Object(set.collect())
    };
    let mut out = Map::new();
    if let Some(c) = rule.condition() {
        let names = vec![
            ("HttpErrorCodeReturnedEquals", c.http_error_code_returned_equals()),
            ("KeyPrefixEquals", c.key_prefix_equals()),
        ];
        out.insert("Condition".into(), members(names));
    }
    if let Some(r) = rule.redirect() {
        let names = vec![
            ("HostName", r.host_name()),
            ("HttpRedirectCode", r.http_redirect_code()),
            ("Protocol", r.protocol().map(t::Protocol::as_str)),
            ("ReplaceKeyPrefixWith", r.replace_key_prefix_with()),
            ("ReplaceKeyWith", r.replace_key_with()),
        ];
        out.insert("Redirect".into(), members(names));
    }
    JsonValue::Object(out)
}

/// The website's domain: older regions have a hyphen where the others have a dot.
pub(crate) fn domain(region: &str, suffix: &str) -> String {
    let hyphen = [
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-gov-west-1",
    ];
    let between = if hyphen.contains(&region) { '-' } else { '.' };
    format!("s3-website{between}{region}.{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_rules_come_back() {
        let check = |json: &str| {
            let back: Vec<JsonValue> = rules(json).expect("rules").iter().map(rule_seen).collect();
            assert_eq!(JsonValue::Array(back), serde_json::from_str::<JsonValue>(json).expect("JSON"), "{json}");
        };
        check(r#"[{"Condition":{"KeyPrefixEquals":"a/"},"Redirect":{"ReplaceKeyPrefixWith":"b/"}}]"#);
        check(r#"[{"Redirect":{"HostName":"x","Protocol":"https","HttpRedirectCode":"302"}}]"#);
    }

    #[test]
    fn domains() {
        assert_eq!(domain("eu-west-1", "amazonaws.com"), "s3-website-eu-west-1.amazonaws.com");
        assert_eq!(domain("eu-central-1", "amazonaws.com"), "s3-website.eu-central-1.amazonaws.com");
    }
}
