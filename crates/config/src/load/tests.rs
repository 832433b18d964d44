use sdt_addr::{AbsProviderConfig, ModulePath, ResourceAddr};
use sdt_diag::{Diagnostics, Severity, SourceMap};

use crate::testing::load_all;
use crate::{IgnoreChanges, ParsingMode, check_tree};

fn told(diags: &Diagnostics, sources: &SourceMap) -> Vec<String> {
    let one = |d: &sdt_diag::Diagnostic| {
        let level = if d.severity == Severity::Error { "" } else { "warning: " };
        let place = d
            .subject
            .map(|s| format!(" {}:{}", sources.file(s.source).unwrap().name, sources.pos(s.source, s.start).line));
        format!("{level}{}{}", d.summary, place.unwrap_or_default())
    };
    diags.0.iter().map(one).collect()
}

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let mut sources = SourceMap::default();
    let loaded = load_all(files, &mut sources);
    assert_eq!(told(&loaded.diagnostics, &sources), expected, "{files:?}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, expected) in [
        ("variable \"a\" {\n  type = \"string\"\n}", &["Invalid quoted type constraints main.tf:2"][..]),
        ("variable \"source\" {}", &["Invalid variable name main.tf:1"]),
        ("variable \"a\" {\n  type = number\n  default = \"x\"\n}", &["Invalid default value for variable main.tf:3"]),
        (
            "variable \"a\" {\n  validation {\n    condition = true\n    error_message = \"m\"\n  }\n}",
            &["Invalid validation expression main.tf:3", "Invalid variable validation condition main.tf:3"],
        ),
        ("locals {\n  a = 1\n}\nlocals {\n  a = 2\n}", &["Duplicate local value definition main.tf:5"]),
        (
            "resource \"a\" \"b\" {\n  count = 1\n  for_each = {}\n}",
            &["Invalid combination of \"count\" and \"for_each\" main.tf:3"],
        ),
        (
            "resource \"a\" \"b\" {\n  lifecycle {\n    ignore_changes = [\"x\"]\n    replace_triggered_by = [local.x]\n  }\n}",
            &[
                "Invalid reference in replace_triggered_by expression main.tf:4",
                "Invalid replace_triggered_by expression main.tf:4",
                "warning: Quoted references are deprecated main.tf:3",
            ],
        ),
        ("moved {\n  from = a.b\n  to = module.m\n}", &["Invalid \"moved\" addresses main.tf:1"]),
        ("removed {\n  from = a.b[0]\n}", &["Resource instance keys not allowed main.tf:2"]),
        ("check \"c\" {\n}", &["Zero assert blocks main.tf:1"]),
        ("terraform {\n  required_version = \"> 99\"\n}", &["Unsupported Terraform Core version main.tf:2"]),
        ("terraform {\n  backend \"s3\" {}\n  backend \"s3\" {}\n}", &["Duplicate backend configuration main.tf:3"]),
        ("module \"m\" {\n  source = \"./nope\"\n}", &["Module not installed main.tf:1"]),
        ("module \"m\" {\n  source = \"./\"\n}", &["Module not installed main.tf:1"]),
        ("output \"o\" {\n  value = 1\n  postcondition {\n  }\n}", &["Postconditions are not allowed main.tf:3"]),
    ] {
        check(&[("main.tf", text)], expected);
    }
}

#[test]
fn override_files_change_single_arguments() {
    let base = "variable \"v\" {\n  default = 1\n}\nlocals {\n  l = 1\n}\nresource \"a\" \"b\" {\n  x = 1\n  y = 1\n  lifecycle {\n    prevent_destroy = true\n    ignore_changes = [x]\n  }\n}";
    let over = "variable \"v\" {\n  type = string\n}\nlocals {\n  l = 2\n}\nresource \"a\" \"b\" {\n  y = 2\n  lifecycle {\n    prevent_destroy = false\n  }\n}";
    let mut sources = SourceMap::default();
    let loaded = load_all(&[("main.tf", base), ("override.tf", over)], &mut sources);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let root = &loaded.config.root;
    let v = &root.variables["v"];
    assert_eq!((v.default.as_ref().and_then(|d| d.as_str()), v.parsing), (Some("1"), ParsingMode::Literal));
    let r = &root.resources[&ResourceAddr::managed("a", "b")];
    let protection = r.lifecycle.prevent_destroy.as_ref().map(|e| &e.kind);
    assert!(matches!(protection, Some(sdt_hcl::ExprKind::Literal(v)) if v.as_bool() == Some(false)), "{protection:?}");
    assert!(matches!(&r.lifecycle.ignore_changes, IgnoreChanges::Paths(p) if p.len() == 1));
    let values: Vec<String> = r
        .config
        .just_attributes()
        .0
        .iter()
        .map(|(n, a)| format!("{n} {}", sources.pos(a.span.source, a.span.start).line))
        .collect();
    assert_eq!(values, ["x 8", "y 8"]);
    check(
        &[("main.tf", ""), ("x_override.tf", "resource \"a\" \"b\" {\n}")],
        &["Missing resource to override x_override.tf:1"],
    );
}

#[test]
fn modules_hang_below_their_callers() {
    let files = [
        (
            "main.tf",
            "provider \"aws\" {\n  alias = \"w\"\n  region = \"x\"\n}\nmodule \"m\" {\n  source = \"./m\"\n  providers = { aws = aws.w }\n  x = 1\n  z = 1\n}\nresource \"aws_vpc\" \"v\" {\n  provider = aws.nope\n}",
        ),
        (
            "m/main.tf",
            "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\", version = \"~> 5.0\" }\n  }\n}\nvariable \"x\" {}\nvariable \"y\" {}\nmodule \"n\" {\n  source = \"../n\"\n}\nresource \"aws_vpc\" \"v\" {\n}",
        ),
        ("n/x.tf.json", "{\"resource\": {\"aws_vpc\": {\"v\": {\"cidr_block\": \"${1}\"}}}}"),
    ];
    let mut sources = SourceMap::default();
    let loaded = load_all(&files, &mut sources);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let config = &loaded.config;
    let paths: Vec<String> = config.modules().map(|m| format!("{} {}", m.path, m.dir.display())).collect();
    assert_eq!(paths, [" .", "module.m m", "module.m.module.n n"]);
    let n = ModulePath::root().child("m").child("n");
    let r = &config.module(&n).unwrap().resources[&ResourceAddr::managed("aws_vpc", "v")];
    let expected: AbsProviderConfig = "provider[\"registry.terraform.io/hashicorp/aws\"].w".parse().unwrap();
    assert_eq!(config.provider_config_of(&n, r), Some(expected));
    assert_eq!(
        told(&check_tree(config), &sources),
        ["Missing required argument main.tf:5", "Unsupported argument main.tf:9", "Provider configuration not present"]
    );
    let needed: Vec<String> = config.required_providers().iter().map(|(p, v)| format!("{p} {v}")).collect();
    assert_eq!(needed, ["registry.terraform.io/hashicorp/aws ~> 5.0"]);
    assert_eq!(loaded.manifest.modules["m.n"].dir.display().to_string(), "n");
}
