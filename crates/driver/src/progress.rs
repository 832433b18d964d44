//! Telling a display.

use std::collections::BTreeMap;

use sdt_engine::Progress;

/// Hears what goes on. Called from the driver's task: it must return quickly.
pub trait ProgressSink: Send + Sync {
    /// Something has begun, gone on or ended.
    fn event(&self, event: &Progress);

    /// Which calls all providers of the run have made, by "service:Operation". Once, at the end.
    fn calls(&self, _counts: &BTreeMap<String, u64>) {}
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn event(&self, _: &Progress) {}
}
