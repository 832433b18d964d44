//! The machine-readable plan is Terraform's in every member, on plans that were recorded from Terraform.

use sdt_tests::modules::{plan_json_dir, plan_json_failure};

#[test]
fn plans_are_terraforms_as_json() {
    let recorded = std::fs::read_dir(plan_json_dir()).expect("the recorded plans");
    let mut names: Vec<String> =
        recorded.flatten().filter_map(|e| Some(e.path().file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    assert!(names.len() > 20, "there are {} recorded plans", names.len());
    let wrong: Vec<String> = names.iter().filter_map(|n| plan_json_failure(n)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
