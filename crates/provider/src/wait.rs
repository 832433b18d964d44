//! Waiting for a service: poll at once, then back off from a short pause to the service's own pace.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Class, Error};
use crate::resource::Cx;

/// What one look at the service showed.
#[derive(Debug)]
pub enum Seen<T> {
    /// It is as wanted.
    Ready(T),
    /// Not yet; the state in the service's words.
    Pending(String),
}

/// How often to look.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// First pause.
    pub first: Duration,
    /// Longest pause.
    pub longest: Duration,
}

impl Pace {
    /// Things that happen within seconds: networks, tags, roles.
    pub const QUICK: Self = Self { first: Duration::from_millis(100), longest: Duration::from_secs(3) };
    /// Things that take minutes: gateways, load balancers, services, databases.
    pub const SLOW: Self = Self { first: Duration::from_millis(200), longest: Duration::from_secs(15) };
}

impl<A> Cx<'_, A> {
    /// Looks until `look` says ready. `what` goes to the progress display: "the NAT gateway to become available".
    ///
    /// # Errors
    /// The first error of `look`; [`Class::Timeout`] when the operation's time is over; [`Class::Stopped`] when the user stops.
    pub async fn wait<T, F, Fut>(&self, what: &str, pace: Pace, mut look: F) -> Result<T, Error>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<Seen<T>, Error>> + Send,
    {
        let mut pause = pace.first;
        let mut told = false;
        loop {
            let state = match look().await? {
                Seen::Ready(value) => return Ok(value),
                Seen::Pending(state) => state,
            };
            if !told {
                self.waiting(&format!("waiting for {what}"));
                told = true;
            }
            if self.stopping() {
                return Err(Error::new(Class::Stopped, "", format!("stopped while waiting for {what}")));
            }
            let now = Instant::now();
            if now >= self.until() {
                let state = if state.is_empty() { String::new() } else { format!(" (last state: {state})") };
                return Err(Error::new(Class::Timeout, "", format!("timeout while waiting for {what}{state}")));
            }
            // Short pauses inside the long one, so that a stop is heard soon.
            let end = (now + pause).min(self.until());
            while Instant::now() < end && !self.stopping() {
                tokio::time::sleep_until(end.min(Instant::now() + Duration::from_millis(250))).await;
            }
            pause = (pause * 2).min(pace.longest);
        }
    }

    /// Repeats a call while the service answers with one of `codes`: dependencies that are not visible everywhere yet (a role just
    /// made), or still going away (a network interface). `limit` caps how long beside the operation's own time.
    ///
    /// # Errors
    /// The call's last error.
    pub async fn retry_on<T, F, Fut>(&self, codes: &[&str], limit: Duration, mut call: F) -> Result<T, Error>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output = Result<T, Error>> + Send,
    {
        let end = (Instant::now() + limit).min(self.until());
        let mut pause = Pace::QUICK.first;
        loop {
            match call().await {
                Err(e) if e.has_code(codes) && Instant::now() < end && !self.stopping() => {
                    self.waiting(&format!("trying again after {}", e.code));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Pace::QUICK.longest);
                }
                other => return other,
            }
        }
    }
}
