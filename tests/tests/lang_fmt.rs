//! Every file of the corpus is formatted as by Terraform.

use std::collections::BTreeMap;

use sdt_tests::{corpus, run};

#[test]
fn files_are_formatted_as_by_terraform() {
    let mut ids = Vec::new();
    let mut failures = BTreeMap::new();
    for entry in std::fs::read_dir(corpus::dir().join("fmt")).expect("the corpus is there") {
        let folder = entry.expect("an entry").path();
        let Ok(input) = std::fs::read_to_string(folder.join("in.tf")) else { continue };
        let id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let answer = run(&folder, &["fmt", "-no-color", "-"], Some(&input), &[]);
        let why = match std::fs::read_to_string(folder.join("out.tf")) {
            Ok(want) => (want != answer.stdout).then(|| format!("got\n{}{}", answer.stdout, answer.stderr)),
            Err(_) => (answer.status == 0).then(|| "should fail".to_owned()),
        };
        if let Some(why) = why {
            failures.insert(id.clone(), why);
        }
        ids.push(id);
    }
    corpus::settle("fmt", &ids, &failures);
}
