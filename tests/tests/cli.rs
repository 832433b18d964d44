//! The command line itself: exit codes, what goes where, and what commands do to a state. Needs neither network nor AWS.

use std::path::Path;

use sdt_tests::{Answer, run};

/// A folder with one configuration file, initialised.
fn folder(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("main.tf"), config).expect("a file can be written");
    assert_eq!(sdt(dir.path(), &["init"]).status, 0);
    dir
}

fn sdt(dir: &Path, args: &[&str]) -> Answer {
    run(dir, args, None, &[])
}

fn with(dir: &Path, args: &[&str], var: (&str, &str)) -> Answer {
    run(dir, args, None, &[(var.0.to_owned(), var.1.to_owned())])
}

fn ok(dir: &Path, args: &[&str]) -> String {
    let answer = sdt(dir, args);
    assert_eq!(answer.status, 0, "{args:?}: {}{}", answer.stdout, answer.stderr);
    answer.stdout
}

fn fails(dir: &Path, args: &[&str], words: &str) {
    let answer = sdt(dir, args);
    let text = format!("{}{}", answer.stdout, answer.stderr).replace("\n│ ", " ").replace('\n', " ");
    assert_eq!(answer.status, 1, "{args:?}: {text}");
    assert!(text.contains(words), "{args:?}: {text}");
    assert!(!text.contains("bug"), "{args:?}: {text}");
}

const TWO: &str = "resource \"terraform_data\" \"a\" {\n  input = var.v\n}\n\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.id\n}\n\nvariable \"v\" {\n  default = \"x\"\n}\n\noutput \"o\" {\n  value = terraform_data.a.output\n}\n\noutput \"secret\" {\n  value     = \"hush\"\n  sensitive = true\n}\n";

#[test]
fn a_life_of_a_state() {
    let dir = folder(TWO);
    let dir = dir.path();
    let plan = sdt(dir, &["plan", "-detailed-exitcode", "-out=p"]);
    assert_eq!(plan.status, 2);
    assert!(plan.stdout.contains("Plan: 2 to add, 0 to change, 0 to destroy."), "{}", plan.stdout);
    assert!(ok(dir, &["apply", "p"]).contains("Apply complete! Resources: 2 added, 0 changed, 0 destroyed."));
    assert_eq!(sdt(dir, &["plan", "-detailed-exitcode"]).status, 0);
    fails(dir, &["apply", "p"], "Saved plan is stale");
    assert_eq!(ok(dir, &["output", "-raw", "o"]), "x");
    assert_eq!(ok(dir, &["output", "secret"]), "\"hush\"\n");
    assert!(ok(dir, &["output"]).contains("secret = <sensitive>"));
    assert!(ok(dir, &["apply", "-auto-approve", "-var", "v=y"]).contains("0 added, 1 changed, 0 destroyed"));
    assert_eq!(ok(dir, &["state", "list"]), "terraform_data.a\nterraform_data.b\n");
    ok(dir, &["state", "mv", "terraform_data.a", "terraform_data.c[0]"]);
    assert_eq!(ok(dir, &["state", "list"]), "terraform_data.b\nterraform_data.c[0]\n");
    ok(dir, &["state", "rm", "terraform_data.c[0]"]);
    fails(dir, &["state", "rm", "terraform_data.c[0]"], "Invalid target address");
    ok(dir, &["taint", "terraform_data.b"]);
    assert!(ok(dir, &["plan"]).contains("terraform_data.b is tainted, so must be replaced"));
    ok(dir, &["untaint", "terraform_data.b"]);
    let pulled = ok(dir, &["state", "pull"]);
    std::fs::write(dir.join("pulled"), &pulled).expect("a file can be written");
    ok(dir, &["state", "push", "pulled"]);
    std::fs::write(dir.join("pulled"), pulled.replace("\"lineage\": \"", "\"lineage\": \"0"))
        .expect("a file can be written");
    fails(dir, &["state", "push", "pulled"], "lineages");
    assert!(ok(dir, &["destroy", "-auto-approve"]).contains("Destroy complete! Resources: 1 destroyed."));
    assert!(ok(dir, &["show"]).contains("The state file is empty"));
}

