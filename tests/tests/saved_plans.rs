//! Plan files: their key, that they are applied once, and only to what they were made from; plans that leave something for later.

use std::path::Path;

use sdt_tests::{Answer, run};
use serde_json::Value as Json;

fn folder(config: &str) -> tempfile::TempDir {
    let dir = files(config);
    ok(dir.path(), &["init"]);
    dir
}

fn files(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("main.tf"), config).expect("a file can be written");
    dir
}

fn with(dir: &Path, args: &[&str], vars: &[(&str, &str)]) -> Answer {
    let vars: Vec<_> = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    run(dir, args, None, &vars)
}

fn ok(dir: &Path, args: &[&str]) -> String {
    let answer = with(dir, args, &[]);
    assert_eq!(answer.status, 0, "{args:?}: {}{}", answer.stdout, answer.stderr);
    answer.stdout
}

fn refused(answer: &Answer, words: &str) {
    let text = format!("{}{}", answer.stdout, answer.stderr).replace("\n│ ", " ").replace('\n', " ");
    assert_eq!(answer.status, 1, "{text}");
    assert!(text.contains(words), "{words}: {text}");
}

const SECRET: &str = "resource \"terraform_data\" \"a\" {\n  input = \"a-value-to-hide\"\n}\n";

#[test]
fn a_plan_is_encrypted_when_there_is_a_key() {
    let dir = folder(SECRET);
    let dir = dir.path();
    std::fs::write(dir.join("key"), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n")
        .expect("a file");
    std::fs::write(dir.join("other"), [9; 32]).expect("a file");
    let keys = [
        (("SDT_PLAN_KEY", "correct horse battery"), ("SDT_PLAN_KEY", "correct horse batter!")),
        (("SDT_PLAN_KEY_FILE", "key"), ("SDT_PLAN_KEY_FILE", "other")),
    ];
    for (key, wrong) in keys {
        let made = with(dir, &["plan", "-out=p"], &[key]);
        assert_eq!(made.status, 0, "{}", made.stderr);
        let bytes = std::fs::read(dir.join("p")).expect("a plan");
        assert!(!bytes.windows(15).any(|w| w == b"a-value-to-hide"));
        refused(&with(dir, &["show", "p"], &[]), "the plan file is encrypted and no key is configured");
        refused(&with(dir, &["apply", "p"], &[wrong]), "cannot be decrypted");
        assert!(with(dir, &["show", "p"], &[key]).stdout.contains("a-value-to-hide"));
        let mut changed = bytes;
        let at = changed.len() / 2;
        changed[at] ^= 1;
        std::fs::write(dir.join("changed"), changed).expect("a file");
        refused(&with(dir, &["apply", "changed"], &[key]), "cannot be decrypted");
    }
    refused(&with(dir, &["plan", "-out=p"], &[("SDT_PLAN_KEY", "short")]), "too short");
    let applied = with(dir, &["apply", "p"], &[("SDT_PLAN_KEY_FILE", "key")]);
    assert_eq!(applied.status, 0, "{}", applied.stderr);
}

#[test]
fn a_plan_is_applied_once() {
    let dir = folder(
        "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"test -e go\"\n  }\n}\n",
    );
    let dir = dir.path();
    ok(dir, &["plan", "-out=p"]);
    assert_eq!(with(dir, &["apply", "p"], &[]).status, 1);
    refused(&with(dir, &["apply", "p"], &[]), "This plan was applied already");
    // Where nobody remembers it, the serial tells.
    std::fs::remove_dir_all(dir.join(".terraform")).expect("the data folder can go");
    refused(&with(dir, &["apply", "p"], &[]), "the plan was applied already, or another run has come between");
    std::fs::write(dir.join("go"), "").expect("a file");
    ok(dir, &["plan", "-out=p"]);
    ok(dir, &["apply", "p"]);
    // A plan that changes nothing is good for one apply too.
    ok(dir, &["plan", "-out=p"]);
    ok(dir, &["apply", "p"]);
    refused(&with(dir, &["apply", "p"], &[]), "This plan was applied already");
}

#[test]
fn what_is_gone_already_can_be_destroyed() {
    let dir = folder("resource \"local_file\" \"a\" {\n  filename = \"a.txt\"\n  content  = \"a\"\n}\n");
    let dir = dir.path();
    ok(dir, &["apply", "-auto-approve"]);
    ok(dir, &["plan", "-destroy", "-out=p"]);
    std::fs::remove_file(dir.join("a.txt")).expect("the file can go");
    ok(dir, &["apply", "p"]);
    assert_eq!(ok(dir, &["state", "list"]), "");
}

#[test]
fn what_cannot_be_planned_yet_is_left_for_later() {
    let dir = files(
        "resource \"terraform_data\" \"a\" {\n  input = 2\n}\n\nresource \"terraform_data\" \"b\" {\n  count = terraform_data.a.output\n  input = count.index\n}\n\nresource \"terraform_data\" \"c\" {\n  input = length(terraform_data.b)\n}\n\nresource \"terraform_data\" \"d\" {\n  input = \"free\"\n}\n\nmodule \"m\" {\n  source = \"./m\"\n  count  = terraform_data.a.output\n}\n\noutput \"n\" {\n  value = length(terraform_data.b)\n}\n\noutput \"m\" {\n  value = module.m[*].id\n}\n",
    );
    let dir = dir.path();
    std::fs::create_dir(dir.join("m")).expect("a folder");
    std::fs::write(
        dir.join("m/main.tf"),
        "resource \"terraform_data\" \"x\" {}\n\noutput \"id\" {\n  value = terraform_data.x.id\n}\n",
    )
    .expect("a file");
    ok(dir, &["init"]);
    refused(&with(dir, &["plan"], &[]), "Invalid count argument");
    let text = ok(dir, &["plan", "-allow-deferral", "-out=p"]);
    for words in [
        "# terraform_data.b[*] was deferred",
        "# module.m[*].terraform_data.x was deferred",
        "# terraform_data.c was deferred",
        "Plan: 2 to add, 0 to change, 0 to destroy.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let json: Json = serde_json::from_str(&ok(dir, &["show", "-json", "p"])).expect("JSON");
    let reasons: Vec<_> = json["deferred_changes"].as_array().expect("a list").iter().map(|d| &d["reason"]).collect();
    assert_eq!(reasons, ["instance_count_unknown", "deferred_prereq", "instance_count_unknown"]);
    assert_eq!(json["complete"], false);
    assert_eq!(json["applyable"], true);
    assert!(ok(dir, &["apply", "p"]).contains("2 added"));
    let next = ok(dir, &["apply", "-auto-approve", "-allow-deferral"]);
    assert!(next.contains("5 added") && !next.contains("deferred"), "{next}");
    assert_eq!(ok(dir, &["output", "n"]), "2\n");
    assert_eq!(with(dir, &["plan", "-detailed-exitcode"], &[]).status, 0);
}
