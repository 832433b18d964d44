//! `sdt test`: verdicts, exit codes and messages, as recorded from Terraform 1.11.4.

use sdt_tests::run;

const MAIN: &str = r#"
variable "a" {
  default = "da"
  validation {
    condition     = var.a != "bad"
    error_message = "a is bad"
  }
}
resource "terraform_data" "x" {
  count = 1
  input = var.a
  lifecycle {
    precondition {
      condition     = var.a != "pre"
      error_message = "pre failed"
    }
  }
}
check "chk" {
  assert {
    condition     = var.a != "chk"
    error_message = "chk failed"
  }
}
output "o" {
  value = terraform_data.x[0].output
}
output "id" {
  value = terraform_data.x[0].id
}
output "s" {
  value     = "secret-${var.a}"
  sensitive = true
}
"#;

fn one(body: &str) -> String {
    format!("run \"one\" {{\n{body}\n}}\nrun \"two\" {{\n}}\n")
}

fn assertion(condition: &str) -> String {
    format!("assert {{\ncondition = {condition}\nerror_message = \"is not\"\n}}")
}

/// The test file, how each of its runs ends, and a title that is told of.
fn cases() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let over = |what: &str, values: &str, more: &str| {
        format!("override_{what} {{\ntarget = terraform_data.x\n{more}\nvalues = {{ {values} }}\n}}\n")
    };
    let id_is = |id: &str| assertion(&format!("output.id == \"{id}\""));
    vec![
        ("holds", one(&assertion("output.o == \"da\"")), "pass pass", ""),
        ("does not hold", one(&assertion("output.o == \"zz\"")), "fail pass", "Test assertion failed"),
        ("no boolean", one(&assertion("output.o")), "fail skip", "Invalid condition run"),
        ("unknown", one(&format!("command = plan\n{}", id_is("q"))), "fail skip", "Unknown condition value"),
        (
            "expected while planning",
            one("command = plan\nvariables {\na = \"pre\"\n}\nexpect_failures = [terraform_data.x]"),
            "pass pass",
            "",
        ),
        (
            "expected, but nothing to apply",
            one("variables {\na = \"pre\"\n}\nexpect_failures = [terraform_data.x]"),
            "fail skip",
            "Expected failure while planning",
        ),
        (
            "expected of an instance",
            one("variables {\na = \"chk\"\n}\nexpect_failures = [check.chk, terraform_data.x[0]]"),
            "fail skip",
            "Missing expected failure",
        ),
        (
            "expected of what has no conditions",
            one("expect_failures = [local.l]"),
            "fail skip",
            "Invalid `expect_failures` reference",
        ),
        (
            "a check that nobody expects",
            one("variables {\na = \"chk\"\n}"),
            "fail skip",
            "Check block assertion failed",
        ),
        ("a later run", one("variables {\na = run.two.o\n}"), "fail skip", "Reference to unavailable run block"),
        ("a run that is not there", one("variables {\na = run.no.o\n}"), "fail skip", "Reference to unknown run block"),
        (
            "a run named as a variable",
            format!(
                "run \"a\" {{\n}}\nrun \"b\" {{\nvariables {{\na = \"${{run.a.o}}-x\"\n}}\n{}\n}}\n",
                assertion("output.o == \"da-x\" && run.a.o == \"da\"")
            ),
            "pass pass",
            "",
        ),
        (
            "variables of the file that nobody needs",
            format!("variables {{\nunused = run.one.o\nextra = 5\n}}\n{}", one(&assertion("var.extra == 5"))),
            "pass pass",
            "",
        ),
        (
            "variables of the file from a run",
            format!("variables {{\na = run.one.o\n}}\n{}", one("")),
            "fail skip",
            "Invalid reference",
        ),
        (
            "a secret in a message",
            one("assert {\ncondition = output.s == \"\"\nerror_message = output.s\n}"),
            "fail pass",
            "Error message refers to sensitive values",
        ),
        ("an override", format!("{}{}", over("resource", "id = \"given\"", ""), one(&id_is("given"))), "pass pass", ""),
        (
            "an override that plans know",
            format!(
                "{}{}",
                over("resource", "id = \"given\"", "override_during = plan"),
                one(&format!("command = plan\n{}", id_is("given")))
            ),
            "pass pass",
            "",
        ),
        (
            "an override that does not fit",
            format!("{}{}", over("resource", "id = []", ""), one("")),
            "fail skip",
            "Failed to compute attribute",
        ),
        (
            "a mock from files",
            format!("mock_provider \"terraform\" {{\nsource = \"./mocks\"\n}}\n{}", one(&id_is("mocked"))),
            "pass pass",
            "",
        ),
        (
            "a mock for one run",
            format!(
                "mock_provider \"terraform\" {{\nalias = \"m\"\nsource = \"./mocks\"\n}}\n{}",
                one(&format!("providers = {{\nterraform = terraform.m\n}}\n{}", id_is("mocked")))
            ),
            "pass pass",
            "",
        ),
        (
            "a provider that is not there",
            one("providers = {\nterraform = terraform.m\n}"),
            "fail skip",
            "Missing provider definition for terraform.m",
        ),
        (
            "no run: a target of the wrong kind",
            format!("{}{}", over("data", "id = \"q\"", ""), one("")),
            "",
            "Invalid override target",
        ),
        ("no run: a condition of nothing", one(&assertion("true")), "", "Invalid assert expression"),
        ("no run: a name with a blank", "run \"a b\" {\n}\n".into(), "", "Invalid run block name"),
        (
            "no run: options that exclude each other",
            one("plan_options {\nmode = refresh-only\nrefresh = false\n}"),
            "",
            "Incompatible plan options",
        ),
    ]
}