#[test]
fn drift_touches_nothing() {
    let dir = folder(TWO);
    let dir = dir.path();
    ok(dir, &["apply", "-auto-approve"]);
    let before = std::fs::read(dir.join("terraform.tfstate")).expect("a state");
    let names = || std::fs::read_dir(dir).expect("a folder").flatten().count();
    let files = names();
    assert_eq!(sdt(dir, &["drift"]).status, 0);
    assert!(ok(dir, &["drift", "-json"]).contains("\"drifted\": false"));
    assert_eq!(std::fs::read(dir.join("terraform.tfstate")).expect("a state"), before);
    assert_eq!(names(), files);
}

#[test]
fn secrets_stay_out_of_what_people_read() {
    let dir = folder(
        "variable \"p\" {\n  sensitive = true\n  default   = \"hunter2\"\n}\n\nresource \"terraform_data\" \"a\" {\n  input = { p = var.p, q = [var.p] }\n}\n",
    );
    let dir = dir.path();
    // The output of `terraform_data` does not carry the mark on, in Terraform neither: a changed secret would show there.
    for args in [&["plan"][..], &["plan", "-json"], &["apply", "-auto-approve"], &["apply", "-auto-approve", "-json"]] {
        let answer = sdt(dir, args);
        assert!(!format!("{}{}", answer.stdout, answer.stderr).contains("hunter2"), "{args:?}");
    }
}

#[test]
fn mistakes_are_told() {
    let dir = folder(TWO);
    let dir = dir.path();
    for (args, words) in [
        (&["plna"][..], "Did you mean \"plan\"?"),
        (&["plan", "-bogus"], "flag provided but not defined: -bogus"),
        (&["plan", "-destroy", "-refresh-only"], "exclude each other"),
        (&["plan", "-target=a["], "Invalid target"),
        (&["plan", "-var", "zz=1"], "Value for undeclared variable"),
        (&["plan", "-var-file=none"], "Failed to read variables file"),
        (&["plan", "-lock-timeout=5"], "Invalid duration"),
        (&["plan", "-parallelism=0"], "at least 1"),
        (&["apply"], "-auto-approve"),
        (&["apply", "main.tf"], "Failed to load plan file"),
        (&["show", "main.tf"], "Failed to read the given file"),
        (&["output", "oo"], "not found"),
        (&["output", "-raw"], "Output name required"),
        (&["state", "show", "terraform_data.z"], "No such resource instance"),
        (&["state", "shw"], "Did you mean \"show\"?"),
        (&["force-unlock"], "Expected a single argument"),
        (&["-chdir=none", "plan"], "cannot be entered"),
        (&["-chdir=.", "--env", "dev", "plan"], "give one of them"),
        (&["--env", "dev", "plan"], "folder envs"),
    ] {
        fails(dir, args, words);
    }
    let refused = with(dir, &["plan"], ("TF_WORKSPACE", "other"));
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("Workspaces are not supported"), "{}", refused.stderr);
}

#[test]
fn the_environment_adds_arguments() {
    let dir = folder(TWO);
    let dir = dir.path();
    let answer = with(dir, &["plan"], ("TF_CLI_ARGS_plan", "-detailed-exitcode -var 'v=a b'"));
    assert_eq!(answer.status, 2);
    assert!(answer.stdout.contains("\"a b\""), "{}", answer.stdout);
    let answer = with(dir, &["plan"], ("TF_VAR_v", "from outside"));
    assert!(answer.stdout.contains("\"from outside\""), "{}", answer.stdout);
    let answer = with(dir, &["apply", "-auto-approve"], ("TF_DATA_DIR", "data"));
    assert_eq!(answer.status, 0, "{}", answer.stderr);
}

#[test]
fn a_broken_state_is_left_alone() {
    let dir = folder(TWO);
    let dir = dir.path();
    let path = dir.join("terraform.tfstate");
    for (text, words) in [
        ("{", "terraform.tfstate"),
        ("{\"version\": 99, \"serial\": 1, \"lineage\": \"x\", \"outputs\": {}, \"resources\": []}", "version"),
    ] {
        std::fs::write(&path, text).expect("a file can be written");
        fails(dir, &["plan"], words);
        fails(dir, &["apply", "-auto-approve"], words);
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
    }
}
