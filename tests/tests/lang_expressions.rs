//! Every expression of the corpus evaluates as in Terraform.

use sdt_tests::{corpus, expressions};

#[test]
fn expressions_evaluate_as_in_terraform() {
    let cases = expressions::cases();
    let failures = expressions::failures(&cases);
    let ids: Vec<String> = cases.into_iter().map(|c| c.id).collect();
    corpus::settle("expressions", &ids, &failures);
}
