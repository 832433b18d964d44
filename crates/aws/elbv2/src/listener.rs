//! `aws_lb_listener`

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{
    AdvertiseTrustStoreCaNamesEnum, Certificate, Listener as Found, ListenerAttribute, MutualAuthenticationAttributes,
    ProtocolEnum,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, Name, OptComputed, PlanEdit, Resource, Tags, Token, async_trait, checks,
};

use crate::action::{self, Action};
use crate::{elbv2, tags, text};

/// A port of a load balancer and what is done with requests to it.
#[derive(Clone, Resource)]
#[resource(name = "aws_lb_listener", timeouts(create = "5m", update = "5m"))]
pub(crate) struct Listener {
    id: Id,
    /// Application protocols, of TLS listeners.
    #[attr(keep_null, one_of("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"), any_case)]
    alpn_policy: Option<String>,
    /// ARN of the listener.
    arn: Computed<String>,
    /// Certificate.
    #[attr(keep_null, check = checks::arn)]
    certificate_arn: Option<String>,
    /// What is done with requests that no rule takes.
    #[attr(min = 1)]
    default_action: Vec<Action>,
    /// The load balancer.
    #[attr(force_new, check = checks::arn)]
    load_balancer_arn: String,
    /// Certificates of clients.
    mutual_authentication: OptComputed<MutualAuthentication>,
    /// Port.
    #[attr(keep_null, range(1..=65535))]
    port: Option<i32>,
    /// Protocol.
    #[attr(one_of("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"), same = sdt_provider::equal::ignore_case, any_case, form = upper)]
    protocol: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert-issuer` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_issuer_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert-leaf` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_leaf_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert-serial-number` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert-subject` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_subject_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-mtls-clientcert-validity` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_mtls_clientcert_validity_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-tls-cipher-suite` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_tls_cipher_suite_header_name: OptComputed<String>,
    /// Name of the header `x-amzn-tls-version` in requests to targets.
    #[attr(keep_null)]
    routing_http_request_x_amzn_tls_version_header_name: OptComputed<String>,
    /// Value of the header `access-control-allow-credentials` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_allow_credentials_header_value: OptComputed<String>,
    /// Value of the header `access-control-allow-headers` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_allow_headers_header_value: OptComputed<String>,
    /// Value of the header `access-control-allow-methods` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_allow_methods_header_value: OptComputed<String>,
    /// Value of the header `access-control-allow-origin` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_allow_origin_header_value: OptComputed<String>,
    /// Value of the header `access-control-expose-headers` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_expose_headers_header_value: OptComputed<String>,
    /// Value of the header `access-control-max-age` in answers.
    #[attr(keep_null)]
    routing_http_response_access_control_max_age_header_value: OptComputed<String>,
    /// Value of the header `content-security-policy` in answers.
    #[attr(keep_null)]
    routing_http_response_content_security_policy_header_value: OptComputed<String>,
    /// Leaves the Server header in answers.
    #[attr(keep_null)]
    routing_http_response_server_enabled: OptComputed<bool>,
    /// Value of the header `strict-transport-security` in answers.
    #[attr(keep_null)]
    routing_http_response_strict_transport_security_header_value: OptComputed<String>,
    /// Value of the header `x-content-type-options` in answers.
    #[attr(keep_null)]
    routing_http_response_x_content_type_options_header_value: OptComputed<String>,
    /// Value of the header `x-frame-options` in answers.
    #[attr(keep_null)]
    routing_http_response_x_frame_options_header_value: OptComputed<String>,
    /// Which TLS versions and ciphers are taken.
    #[attr(keep_null)]
    ssl_policy: OptComputed<String>,
    /// Tags of the listener.
    pub(crate) tags: Tags,
    /// Seconds until an idle TCP connection is closed.
    #[attr(keep_null, range(60..=6000))]
    tcp_idle_timeout_seconds: OptComputed<i64>,
}

/// Certificates of clients.
#[derive(Clone, Block)]
pub(crate) struct MutualAuthentication {
    /// Tells clients which authorities are trusted.
    #[attr(one_of("on", "off"))]
    advertise_trust_store_ca_names: OptComputed<String>,
    /// Takes certificates that have expired.
    #[attr(default = false)]
    ignore_client_certificate_expiry: Option<bool>,
    /// Whether certificates are checked.
    #[attr(one_of("off", "verify", "passthrough"), any_case)]
    mode: String,
    /// Trust store.
    #[attr(check = checks::arn)]
    trust_store_arn: Option<String>,
}

type L = Listener;
type Getter = fn(&Listener) -> Option<String>;

