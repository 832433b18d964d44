//! The provider block: the proxy to servers whose certificates are asked for.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use sdt_value::{Type, Value};
use url::Url;

use crate::helpers::{Set, attr, get};
use crate::net::Proxy;

pub(super) fn schema() -> Arc<Schema> {
    let text = |doc| attr(Type::String, Set::Optional, doc);
    let mut proxy = Block { doc: "The proxy to servers whose certificates are asked for.", ..Block::default() };
    for (name, attribute) in [
        ("url", text("Where the proxy is: http or https.")),
        ("username", text("The name to log in with.")),
        ("password", Attribute { sensitive: true, ..text("The password to log in with.") }),
        ("from_env", attr(Type::Bool, Set::OptionalComputed, "As HTTPS_PROXY and NO_PROXY say (default true).")),
    ] {
        proxy.attributes.insert(name.into(), attribute);
    }
    let nested = NestedBlock { nesting: Nesting::List, block: Arc::new(proxy), min: 0, max: 1 };
    let mut block = Block::default();
    block.blocks.insert("proxy".into(), nested);
    Arc::new(Schema { version: 0, block, legacy_type_system: false })
}

fn block(config: &Value) -> Option<Value> {
    get(config, "proxy").as_items()?.first().cloned()
}

pub(super) fn validate(config: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(proxy) = block(config) else { return found };
    let mut wrong = |detail: String| found.push(Diagnostic::error("Invalid proxy configuration", detail));
    let set = |name: &str| !get(&proxy, name).is_null();
    if set("from_env") && ["url", "username", "password"].iter().any(|n| set(n)) {
        wrong("In proxy, from_env excludes url, username and password.".into());
    }
    for (name, needed) in [("username", "url"), ("password", "username")] {
        if set(name) && !set(needed) {
            wrong(format!("In proxy, {name} needs {needed}."));
        }
    }
    if let Some(url) = get(&proxy, "url").as_str() {
        match Url::parse(url) {
            Ok(u) if matches!(u.scheme(), "http" | "https") => {}
            Ok(u) if u.scheme() == "socks5" => {
                wrong("In proxy, url names a SOCKS proxy; sdt has http and https.".into())
            }
            _ => wrong(format!("In proxy, url is {url:?}, which is no http or https address.")),
        }
    }
    found
}

/// What the provider block says.
pub(super) fn of_config(config: &Value) -> Proxy {
    let Some(proxy) = block(config) else { return Proxy::Environment };
    let text = |name: &str| get(&proxy, name).as_str().map(str::to_owned);
    if let Some(mut url) = text("url").and_then(|u| Url::parse(&u).ok()) {
        if let Some(name) = text("username") {
            let _ = url.set_username(&name);
            let _ = url.set_password(text("password").as_deref());
        }
        return Proxy::Fixed(url);
    }
    if get(&proxy, "from_env").as_bool() == Some(false) { Proxy::Direct } else { Proxy::Environment }
}
