//! Replies that are lost while an object is being created.
//!
//! A client that repeats a creation whose reply was lost makes a second object, unless the service knows the request again. So whoever
//! sends requests reports a lost reply here instead of repeating it, and the lifecycle looks for the object before it asks once more.

use std::cell::Cell;

tokio::task_local! {
    static CREATING: Cell<bool>;
}

/// Runs a creation; says too whether a reply was lost meanwhile.
pub(crate) async fn creating<F: Future>(call: F) -> (F::Output, bool) {
    let watched = async {
        let out = call.await;
        (out, CREATING.with(Cell::get))
    };
    CREATING.scope(Cell::new(false), watched).await
}

/// Reports that a request may have been carried out although its answer does not say so. True when an object is being created: then the
/// request must not be repeated by the caller.
#[must_use]
pub fn reply_lost() -> bool {
    CREATING.try_with(|lost| lost.set(true)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_creations_hear_of_lost_replies() {
        assert!(!reply_lost());
        assert_eq!(creating(async { 1 }).await, (1, false));
        assert_eq!(creating(async { reply_lost() }).await, (true, true));
        assert!(!reply_lost());
    }
}
