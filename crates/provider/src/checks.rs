//! Rules about text, for `check = …` in declarations.

use std::net::IpAddr;

/// An IPv4 or IPv6 range without host bits: `10.0.0.0/16`.
///
/// # Errors
/// What the value must be.
pub fn cidr(text: &str) -> Result<(), String> {
    let network = text.split_once('/').and_then(|(ip, bits)| network(ip.parse().ok()?, bits.parse().ok()?));
    match network {
        None => Err("to be a network range such as 10.0.0.0/16".into()),
        Some((ip, network, bits)) if ip != network => {
            Err(format!("to be a network range; did you mean {network}/{bits}?"))
        }
        Some(_) => Ok(()),
    }
}

/// An address, the network it is in, and the length of its prefix.
fn network(ip: IpAddr, bits: u32) -> Option<(IpAddr, IpAddr, u32)> {
    let network = match ip {
        IpAddr::V4(ip) => {
            IpAddr::V4((u32::from(ip) & u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0)).into())
        }
        IpAddr::V6(ip) => {
            IpAddr::V6((u128::from(ip) & u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0)).into())
        }
    };
    Some((ip, network, bits))
}

/// An IPv4 range.
///
/// # Errors
/// What the value must be.
pub fn ipv4_cidr(text: &str) -> Result<(), String> {
    if text.contains(':') { Err("to be an IPv4 range such as 10.0.0.0/16".into()) } else { cidr(text) }
}

/// An IPv6 range.
///
/// # Errors
/// What the value must be.
pub fn ipv6_cidr(text: &str) -> Result<(), String> {
    if text.contains(':') { cidr(text) } else { Err("to be an IPv6 range such as 2001:db8::/56".into()) }
}

/// An IPv4 address.
///
/// # Errors
/// What the value must be.
pub fn ipv4(text: &str) -> Result<(), String> {
    text.parse::<std::net::Ipv4Addr>().map(|_| ()).map_err(|_| "to be an IPv4 address".into())
}

/// An ARN: six parts. Empty text passes: it counts as not set.
///
/// # Errors
/// What the value must be.
pub fn arn(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if text.is_empty() || parts.len() == 6 && parts[0] == "arn" && !parts[1].is_empty() && !parts[2].is_empty() {
        Ok(())
    } else {
        Err("to be an ARN (arn:partition:service:region:account:resource)".into())
    }
}

/// JSON text. Empty text passes: it counts as not set.
///
/// # Errors
/// What the value must be.
pub fn json(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    serde_json::from_str::<serde_json::Value>(text).map(|_| ()).map_err(|e| format!("to be JSON: {e}"))
}

/// Twelve digits.
///
/// # Errors
/// What the value must be.
pub fn account_id(text: &str) -> Result<(), String> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(())
    } else {
        Err("to be an account id of 12 digits".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let check = |text: &str, expected: Result<(), &str>| match (cidr(text), expected) {
            (Ok(()), Ok(())) => {}
            (Err(got), Err(part)) => assert!(got.contains(part), "{text}: {got}"),
            (got, _) => panic!("{text}: {got:?}"),
        };
        check("10.0.0.0/16", Ok(()));
        check("0.0.0.0/0", Ok(()));
        check("::/0", Ok(()));
        check("10.0.0.7/32", Ok(()));
        check("2001:db8::/56", Ok(()));
        check("10.0.0.1/16", Err("did you mean 10.0.0.0/16?"));
        check("2001:db8::1/56", Err("did you mean 2001:db8::/56?"));
        check("10.0.0.0/33", Err("to be a network range"));
        check("10.0.0.0", Err("to be a network range"));
        assert!(ipv4_cidr("::/0").is_err() && ipv6_cidr("10.0.0.0/8").is_err());
    }

    #[test]
    fn empty_json_is_not_set() {
        assert!(json("").is_ok() && json("{}").is_ok() && json("{").is_err());
    }
}