/// Attributes that the API keeps as text by key; the key follows from the name.
const ATTRIBUTES: &[(Name, Getter)] = &[
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_ISSUER_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_issuer_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_LEAF_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_leaf_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_SERIAL_NUMBER_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_SUBJECT_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_subject_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_VALIDITY_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_mtls_clientcert_validity_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_TLS_CIPHER_SUITE_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_tls_cipher_suite_header_name.clone()
    }),
    (L::ROUTING_HTTP_REQUEST_X_AMZN_TLS_VERSION_HEADER_NAME, |l| {
        l.routing_http_request_x_amzn_tls_version_header_name.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_CREDENTIALS_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_allow_credentials_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_HEADERS_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_allow_headers_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_METHODS_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_allow_methods_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_ORIGIN_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_allow_origin_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_EXPOSE_HEADERS_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_expose_headers_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_MAX_AGE_HEADER_VALUE, |l| {
        l.routing_http_response_access_control_max_age_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_CONTENT_SECURITY_POLICY_HEADER_VALUE, |l| {
        l.routing_http_response_content_security_policy_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_SERVER_ENABLED, |l| l.routing_http_response_server_enabled.map(|b| b.to_string())),
    (L::ROUTING_HTTP_RESPONSE_STRICT_TRANSPORT_SECURITY_HEADER_VALUE, |l| {
        l.routing_http_response_strict_transport_security_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_X_CONTENT_TYPE_OPTIONS_HEADER_VALUE, |l| {
        l.routing_http_response_x_content_type_options_header_value.clone()
    }),
    (L::ROUTING_HTTP_RESPONSE_X_FRAME_OPTIONS_HEADER_VALUE, |l| {
        l.routing_http_response_x_frame_options_header_value.clone()
    }),
    (L::TCP_IDLE_TIMEOUT_SECONDS, |l| l.tcp_idle_timeout_seconds.map(|n| n.to_string())),
];

/// `routing_http_request_x_amzn_tls_version_header_name` is `routing.http.request.x_amzn_tls_version.header_name`.
fn key(name: Name) -> String {
    if name == L::TCP_IDLE_TIMEOUT_SECONDS {
        return "tcp.idle_timeout.seconds".into();
    }
    let rest = name.0.strip_prefix("routing_http_").unwrap_or(name.0);
    let (side, rest) = rest.split_once('_').unwrap_or((rest, ""));
    for end in ["_header_name", "_header_value", "_enabled"] {
        if let Some(what) = rest.strip_suffix(end) {
            return format!("routing.http.{side}.{what}.{}", &end[1..]);
        }
    }
    name.0.to_owned()
}

/// Protocols are planned in upper case.
pub(crate) fn upper(text: &str) -> String {
    text.to_ascii_uppercase()
}

#[async_trait]
impl Resource for Listener {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Listener";
    const TOKEN: Token = Token::Tag;
    // DescribeTags takes 20 ARNs.
    const CHUNK: usize = tags::BATCH;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let call = elbv2(cx.api)
            .create_listener()
            .load_balancer_arn(&want.load_balancer_arn)
            .set_port(want.port)
            .set_protocol(want.protocol_or_default())
            .set_alpn_policy(want.alpn_policy.clone().map(|p| vec![p]))
            .set_certificates(want.certificates())
            .set_default_actions(Some(Action::requests(&want.default_action)))
            .set_mutual_authentication(want.mutual_authentication.as_ref().map(MutualAuthentication::request))
            .set_ssl_policy(want.ssl_policy.clone())
            .set_tags(tags::list(want.tags.clone()));
        let call = &call;
        // A certificate that was just issued may not be visible yet.
        let limit = std::time::Duration::from_secs(120);
        let codes = ["CertificateNotFound"];
        let made = cx.retry_on(&codes, limit, || async move { call.clone().send().await.api() }).await?;
        let arn = made.listeners.unwrap_or_default().into_iter().next().and_then(|l| l.listener_arn);
        Ok(Self { id: arn.clone().unwrap_or_default(), arn, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.put(cx, |_| true).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let arns: Vec<String> = known.iter().map(|k| k.id.clone()).collect();
        let found = elbv2(cx.api).describe_listeners().set_listener_arns(Some(arns.clone())).send().await.api()?;
        let mut tagged = tags::together(cx, &arns).await?;
        // Attributes have no bulk read.
        let values = each(&arns, |arn| async move {
            let found = elbv2(cx.api).describe_listener_attributes().listener_arn(arn).send().await.api()?;
            let pairs = found.attributes.unwrap_or_default().into_iter();
            let map: BTreeMap<String, String> =
                pairs.filter_map(|a| Some((a.key?, a.value.unwrap_or_default()))).collect();
            Ok(Some(map))
        })
        .await?;
        let mut values: BTreeMap<String, _> = arns.iter().cloned().zip(values).collect();
        let objects = found.listeners.unwrap_or_default().into_iter().filter_map(|l| {
            let arn = l.listener_arn.clone()?;
            let known = known.iter().find(|k| k.id == arn)?;
            let values = values.remove(&arn)??;
            Some((arn.clone(), Self::from_answer(l, &values, tagged.remove(&arn).unwrap_or_default(), known)))
        });
        Ok(in_order(known, |k| &k.id, objects))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        let want = &Self { id: prior.id.clone(), ..want.clone() };
        let main = [
            Self::ALPN_POLICY,
            Self::CERTIFICATE_ARN,
            Self::DEFAULT_ACTION,
            Self::MUTUAL_AUTHENTICATION,
            Self::PORT,
            Self::PROTOCOL,
            Self::SSL_POLICY,
        ];
        if changed.any(&main) {
            let secure = matches!(want.protocol.as_deref(), Some("HTTPS" | "TLS"));
            let mut call = elbv2(cx.api)
                .modify_listener()
                .listener_arn(&prior.id)
                .set_port(want.port)
                .set_protocol(want.protocol_or_default())
                .set_certificates(want.certificates())
                .set_ssl_policy(want.ssl_policy.clone().filter(|_| secure))
                .set_default_actions(Some(Action::requests(&want.default_action)));
            if changed.has(Self::ALPN_POLICY) {
                call = call.alpn_policy(want.alpn_policy.clone().unwrap_or_else(|| "None".into()));
            }
            if changed.has(Self::MUTUAL_AUTHENTICATION) {
                let mutual = want.mutual_authentication.as_ref().map(MutualAuthentication::request);
                call = call.set_mutual_authentication(mutual);
            }
            let call = &call;
            let limit = std::time::Duration::from_secs(120);
            cx.retry_on(&["CertificateNotFound"], limit, || async move { call.clone().send().await.api() }).await?;
        }
        want.put(cx, |name| changed.has(name)).await?;
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        elbv2(cx.api).delete_listener().listener_arn(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let call = elbv2(cx.api).describe_listeners().load_balancer_arn(&want.load_balancer_arn);
        let found: Vec<Found> = match call.into_paginator().items().send().try_collect().await.api() {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?,
        };
        // A load balancer has one listener on a port; a gateway load balancer has none with a port.
        let same = |l: &Found| want.port.is_none() || l.port == want.port;
        for arn in found.into_iter().filter(same).filter_map(|l| l.listener_arn) {
            if tags::ours(cx.api, &arn, cx.token()).await? {
                return Ok(Some(Self { id: arn.clone(), arn: Some(arn), ..want.clone() }));
            }
        }
        Ok(None)
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        tags::forget_token(aws, ids).await
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        action::customize(edit, Self::DEFAULT_ACTION);
        // What listeners of another protocol have only.
        let Some(protocol) = edit.planned(Self::PROTOCOL).as_str().map(str::to_uppercase) else { return };
        for (name, _) in ATTRIBUTES {
            let own: &[&str] = match name.0 {
                "tcp_idle_timeout_seconds" => &["TCP", "GENEVE"],
                n if n.starts_with("routing_http_request_") => &["HTTPS"],
                _ => &["HTTP", "HTTPS"],
            };
            if !own.contains(&&*protocol) && !edit.config(*name).is_null() {
                edit.disregard(*name);
            }
        }
    }
}

impl Listener {
    /// An application load balancer speaks HTTP unless told otherwise; a gateway load balancer has no protocol.
    fn protocol_or_default(&self) -> Option<ProtocolEnum> {
        let default = self.load_balancer_arn.contains("loadbalancer/app/").then(|| "HTTP".to_owned());
        self.protocol.clone().or(default).map(|p| ProtocolEnum::from(&*p.to_uppercase()))
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        self.certificate_arn.as_ref().map(|arn| vec![Certificate::builder().certificate_arn(arn).build()])
    }

    /// Sends those attributes that are set and wanted.
    async fn put(&self, cx: &Cx<'_, Aws>, wanted: impl Fn(Name) -> bool + Send + Sync) -> Result<(), Error> {
        let one = |(name, value): &(Name, Getter)| {
            Some(ListenerAttribute::builder().key(key(*name)).value(value(self)?).build())
        };
        let set: Vec<_> = ATTRIBUTES.iter().filter(|(name, _)| wanted(*name)).filter_map(one).collect();
        if set.is_empty() {
            return Ok(());
        }
        let call = elbv2(cx.api).modify_listener_attributes().listener_arn(&self.id);
        call.set_attributes(Some(set)).send().await.api().map(drop)
    }

    fn from_answer(l: Found, values: &BTreeMap<String, String>, tags: Tags, known: &Self) -> Self {
        let get = |name: Name| values.get(&key(name)).cloned();
        let arn = l.listener_arn.unwrap_or_default();
        Self {
            alpn_policy: l.alpn_policy.and_then(|p| p.into_iter().next()),
            certificate_arn: l.certificates.and_then(|c| c.into_iter().next()).and_then(|c| c.certificate_arn),
            default_action: Action::from_answers(l.default_actions.unwrap_or_default(), &known.default_action),
            load_balancer_arn: l.load_balancer_arn.unwrap_or_default(),
            mutual_authentication: l.mutual_authentication.and_then(MutualAuthentication::from_answer),
            port: l.port,
            protocol: l.protocol.map(|p| p.as_str().to_owned()),
            routing_http_request_x_amzn_mtls_clientcert_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_HEADER_NAME,
            ),
            routing_http_request_x_amzn_mtls_clientcert_issuer_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_ISSUER_HEADER_NAME,
            ),
            routing_http_request_x_amzn_mtls_clientcert_leaf_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_LEAF_HEADER_NAME,
            ),
            routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_SERIAL_NUMBER_HEADER_NAME,
            ),
            routing_http_request_x_amzn_mtls_clientcert_subject_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_SUBJECT_HEADER_NAME,
            ),
            routing_http_request_x_amzn_mtls_clientcert_validity_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_VALIDITY_HEADER_NAME,
            ),
            routing_http_request_x_amzn_tls_cipher_suite_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_TLS_CIPHER_SUITE_HEADER_NAME,
            ),
            routing_http_request_x_amzn_tls_version_header_name: get(
                Self::ROUTING_HTTP_REQUEST_X_AMZN_TLS_VERSION_HEADER_NAME,
            ),
            routing_http_response_access_control_allow_credentials_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_CREDENTIALS_HEADER_VALUE,
            ),
            routing_http_response_access_control_allow_headers_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_HEADERS_HEADER_VALUE,
            ),
            routing_http_response_access_control_allow_methods_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_METHODS_HEADER_VALUE,
            ),
            routing_http_response_access_control_allow_origin_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_ALLOW_ORIGIN_HEADER_VALUE,
            ),
            routing_http_response_access_control_expose_headers_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_EXPOSE_HEADERS_HEADER_VALUE,
            ),
            routing_http_response_access_control_max_age_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_MAX_AGE_HEADER_VALUE,
            ),
            routing_http_response_content_security_policy_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_CONTENT_SECURITY_POLICY_HEADER_VALUE,
            ),
            routing_http_response_server_enabled: get(Self::ROUTING_HTTP_RESPONSE_SERVER_ENABLED).map(|v| v == "true"),
            routing_http_response_strict_transport_security_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_STRICT_TRANSPORT_SECURITY_HEADER_VALUE,
            ),
            routing_http_response_x_content_type_options_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_X_CONTENT_TYPE_OPTIONS_HEADER_VALUE,
            ),
            routing_http_response_x_frame_options_header_value: get(
                Self::ROUTING_HTTP_RESPONSE_X_FRAME_OPTIONS_HEADER_VALUE,
            ),
            ssl_policy: l.ssl_policy,
            tags,
            tcp_idle_timeout_seconds: get(Self::TCP_IDLE_TIMEOUT_SECONDS).and_then(|v| v.parse().ok()),
            id: arn.clone(),
            arn: Some(arn),
        }
    }
}

