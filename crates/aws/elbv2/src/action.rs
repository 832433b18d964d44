//! What a listener does with a request.

use aws_sdk_elasticloadbalancingv2::types::{
    Action as Api, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum as CognitoBehavior,
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConditionalBehaviorEnum as OidcBehavior,
    AuthenticateOidcActionConfig, FixedResponseActionConfig, ForwardActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupStickinessConfig, TargetGroupTuple,
};
use sdt_provider::{Block, Complaint, Map, Name, OptComputed, Path, PlanEdit, Set, Value, checks, invalid};

/// What a listener does with a request.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Action {
    /// Asks Cognito who the user is.
    authenticate_cognito: Option<Cognito>,
    /// Asks an OpenID provider who the user is.
    authenticate_oidc: Option<Oidc>,
    /// Answers by itself.
    fixed_response: Option<FixedResponse>,
    /// Sends the request to one of several target groups.
    forward: Option<Forward>,
    /// Place among the actions.
    #[attr(range(1..=50_000))]
    order: OptComputed<i32>,
    /// Sends the client elsewhere.
    redirect: Option<Redirect>,
    /// The target group, when there is one only.
    #[attr(check = checks::arn)]
    target_group_arn: Option<String>,
    /// Kind of action.
    #[attr(one_of("forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response"), any_case)]
    r#type: String,
}

/// Asks Cognito who the user is.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Cognito {
    /// Further parameters of the request.
    authentication_request_extra_params: Option<Map<String>>,
    /// What becomes of users who are not known.
    #[attr(one_of("deny", "allow", "authenticate"), any_case)]
    on_unauthenticated_request: OptComputed<String>,
    /// Claims that are asked for.
    scope: OptComputed<String>,
    /// Name of the session's cookie.
    session_cookie_name: OptComputed<String>,
    /// Seconds for which a session counts.
    session_timeout: OptComputed<i64>,
    /// User pool.
    #[attr(check = checks::arn)]
    user_pool_arn: String,
    /// Client of the user pool.
    user_pool_client_id: String,
    /// Domain of the user pool.
    user_pool_domain: String,
}

/// Asks an OpenID provider who the user is.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Oidc {
    /// Further parameters of the request.
    authentication_request_extra_params: Option<Map<String>>,
    /// Where users log in.
    authorization_endpoint: String,
    /// Client.
    client_id: String,
    /// Secret of the client.
    #[attr(required, sensitive, carry)]
    client_secret: Option<String>,
    /// Who issues the tokens.
    issuer: String,
    /// What becomes of users who are not known.
    #[attr(one_of("deny", "allow", "authenticate"), any_case)]
    on_unauthenticated_request: OptComputed<String>,
    /// Claims that are asked for.
    scope: OptComputed<String>,
    /// Name of the session's cookie.
    session_cookie_name: OptComputed<String>,
    /// Seconds for which a session counts.
    session_timeout: OptComputed<i64>,
    /// Where tokens are given.
    token_endpoint: String,
    /// Where users are described.
    user_info_endpoint: String,
}

/// Answers by itself.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct FixedResponse {
    /// Type of the text.
    #[attr(one_of("text/plain", "text/css", "text/html", "application/javascript", "application/json"))]
    content_type: String,
    /// The text.
    #[attr(length(0..=1024))]
    message_body: Option<String>,
    /// Status code.
    #[attr(check = status)]
    status_code: OptComputed<String>,
}

/// Sends the request to one of several target groups.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Forward {
    /// Sends a client to the same target group again.
    #[attr(lasting)]
    stickiness: Option<ForwardStickiness>,
    /// Target groups and their shares.
    #[attr(min = 1, max = 5)]
    target_group: Set<Weighted>,
}

/// Sends a client to the same target group again.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ForwardStickiness {
    /// Seconds.
    #[attr(range(1..=604_800))]
    duration: i32,
    /// Is in use.
    #[attr(default = false)]
    enabled: Option<bool>,
}

/// A target group and its share.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Weighted {
    /// Target group.
    #[attr(check = checks::arn)]
    arn: String,
    /// Share.
    #[attr(default = 1, range(0..=999))]
    weight: Option<i32>,
}

/// Sends the client elsewhere.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Redirect {
    /// Host.
    #[attr(default = "#{host}", length(1..=128))]
    host: Option<String>,
    /// Path.
    #[attr(default = "/#{path}", length(1..=128))]
    path: Option<String>,
    /// Port.
    #[attr(default = "#{port}")]
    port: Option<String>,
    /// Protocol.
    #[attr(default = "#{protocol}", one_of("#{protocol}", "HTTP", "HTTPS"))]
    protocol: Option<String>,
    /// Query.
    #[attr(default = "#{query}", length(0..=128))]
    query: Option<String>,
    /// For good or for now.
    #[attr(one_of("HTTP_301", "HTTP_302"))]
    status_code: String,
}

