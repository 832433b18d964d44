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
        (&["plan", "-parallelism=x"], "a number of calls"),
        (&["apply"], "-auto-approve"),
        (&["apply", "main.tf"], "as a plan file"),
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
    let refused = with(dir, &["plan"], ("TF_WORKSPACE", "a/b"));
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("Invalid workspace name"), "{}", refused.stderr);
}

#[test]
fn workspaces_have_states_of_their_own() {
    let dir = folder(TWO);
    let dir = dir.path();
    ok(dir, &["apply", "-auto-approve"]);
    assert!(ok(dir, &["workspace", "new", "dev"]).contains("Created and switched"));
    assert_eq!(ok(dir, &["workspace", "list"]), "  default\n* dev\n\n");
    assert_eq!(ok(dir, &["state", "list"]), "");
    ok(dir, &["plan", "-out=p"]);
    ok(dir, &["workspace", "select", "default"]);
    fails(dir, &["apply", "p"], "was made in the workspace \"dev\"");
    assert_eq!(ok(dir, &["state", "list"]), "terraform_data.a\nterraform_data.b\n");
    let other = with(dir, &["workspace", "show"], ("TF_WORKSPACE", "blue"));
    assert_eq!(other.stdout, "blue\n");
    fails(dir, &["workspace", "delete", "default"], "Cannot delete the default workspace");
    fails(dir, &["workspace", "select", "none"], "doesn't exist");
    ok(dir, &["workspace", "delete", "dev"]);
    assert_eq!(ok(dir, &["workspace", "list"]), "* default\n\n");
}

#[test]
fn objects_come_into_the_state_and_snapshots_come_back() {
    let dir = folder("resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\n");
    let dir = dir.path();
    fails(dir, &["import", "terraform_data.z", "1"], "does not exist in the configuration");
    assert!(ok(dir, &["import", "terraform_data.a", "an-id"]).contains("Import successful!"));
    fails(dir, &["import", "terraform_data.a", "an-id"], "Resource already managed");
    ok(dir, &["apply", "-auto-approve"]);
    assert!(ok(dir, &["state", "verify"]).contains("The state is sound"));
    assert!(ok(dir, &["state", "history"]).contains("terraform.tfstate.backup"));
    assert_eq!(ok(dir, &["state", "diff", "terraform.tfstate.backup"]), "~ terraform_data.a: input, output\n");
    ok(dir, &["state", "restore", "-auto-approve", "terraform.tfstate.backup"]);
    assert_eq!(ok(dir, &["recover"]), "Nothing is open: every run came to its end.\n");
    fails(dir, &["recover", "-forget=terraform_data.a"], "Nothing to forget");
    let from = "terraform.io/builtin/terraform";
    assert!(ok(dir, &["state", "replace-provider", "-auto-approve", from, "a/b"]).contains("replaced provider for 1"));
    fails(dir, &["state", "verify"], "Unknown provider");
    assert!(ok(dir, &["providers", "schema", "-json"]).contains("\"terraform_data\""));
    assert!(ok(dir, &["completion", "bash"]).contains("complete -F _sdt sdt"));
    let zsh = ok(dir, &["completion", "zsh"]);
    assert!(zsh.contains("'workspace:") && zsh.contains("compdef _sdt sdt"), "{zsh}");
    assert!(ok(dir, &["completion", "fish"]).contains("complete -c sdt -n '__fish_use_subcommand' -a 'plan'"));
}

#[test]
fn configuration_is_written_for_imports() {
    let dir = folder("import {\n  to = terraform_data.a\n  id = \"an-id\"\n}\n");
    let dir = dir.path();
    let planned = ok(dir, &["plan", "-generate-config-out=new.tf"]);
    assert!(planned.contains("# (config will be generated)") && planned.contains("1 to import"), "{planned}");
    let written = std::fs::read_to_string(dir.join("new.tf")).expect("the file is there");
    assert!(written.ends_with("resource \"terraform_data\" \"a\" {\n}\n"), "{written}");
    fails(dir, &["plan", "-generate-config-out=new.tf"], "exists");
    assert!(ok(dir, &["apply", "-auto-approve"]).contains("1 imported"));
}

