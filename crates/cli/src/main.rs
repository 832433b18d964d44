//! The command line of sdt.
//!
//! A command is one file in `commands`; it reads its flags, asks the crates below for their work and says what came of it. What
//! lives here and nowhere else: environment, terminal, clock, randomness, signals and exit codes.

mod app;
mod args;
mod backend;
mod clock;
mod commands;
mod config_json;
mod drawing;
mod env;
mod functions;
mod load;
mod modules;
mod operation;
mod progress;
mod prompt;
mod providers;
mod saved_plan;
mod session;
mod testing;
mod ui;
mod vars;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        use std::io::Write as _;
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let what = info.payload_as_str().unwrap_or("no message");
        let _ = writeln!(
            std::io::stderr(),
            "\nsdt has found a bug in itself and stops.\n\n  {what}\n  at {place}\n  sdt {}\n\nNothing that was done is lost: state and journal are written as things happen, and the next run takes up from there.\nPlease report this with the text above at {}/issues.",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY")
        );
    }));
    // A program that reads only the beginning of our output is not an error.
    let code = std::panic::catch_unwind(|| app::run(std::env::args_os().skip(1).collect())).unwrap_or(11);
    ExitCode::from(code)
}
