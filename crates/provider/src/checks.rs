//! Rules about text, for `check = …` in declarations.

/// An IPv4 or IPv6 range: `10.0.0.0/16`.
///
/// # Errors
/// What the value must be.
pub fn cidr(text: &str) -> Result<(), String> {
    let ok =
        text.split_once('/').is_some_and(|(ip, bits)| match (ip.parse::<std::net::IpAddr>(), bits.parse::<u8>()) {
            (Ok(std::net::IpAddr::V4(_)), Ok(n)) => n <= 32,
            (Ok(std::net::IpAddr::V6(_)), Ok(n)) => n <= 128,
            _ => false,
        });
    if ok { Ok(()) } else { Err("to be a network range such as 10.0.0.0/16".into()) }
}

/// An IPv4 range.
///
/// # Errors
/// What the value must be.
pub fn ipv4_cidr(text: &str) -> Result<(), String> {
    if cidr(text).is_ok() && !text.contains(':') {
        Ok(())
    } else {
        Err("to be an IPv4 range such as 10.0.0.0/16".into())
    }
}

/// An IPv6 range.
///
/// # Errors
/// What the value must be.
pub fn ipv6_cidr(text: &str) -> Result<(), String> {
    if cidr(text).is_ok() && text.contains(':') {
        Ok(())
    } else {
        Err("to be an IPv6 range such as 2001:db8::/56".into())
    }
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

/// JSON text.
///
/// # Errors
/// What the value must be.
pub fn json(text: &str) -> Result<(), String> {
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
