//! Telling a display.

use sdt_engine::Progress;

/// Hears what goes on. Called from the driver's task: it must return quickly.
pub trait ProgressSink: Send + Sync {
    /// Something has begun, gone on or ended.
    fn event(&self, event: &Progress);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn event(&self, _: &Progress) {}
}
