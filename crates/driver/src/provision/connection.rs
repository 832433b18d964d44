//! What a `connection` block says.

use std::collections::BTreeMap;
use std::time::Duration;

use sdt_value::{Number, Value};

use super::text;

/// A machine and how to be let in.
pub(super) struct Target {
    pub(super) host: Host,
    /// The machine through which the host is reached.
    pub(super) bastion: Option<Host>,
    /// For how long to try.
    pub(super) timeout: Duration,
    /// Where scripts are put; `%RAND%` in it is replaced by a number.
    pub(super) script_path: String,
    /// Socket of the SSH agent.
    pub(super) agent: Option<String>,
    /// Comment of the agent's key to be tried first.
    pub(super) agent_identity: Option<String>,
}

/// One machine.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) private_key: Option<String>,
    pub(super) certificate: Option<String>,
    /// The key it must have, or that of the authority that must have signed it.
    pub(super) host_key: Option<String>,
}

const SCRIPT_PATH: &str = "/tmp/terraform_%RAND%.sh";

/// Reads a connection block.
pub(super) fn read(block: &Value, vars: &BTreeMap<String, String>) -> Result<Target, String> {
    let given = |name: &str| text(block, name).filter(|t| !t.is_empty());
    match given("type").as_deref() {
        None | Some("ssh") => {}
        Some("winrm") => {
            return Err("Connections of type winrm are not supported: sdt speaks SSH only, which Windows has too (OpenSSH Server). Use type = \"ssh\".".into());
        }
        Some(other) => return Err(format!("There is no connection type {other:?}; there is \"ssh\".")),
    }
    if given("target_platform").as_deref() == Some("windows") {
        return Err("target_platform = \"windows\" is not supported: scripts are run by a POSIX shell.".into());
    }
    for name in ["proxy_host", "proxy_scheme"] {
        if given(name).is_some() {
            return Err(format!("{name} is not supported: reach the machine through bastion_host."));
        }
    }
    let port = |name: &str| match block.get(name).filter(|v| !v.is_null()) {
        None => Ok(None),
        Some(v) => match v.as_number().and_then(Number::as_i64).and_then(|n| u16::try_from(n).ok()) {
            Some(0) => Ok(None),
            Some(n) => Ok(Some(n)),
            None => Err(format!("{name} is no port: it is a number up to 65535.")),
        },
    };
    let Some(name) = given("host") else {
        return Err("host for provisioner cannot be empty".into());
    };
    let host = Host {
        name,
        port: port("port")?.unwrap_or(22),
        user: given("user").unwrap_or_else(|| "root".into()),
        password: given("password"),
        private_key: given("private_key"),
        certificate: given("certificate"),
        host_key: given("host_key"),
    };
    let bastion = match given("bastion_host") {
        None => None,
        Some(name) => Some(Host {
            name,
            port: port("bastion_port")?.unwrap_or(host.port),
            user: given("bastion_user").unwrap_or_else(|| host.user.clone()),
            password: given("bastion_password").or_else(|| host.password.clone()),
            private_key: given("bastion_private_key").or_else(|| host.private_key.clone()),
            certificate: given("bastion_certificate"),
            host_key: given("bastion_host_key"),
        }),
    };
    let wants_agent = block.get("agent").and_then(Value::as_bool);
    let socket = vars.get("SSH_AUTH_SOCK").filter(|s| !s.is_empty()).cloned();
    if wants_agent == Some(true) && socket.is_none() {
        return Err("agent = true is set, but there is no SSH agent: the environment has no SSH_AUTH_SOCK.".into());
    }
    Ok(Target {
        host,
        bastion,
        timeout: given("timeout").map_or(Ok(Duration::from_secs(300)), |t| duration(&t))?,
        script_path: given("script_path").unwrap_or_else(|| SCRIPT_PATH.into()),
        agent: socket.filter(|_| wants_agent != Some(false)),
        agent_identity: given("agent_identity"),
    })
}

/// Reads `30s`, `5m`, `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    sdt_provider::parse_duration(text)
        .ok_or_else(|| format!("timeout = {text:?} is no duration: write numbers with units, such as 30s or 5m."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(members: &[(&str, Value)]) -> Value {
        Value::object(members.iter().map(|(k, v)| (*k, v.clone())))
    }

    #[test]
    fn defaults_come_from_the_host() {
        let s = Value::string;
        let t = read(
            &block(&[
                ("host", s("h")),
                ("user", s("u")),
                ("password", s("p")),
                ("port", Value::number(2222)),
                ("timeout", s("1m30s")),
                ("bastion_host", s("b")),
                ("bastion_password", s("q")),
            ]),
            &BTreeMap::new(),
        )
        .unwrap();
        assert_eq!((t.host.port, &*t.host.user, t.timeout), (2222, "u", Duration::from_secs(90)));
        let b = t.bastion.unwrap();
        assert_eq!((&*b.name, b.port, &*b.user, b.password.as_deref()), ("b", 2222, "u", Some("q")));
        assert_eq!(t.script_path, SCRIPT_PATH);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let s = Value::string;
        for (members, expected) in [
            (vec![("host", s("h")), ("type", s("winrm"))], "winrm"),
            (vec![("host", s(""))], "host"),
            (vec![("host", s("h")), ("agent", Value::bool(true))], "SSH_AUTH_SOCK"),
            (vec![("host", s("h")), ("timeout", s("soon"))], "timeout"),
            (vec![("host", s("h")), ("port", Value::number(70000))], "port"),
            (vec![("host", s("h")), ("proxy_host", s("p"))], "bastion_host"),
        ] {
            let error = read(&block(&members), &BTreeMap::new()).err().unwrap_or_default();
            assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        }
    }
}