#[test]
fn runs_end_as_in_terraform() {
    for (name, file, verdicts, title) in cases() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let write =
            |path: &str, text: &str| std::fs::write(dir.path().join(path), text).expect("a file can be written");
        write("main.tf", MAIN);
        write("t.tftest.hcl", &file);
        std::fs::create_dir(dir.path().join("mocks")).expect("a folder can be made");
        write(
            "mocks/a.tfmock.hcl",
            "mock_resource \"terraform_data\" {\n  defaults = {\n    id = \"mocked\"\n  }\n}\n",
        );
        let answer = run(dir.path(), &["test", "-no-color"], None, &[]);
        let text = format!("{}{}", answer.stdout, answer.stderr);
        let each = answer.stdout.lines().filter(|l| l.starts_with("  run "));
        let ends: Vec<&str> = each.filter_map(|l| l.rsplit(' ').next()).collect();
        assert_eq!(ends.join(" "), verdicts, "{name}: {text}");
        let good = !verdicts.is_empty() && !verdicts.contains("fail");
        assert_eq!(answer.status, i32::from(!good), "{name}: {text}");
        assert!(text.contains(title), "{name}: {text}");
    }
}

#[test]
fn what_is_left_behind_is_told() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let main = "resource \"terraform_data\" \"x\" {\n  provisioner \"local-exec\" {\n    when    = destroy\n    command = \"exit 3\"\n  }\n}\n";
    std::fs::write(dir.path().join("main.tf"), main).expect("a file can be written");
    let test =
        r#"{"run": {"j": {"assert": {"condition": "${terraform_data.x.id != \"\"}", "error_message": "no id"}}}}"#;
    std::fs::write(dir.path().join("t.tftest.json"), test).expect("a file can be written");
    let answer = run(dir.path(), &["test", "-json"], None, &[]);
    assert_eq!(answer.status, 1);
    let found: Vec<serde_json::Value> = answer.stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let of =
        |kind: &str| found.iter().find(|m| m["type"] == kind).unwrap_or_else(|| panic!("{kind}: {}", answer.stdout));
    assert_eq!(of("test_cleanup")["test_cleanup"]["failed_resources"][0]["instance"], "terraform_data.x");
    let summary = &of("test_summary")["test_summary"];
    assert_eq!((&summary["passed"], &summary["status"]), (&1.into(), &"error".into()));
}
