//! `sdt test`: test files, what they run, and how it is told.
//!
//! An assertion is evaluated by the engine itself: the module under test is loaded with one file more, in which the run's `assert`
//! blocks stand as a `check`. Everything in that file keeps its place, so that messages point into the test file.

mod evaluate;
mod find;
mod harness;
mod json;
mod mock;
mod model;
mod report;
mod run;
mod verbose;

pub(crate) use find::find;
pub(crate) use report::{Report, junit};
pub(crate) use run::{Session, Status, run_file};
