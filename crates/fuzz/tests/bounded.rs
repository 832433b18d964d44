//! A bounded run of every target: no panic, nothing slow. What the files of the project and the corpus look like as tokens and formatted.

use std::path::Path;
use std::time::Duration;

#[test]
fn no_target_falls() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for target in sdt_fuzz::TARGETS {
        let corpus = target.corpus(&root);
        assert!(!corpus.is_empty(), "{} has no inputs", target.name);
        let count = corpus.len() as u64 + 3000;
        let report = sdt_fuzz::run(target, &corpus, count, 7, &mut |input, took| {
            panic!("{}: {took:?} for {:?}", target.name, String::from_utf8_lossy(input));
        });
        assert!(report.slowest < Duration::from_secs(1), "{}: {:?}", target.name, report.slowest);
    }
}