fn status(text: &str) -> Result<(), String> {
    let fine = text.len() == 3 && text.starts_with(['2', '4', '5']) && text.bytes().all(|b| b.is_ascii_digit());
    if fine { Ok(()) } else { Err("to be a status code 2xx, 4xx or 5xx".into()) }
}

/// The kinds of action and the argument of each.
const KINDS: [(&str, &str); 5] = [
    ("forward", "forward"),
    ("redirect", "redirect"),
    ("fixed-response", "fixed_response"),
    ("authenticate-cognito", "authenticate_cognito"),
    ("authenticate-oidc", "authenticate_oidc"),
];

/// Adjusts the plan of a list of actions: arguments of another kind than an action's own do not count, and its own must be there.
pub(crate) fn customize(edit: &mut PlanEdit<'_>, name: Name) {
    let configured = edit.config(name).as_items().unwrap_or_default();
    let complaints: Vec<_> =
        configured.iter().enumerate().filter_map(|(i, action)| complaint(name, i, action)).collect();
    edit.complaints.extend(complaints);
    let before = edit.prior(name).as_items().unwrap_or_default();
    let Some(planned) = edit.planned(name).as_items() else { return };
    let ty = planned.first().map_or(sdt_value::Type::Dynamic, Value::ty);
    let actions = planned.iter().enumerate().map(|(i, action)| {
        let Some(kind) = action.get("type").and_then(Value::as_str) else { return action.clone() };
        let Some(members) = action.as_members() else { return action.clone() };
        Value::object(members.iter().map(|(argument, value)| {
            let own = KINDS.iter().find(|(_, block)| *block == &**argument).map(|(kind, _)| *kind);
            let own = own.or((&**argument == "target_group_arn").then_some("forward"));
            let value = match before.get(i).and_then(|b| b.get(argument)) {
                _ if own.is_none_or(|own| own == kind) => value.clone(),
                Some(prior) => prior.clone(),
                None if value.is_unknown() || value.as_str() == Some("") => value.clone(),
                None if &**argument == "target_group_arn" => Value::null(value.ty()),
                None => match value.ty().element() {
                    Some(element) => Value::list(element.clone(), Vec::new()),
                    None => value.clone(),
                },
            };
            (argument.clone(), value)
        }))
    });
    let actions = Value::list(ty, actions.collect());
    edit.set(name, actions);
}

/// What an action lacks, or says twice.
fn complaint(name: Name, at: usize, action: &Value) -> Option<Complaint> {
    let kind = action.get("type").and_then(Value::as_str)?;
    let (_, own) = KINDS.iter().find(|(k, _)| *k == kind)?;
    let is_set = |argument: &str| {
        action
            .get(argument)
            .is_some_and(|v| v.is_unknown() || !v.is_null() && v.as_items().is_none_or(|i| !i.is_empty()))
    };
    let (list, path) = (name.0, Path::root().attr(name.0).index(Value::number(at as i64)));
    let refuse = |path, detail| Some(invalid(path, "Invalid Attribute Combination", detail));
    if kind == "forward" {
        let single = action.get("target_group_arn").and_then(Value::as_str).filter(|arn| !arn.is_empty());
        let groups = action.get("forward").and_then(Value::as_items).and_then(<[Value]>::first);
        let groups = groups.and_then(|f| f.get("target_group")).and_then(Value::as_items);
        if let (Some(single), Some(groups)) = (single, groups) {
            let arns: Option<Vec<&str>> = groups.iter().map(|g| g.get("arn").and_then(Value::as_str)).collect();
            if arns.is_some_and(|arns| arns != [single]) {
                let detail = format!(
                    "You can specify both a top-level target group ARN (\"{list}[{at}].target_group_arn\") and, with \
                     \"{list}[{at}].forward\", a target group list with ARNs, only if the ARNs match."
                );
                return refuse(path, detail);
            }
        }
        if !is_set("target_group_arn") && !is_set("forward") {
            let detail = format!(
                "Either \"{list}[{at}].target_group_arn\" or \"{list}[{at}].forward\" must be specified when \
                 \"{list}[{at}].type\" is \"forward\"."
            );
            return refuse(path.attr("type"), detail);
        }
        return None;
    }
    if is_set(own) {
        return None;
    }
    let detail =
        format!("Attribute \"{list}[{at}].{own}\" must be specified when \"{list}[{at}].type\" is \"{kind}\".");
    refuse(path.attr("type"), detail)
}