impl MutualAuthentication {
    fn request(&self) -> MutualAuthenticationAttributes {
        let verify = self.mode == "verify";
        let names = self.advertise_trust_store_ca_names.as_deref().filter(|_| verify);
        MutualAuthenticationAttributes::builder()
            .mode(&self.mode)
            .set_trust_store_arn(self.trust_store_arn.clone().filter(|_| verify))
            .set_ignore_client_certificate_expiry(self.ignore_client_certificate_expiry.filter(|_| verify))
            .set_advertise_trust_store_ca_names(names.map(AdvertiseTrustStoreCaNamesEnum::from))
            .build()
    }

    fn from_answer(m: MutualAuthenticationAttributes) -> Option<Self> {
        Some(Self {
            advertise_trust_store_ca_names: m.advertise_trust_store_ca_names.map(|a| a.as_str().to_owned()),
            ignore_client_certificate_expiry: Some(m.ignore_client_certificate_expiry == Some(true)),
            mode: text(m.mode)?,
            trust_store_arn: m.trust_store_arn,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |name: Name, want: &str| assert_eq!(key(name), want);
        check(L::TCP_IDLE_TIMEOUT_SECONDS, "tcp.idle_timeout.seconds");
        check(L::ROUTING_HTTP_RESPONSE_SERVER_ENABLED, "routing.http.response.server.enabled");
        check(
            L::ROUTING_HTTP_REQUEST_X_AMZN_MTLS_CLIENTCERT_ISSUER_HEADER_NAME,
            "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        );
        check(
            L::ROUTING_HTTP_RESPONSE_ACCESS_CONTROL_MAX_AGE_HEADER_VALUE,
            "routing.http.response.access_control_max_age.header_value",
        );
    }
}
