//! Configurations with the built-in providers, through plan and apply.

#![allow(clippy::print_stderr, reason = "tests report what they measured")]

mod world;

use sdt_engine::PlanOptions;
use sdt_plan::PlanMode;
use sdt_state::State;
use world::{apply, config, list, plan, run};

/// Each step's configuration with the changes it must plan.
async fn check(steps: &[(&str, &[&str])]) -> State {
    let mut state = State::default();
    for (text, expected) in steps {
        let (changes, next) = run(&[("main.tf", text)], &state, PlanOptions::default()).await;
        assert_eq!(changes, *expected, "{text}");
        let (again, _) = plan(&config(&[("main.tf", text)]), &next, PlanOptions::default()).await;
        assert_eq!(list(&again), Vec::<String>::new(), "a second plan of {text}");
        state = next;
    }
    state
}

#[tokio::test]
async fn create_update_replace_delete() {
    let state = check(&[
        (
            "variable v { default = 2 }\nlocals { l = var.v + 1 }\nresource terraform_data a { input = local.l }\nresource terraform_data b { input = terraform_data.a.output }\noutput o { value = terraform_data.b.output }",
            &["terraform_data.a: create", "terraform_data.b: create"],
        ),
        (
            "resource terraform_data a { input = 4 }\nresource terraform_data b { input = terraform_data.a.output }\noutput o { value = terraform_data.b.output }",
            &["terraform_data.a: update", "terraform_data.b: update"],
        ),
        (
            "resource terraform_data a {\n input = 4\n triggers_replace = 1\n}\nresource terraform_data b { triggers_replace = terraform_data.a.id }\noutput o { value = terraform_data.a.output }",
            &["terraform_data.a: delete+create (replace_because_cannot_update)", "terraform_data.b: delete+create (replace_because_cannot_update)"],
        ),
        (
            "resource terraform_data a {\n input = 4\n triggers_replace = 2\n}\nresource terraform_data b {\n triggers_replace = terraform_data.a.id\n lifecycle {\n create_before_destroy = true\n }\n}",
            &["terraform_data.a: create+delete (replace_because_cannot_update)", "terraform_data.b: create+delete (replace_because_cannot_update)"],
        ),
    ])
    .await;
    let json = String::from_utf8(sdt_state::v4::write(&state)).unwrap();
    assert!(json.contains("\"create_before_destroy\": true"), "{json}");
    assert!(state.instances().all(|(_, _, i)| i.deposed.is_none()), "{json}");
    check(&[
        ("resource terraform_data a { count = 2 }", &["terraform_data.a[0]: create", "terraform_data.a[1]: create"]),
        ("resource terraform_data a { count = 1 }", &["terraform_data.a[1]: delete (delete_because_count_index)"]),
        ("resource terraform_data a {}", &["terraform_data.a: no-op from terraform_data.a[0]"]),
        (
            "resource terraform_data b {}\nmoved {\n from = terraform_data.a\n to = terraform_data.b\n}",
            &["terraform_data.b: no-op from terraform_data.a"],
        ),
        ("", &["terraform_data.b: delete (delete_because_no_resource_config)"]),
    ])
    .await;
}

#[tokio::test]
async fn modules_expand() {
    let main = "module m {\n source = \"./m\"\n for_each = toset([\"x\", \"y\"])\n v = each.key\n}\noutput all { value = { for k, m in module.m : k => m.o } }";
    let child =
        "variable v {}\nresource terraform_data r { input = var.v }\noutput o { value = terraform_data.r.output }";
    let files = [("main.tf", main), ("m/main.tf", child)];
    let (changes, state) = run(&files, &State::default(), PlanOptions::default()).await;
    assert_eq!(changes, ["module.m[\"x\"].terraform_data.r: create", "module.m[\"y\"].terraform_data.r: create"]);
    assert_eq!(state.outputs["all"].value, serde_json::json!({"x": "x", "y": "y"}));
    let (changes, state) = run(&files, &state, PlanOptions { mode: PlanMode::Destroy, ..PlanOptions::default() }).await;
    assert_eq!(changes.len(), 2);
    assert!(state.is_empty(), "{state:?}");
}

/// Figures are printed, not asserted by the clock. `SDT_COUNT` in thousands makes it larger.
#[tokio::test]
async fn a_thousand_instances() {
    let thousands: usize = std::env::var("SDT_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let text = format!(
        "resource terraform_data a {{\n for_each = toset([for p in setproduct(range({thousands}), range(1000)) : \"${{p[0]}}-${{p[1]}}\"])\n input = each.key\n}}\noutput n {{ value = length(terraform_data.a) }}"
    );
    let c = config(&[("main.tf", &text)]);
    let begin = std::time::Instant::now();
    let (p, diags) = plan(&c, &State::default(), PlanOptions::default()).await;
    assert!(!diags.has_errors(), "{diags:#?}");
    let planned = begin.elapsed();
    let (state, diags) = apply(&c, p).await;
    assert!(!diags.has_errors(), "{diags:#?}");
    let applied = begin.elapsed() - planned;
    let (p, _) = plan(&c, &state, PlanOptions::default()).await;
    let again = begin.elapsed() - planned - applied;
    assert_eq!(p.changes.len(), thousands * 1000);
    assert!(!p.has_changes());
    eprintln!("{thousands}000 terraform_data: plan {planned:?}, apply {applied:?}, no-op plan {again:?}");
}

/// Stops at the first sign of life.
struct Stop(sdt_driver::Interrupt);

impl sdt_driver::ProgressSink for Stop {
    fn event(&self, event: &sdt_engine::Progress) {
        if matches!(event, sdt_engine::Progress::ApplyDone { .. }) {
            self.0.raise();
        }
    }
}

#[tokio::test]
async fn an_interrupt_ends_gracefully() {
    let c = config(&[(
        "main.tf",
        "resource terraform_data a {}\nresource terraform_data b { input = terraform_data.a.id }",
    )]);
    let (p, _) = plan(&c, &State::default(), PlanOptions::default()).await;
    let settings = world::settings();
    let stop = Stop(settings.interrupt.clone());
    let outcome = sdt_driver::apply(world::apply_input(&c, p), None, &settings, &stop).await;
    assert_eq!(outcome.diags.0[0].summary, "Interrupted");
    let there: Vec<String> = outcome.state.instances().map(|(a, _, _)| a.to_string()).collect();
    assert_eq!(there, ["terraform_data.a"]);
}
