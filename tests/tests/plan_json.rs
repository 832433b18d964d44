//! The machine-readable plan is Terraform's in every member, on plans that were recorded from Terraform.

use sdt_tests::modules::{plan_json_dir, plan_json_failure};

/// What differs still: the key of a provider that only a module needs, and a forgotten object, which Terraform lists without values. The
/// list only shrinks.
const DIFFER: [&str; 2] = ["ms_delete_module", "ms_removed_forget"];

#[test]
fn plans_are_terraforms_as_json() {
    let recorded = std::fs::read_dir(plan_json_dir()).expect("the recorded plans");
    let mut names: Vec<String> =
        recorded.flatten().filter_map(|e| Some(e.path().file_stem()?.to_string_lossy().into_owned())).collect();
    names.sort();
    assert!(names.len() > 20, "there are {} recorded plans", names.len());
    let wrong: Vec<(&str, String)> = names.iter().filter_map(|n| Some((&**n, plan_json_failure(n)?))).collect();
    let unexpected: Vec<&str> = wrong.iter().filter(|(n, _)| !DIFFER.contains(n)).map(|(_, why)| &**why).collect();
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    for name in DIFFER {
        assert!(wrong.iter().any(|(n, _)| *n == name), "{name} is right now: take it off the list");
    }
}