impl Action {
    /// All actions as the API writes them; without an order the place in the list counts.
    pub(crate) fn requests(all: &[Self]) -> Vec<Api> {
        all.iter().enumerate().map(|(i, a)| a.request(i)).collect()
    }

    fn request(&self, place: usize) -> Api {
        let order = self.order.filter(|n| *n != 0).unwrap_or(place as i32 + 1);
        let action = Api::builder().r#type(ActionTypeEnum::from(self.r#type.as_str())).order(order);
        match self.r#type.as_str() {
            "forward" => match &self.forward {
                Some(forward) => action.forward_config(forward.request()),
                None => action.set_target_group_arn(self.target_group_arn.clone()),
            },
            "redirect" => action.set_redirect_config(self.redirect.as_ref().map(Redirect::request)),
            "fixed-response" => {
                action.set_fixed_response_config(self.fixed_response.as_ref().map(FixedResponse::request))
            }
            "authenticate-cognito" => {
                action.set_authenticate_cognito_config(self.authenticate_cognito.as_ref().map(Cognito::request))
            }
            "authenticate-oidc" => {
                action.set_authenticate_oidc_config(self.authenticate_oidc.as_ref().map(Oidc::request))
            }
            _ => action,
        }
        .build()
    }

    /// From an answer, in the form that `known` uses: one target group can be said in two ways.
    pub(crate) fn from_answers(mut found: Vec<Api>, known: &[Self]) -> Vec<Self> {
        found.sort_by_key(|a| a.order);
        found.into_iter().enumerate().map(|(i, a)| Self::from_answer(a, known.get(i))).collect()
    }

    fn from_answer(a: Api, known: Option<&Self>) -> Self {
        let groups = a.forward_config.as_ref().and_then(|f| f.target_groups.as_ref()).map_or(0, Vec::len);
        let sticky = a
            .forward_config
            .as_ref()
            .and_then(|f| f.target_group_stickiness_config.as_ref())
            .is_some_and(|s| s.enabled == Some(true));
        let block = known.map_or(groups > 1 || sticky, |k| k.forward.is_some() || groups > 1 || sticky);
        let single = a.target_group_arn.or_else(|| {
            let groups = a.forward_config.as_ref()?.target_groups.as_ref()?;
            groups.first()?.target_group_arn.clone()
        });
        let known = known.and_then(|k| k.forward.as_ref());
        let kind = a.r#type.map(|t| t.as_str().to_owned()).unwrap_or_default();
        Self {
            authenticate_cognito: a.authenticate_cognito_config.map(Cognito::from_answer),
            authenticate_oidc: a.authenticate_oidc_config.map(Oidc::from_answer),
            fixed_response: a.fixed_response_config.map(|f| FixedResponse {
                content_type: f.content_type.unwrap_or_default(),
                message_body: f.message_body,
                status_code: f.status_code,
            }),
            forward: a.forward_config.filter(|_| block).map(|f| Forward::from_answer(f, known)),
            order: a.order,
            redirect: a.redirect_config.map(Redirect::from_answer),
            // Of another kind than forwarding it is empty, not as it was.
            target_group_arn: single.filter(|_| !block).or_else(|| (kind != "forward").then(String::new)),
            r#type: kind,
        }
    }
}

impl Forward {
    fn request(&self) -> ForwardActionConfig {
        let group =
            |g: &Weighted| TargetGroupTuple::builder().target_group_arn(&g.arn).weight(g.weight.unwrap_or(1)).build();
        let sticky = |s: &ForwardStickiness| {
            TargetGroupStickinessConfig::builder().enabled(s.enabled == Some(true)).duration_seconds(s.duration).build()
        };
        ForwardActionConfig::builder()
            .set_target_groups(Some(self.target_group.iter().map(group).collect()))
            .set_target_group_stickiness_config(self.stickiness.as_ref().map(sticky))
            .build()
    }

    fn from_answer(f: ForwardActionConfig, known: Option<&Self>) -> Self {
        let group = |g: TargetGroupTuple| Weighted { arn: g.target_group_arn.unwrap_or_default(), weight: g.weight };
        // "Not in use" is what the API says when nothing was configured.
        let configured = known.is_some_and(|k| k.stickiness.is_some());
        Self {
            stickiness: f
                .target_group_stickiness_config
                .filter(|s| configured || s.enabled == Some(true))
                .map(|s| ForwardStickiness { duration: s.duration_seconds.unwrap_or_default(), enabled: s.enabled }),
            target_group: f.target_groups.unwrap_or_default().into_iter().map(group).collect(),
        }
    }
}

