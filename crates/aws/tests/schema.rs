//! Every registered type has the schema and the declared facts of `tests/facts/aws`, but for a short list of reviewed differences.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sdt_aws::AwsProvider;
use sdt_provider::{Check, Content, Decl, Meta, Mode, Provider};
use sdt_schema::{Block, Nesting, Schema};
use sdt_value::{to_json, type_to_json};
use serde_json::{Value as Json, json};

/// Differences that are meant, `type.attribute: fact`, each with its reason.
const MEANT: &[(&str, &str)] = &[
    ("aws_vpc.instance_tenancy: forces_replacement", "depends on the direction: `customize`"),
    ("aws_lb_listener.default_action.forward.stickiness.enabled: default", PLANNED),
    ("aws_lb_listener.default_action.forward.target_group.weight: default", PLANNED),
    ("aws_lb_listener.default_action.redirect.host: default", PLANNED),
    ("aws_lb_listener.default_action.redirect.path: default", PLANNED),
    ("aws_lb_listener.default_action.redirect.port: default", PLANNED),
    ("aws_lb_listener.default_action.redirect.protocol: default", PLANNED),
    ("aws_lb_listener.default_action.redirect.query: default", PLANNED),
    ("aws_lb_target_group.slow_start: range", "0 is allowed too: `validate`"),
    ("aws_secretsmanager_secret.recovery_window_in_days: range", "0 is allowed too: `validate`"),
    ("aws_dynamodb_table.global_secondary_index.non_key_attributes: default", IN_SETS),
    ("aws_dynamodb_table.global_secondary_index.range_key: default", IN_SETS),
    ("aws_dynamodb_table.local_secondary_index.non_key_attributes: default", IN_SETS),
    ("aws_iam_role.inline_policy.name: default", IN_SETS),
    ("aws_iam_role.inline_policy.policy: default", IN_SETS),
    ("aws_dynamodb_table.restore_source_name: forces_replacement", "not when it goes away: `customize`"),
    ("aws_dynamodb_table.restore_source_table_arn: forces_replacement", "not when it goes away: `customize`"),
    ("aws_default_network_acl.egress.cidr_block: default", IN_SETS),
    ("aws_default_network_acl.egress.ipv6_cidr_block: default", IN_SETS),
    ("aws_default_network_acl.ingress.cidr_block: default", IN_SETS),
    ("aws_default_network_acl.ingress.ipv6_cidr_block: default", IN_SETS),
    ("aws_vpc_endpoint.subnet_configuration.ipv4: default", IN_SETS),
    ("aws_vpc_endpoint.subnet_configuration.ipv6: default", IN_SETS),
    ("aws_vpc_endpoint.subnet_configuration.subnet_id: default", IN_SETS),
    ("aws_network_interface.enable_primary_ipv6: forces_replacement", "depends on the direction: `customize`"),
    ("aws_network_interface.private_ips: forces_replacement", "only without the primary address: `customize`"),
    ("aws_dynamodb_table.stream_view_type: enum", "\"\" is allowed too, for a stream that is off"),
    ("aws_lb_listener_rule.action.forward.stickiness.enabled: default", PLANNED),
    ("aws_lb_listener_rule.action.forward.target_group.weight: default", PLANNED),
    ("aws_lb_listener_rule.action.redirect.host: default", PLANNED),
    ("aws_lb_listener_rule.action.redirect.path: default", PLANNED),
    ("aws_lb_listener_rule.action.redirect.port: default", PLANNED),
    ("aws_lb_listener_rule.action.redirect.protocol: default", PLANNED),
    ("aws_lb_listener_rule.action.redirect.query: default", PLANNED),
    ("aws_lb_listener_rule.action.authenticate_cognito.scope: computed", SAME_ACTIONS),
    ("aws_lb_listener_rule.action.authenticate_cognito.session_cookie_name: computed", SAME_ACTIONS),
    ("aws_lb_listener_rule.action.authenticate_cognito.session_timeout: computed", SAME_ACTIONS),
    ("aws_lb_listener_rule.action.authenticate_oidc.scope: computed", SAME_ACTIONS),
    ("aws_lb_listener_rule.action.authenticate_oidc.session_cookie_name: computed", SAME_ACTIONS),
    ("aws_lb_listener_rule.action.authenticate_oidc.session_timeout: computed", SAME_ACTIONS),
    ("aws_db_option_group.option.db_security_group_memberships: default", IN_SETS),
    ("aws_db_option_group.option.vpc_security_group_memberships: default", IN_SETS),
    ("aws_s3_bucket_cors_configuration.cors_rule.allowed_headers: default", IN_SETS),
    ("aws_s3_bucket_cors_configuration.cors_rule.expose_headers: default", IN_SETS),
    ("aws_s3_bucket_lifecycle_configuration.id: deprecated", "nobody can set it"),
    (
        "aws_s3_bucket_lifecycle_configuration.rule.filter.prefix: default",
        "only when the filter says nothing else: `customize`",
    ),
    ("aws_ssm_parameter.tier: forces_replacement", "depends on the direction: `customize`"),
];

