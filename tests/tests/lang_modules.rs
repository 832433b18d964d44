//! Every module of the corpus is validated, planned, applied and shown as by Terraform.

use std::collections::BTreeMap;
use std::sync::Mutex;

use sdt_tests::{corpus, modules};

#[test]
fn modules_behave_as_in_terraform() {
    let names = modules::names();
    let queue = Mutex::new(names.iter());
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(name) = queue.lock().expect("no thread panics").next() else { break };
                    if let Some(why) = modules::failure(name) {
                        failures.lock().expect("no thread panics").insert(name.clone(), why);
                    }
                }
            });
        }
    });
    corpus::settle("modules", &names, &failures.into_inner().expect("no thread panics"));
}
