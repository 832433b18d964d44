//! Arithmetic on network prefixes.
//!
//! Addresses are bit strings of 32 or 128 bits held in big integers, because Terraform's own arithmetic is: negative
//! numbers and numbers beyond a prefix give the results they give there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use sdt_value::{Type, Value};

use crate::call::{Out, arg, fail, int_arg, int_or_fail, num_arg, str_arg};
use crate::{CallError, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "cidrhost",
        "Returns the address of a host by its number within a prefix.",
        &[Param::string("prefix"), Param::number("hostnum")],
        Type::String,
        |a, _| host(a),
    ),
    Function::new(
        "cidrcontains",
        "Tells whether a prefix contains an address or another prefix.",
        &[Param::string("containing_prefix"), Param::string("contained_ip_or_prefix")],
        Type::Bool,
        |a, _| cidr_contains(str_arg(a, 0), str_arg(a, 1)),
    ),
    Function::new(
        "cidrnetmask",
        "Returns the netmask of an IPv4 prefix.",
        &[Param::string("prefix")],
        Type::String,
        |a, _| {
            let net = Network::parse(str_arg(a, 0)).map_err(CallError::Call)?;
            if !net.is_v4() {
                return fail(format!("IPv6 addresses cannot have a netmask: {}", str_arg(a, 0)));
            }
            Ok(Value::string(show(&net.base, net.bits, Some(net.mask()))))
        },
    ),
    Function::new(
        "cidrsubnet",
        "Extends a prefix by some bits and returns the subnet of a number.",
        &[Param::string("prefix"), Param::number("newbits"), Param::number("netnum")],
        Type::String,
        |a, _| subnet(a),
    ),
    Function::new(
        "cidrsubnets",
        "Allocates consecutive subnets, each extending the prefix by some bits.",
        &[Param::string("prefix")],
        Type::Dynamic,
        |a, _| subnets(a),
    )
    .variadic(Param::number("newbits"))
    .list_of(Type::String),
];

/// A prefix with its base address.
struct Network {
    base: UBig,
    len: i64,
    /// 32 or 128.
    bits: i64,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("invalid CIDR expression: invalid CIDR address: {text}");
        let (ip, len) = text.split_once('/').ok_or_else(bad)?;
        let (value, bits) = if ip.contains(':') {
            (parse_v6(ip).ok_or_else(bad)?, 128)
        } else {
            (u128::from(parse_v4(ip).ok_or_else(bad)?), 32)
        };
        if len.is_empty() || len.len() > 9 || !len.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let len: i64 = len.parse().map_err(|_| bad())?;
        if len > bits {
            return Err(bad());
        }
        let host = (bits - len) as u32;
        let value = if host >= 128 { 0 } else { value >> host << host };
        Ok(Self { base: UBig::from(value), len, bits })
    }

    /// Tells whether Go would take the address for IPv4, written so or not.
    fn is_v4(&self) -> bool {
        self.bits == 32 || mapped(&self.base).is_some()
    }

    fn mask(&self) -> UBig {
        let ones = (UBig::ONE << self.len as usize) - 1u8;
        ones << (self.bits - self.len) as usize
    }
}

fn cidr_contains(prefix: &str, other: &str) -> Out {
    let outer = Network::parse(prefix).map_err(CallError::Call)?;
    let inner = if other.contains('/') {
        Network::parse(other).map_err(CallError::Call)?
    } else {
        let bits = if other.contains(':') { 128 } else { 32 };
        Network::parse(&format!("{other}/{bits}"))
            .map_err(|_| CallError::Call(format!("invalid IP address: {other}")))?
    };
    if outer.bits != inner.bits {
        return fail("the addresses are of different families: one is IPv4, the other IPv6");
    }
    Ok(Value::bool(inner.len >= outer.len && &inner.base & outer.mask() == outer.base))
}

/// Reads dotted decimal; unlike everywhere else today, leading zeros are fine and decimal.
fn parse_v4(text: &str) -> Option<u32> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    parts.iter().try_fold(0u32, |all, part| {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        let n: u32 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        (n < 256).then_some(all << 8 | n)
    })
}

fn parse_v6(text: &str) -> Option<u128> {
    if let Ok(ip) = text.parse::<Ipv6Addr>() {
        return Some(ip.into());
    }
    // An embedded IPv4 address may have leading zeros too.
    let (head, tail) = text.rsplit_once(':')?;
    let v4 = Ipv4Addr::from(parse_v4(tail)?);
    format!("{head}:{v4}").parse::<Ipv6Addr>().ok().map(u128::from)
}

/// The IPv4 address inside `::ffff:a.b.c.d`.
fn mapped(value: &UBig) -> Option<u32> {
    let n = u128::try_from(value).ok()?;
    (n >> 32 == 0xffff).then_some(n as u32)
}

