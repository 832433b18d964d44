//! What provisioners and their connections take.

use std::collections::BTreeMap;

use sdt_schema::{Attribute, Block};
use sdt_value::{Str, Type};

/// Schema of a provisioner; `None` for one that does not exist.
#[must_use]
pub fn provisioner_schema(kind: &str) -> Option<Block> {
    let strings = || Type::list(Type::String);
    let attributes = match kind {
        "local-exec" => vec![
            ("command", Type::String, true),
            ("interpreter", strings(), false),
            ("working_dir", Type::String, false),
            ("environment", Type::map(Type::String), false),
            ("quiet", Type::Bool, false),
        ],
        "remote-exec" => {
            vec![("inline", strings(), false), ("script", Type::String, false), ("scripts", strings(), false)]
        }
        "file" => {
            vec![("source", Type::String, false), ("content", Type::String, false), ("destination", Type::String, true)]
        }
        _ => return None,
    };
    Some(block(attributes))
}

/// Schema of a `connection` block.
#[must_use]
pub fn connection_schema() -> Block {
    const TEXTS: [&str; 18] = [
        "type",
        "user",
        "password",
        "timeout",
        "script_path",
        "target_platform",
        "private_key",
        "certificate",
        "host_key",
        "agent_identity",
        "proxy_scheme",
        "proxy_host",
        "proxy_user_name",
        "proxy_user_password",
        "bastion_host",
        "bastion_host_key",
        "bastion_user",
        "bastion_password",
    ];
    let texts = TEXTS.into_iter().chain(["bastion_private_key", "bastion_certificate", "cacert"]);
    let numbers = ["port", "proxy_port", "bastion_port"].into_iter().map(|n| (n, Type::Number, false));
    let flags = ["agent", "https", "insecure", "use_ntlm"].into_iter().map(|n| (n, Type::Bool, false));
    let all = texts.map(|n| (n, Type::String, false)).chain(numbers).chain(flags);
    block(all.chain([("host", Type::String, true)]).collect())
}

fn block(attributes: Vec<(&str, Type, bool)>) -> Block {
    let attribute = |(name, ty, required): (&str, Type, bool)| {
        (Str::from(name), Attribute { ty, required, optional: !required, ..Attribute::default() })
    };
    Block { attributes: attributes.into_iter().map(attribute).collect::<BTreeMap<_, _>>(), ..Block::default() }
}
