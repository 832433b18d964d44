//! Protocols by name and number.
//!
//! Source: the IANA registry of protocol numbers.

use sdt_provider::Value;

/// The names, in the order of their numbers from 0.
const NAMES: &str = "
    hopopt icmp igmp ggp ipv4 st tcp cbt egp igp bbn-rcc-mon nvp-ii pup argus emcon xnet chaos udp mux dcn-meas hmp
    prm xns-idp trunk-1 trunk-2 leaf-1 leaf-2 rdp irtp iso-tp4 netblt mfe-nsp merit-inp dccp 3pc idpr xtp ddp
    idpr-cmtp tp++ il ipv6 sdrp ipv6-route ipv6-frag idrp rsvp gre dsr bna esp ah i-nlsp swipe narp mobile tlsp skip
    ipv6-icmp ipv6-nonxt ipv6-opts 61 cftp 63 sat-expak kryptolan rvd ippc 68 sat-mon visa ipcv cpnx cphb wsn pvp
    br-sat-mon sun-nd wb-mon wb-expak iso-ip vmtp secure-vmtp vines ttp nsfnet-igp dgp tcf eigrp ospfigp sprite-rpc
    larp mtp ax.25 ipip micp scc-sp etherip encap 99 gmtp ifmp pnni pim aris scps qnx a/n ipcomp snp compaq-peer
    ipx-in-ip vrrp pgm 114 l2tp dd iatp stp srp uti smp sm ptp isis-over-ipv4 fire crtp crudp sscopmce iplt sps pipe
    sctp fc rsvp-e2e-ignore mobility-header udplite mpls-in-ip manet hip shim6 wesp rohc
";

/// The number of a protocol given by name; numbers and unknown names stay.
pub(crate) fn number(name: &str) -> String {
    if name.eq_ignore_ascii_case("all") {
        return "-1".into();
    }
    let at = NAMES.split_whitespace().position(|n| n.eq_ignore_ascii_case(name));
    at.map_or_else(|| name.to_owned(), |n| n.to_string())
}

/// Tells whether two values name the same protocol.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if number(a) == number(b))
}

/// A protocol that ACLs know, its name in lower case.
///
/// # Errors
/// What the value must be.
pub(crate) fn known(text: &str) -> Result<(), String> {
    let number = number(text).parse::<i32>();
    let known = number.is_ok_and(|n| (-1..=142).contains(&n) || n == 253 || n == 254);
    if known && !text.bytes().any(|b| b.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err("to be the name (in lower case) or number of a protocol, -1 for all".into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, known, number};

    #[test]
    fn names_and_numbers() {
        let check = |name: &str, expected: &str| assert_eq!(number(name), expected, "{name}");
        check("all", "-1");
        check("tcp", "6");
        check("udp", "17");
        check("ipv6-icmp", "58");
        check("vrrp", "112");
        check("rohc", "142");
        check("6", "6");
        check("x", "x");
        let same = |a: &str, b: &str| super::same(&Value::string(a), &Value::string(b));
        assert!(same("TCP", "6") && same("all", "-1") && !same("udp", "6"));
        ["-1", "tcp", "58", "all"].into_iter().for_each(|t| assert!(known(t).is_ok(), "{t}"));
        ["", "TCP", "999", "x"].into_iter().for_each(|t| assert!(known(t).is_err(), "{t}"));
    }
}