/// Writes an address of `bits` bits, or a mask of that many.
fn show(value: &UBig, bits: i64, mask: Option<UBig>) -> String {
    let n = u128::try_from(mask.as_ref().unwrap_or(value)).unwrap_or(0);
    let ip = if bits == 32 {
        IpAddr::V4(Ipv4Addr::from(n as u32))
    } else {
        match mapped(value) {
            Some(v4) if mask.is_none() => IpAddr::V4(Ipv4Addr::from(v4)),
            _ => IpAddr::V6(Ipv6Addr::from(n)),
        }
    };
    match ip {
        // Other tools write the last 32 bits of some addresses in dotted form; Go never does.
        IpAddr::V6(ip) => go_v6(ip),
        ip => ip.to_string(),
    }
}

fn go_v6(ip: Ipv6Addr) -> String {
    let groups = ip.segments();
    let mut best = (0, 0);
    let mut i = 0;
    while i < 8 {
        let run = groups[i..].iter().take_while(|g| **g == 0).count();
        if run > best.1 && run > 1 {
            best = (i, run);
        }
        i += run.max(1);
    }
    let hex = |gs: &[u16]| gs.iter().map(|g| format!("{g:x}")).collect::<Vec<_>>().join(":");
    if best.1 == 0 { hex(&groups) } else { format!("{}::{}", hex(&groups[..best.0]), hex(&groups[best.0 + best.1..])) }
}

fn show_network(value: &UBig, len: i64, bits: i64) -> String {
    if bits == 128 && mapped(value).is_some() && len >= 96 {
        return format!("{}/{}", show(value, bits, None), len - 96);
    }
    format!("{}/{len}", show(value, bits, None))
}

/// The whole number of an argument, of any size.
fn big_arg(args: &[Value], index: usize) -> Out<IBig> {
    let n = num_arg(args, index);
    if !n.is_integer() {
        return fail("value must be a whole number");
    }
    n.to_radix(10).and_then(|s| s.parse::<IBig>().ok()).map_or_else(|| fail("value must be a whole number"), Ok)
}

/// The lowest 64 bits of the absolute value.
fn low_word(n: &IBig) -> u64 {
    let abs = UBig::try_from(if n.sign() == dashu_int::Sign::Negative { -n.clone() } else { n.clone() });
    let abs = abs.unwrap_or(UBig::ZERO);
    u64::try_from(&abs & UBig::from(u64::MAX)).unwrap_or(0)
}

/// Puts a number into an address so that its last bit is at `prefix_len`.
fn insert(net: &Network, num: &IBig, prefix_len: i64) -> Out<UBig> {
    let shift = usize::try_from(net.bits - prefix_len).unwrap_or(0);
    let all = IBig::from(net.base.clone()) | (num.clone() << shift);
    let abs = if all.sign() == dashu_int::Sign::Negative { -all } else { all };
    match UBig::try_from(abs) {
        Ok(n) if n.bit_len() as i64 <= net.bits => Ok(n),
        _ => fail("the number does not fit into an address"),
    }
}

fn host(args: &[Value]) -> Out {
    let mut num = big_arg(args, 1)?;
    let net = Network::parse(str_arg(args, 0)).map_err(CallError::Call)?;
    let max = IBig::from((UBig::ONE << (net.bits - net.len) as usize) - 1u8);
    let shown = num.clone();
    let mut check = IBig::from(low_word(&num) as i64);
    if num.sign() == dashu_int::Sign::Negative {
        check = -num - 1;
        num = &max - &check;
    }
    if check > max {
        return fail(format!("prefix of {} does not accommodate a host numbered {shown}", net.len));
    }
    let width = if net.is_v4() { 32 } else { 128 };
    let address = insert(&net, &num, width)?;
    Ok(Value::string(show(&address, net.bits, None)))
}

fn subnet(args: &[Value]) -> Out {
    let new_bits = int_or_fail(args, 1)?;
    let num = big_arg(args, 2)?;
    let net = Network::parse(str_arg(args, 0)).map_err(CallError::Call)?;
    let len = net.len.saturating_add(new_bits);
    if len > net.bits {
        return fail(format!("insufficient address space to extend prefix of {} by {new_bits}", net.len));
    }
    let max = match u32::try_from(new_bits) {
        Ok(n) if n < 64 => (1u64 << n) - 1,
        _ => u64::MAX,
    };
    if low_word(&num) > max {
        return fail(format!("prefix extension of {new_bits} does not accommodate a subnet numbered {num}"));
    }
    if len < 0 {
        return fail(format!("cannot shorten a prefix of {} by {}", net.len, new_bits.unsigned_abs()));
    }
    let base = insert(&net, &num, len)?;
    Ok(Value::string(show_network(&base, len, net.bits)))
}

