//! Randomness as a value that the edge hands in.

use std::sync::{Arc, Mutex};

/// A source of random bytes.
#[derive(Clone)]
pub struct Random(Arc<dyn Fn(&mut [u8]) + Send + Sync>);

impl Random {
    /// Wraps a function that fills a buffer.
    pub fn new(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// A repeatable sequence for tests and simulations (SplitMix64). Never for secrets.
    #[must_use]
    pub fn fixed(seed: u64) -> Self {
        let state = Mutex::new(seed);
        Self::new(move |buf| {
            let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for chunk in buf.chunks_mut(8) {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^= z >> 31;
                chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
            }
        })
    }

    /// Fills a buffer.
    pub fn fill(&self, buf: &mut [u8]) {
        (self.0)(buf);
    }

    /// A number below `bound`, each equally likely.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        // Values above the last whole multiple of `bound` would favour small results.
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let mut bytes = [0; 8];
            self.fill(&mut bytes);
            let n = u64::from_le_bytes(bytes);
            if n < zone {
                return n % bound;
            }
        }
    }

    /// A version 4 UUID.
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut b = [0u8; 16];
        self.fill(&mut b);
        b[6] = b[6] & 0x0f | 0x40;
        b[8] = b[8] & 0x3f | 0x80;
        let hex: String = b.iter().map(|x| format!("{x:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}
