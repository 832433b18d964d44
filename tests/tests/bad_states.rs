//! States and journals that are not as they should be: refused with the reason, or used as far as they can be.
#![allow(clippy::print_stdout, reason = "a test tells why it was skipped")]

use std::path::Path;

use sdt_tests::{Answer, run};
use serde_json::{Value as Json, json};

fn sdt(dir: &Path, args: &[&str]) -> Answer {
    run(dir, args, None, &[])
}

fn folder(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("main.tf"), config).expect("a file can be written");
    assert_eq!(sdt(dir.path(), &["init"]).status, 0);
    dir
}

fn text(answer: &Answer) -> String {
    format!("{}{}", answer.stdout, answer.stderr).replace("\n│ ", " ").replace('\n', " ")
}

/// A state of objects of `terraform_data`: name, attributes, dependencies.
fn state(dir: &Path, objects: &[(&str, Json, &[&str])]) {
    let resources: Vec<Json> = objects
        .iter()
        .map(|(name, attributes, dependencies)| {
            json!({
                "mode": "managed", "type": "terraform_data", "name": name,
                "provider": "provider[\"terraform.io/builtin/terraform\"]",
                "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": [], "dependencies": dependencies}],
            })
        })
        .collect();
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "00000000-0000-4000-8000-000000000001",
        "outputs": {}, "resources": resources, "check_results": null,
    });
    std::fs::write(dir.join("terraform.tfstate"), state.to_string()).expect("a file can be written");
}

fn object(id: &str) -> Json {
    json!({"id": id, "input": null, "output": null, "triggers_replace": null})
}

#[test]
fn dependencies_that_go_in_a_circle_are_dropped() {
    let dir = folder("");
    let dir = dir.path();
    state(dir, &[("a", object("1"), &["terraform_data.b"]), ("b", object("2"), &["terraform_data.a"])]);
    let told = text(&sdt(dir, &["state", "verify"]));
    assert!(told.contains("depend on each other"), "{told}");
    let applied = sdt(dir, &["apply", "-auto-approve"]);
    assert_eq!(applied.status, 0, "{}", text(&applied));
    assert!(applied.stdout.contains("2 destroyed"), "{}", applied.stdout);
    assert!(text(&applied).contains("Remembered order dropped"), "{}", text(&applied));
}

#[test]
fn one_address_is_one_object() {
    let dir = folder("resource \"terraform_data\" \"a\" {}\n");
    let dir = dir.path();
    state(dir, &[("a", object("1"), &[]), ("a", object("2"), &[])]);
    let before = std::fs::read(dir.join("terraform.tfstate")).expect("a state");
    let planned = sdt(dir, &["plan"]);
    assert_eq!(planned.status, 1, "{}", text(&planned));
    assert!(text(&planned).contains("terraform_data.a"), "{}", text(&planned));
    assert_eq!(sdt(dir, &["apply", "-auto-approve"]).status, 1);
    assert_eq!(std::fs::read(dir.join("terraform.tfstate")).expect("a state"), before);
}

#[test]
fn values_must_fit_the_schema() {
    let dir = folder("resource \"terraform_data\" \"a\" {}\n");
    let dir = dir.path();
    state(dir, &[("a", json!({"id": {"not": "text"}, "input": null, "output": null, "triggers_replace": null}), &[])]);
    let planned = sdt(dir, &["plan"]);
    assert_eq!(planned.status, 1, "{}", text(&planned));
    assert!(text(&planned).contains("terraform_data.a"), "{}", text(&planned));
}

/// Needs user namespaces; where there are none, it says so and proves nothing.
#[test]
fn a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (small, other) = (dir.path().join("small"), dir.path().join("other"));
    for d in [&small, &other] {
        std::fs::create_dir(d).expect("a folder can be made");
    }
    let config = "resource \"random_password\" \"p\" {\n  count  = 40\n  length = 200\n}\n";
    std::fs::write(dir.path().join("main.tf"), config).expect("a file can be written");
    let script = r#"
mount -t tmpfs -o size=40k none "$DIR/small" || { echo no mounts; exit 0; }
cp "$DIR/main.tf" "$DIR/small" && cd "$DIR/small" || exit 9
"$SDT" apply -auto-approve -no-color >/dev/null 2>"$DIR/said" && exit 8
cat "$DIR/said"
mount -o remount,size=8m "$DIR/small"
"$SDT" state push "$TMPDIR"/errored-*.tfstate || exit 7
"$SDT" plan -detailed-exitcode >/dev/null || exit 6
echo everything is there
"#;
    let output = std::process::Command::new("unshare")
        .args(["-rm", "sh", "-c", script])
        .env("DIR", dir.path())
        .env("TMPDIR", &other)
        .env("SDT", sdt_tests::sdt())
        .output();
    let Ok(output) = output else { return println!("skipped: there is no unshare") };
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if text.contains("no mounts") || text.contains("unshare:") {
        return println!("skipped: no namespace can be made: {text}");
    }
    assert!(output.status.success(), "{:?}: {text}", output.status);
    assert!(text.contains("Failed to save state") && text.contains("is kept in the local file"), "{text}");
    assert!(text.contains("everything is there"), "{text}");
}