fn subnets(args: &[Value]) -> Out {
    let net = match Network::parse(str_arg(args, 0)) {
        Ok(n) => n,
        Err(e) => return arg(0, e),
    };
    let end = &net.base + (UBig::ONE << (net.bits - net.len) as usize);
    let mut next = net.base.clone();
    let mut out: Vec<Value> = Vec::new();
    for index in 1..args.len() {
        let extra = int_arg(args, index).map_err(|message| CallError::Arg { index, message })?;
        if extra < 1 {
            return arg(index, "must extend prefix by at least one bit");
        }
        if extra > 32 {
            return arg(index, "may not extend prefix by more than 32 bits");
        }
        let len = net.len + extra;
        if len > net.bits {
            let kind = if net.bits == 32 { "IPv4" } else { "IPv6" };
            return arg(index, format!("would extend prefix to {len} bits, which is too long for an {kind} address"));
        }
        let host = (net.bits - len) as usize;
        let size = UBig::ONE << host;
        let base = ((&next + &size) - 1u8) >> host << host;
        // Terraform takes the subnet before the first one for its start, so it has none where there is none.
        let no_start = net.base == UBig::ZERO || net.bits == 128 && net.is_v4();
        if no_start || &base + &size > end {
            let after = out.last().and_then(Value::as_str).unwrap_or(str_arg(args, 0));
            return arg(
                index,
                format!("not enough remaining address space for a subnet with a prefix of {len} bits after {after}"),
            );
        }
        out.push(Value::string(show_network(&base, len, net.bits)));
        next = base + size;
    }
    Ok(Value::list(Type::String, out))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn prefixes() {
        check(&[
            ("cidrhost", r#"["10.12.112.0/20",268]"#, r#""10.12.113.12""#),
            ("cidrhost", r#"["10.0.0.0/24",-1]"#, r#""10.0.0.255""#),
            ("cidrhost", r#"["10.0.0.0/24",-256]"#, r#""10.0.0.0""#),
            ("cidrhost", r#"["10.0.0.0/24",300]"#, "call: prefix of 24 does not accommodate a host numbered 300"),
            ("cidrhost", r#"["010.0.0.0/24",5]"#, r#""10.0.0.5""#),
            ("cidrhost", r#"["fd00:fd12:3456:7890:00a2::/72",34]"#, r#""fd00:fd12:3456:7890::22""#),
            ("cidrhost", r#"["::ffff:10.0.0.0/104",5]"#, r#""0:5::ffff:a00:0""#),
            ("cidrhost", r#"["fe80::/10",65536]"#, r#""fe80::1:0""#),
            ("cidrhost", r#"["x",1]"#, "call: invalid CIDR expression: invalid CIDR address: x"),
            ("cidrhost", r#"["10.0.0.0/8",1.5]"#, "call: value must be a whole number"),
            ("cidrnetmask", r#"["192.168.1.1/25"]"#, r#""255.255.255.128""#),
            ("cidrnetmask", r#"["fe80::/64"]"#, "call: IPv6 addresses cannot have a netmask: fe80::/64"),
            ("cidrsubnet", r#"["10.1.2.0/24",4,15]"#, r#""10.1.2.240/28""#),
            ("cidrsubnet", r#"["10.1.2.0/24",4,-1]"#, r#""0.0.0.16/28""#),
            ("cidrsubnet", r#"["10.0.0.0/8",-1,0]"#, r#""10.0.0.0/7""#),
            ("cidrsubnet", r#"["2001:db8::/32",64,18446744073709551615]"#, r#""2001:db8:ffff:ffff:ffff:ffff::/96""#),
            ("cidrsubnet", r#"["::ffff:0:0/96",8,1]"#, r#""1.0.0.0/8""#),
            ("cidrsubnet", r#"["10.0.0.0/8",33,1]"#, "call: …"),
            ("cidrsubnet", r#"["10.1.2.0/24",0,1]"#, "call: …"),
            ("cidrsubnets", r#"["10.1.0.0/16",8,4,8]"#, r#"["10.1.0.0/24","10.1.16.0/20","10.1.32.0/24"]"#),
            ("cidrsubnets", r#"["10.1.0.0/16"]"#, "[]"),
            ("cidrsubnets", r#"["0.0.0.0/0",1]"#, "arg 1: not enough remaining address space …"),
            ("cidrsubnets", r#"["10.0.0.0/30",1,1,1]"#, "arg 3: not enough remaining address space …"),
            ("cidrcontains", r#"["192.168.2.0/20","192.168.2.1"]"#, "true"),
            ("cidrcontains", r#"["192.168.2.0/20","192.126.2.1"]"#, "false"),
            ("cidrcontains", r#"["192.168.0.0/16","192.168.2.0/20"]"#, "true"),
            ("cidrcontains", r#"["192.168.2.0/20","192.168.0.0/16"]"#, "false"),
            ("cidrcontains", r#"["fe80::/48","fe80::1"]"#, "true"),
            ("cidrcontains", r#"["10.0.0.0/8","fe80::1"]"#, "call: the addresses are of different families…"),
            ("cidrsubnets", r#"["2001:db8::/48",33]"#, "arg 1: may not extend prefix by more than 32 bits"),
        ]);
    }
}