/// Why the facts have a default that is none.
const IN_SETS: &str =
    "elements of sets have no null strings and collections: a rule of the framework, not of the attribute";

/// Why rules have what listeners have.
const SAME_ACTIONS: &str = "the actions are those of a listener: what is not said is what AWS says";

/// Why the facts lack a default that is there.
const PLANNED: &str = "observed in plans; the facts could not see it, since the block around it is required";

fn facts(mode: Mode, name: &str) -> Option<Json> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/facts/aws");
    let folder = match mode {
        Mode::Managed => folder,
        Mode::Data => folder.join("data"),
        Mode::Ephemeral => folder.join("ephemeral"),
    };
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).ok()?;
    Some(serde_json::from_str(&text).expect("facts are JSON"))
}

fn sorted(names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().map(Into::into).collect();
    names.sort();
    names
}

fn strings(list: &Json) -> Vec<String> {
    sorted(list.as_array().into_iter().flatten().filter_map(Json::as_str))
}

struct Compare {
    out: Vec<String>,
}

impl Compare {
    fn eq(&mut self, at: &str, what: &str, ours: Json, facts: Json) {
        let key = format!("{at}: {what}");
        if ours != facts && !MEANT.iter().any(|(m, _)| *m == key) {
            self.out.push(format!("{key} is {ours}, the facts say {facts}"));
        }
    }

    fn block(&mut self, at: &str, ours: &Block, facts: &Json) {
        let keys = |v: &Json| json!(sorted(v.as_object().into_iter().flatten().map(|(k, _)| k.as_str())));
        self.eq(at, "attributes", json!(sorted(ours.attributes.keys().map(|k| &**k))), keys(&facts["attributes"]));
        let blocks = ours.blocks.keys().map(|k| &**k).filter(|k| *k != "timeouts");
        self.eq(at, "blocks", json!(sorted(blocks)), keys(&facts["blocks"]));
        for (name, attribute) in &ours.attributes {
            let fact = &facts["attributes"][&**name];
            if fact.is_null() {
                continue;
            }
            let at = format!("{at}.{name}");
            self.eq(&at, "type", type_to_json(&attribute.ty), fact["type"].clone());
            let flags = [
                ("required", attribute.required),
                ("optional", attribute.optional),
                ("computed", attribute.computed),
                ("sensitive", attribute.sensitive),
                ("write_only", attribute.write_only),
                ("deprecated", attribute.deprecated.is_some()),
            ];
            for (flag, ours) in flags {
                self.eq(&at, flag, json!(ours), json!(fact[flag] == json!(true)));
            }
        }
        for (name, nested) in &ours.blocks {
            let fact = &facts["blocks"][&**name];
            if fact.is_null() {
                continue;
            }
            let at = format!("{at}.{name}");
            let nesting = match nested.nesting {
                Nesting::List => "list",
                Nesting::Set => "set",
                Nesting::Single => "single",
                Nesting::Group => "group",
                Nesting::Map => "map",
            };
            self.eq(&at, "nesting", json!(nesting), fact["nesting"].clone());
            self.eq(&at, "min", json!(nested.min), json!(fact["min"].as_u64().unwrap_or(0)));
            self.eq(&at, "max", json!(nested.max), json!(fact["max"].as_u64().unwrap_or(0)));
            self.block(&at, &nested.block, fact);
        }
    }

    fn schema(&mut self, name: &str, ours: &Schema, facts: &Json) {
        self.eq(name, "schema_version", json!(ours.version), facts["schema_version"].clone());
        self.block(name, &ours.block, facts);
        let timeouts = ours.block.blocks.get("timeouts");
        let ours = timeouts.into_iter().flat_map(|t| t.block.attributes.keys().map(|k| &**k));
        self.eq(name, "timeouts", json!(sorted(ours)), json!(strings(&facts["timeouts"]["keys"])));
    }

