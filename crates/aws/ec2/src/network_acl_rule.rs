//! `aws_network_acl_rule`

use sdt_aws_core::Aws;
use sdt_provider::{Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait};

use crate::acl::{self, Entry};
use crate::{protocol, shared, text};

/// One rule of a network ACL.
#[derive(Clone, Resource)]
#[resource(name = "aws_network_acl_rule")]
pub(crate) struct NetworkAclRule {
    id: Id,
    /// IPv4 range that the rule is about.
    #[attr(force_new, exactly_one_of(cidr_block, ipv6_cidr_block))]
    cidr_block: Option<String>,
    /// Whether the rule is about traffic that leaves.
    #[attr(force_new, default = false)]
    egress: bool,
    /// First port.
    #[attr(force_new)]
    from_port: Option<i64>,
    /// ICMP code, -1 for all.
    #[attr(force_new, keep_null)]
    icmp_code: Option<i64>,
    /// ICMP type, -1 for all.
    #[attr(force_new, keep_null)]
    icmp_type: Option<i64>,
    /// IPv6 range that the rule is about.
    #[attr(force_new, exactly_one_of(cidr_block, ipv6_cidr_block))]
    ipv6_cidr_block: Option<String>,
    /// The ACL.
    #[attr(force_new)]
    network_acl_id: String,
    /// Protocol by name or number, -1 for all.
    #[attr(force_new, same = protocol::same, check = protocol::known, as_read)]
    protocol: String,
    /// What happens to the traffic.
    #[attr(force_new, one_of("allow", "deny"))]
    rule_action: String,
    /// Rules are looked at in the order of their numbers.
    #[attr(force_new)]
    rule_number: i64,
    /// Last port.
    #[attr(force_new)]
    to_port: Option<i64>,
}

#[async_trait]
impl Resource for NetworkAclRule {
    type Api = Aws;
    const HUMAN: &'static str = "EC2 Network ACL Rule";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.entry().create(cx, &want.network_acl_id).await?;
        Ok(Self { id: want.hash(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let acls = shared::network_acls(cx, known.iter().map(|k| k.network_acl_id.clone())).await?;
        let read = |k: &Self| {
            let acl = acls.iter().find(|a| a.network_acl_id() == Some(&k.network_acl_id))?;
            let e = acl::entries(acl).find(|e| i64::from(e.number) == k.rule_number && e.egress == k.egress)?;
            // Where the answer does not tell what was asked for, that counts.
            let icmp = |n: Option<i32>, known: Option<i64>| {
                acl::of_icmp(&e.protocol, Some(0)).and_then(|_| n.map(i64::from).or(known))
            };
            let mut found = Self {
                id: String::new(),
                cidr_block: e.cidr,
                egress: e.egress,
                from_port: Some(e.from.into()),
                icmp_code: icmp(e.icmp_code, k.icmp_code),
                icmp_type: icmp(e.icmp_type, k.icmp_type),
                ipv6_cidr_block: e.ipv6_cidr,
                network_acl_id: k.network_acl_id.clone(),
                protocol: protocol::number(&e.protocol),
                rule_action: e.action,
                rule_number: e.number.into(),
                to_port: Some(e.to.into()),
            };
            // The id has the protocol in the form it was written in, which only the creation knows.
            let written = if k.protocol.is_empty() { &found.protocol } else { &k.protocol };
            found.id = if k.id.starts_with("nacl-") {
                k.id.clone()
            } else {
                Self { protocol: written.clone(), ..found.clone() }.hash()
            };
            Some(found)
        };
        Ok(known.iter().map(read).collect())
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        acl::delete_entry(cx, &prior.network_acl_id, prior.rule_number as i32, prior.egress).await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.filter(|f| f.entry() == want.entry()).map(|f| Self { id: f.id, ..want.clone() }))
    }

    fn import_id(want: &Self) -> Option<String> {
        Some(format!("{}:{}:{}:{}", want.network_acl_id, want.rule_number, want.protocol, want.egress))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let form = || "NETWORK_ACL_ID:RULE_NUMBER:PROTOCOL:EGRESS".to_owned();
        let parts: Vec<&str> = id.split(':').collect();
        let &[acl, number, protocol, egress] = parts.as_slice() else { return Err(form()) };
        let number: i64 = number.parse().map_err(|_| form())?;
        let egress: bool = egress.parse().map_err(|_| form())?;
        Ok(vec![
            (Self::NETWORK_ACL_ID, Value::string(acl)),
            (Self::RULE_NUMBER, Value::number(number)),
            (Self::PROTOCOL, Value::string(protocol)),
            (Self::EGRESS, Value::bool(egress)),
        ])
    }
}

impl NetworkAclRule {
    fn entry(&self) -> Entry {
        Entry {
            number: self.rule_number as i32,
            egress: self.egress,
            action: self.rule_action.clone(),
            protocol: protocol::number(&self.protocol),
            from: self.from_port.unwrap_or_default() as i32,
            to: self.to_port.unwrap_or_default() as i32,
            cidr: text(self.cidr_block.clone()),
            ipv6_cidr: text(self.ipv6_cidr_block.clone()),
            icmp_type: acl::of_icmp(&self.protocol, self.icmp_type),
            icmp_code: acl::of_icmp(&self.protocol, self.icmp_code),
        }
    }

    /// The service gives rules no id; the public provider makes this one up.
    fn hash(&self) -> String {
        let text = format!("{}-{}-{}-{}-", self.network_acl_id, self.rule_number, self.egress, self.protocol);
        format!("nacl-{}", crc32fast::hash(text.as_bytes()))
    }
}