impl Redirect {
    fn request(&self) -> RedirectActionConfig {
        RedirectActionConfig::builder()
            .set_host(self.host.clone())
            .set_path(self.path.clone())
            .set_port(self.port.clone())
            .set_protocol(self.protocol.clone())
            .set_query(Some(self.query.clone().unwrap_or_default()))
            .status_code(RedirectActionStatusCodeEnum::from(self.status_code.as_str()))
            .build()
    }

    fn from_answer(r: RedirectActionConfig) -> Self {
        Self {
            host: r.host,
            path: r.path,
            port: r.port,
            protocol: r.protocol,
            query: r.query,
            status_code: r.status_code.map(|s| s.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl FixedResponse {
    fn request(&self) -> FixedResponseActionConfig {
        FixedResponseActionConfig::builder()
            .content_type(&self.content_type)
            .set_message_body(self.message_body.clone())
            .set_status_code(self.status_code.clone())
            .build()
    }
}

fn extra(params: &Option<Map<String>>) -> Option<std::collections::HashMap<String, String>> {
    params.clone().filter(|p| !p.is_empty()).map(|p| p.into_iter().collect())
}

impl Cognito {
    fn request(&self) -> AuthenticateCognitoActionConfig {
        AuthenticateCognitoActionConfig::builder()
            .set_authentication_request_extra_params(extra(&self.authentication_request_extra_params))
            .set_on_unauthenticated_request(self.on_unauthenticated_request.as_deref().map(CognitoBehavior::from))
            .set_scope(self.scope.clone())
            .set_session_cookie_name(self.session_cookie_name.clone())
            .set_session_timeout(self.session_timeout.filter(|n| *n != 0))
            .user_pool_arn(&self.user_pool_arn)
            .user_pool_client_id(&self.user_pool_client_id)
            .user_pool_domain(&self.user_pool_domain)
            .build()
    }

    fn from_answer(c: AuthenticateCognitoActionConfig) -> Self {
        Self {
            authentication_request_extra_params: c.authentication_request_extra_params.map(|p| p.into_iter().collect()),
            on_unauthenticated_request: c.on_unauthenticated_request.map(|b| b.as_str().to_owned()),
            scope: c.scope,
            session_cookie_name: c.session_cookie_name,
            session_timeout: c.session_timeout,
            user_pool_arn: c.user_pool_arn.unwrap_or_default(),
            user_pool_client_id: c.user_pool_client_id.unwrap_or_default(),
            user_pool_domain: c.user_pool_domain.unwrap_or_default(),
        }
    }
}

impl Oidc {
    fn request(&self) -> AuthenticateOidcActionConfig {
        let secret = self.client_secret.clone();
        AuthenticateOidcActionConfig::builder()
            .set_authentication_request_extra_params(extra(&self.authentication_request_extra_params))
            .authorization_endpoint(&self.authorization_endpoint)
            .client_id(&self.client_id)
            // After an import the secret is not known: the one that is there stays.
            .set_use_existing_client_secret(secret.is_none().then_some(true))
            .set_client_secret(secret)
            .issuer(&self.issuer)
            .set_on_unauthenticated_request(self.on_unauthenticated_request.as_deref().map(OidcBehavior::from))
            .set_scope(self.scope.clone())
            .set_session_cookie_name(self.session_cookie_name.clone())
            .set_session_timeout(self.session_timeout.filter(|n| *n != 0))
            .token_endpoint(&self.token_endpoint)
            .user_info_endpoint(&self.user_info_endpoint)
            .build()
    }

    fn from_answer(o: AuthenticateOidcActionConfig) -> Self {
        Self {
            authentication_request_extra_params: o.authentication_request_extra_params.map(|p| p.into_iter().collect()),
            authorization_endpoint: o.authorization_endpoint.unwrap_or_default(),
            client_id: o.client_id.unwrap_or_default(),
            client_secret: None,
            issuer: o.issuer.unwrap_or_default(),
            on_unauthenticated_request: o.on_unauthenticated_request.map(|b| b.as_str().to_owned()),
            scope: o.scope,
            session_cookie_name: o.session_cookie_name,
            session_timeout: o.session_timeout,
            token_endpoint: o.token_endpoint.unwrap_or_default(),
            user_info_endpoint: o.user_info_endpoint.unwrap_or_default(),
        }
    }
}
