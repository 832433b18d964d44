//! Worlds by seed. `SDT_SIM_SEEDS=N` runs N of them, `SDT_SIM_FIRST=N` begins elsewhere.

use sdt_testkit::sim::{Mutation, check, run};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn nothing_is_lost_whatever_happens() {
    let (first, count) = (number("SDT_SIM_FIRST", 0), number("SDT_SIM_SEEDS", 10_000));
    if let Err(failure) = check(first..first + count, Mutation::None).await {
        // The case stays beside the build, to be looked at and to become a test.
        let path = std::env::temp_dir().join(format!("sdt-sim-{}.txt", failure.seed));
        let _ = std::fs::write(&path, failure.to_string());
        panic!("{failure}\nkept in {}", path.display());
    }
}

/// Worlds far from the first ones that showed something wrong; docs/reliability.md says what.
#[tokio::test]
async fn what_was_found_stays_mended() {
    for seed in [10_337, 12_712, 17_065, 40_842, 69_198, 93_444, 122_301, 166_674] {
        if let Err(failure) = check(seed..seed + 1, Mutation::None).await {
            panic!("{failure}");
        }
    }
}

#[tokio::test]
async fn a_seed_decides_everything() {
    for seed in 0..50 {
        let (one, two) = (run(seed, Mutation::None).await, run(seed, Mutation::None).await);
        assert_eq!(one.expect("it holds"), two.expect("it holds"), "seed {seed}");
    }
}

/// The simulation notices what is taken out, within 1,500 seeds.
async fn notices(mutation: Mutation) {
    let found = check(0..1500, mutation).await;
    assert!(found.is_err(), "{mutation:?} goes unnoticed");
}

#[tokio::test]
async fn begun_must_be_durable() {
    notices(Mutation::UnsyncedBegun).await;
}

#[tokio::test]
async fn tokens_must_be_used_again() {
    notices(Mutation::FreshTokens).await;
}

#[tokio::test]
async fn destructions_have_an_order() {
    notices(Mutation::NoDestroyOrder).await;
}

#[tokio::test]
async fn state_writes_are_conditional() {
    notices(Mutation::BlindWrite).await;
}
