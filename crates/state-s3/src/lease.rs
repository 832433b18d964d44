//! What sdt adds to a lock: until when it holds without renewal, and whose it is.

use std::time::{Duration, SystemTime};

use sdt_state::Holder;
use serde_json::{Map, Value as Json, json};

use crate::host::is_dead;

/// How long a lock holds after its last renewal.
pub(crate) const LEASE: Duration = Duration::from_secs(120);
/// How often it is renewed.
pub(crate) const RENEWAL: Duration = Duration::from_secs(30);
/// What clocks of different machines may differ.
const SKEW_MS: u64 = 60_000;

/// The addition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lease {
    /// Milliseconds since 1970, UTC.
    pub(crate) expires_ms: u64,
    /// Rises with every lock: the higher one is the later one.
    pub(crate) fence: u64,
    /// The process.
    pub(crate) holder: Holder,
}

/// Names of the attributes, in DynamoDB and in lock files.
pub(crate) const EXPIRES: &str = "SdtExpires";
pub(crate) const FENCE: &str = "SdtFence";
pub(crate) const HOST: &str = "SdtHost";
pub(crate) const BOOT: &str = "SdtBoot";
pub(crate) const PID: &str = "SdtPid";
pub(crate) const STARTED: &str = "SdtStarted";

impl Lease {
    /// A lease that begins now, after the one that it takes over.
    pub(crate) fn new(holder: &Holder, before: Option<&Self>) -> Self {
        let now = now_ms();
        let fence = before.map_or(now, |b| now.max(b.fence + 1));
        Self { expires_ms: now + millis(LEASE), fence, holder: holder.clone() }
    }

    /// The same, renewed now.
    pub(crate) fn renewed(&self) -> Self {
        Self { expires_ms: now_ms() + millis(LEASE), ..self.clone() }
    }

    /// Tells whether the lock may be taken over.
    pub(crate) fn is_over(&self) -> bool {
        is_dead(&self.holder) || self.expires_ms + SKEW_MS < now_ms()
    }

    pub(crate) fn to_json(&self) -> Map<String, Json> {
        let Json::Object(map) = json!({
            EXPIRES: self.expires_ms,
            FENCE: self.fence,
            HOST: self.holder.host,
            BOOT: self.holder.boot,
            PID: self.holder.pid,
            STARTED: self.holder.started,
        }) else {
            return Map::new();
        };
        map
    }

    /// None when the lock is not sdt's.
    pub(crate) fn from_json(map: &Map<String, Json>) -> Option<Self> {
        let number = |name| map.get(name).and_then(Json::as_u64);
        let text = |name| map.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        Some(Self {
            expires_ms: number(EXPIRES)?,
            fence: number(FENCE).unwrap_or_default(),
            holder: Holder {
                host: text(HOST),
                boot: text(BOOT),
                pid: number(PID).and_then(|n| n.try_into().ok()).unwrap_or_default(),
                started: number(STARTED).unwrap_or_default(),
            },
        })
    }
}

pub(crate) fn now_ms() -> u64 {
    millis(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
