//! Ephemeral resources that need no cloud: what is drawn reaches who asks for it, and no file or output of sdt.

use std::path::Path;

use sdt_tests::{Answer, run};

fn sdt(dir: &Path, args: &[&str]) -> Answer {
    run(dir, args, None, &[])
}

fn folder(config: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("main.tf"), config).expect("a file can be written");
    assert_eq!(sdt(dir.path(), &["init"]).status, 0);
    dir
}

const DRAWN: &str = r#"
ephemeral "random_password" "p" {
  for_each = toset(["a", "b"])
  length   = 24
  special  = false
}

ephemeral "tls_private_key" "k" {
  algorithm = "ED25519"
}

resource "terraform_data" "user" {
  provisioner "local-exec" {
    command = "printf '%s' '${ephemeral.random_password.p["a"].result}' > a; printf '%s' '${ephemeral.random_password.p["b"].result}' > b"
  }
  provisioner "local-exec" {
    command = "printf '%s' '${ephemeral.tls_private_key.k.private_key_openssh}' > k"
  }
}
"#;

#[test]
fn nothing_keeps_what_was_drawn() {
    let dir = folder(DRAWN);
    let dir = dir.path();
    let plan = sdt(dir, &["plan", "-out=p"]);
    assert_eq!(plan.status, 0, "{}", plan.stderr);
    assert!(plan.stdout.contains("ephemeral.random_password.p[\"a\"]: Opening complete after 0s"), "{}", plan.stdout);
    let applied = sdt(dir, &["apply", "p"]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).expect("a file");
    let (a, b, key) = (read("a"), read("b"), read("k"));
    assert!(a.len() == 24 && b.len() == 24 && a != b, "{a} {b}");
    assert!(key.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"), "{key}");
    let (state, shown) = (read("terraform.tfstate"), format!("{}{}", plan.stdout, applied.stdout));
    for secret in [&a, &b] {
        assert!(!state.contains(secret) && !shown.contains(secret), "{secret}");
    }
    assert!(state.contains("\"ephemeral.random_password.p\""), "the dependency is remembered: {state}");
    assert_eq!(sdt(dir, &["plan", "-detailed-exitcode"]).status, 0);
    let gone = sdt(dir, &["destroy", "-auto-approve"]);
    assert_eq!(gone.status, 0, "{}", gone.stderr);
}

#[test]
fn where_they_must_not_go() {
    let cases = [
        (
            "resource \"terraform_data\" \"d\" {\n  input = ephemeral.random_password.p.result\n}\n",
            "Invalid use of ephemeral value",
        ),
        ("output \"o\" {\n  value = ephemeral.random_password.p.result\n}\n", "Ephemeral value not allowed"),
        (
            "resource \"terraform_data\" \"d\" {\n  count = length(ephemeral.random_password.p.result)\n}\n",
            "Invalid count argument",
        ),
    ];
    for (more, summary) in cases {
        let dir = folder(&format!("ephemeral \"random_password\" \"p\" {{\n  length = 8\n}}\n{more}"));
        for command in ["validate", "plan"] {
            let answer = sdt(dir.path(), &[command]);
            assert_eq!(answer.status, 1, "{more}: {}", answer.stdout);
            assert!(answer.stderr.contains(summary), "{command} {more}: {}", answer.stderr);
        }
    }
}

#[test]
fn conditions_and_mistakes() {
    let cases = [
        (
            "length = 8\n  lifecycle {\n    postcondition {\n      condition     = length(self.result) > 8\n      error_message = \"Too short.\"\n    }\n  }",
            "Resource postcondition failed",
        ),
        (
            "length = 8\n  lifecycle {\n    precondition {\n      condition     = length(path.root) > 900\n      error_message = \"Never.\"\n    }\n  }",
            "Resource precondition failed",
        ),
        ("length = 0", "Invalid Attribute Value"),
        ("length = 8\n  size = 8", "Unsupported argument"),
    ];
    for (body, summary) in cases {
        let text =
            format!("ephemeral \"random_password\" \"p\" {{\n  {body}\n}}\n\nresource \"terraform_data\" \"d\" {{}}\n");
        let dir = folder(&text);
        let answer = sdt(dir.path(), &["plan"]);
        assert_eq!(answer.status, 1, "{body}: {}", answer.stdout);
        assert!(answer.stderr.contains(summary), "{body}: {}", answer.stderr);
    }
    let dir = folder("ephemeral \"random_pasword\" \"p\" {\n  length = 8\n}\n");
    let answer = sdt(dir.path(), &["validate"]);
    assert!(answer.stderr.replace("\n│ ", " ").contains("Did you mean \"random_password\"?"), "{}", answer.stderr);
}
