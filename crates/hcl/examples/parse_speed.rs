//! Parses the files it is given again and again on one core for a second, and prints MB/s: `scripts/bench-lang` shows it.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use sdt_diag::SourceId;
use sdt_hcl::parse_body;

fn main() -> std::io::Result<()> {
    let texts = std::env::args().skip(1).map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    let begun = Instant::now();
    let mut bytes = 0;
    while begun.elapsed() < Duration::from_secs(1) {
        for text in &texts {
            let (body, diags) = parse_body(SourceId::default(), text);
            assert!(!diags.has_errors(), "a file does not parse");
            drop(body);
            bytes += text.len();
        }
    }
    println!("{:.1}", bytes as f64 / 1e6 / begun.elapsed().as_secs_f64());
    Ok(())
}
