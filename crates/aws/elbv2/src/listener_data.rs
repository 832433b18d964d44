//! Data source `aws_lb_listener`

use sdt_aws_core::{Api, Aws};
use sdt_provider::{
    Block, Computed, Cx, DataSource, Described, Error, FromValue, Id, Map, OptComputed, Resource, Set, ToValue, Value,
    async_trait, fit_as_read,
};

use crate::elbv2;
use crate::listener::Listener;

/// A listener that is there.
#[derive(Clone, DataSource)]
#[data(name = "aws_lb_listener", timeouts(read = "10m"), legacy)]
pub(crate) struct ListenerData {
    #[attr(optional)]
    id: Id,
    /// Alpn policy.
    #[attr(keep_null)]
    alpn_policy: Computed<String>,
    /// Its ARN.
    #[attr(conflicts_with(load_balancer_arn, port))]
    arn: OptComputed<String>,
    /// ARN of the certificate.
    #[attr(keep_null)]
    certificate_arn: Computed<String>,
    /// Default action.
    default_action: Computed<Vec<DefaultAction>>,
    /// ARN of the load balancer.
    #[attr(conflicts_with(arn), required_with(port))]
    load_balancer_arn: OptComputed<String>,
    /// Mutual authentication.
    mutual_authentication: Computed<Vec<MutualAuthentication>>,
    /// The port.
    #[attr(conflicts_with(arn), required_with(load_balancer_arn))]
    port: OptComputed<i32>,
    /// How messages are delivered.
    protocol: Computed<String>,
    /// Ssl policy.
    ssl_policy: Computed<String>,
    /// Tags of the object.
    tags: OptComputed<Map<String>>,
}

/// Default action.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DefaultAction {
    /// Authenticate cognito.
    authenticate_cognito: Computed<Vec<AuthenticateCognito>>,
    /// Authenticate oidc.
    authenticate_oidc: Computed<Vec<AuthenticateOidc>>,
    /// Fixed response.
    fixed_response: Computed<Vec<FixedResponse>>,
    /// Forward.
    forward: Computed<Vec<Forward>>,
    /// Order.
    order: Computed<i32>,
    /// Redirect.
    redirect: Computed<Vec<Redirect>>,
    /// ARN of the target group.
    target_group_arn: Computed<String>,
    /// Its kind.
    r#type: Computed<String>,
}

/// Mutual authentication.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MutualAuthentication {
    /// Advertise trust store ca names.
    advertise_trust_store_ca_names: Computed<String>,
    /// Ignore client certificate expiry.
    ignore_client_certificate_expiry: Computed<bool>,
    /// Mode.
    mode: Computed<String>,
    /// ARN of the trust store.
    trust_store_arn: Computed<String>,
}

/// Authenticate cognito.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AuthenticateCognito {
    /// Authentication request extra params.
    authentication_request_extra_params: Computed<Map<String>>,
    /// On unauthenticated request.
    on_unauthenticated_request: Computed<String>,
    /// Scope.
    scope: Computed<String>,
    /// Session cookie name.
    session_cookie_name: Computed<String>,
    /// Session timeout.
    session_timeout: Computed<i32>,
    /// ARN of the user pool.
    user_pool_arn: Computed<String>,
    /// User pool client id.
    user_pool_client_id: Computed<String>,
    /// User pool domain.
    user_pool_domain: Computed<String>,
}

/// Authenticate oidc.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct AuthenticateOidc {
    /// Authentication request extra params.
    authentication_request_extra_params: Computed<Map<String>>,
    /// Authorization endpoint.
    authorization_endpoint: Computed<String>,
    /// Client id.
    client_id: Computed<String>,
    /// Client secret.
    client_secret: Computed<String>,
    /// Issuer.
    issuer: Computed<String>,
    /// On unauthenticated request.
    on_unauthenticated_request: Computed<String>,
    /// Scope.
    scope: Computed<String>,
    /// Session cookie name.
    session_cookie_name: Computed<String>,
    /// Session timeout.
    session_timeout: Computed<i32>,
    /// Token endpoint.
    token_endpoint: Computed<String>,
    /// User info endpoint.
    user_info_endpoint: Computed<String>,
}

/// Fixed response.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct FixedResponse {
    /// Type of the content.
    content_type: Computed<String>,
    /// Message body.
    message_body: Computed<String>,
    /// Status code.
    status_code: Computed<String>,
}

/// Forward.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Forward {
    /// Stickiness.
    stickiness: Computed<Vec<Stickine>>,
    /// Target group.
    target_group: Computed<Set<TargetGroup>>,
}

/// Redirect.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Redirect {
    /// Host.
    host: Computed<String>,
    /// Its path.
    path: Computed<String>,
    /// The port.
    port: Computed<String>,
    /// How messages are delivered.
    protocol: Computed<String>,
    /// Query.
    query: Computed<String>,
    /// Status code.
    status_code: Computed<String>,
}

/// Stickiness.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Stickine {
    /// Duration.
    duration: Computed<i32>,
    /// Whether it is in use.
    enabled: Computed<bool>,
}

/// Target group.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct TargetGroup {
    /// Its ARN.
    arn: Computed<String>,
    /// Its share of the tasks.
    weight: Computed<i32>,
}

#[async_trait]
impl DataSource for ListenerData {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Listener";

    async fn read(cx: &Cx<'_, Aws>, query: Self) -> Result<Self, Error> {
        let arn = match (&query.arn, &query.load_balancer_arn) {
            (Some(arn), _) => arn.clone(),
            (None, Some(balancer)) => {
                let pages = elbv2(cx.api).describe_listeners().load_balancer_arn(balancer).into_paginator().items();
                let all: Vec<_> = pages.send().try_collect().await.api()?;
                let found = all.into_iter().find(|l| l.port == query.port).and_then(|l| l.listener_arn);
                found.ok_or_else(|| Error::not_found("the load balancer has no listener on this port"))?
            }
            _ => return Err(Error::other("say the ARN of the listener, or load balancer and port")),
        };
        let known = Listener::from_value(&Value::object([("id", Value::string(&arn))]))?;
        let found = Listener::read_many(cx, &[known]).await?.pop().flatten();
        let Some(found) = found else { return Err(Error::not_found(format!("there is no listener {arn}"))) };
        let tags = Some(found.tags.clone());
        Ok(Self { tags, ..Self::from_value(&fit_as_read(Listener::META, &found.to_value()))? })
    }
}
