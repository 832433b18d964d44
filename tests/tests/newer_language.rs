//! What the language has beyond Terraform 1.11: `enabled`, `destroy`, constants in module sources, types of outputs, deprecation.

use std::path::Path;

use sdt_tests::{Answer, run};

fn sdt(dir: &Path, args: &[&str]) -> Answer {
    run(dir, args, None, &[])
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(dir.path(), name, text);
    }
    dir
}

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
    std::fs::write(path, text).expect("a file can be written");
}

/// Everything a command says, in one line.
fn said(dir: &Path, args: &[&str], status: i32) -> String {
    let answer = sdt(dir, args);
    let text = format!("{}{}", answer.stdout, answer.stderr).replace("\n│ ", " ").replace('\n', " ");
    assert_eq!(answer.status, status, "{args:?}: {text}");
    text
}

/// An output as JSON without blanks.
fn output(dir: &Path, name: &str) -> String {
    said(dir, &["output", "-json", name], 0).replace([' ', '\n'], "")
}

fn contains(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in {text}");
}

#[test]
fn what_is_not_enabled_is_null() {
    let dir = folder(&[
        (
            "main.tf",
            "variable \"on\" {\n  type = bool\n}\nresource \"terraform_data\" \"a\" {\n  count = 1\n  input = \"x\"\n}\noutput \"a\" {\n  value = \"start\"\n}\n",
        ),
        ("m/m.tf", "resource \"terraform_data\" \"in\" {\n}\noutput \"o\" {\n  value = \"inside\"\n}\n"),
    ]);
    let dir = dir.path();
    said(dir, &["apply", "-auto-approve", "-no-color", "-var", "on=true"], 0);
    let id = sdt(dir, &["state", "show", "-no-color", "terraform_data.a[0]"]).stdout;
    write(
        dir,
        "main.tf",
        "variable \"on\" {\n  type = bool\n}\nresource \"terraform_data\" \"a\" {\n  input = \"x\"\n  lifecycle {\n    enabled = var.on\n  }\n}\nmodule \"m\" {\n  source = \"./m\"\n  lifecycle {\n    enabled = var.on\n  }\n}\noutput \"a\" {\n  value = [try(terraform_data.a.output, \"none\"), terraform_data.a == null, try(module.m.o, \"none\"), module.m == null]\n}\n",
    );
    said(dir, &["init", "-no-color"], 0);
    contains(&said(dir, &["validate", "-no-color"], 0), "valid");
    // The object of count = 1 is taken over.
    contains(
        &said(dir, &["apply", "-auto-approve", "-no-color", "-var", "on=true"], 0),
        "1 added, 0 changed, 0 destroyed",
    );
    let line = |text: &str| text.lines().find(|l| l.trim_start().starts_with("id ")).map(str::to_owned);
    assert_eq!(line(&id), line(&sdt(dir, &["state", "show", "-no-color", "terraform_data.a"]).stdout));
    assert_eq!(output(dir, "a"), r#"["x",false,"inside",false]"#);
    let plan = said(dir, &["plan", "-no-color", "-var", "on=false"], 0);
    contains(&plan, "because terraform_data.a is not enabled");
    contains(&plan, "Plan: 0 to add, 0 to change, 2 to destroy.");
    said(dir, &["apply", "-auto-approve", "-no-color", "-var", "on=false"], 0);
    assert_eq!(output(dir, "a"), r#"["none",true,"none",true]"#);
    assert_eq!(sdt(dir, &["plan", "-detailed-exitcode", "-var", "on=false"]).status, 0);
    contains(&said(dir, &["destroy", "-auto-approve", "-no-color", "-var", "on=false"], 0), "0 destroyed");

    for (lifecycle, expected) in [
        ("count = 1\n  lifecycle {\n    enabled = true\n  }", "Invalid combination of \"count\" and \"enabled\""),
        (
            "for_each = {}\n  lifecycle {\n    enabled = true\n  }",
            "Invalid combination of \"for_each\" and \"enabled\"",
        ),
        ("lifecycle {\n    enabled = null\n  }", "Invalid enabled argument"),
        ("lifecycle {\n    enabled = sensitive(true)\n  }", "Invalid enabled argument"),
        ("lifecycle {\n    enabled = \"maybe\"\n  }", "Invalid enabled argument"),
        ("lifecycle {\n    enabled = each.value\n  }", "each.value cannot be used in this context"),
    ] {
        write(dir, "main.tf", &format!("resource \"terraform_data\" \"a\" {{\n  {lifecycle}\n}}\n"));
        contains(&said(dir, &["plan", "-no-color"], 1), expected);
    }
    write(
        dir,
        "main.tf",
        "resource \"terraform_data\" \"b\" {\n}\nresource \"terraform_data\" \"a\" {\n  lifecycle {\n    enabled = terraform_data.b.id != \"\"\n  }\n}\n",
    );
    contains(&said(dir, &["plan", "-no-color"], 1), "Invalid enabled argument");
}

#[test]
fn what_is_not_to_be_destroyed_is_forgotten() {
    let config = |more: &str| {
        format!(
            "resource \"terraform_data\" \"a\" {{\n  {more}\n  lifecycle {{\n    destroy = false\n  }}\n  provisioner \"local-exec\" {{\n    when    = destroy\n    command = \"touch destroyed\"\n  }}\n}}\n"
        )
    };
    let dir = folder(&[("main.tf", &config("triggers_replace = 1"))]);
    let dir = dir.path();
    said(dir, &["apply", "-auto-approve", "-no-color"], 0);
    write(dir, "main.tf", &config("triggers_replace = 2"));
    contains(&said(dir, &["apply", "-auto-approve", "-no-color"], 0), "Some objects will no longer be managed");
    let plan = said(dir, &["plan", "-destroy", "-no-color"], 0);
    contains(&plan, "will no longer be managed by sdt, but will not be destroyed");
    contains(&plan, "Plan: 0 to add, 0 to change, 0 to destroy.");
    contains(&said(dir, &["destroy", "-auto-approve", "-no-color"], 0), "0 destroyed");
    assert_eq!(sdt(dir, &["state", "list"]).stdout, "");
    assert!(!dir.join("destroyed").exists(), "a destroy provisioner ran for an object that lives on");
}

#[test]
fn constants_say_where_modules_come_from() {
    let dir = folder(&[
        (
            "main.tf",
            "variable \"which\" {\n  type    = string\n  const   = true\n  default = \"one\"\n}\nlocals {\n  dir = \"./mods/${var.which}\"\n}\nmodule \"m\" {\n  source = local.dir\n  deep   = var.which == \"one\" ? \"two\" : \"one\"\n}\noutput \"o\" {\n  value = module.m.name\n}\n",
        ),
        (
            "mods/one/m.tf",
            "variable \"deep\" {\n  const = true\n}\nmodule \"n\" {\n  source = \"../${var.deep}/leaf\"\n}\noutput \"name\" {\n  value = \"one, ${module.n.name}\"\n}\n",
        ),
        ("mods/two/m.tf", "variable \"deep\" {}\noutput \"name\" {\n  value = \"two\"\n}\n"),
        ("mods/two/leaf/m.tf", "output \"name\" {\n  value = \"leaf of two\"\n}\n"),
    ]);
    let dir = dir.path();
    said(dir, &["init", "-no-color"], 0);
    said(dir, &["apply", "-auto-approve", "-no-color"], 0);
    assert_eq!(sdt(dir, &["output", "-raw", "o"]).stdout, "one, leaf of two");
    said(dir, &["init", "-no-color", "-var", "which=two"], 0);
    said(dir, &["plan", "-no-color", "-var", "which=two", "-out=p"], 0);
    said(dir, &["apply", "-no-color", "p"], 0);
    assert_eq!(sdt(dir, &["output", "-raw", "o"]).stdout, "two");

    for (source, expected) in [
        ("var.v", "Variables not allowed"),
        ("path.module", "Variables not allowed"),
        ("local.round", "Self-referencing local value"),
        ("var.k", "has no default"),
        ("var.none", "Reference to undeclared input variable"),
    ] {
        let config = "variable \"k\" {\n  const = true\n}\nvariable \"v\" {\n  default = \"./mods/two\"\n}\nlocals {\n  round = local.round\n}\n";
        write(dir, "main.tf", &format!("{config}module \"m\" {{\n  source = {source}\n}}\n"));
        contains(&said(dir, &["validate", "-no-color"], 1), expected);
    }
    write(dir, "main.tf", "variable \"v\" {\n  const     = true\n  ephemeral = true\n  default   = 1\n}\n");
    contains(&said(dir, &["validate", "-no-color"], 1), "cannot be both const and ephemeral");
}

#[test]
fn outputs_have_types_and_old_names_are_told_of() {
    let dir = folder(&[
        (
            "main.tf",
            "variable \"old\" {\n  deprecated = \"Use new.\"\n  default    = null\n}\nmodule \"m\" {\n  source = \"./m\"\n  before = 1\n}\noutput \"o\" {\n  type  = object({ a = string, b = optional(number, 7) })\n  value = { a = module.m.before, c = 1 }\n}\n",
        ),
        (
            "m/m.tf",
            "variable \"before\" {\n  deprecated = \"Leave it out.\"\n}\noutput \"before\" {\n  value      = var.before\n  deprecated = \"Use after.\"\n}\n",
        ),
    ]);
    let dir = dir.path();
    said(dir, &["init", "-no-color"], 0);
    let text = said(dir, &["apply", "-auto-approve", "-no-color"], 0);
    for words in ["Deprecated variable got a value", "Leave it out.", "Deprecated value used", "Use after."] {
        contains(&text, words);
    }
    assert!(!text.contains("Use new."), "nothing has set it: {text}");
    assert_eq!(output(dir, "o"), r#"{"a":"1","b":7}"#);
    contains(&said(dir, &["plan", "-no-color", "-var", "old=1"], 0), "Use new.");
    write(dir, "main.tf", "output \"o\" {\n  type  = list(number)\n  value = [\"x\"]\n}\n");
    contains(&said(dir, &["plan", "-no-color"], 1), "Invalid output value");
    write(dir, "main.tf", "output \"o\" {\n  value      = 1\n  deprecated = \"x\"\n}\n");
    contains(&said(dir, &["validate", "-no-color"], 1), "Root module output deprecated");
}

#[test]
fn destroying_can_be_prevented_by_an_expression() {
    let main = |of: &str| {
        format!(
            "variable \"keep\" {{\n  default = true\n}}\nlocals {{\n  keep = var.keep\n}}\nresource \"terraform_data\" \"a\" {{\n  count            = 1\n  triggers_replace = \"1\"\n  lifecycle {{\n    prevent_destroy = {of}\n  }}\n}}\n"
        )
    };
    let dir = folder(&[("main.tofu", &main("local.keep"))]);
    let dir = dir.path();
    said(dir, &["apply", "-auto-approve", "-no-color"], 0);
    let replaced = main("local.keep").replace("= \"1\"", "= \"2\"");
    write(dir, "main.tofu", &replaced);
    contains(&said(dir, &["plan", "-no-color"], 1), "Instance cannot be destroyed");
    contains(&said(dir, &["plan", "-no-color", "-var", "keep=false"], 0), "1 to add, 0 to change, 1 to destroy");
    contains(&said(dir, &["plan", "-no-color", "-destroy"], 1), "Instance cannot be destroyed");
    contains(&said(dir, &["plan", "-no-color", "-var", "keep=maybe"], 1), "Invalid prevent_destroy argument");
    write(dir, "main.tofu", &replaced.replace("local.keep\n", "count.index == 0\n"));
    contains(&said(dir, &["validate", "-no-color"], 1), "Invalid prevent_destroy argument");
    write(dir, "main.tofu", &replaced);
    contains(&said(dir, &["destroy", "-auto-approve", "-no-color", "-var", "keep=false"], 0), "1 destroyed");
    std::fs::rename(dir.join("main.tofu"), dir.join("main.tf")).expect("it can be renamed");
    contains(&said(dir, &["validate", "-no-color"], 1), "Variables not allowed");
}

#[test]
fn objects_are_imported_by_what_they_are_known_by() {
    let import = |identity: &str| {
        format!(
            "import {{\n  for_each = toset([\"abc\"])\n  to       = random_string.s[each.key]\n  {identity}\n}}\nresource \"random_string\" \"s\" {{\n  for_each = toset([\"abc\"])\n  length   = 3\n}}\n"
        )
    };
    let dir = folder(&[("main.tf", &import("identity = { result = each.value }"))]);
    let dir = dir.path();
    contains(&said(dir, &["apply", "-auto-approve", "-no-color"], 0), "1 imported");
    contains(&said(dir, &["state", "show", "-no-color", "random_string.s[\"abc\"]"], 0), "id          = \"abc\"");
    for (identity, words) in [
        ("identity = { result = \"a\" }\n  id = \"a\"", "imported by its id or by its identity"),
        ("identity = \"abc\"", "An identity is an object"),
        ("identity = null", "The import identity cannot be null."),
        ("identity = { result = \"a\", length = 3 }", "import them by id"),
        ("", "Missing required argument"),
    ] {
        write(dir, "main.tf", &import(identity));
        contains(&said(dir, &["validate", "-no-color"], 1), words);
    }
}