#[test]
fn parts_are_left_out() {
    let dir = folder(TWO);
    let dir = dir.path();
    std::fs::write(dir.join("list"), "# what is not wanted\nterraform_data.b # this\n").expect("a file can be written");
    for args in [["plan", "-exclude=terraform_data.b"], ["plan", "-exclude-file=list"]] {
        assert!(ok(dir, &args).contains("Plan: 1 to add"), "{args:?}");
    }
    assert!(ok(dir, &["plan", "-target-file=list"]).contains("Plan: 2 to add"));
    fails(dir, &["plan", "-target=terraform_data.a", "-exclude=terraform_data.b"], "opposite ways");
    ok(dir, &["plan", "-json-into=messages"]);
    let messages = std::fs::read_to_string(dir.join("messages")).expect("the file is there");
    assert!(messages.contains("\"type\":\"change_summary\""), "{messages}");
}

#[test]
fn tests_run_and_clean_up() {
    let dir = folder(TWO);
    let dir = dir.path();
    let file = "variables {\n  v = \"t\"\n}\nrun \"one\" {\n  assert {\n    condition     = output.o == \"t\"\n    error_message = \"o is ${output.o}\"\n  }\n}\nrun \"two\" {\n  command = plan\n  variables {\n    v = \"${run.one.o}2\"\n  }\n  assert {\n    condition     = terraform_data.a.input == \"t\"\n    error_message = \"it is ${terraform_data.a.input}\"\n  }\n}\n";
    std::fs::write(dir.join("a.tftest.hcl"), file).expect("a file can be written");
    let answer = sdt(dir, &["test", "-junit-xml=out.xml"]);
    assert_eq!(answer.status, 1);
    assert!(answer.stdout.contains("run \"one\"... pass"), "{}", answer.stdout);
    assert!(answer.stdout.contains("1 passed, 1 failed."), "{}", answer.stdout);
    assert!(answer.stderr.contains("it is t2") && answer.stderr.contains("a.tftest.hcl line 16"), "{}", answer.stderr);
    assert!(std::fs::read_to_string(dir.join("out.xml")).expect("the file is there").contains("failures=\"1\""));
    assert!(!dir.join("terraform.tfstate").exists());
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

#[test]
fn graphs_say_who_needs_whom() {
    let dir = folder(TWO);
    let dir = dir.path();
    let needs = "\"terraform_data.b\" -> \"terraform_data.a\";";
    assert!(ok(dir, &["graph"]).contains(needs));
    assert!(ok(dir, &["graph", "-format=mermaid"]).starts_with("flowchart"));
    let objects = ok(dir, &["graph", "-type=plan"]);
    for edge in [
        "\"[root] terraform_data.a (expand)\" -> \"[root] var.v\"",
        "\"[root] terraform_data.b (expand)\" -> \"[root] terraform_data.a (expand)\"",
        "\"[root] root\" -> \"[root] output.o (expand)\"",
    ] {
        assert!(objects.contains(edge), "{edge}: {objects}");
    }
    ok(dir, &["plan", "-out=p"]);
    assert!(ok(dir, &["graph", "-plan=p"]).contains("terraform_data.b"));
    fails(dir, &["graph", "-type=nothing"], "nothing");
    std::fs::write(dir.join("main.tf"), "locals {\n  a = local.b\n  b = local.a\n}\n").expect("a file can be written");
    fails(dir, &["graph", "-type=plan"], "Cycle: local.a");
    assert!(ok(dir, &["graph", "-type=plan", "-draw-cycles"]).contains("red"));
}

#[test]
fn the_console_answers_before_anything_is_applied() {
    let dir = folder(
        "resource \"terraform_data\" \"a\" {\n  count = 2\n}\n\nlocals {\n  first = terraform_data.a[0].id\n}\n\noutput \"o\" {\n  value = local.first\n}\n",
    );
    let asked = |text: &str| run(dir.path(), &["console"], Some(text), &[]);
    for (text, said) in [
        ("1 + 1\n", "2\n"),
        ("terraform_data.a\n", "(known after apply)\n"),
        ("local.first\n", "(known after apply)\n"),
    ] {
        let answer = asked(text);
        assert_eq!((answer.status, answer.stdout.as_str()), (0, said), "{text}: {}", answer.stderr);
    }
    ok(dir.path(), &["apply", "-auto-approve"]);
    assert_eq!(asked("length(terraform_data.a)\n").stdout, "2\n");
}
