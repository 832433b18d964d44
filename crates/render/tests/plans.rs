//! Plans that Terraform made, in JSON with their schemas, against the text it showed for them.
//!
//! A case is `tests/plans/<name>.json` (`plan`: the machine-readable plan, `schemas`: blocks by type in the form of
//! `providers schema -json`) beside `<name>.txt`.

use std::sync::Arc;

use sdt_plan::{Action, PlanMode, Reason, ReplaceOrder};
use sdt_render::{ChangeView, PlanView, ResourceView, Theme, plan_text};
use sdt_schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use serde_json::Value as Json;

fn block(json: &Json) -> Block {
    let mut out = Block::default();
    for (name, a) in json["attributes"].as_object().into_iter().flatten() {
        let ty = sdt_value::type_from_json(&a["type"]).unwrap();
        out.attributes.insert(name.as_str().into(), Attribute { ty, ..Attribute::default() });
    }
    for (name, b) in json["block_types"].as_object().into_iter().flatten() {
        let nesting = match b["nesting_mode"].as_str().unwrap() {
            "single" => Nesting::Single,
            "group" => Nesting::Group,
            "list" => Nesting::List,
            "set" => Nesting::Set,
            _ => Nesting::Map,
        };
        let nested = NestedBlock { nesting, block: Arc::new(block(&b["block"])), min: 0, max: 0 };
        out.blocks.insert(name.as_str().into(), nested);
    }
    out
}

fn action(json: &Json) -> Action {
    let names: Vec<_> = json["actions"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    let all = [
        Action::NoOp,
        Action::Create,
        Action::Read,
        Action::Update,
        Action::Replace(ReplaceOrder::DeleteFirst),
        Action::Replace(ReplaceOrder::CreateFirst),
        Action::Delete,
        Action::Forget,
    ];
    *all.iter().find(|a| a.names() == names).unwrap()
}

fn change(json: &Json) -> ChangeView {
    let action = action(json);
    ChangeView {
        actions: action.names(),
        before: json["before"].clone(),
        after: json.get("after").cloned(),
        after_unknown: json["after_unknown"].clone(),
        before_sensitive: json["before_sensitive"].clone(),
        after_sensitive: json["after_sensitive"].clone(),
        replace_paths: json.get("replace_paths").and_then(Json::as_array).cloned(),
        importing: json.get("importing").cloned(),
        action,
    }
}

fn resource(json: &Json, schemas: &Json) -> ResourceView {
    let text = |key: &str| json[key].as_str().map(str::to_owned);
    let address = text("address").unwrap();
    let reasons = [
        Reason::ReplaceBecauseTainted,
        Reason::ReplaceByRequest,
        Reason::ReplaceByTriggers,
        Reason::ReplaceBecauseCannotUpdate,
        Reason::DeleteBecauseNoResourceConfig,
        Reason::DeleteBecauseWrongRepetition,
        Reason::DeleteBecauseCountIndex,
        Reason::DeleteBecauseEachKey,
        Reason::DeleteBecauseEnabledFalse,
        Reason::DeleteBecauseNoModule,
        Reason::DeleteBecauseNoMoveTarget,
        Reason::ReadBecauseConfigUnknown,
        Reason::ReadBecauseDependencyPending,
        Reason::ReadBecauseCheckNested,
    ];
    let reason = reasons.into_iter().find(|r| Some(r.as_str()) == json["action_reason"].as_str());
    let type_name = text("type").unwrap();
    let managed = json["mode"] == "managed";
    let schema = schemas.get(format!("{}{type_name}", if managed { "" } else { "data." }));
    ResourceView {
        addr: address.parse().unwrap(),
        address,
        previous_address: text("previous_address"),
        module_address: text("module_address"),
        mode: if managed { "managed" } else { "data" },
        name: text("name").unwrap(),
        index: json.get("index").cloned(),
        index_unknown: false,
        provider_name: text("provider_name").unwrap(),
        deposed: text("deposed"),
        change: change(&json["change"]),
        action_reason: reason.map(Reason::as_str),
        reason,
        generated: false,
        schema: schema.map(|s| Arc::new(Schema { block: block(s), ..Schema::default() })),
        type_name,
    }
}

/// Lines that are structure: prose and legend are each tool's own.
fn body(text: &str) -> Vec<String> {
    let legend = ["create", "update in-place", "destroy", "read (data resources)", "forget"];
    let replaces = ["destroy and then create replacement", "create replacement and then destroy"];
    text.lines()
        .filter(|l| {
            l.starts_with(' ')
                || l.starts_with("-/+")
                || l.starts_with("+/-")
                || l.starts_with("Plan:")
                || l.starts_with("Changes to")
        })
        .filter(|l| {
            let l = l.trim_start_matches([' ', '+', '-', '~', '/', '<', '=', '.']);
            !legend.contains(&l) && !replaces.contains(&l)
        })
        .map(|l| l.replace("managed by sdt", "managed by Terraform").trim_end().to_owned())
        .collect()
}

#[test]
fn plans_look_as_terraforms() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plans");
    let mut count = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let case: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let plan = &case["plan"];
        let list = |key: &str| plan[key].as_array().cloned().unwrap_or_default();
        let view = PlanView {
            mode: PlanMode::Normal,
            changes: list("resource_changes").iter().map(|r| resource(r, &case["schemas"])).collect(),
            deferred: Vec::new(),
            relevant: Vec::new(),
            drift: Vec::new(),
            outputs: plan["output_changes"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, c)| (name.clone(), change(c)))
                .collect(),
            errored: plan["errored"] == true,
        };
        let got = plan_text(&view, &Theme::PLAIN);
        let want = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        if body(&got) != body(&want) {
            let (want, got) = (body(&want), body(&got));
            let at = want.iter().zip(&got).take_while(|(w, g)| w == g).count();
            let show =
                |lines: &[String]| lines[at.saturating_sub(3).min(lines.len())..lines.len().min(at + 4)].join("\n");
            wrong += &format!("{}\nTerraform:\n{}\nsdt:\n{}\n", path.display(), show(&want), show(&got));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "not as Terraform shows it:\n{wrong}");
    assert!(count > 0, "no cases in {dir}");
}