    /// Defaults, replacement, enums, ranges, relations: what the schema does not carry.
    fn behaviour(&mut self, at: &str, decl: &Decl, facts: &Json) {
        for f in decl.fields.iter().filter(|f| f.name != "id" && f.name != "tags_all") {
            let at = format!("{at}.{}", f.name);
            if let Content::Block { decl, .. } = &f.content {
                self.behaviour(&at, decl, &facts["blocks"][f.name]);
                continue;
            }
            let fact = &facts["attributes"][f.name];
            if fact.is_null() {
                continue;
            }
            let default = f.default.map_or(Json::Null, |d| {
                let value = d.value();
                to_json(&value, &value.ty())
            });
            self.eq(&at, "default", default, fact["default"].clone());
            match &fact["forces_replacement"] {
                Json::Bool(forces) => self.eq(&at, "forces_replacement", json!(f.force_new), json!(forces)),
                Json::String(s) if s == "conditional" => {
                    self.eq(&at, "forces_replacement", json!(f.force_new), json!("conditional"));
                }
                _ => {}
            }
            self.eq(
                &at,
                "invalidates",
                json!(sorted(f.invalidates.iter().copied())),
                json!(strings(&fact["invalidates"])),
            );
            if let Some(stated) = fact.get("enum") {
                let ours = f.checks.iter().find_map(|c| match c {
                    Check::OneOf(names) => Some(names.to_vec()),
                    Check::Values(names) => Some(names().to_vec()),
                    _ => None,
                });
                self.eq(&at, "enum", json!(sorted(ours.unwrap_or_default())), json!(strings(stated)));
            }
            if let Some(stated) = fact.get("range") {
                let ours = f.checks.iter().find_map(|c| match c {
                    Check::Range(a, b) => Some(json!([a, b])),
                    _ => None,
                });
                let float = |v: &Json| json!([v[0].as_f64(), v[1].as_f64()]);
                self.eq(&at, "range", float(&ours.unwrap_or(Json::Null)), float(stated));
            }
        }
    }

    fn meta(&mut self, meta: &Meta, facts: &Json) {
        self.eq(meta.name, "legacy_type_system", json!(meta.legacy), json!(facts["legacy_type_system"] == json!(true)));
        let shown: BTreeMap<&str, &str> = meta.timeouts.iter().filter(|(_, d)| !d.is_empty()).copied().collect();
        self.eq(
            meta.name,
            "timeout defaults",
            json!(shown),
            facts["timeouts"].get("defaults").cloned().unwrap_or(json!({})),
        );
        self.behaviour(meta.name, meta.decl, facts);
        for c in facts["constraints"].as_array().into_iter().flatten() {
            let kind = c["kind"].as_str().unwrap_or_default();
            if let Some(attribute) = c["attribute"].as_str() {
                let Some(f) = meta.decl.field(attribute) else { continue };
                let ours =
                    sorted(if kind == "conflicts_with" { f.conflicts_with } else { f.required_with }.iter().copied());
                // The probes met only some of the partners: ours must hold at least those.
                let missing: Vec<String> = strings(&c["with"]).into_iter().filter(|w| !ours.contains(w)).collect();
                self.eq(&format!("{}.{attribute}", meta.name), &format!("{kind} lacks"), json!(missing), json!([]));
            } else if let Some(first) = c["attributes"][0].as_str() {
                let Some(f) = meta.decl.field(first) else { continue };
                let ours = if kind == "exactly_one_of" { f.exactly_one_of } else { f.at_least_one_of };
                let ours = sorted(ours.iter().copied());
                self.eq(&format!("{}.{first}", meta.name), kind, json!(ours), json!(strings(&c["attributes"])));
            }
        }
    }
}

#[test]
fn schemas_equal_the_facts() {
    let provider = AwsProvider::new();
    let mut compare = Compare { out: Vec::new() };
    for mode in [Mode::Managed, Mode::Data, Mode::Ephemeral] {
        for name in provider.type_names(mode) {
            let Some(facts) = facts(mode, &name) else {
                compare.out.push(format!("{name}: no facts"));
                continue;
            };
            compare.schema(&name, &provider.schema(mode, &name).expect("a listed type has a schema"), &facts);
        }
    }
    for kind in AwsProvider::resources() {
        if let Some(facts) = facts(Mode::Managed, kind.meta().name) {
            compare.meta(kind.meta(), &facts);
        }
    }
    assert!(compare.out.is_empty(), "{} differences:\n{}", compare.out.len(), compare.out.join("\n"));
}

#[test]
fn provider_block_equals_the_facts() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/facts/aws/_provider.json");
    let facts: Json = serde_json::from_str(&std::fs::read_to_string(folder).expect("facts")).expect("JSON");
    let mut compare = Compare { out: Vec::new() };
    compare.block("provider", &AwsProvider::new().config_schema().block, &facts["provider"]);
    assert!(compare.out.is_empty(), "{}", compare.out.join("\n"));
}
