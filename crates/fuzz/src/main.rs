//! Runs a fuzzing target on mutations of the corpus: `sdt-fuzz TARGET COUNT [SEED]`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers")]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(target), Some(count)) =
        (args.first().and_then(|n| sdt_fuzz::target(n)), args.get(1).and_then(|n| n.parse().ok()))
    else {
        let names: Vec<_> = sdt_fuzz::TARGETS.iter().map(|t| t.name).collect();
        eprintln!("sdt-fuzz TARGET COUNT [SEED]; targets: {}", names.join(", "));
        return ExitCode::FAILURE;
    };
    let seed = args.get(2).and_then(|n| n.parse().ok()).unwrap_or(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = target.corpus(&root);
    let mut slow = 0;
    let report = sdt_fuzz::run(target, &corpus, count, seed, &mut |input, took| {
        slow += 1;
        println!("slow ({took:?}): {:?}", String::from_utf8_lossy(input));
    });
    println!(
        "{}: {} executions from {} inputs in {:.0?}, slowest {:.1?}, {slow} over a second",
        target.name,
        report.executions,
        corpus.len(),
        report.total,
        report.slowest
    );
    ExitCode::SUCCESS
}
