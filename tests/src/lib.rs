//! Tests of the built `sdt` program: the language corpus and the invariants of the tree.
//!
//! They run the program as its users do, through its command line. [`sdt`] finds it beside the tests in cargo's target folder;
//! `SDT_BIN` names another one (Terraform, say, to check the corpus itself).

#![allow(clippy::print_stdout, reason = "tests report what they counted")]

pub mod corpus;
pub mod expressions;
pub mod modules;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Path of the program under test.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn sdt() -> PathBuf {
    if let Some(path) = std::env::var_os("SDT_BIN") {
        return path.into();
    }
    let me = std::env::current_exe().expect("a test knows its own path");
    let path = me.ancestors().nth(2).expect("tests live in <profile>/deps").join("sdt");
    assert!(path.exists(), "{} is missing: run `cargo build --workspace` first", path.display());
    path
}

/// Runs the program in `dir` with a sealed environment, `stdin` (empty by default) and further variables.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run(dir: &Path, args: &[&str], stdin: Option<&str>, vars: &[(String, String)]) -> Answer {
    let mut command = Command::new(sdt());
    command.args(args).current_dir(dir).env_clear();
    for keep in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(keep) {
            command.env(keep, value);
        }
    }
    command.envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("CHECKPOINT_DISABLE", "1"), ("TF_IN_AUTOMATION", "")]);
    command.envs(vars.iter().map(|(k, v)| (k, v)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input closes the pipe: not this test's business.
        let _ = std::io::Write::write_all(&mut pipe, stdin.unwrap_or_default().as_bytes());
    }
    Answer::from(child.wait_with_output().expect("the program ends"))
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Answer {
    /// Exit status; -1 when a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Answer {
    fn from(o: Output) -> Self {
        Self {
            status: o.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&o.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&o.stderr).into_owned(),
        }
    }
}

/// Copies a folder with everything in it.
///
/// # Panics
/// On any I/O error.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("folder can be made");
    for entry in std::fs::read_dir(from).expect("folder can be read") {
        let entry = entry.expect("entry can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("file can be copied");
        }
    }
}
