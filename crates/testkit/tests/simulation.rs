//! Death and lost replies at every step: once faults stop, apply converges, and nothing exists that state does not know.

use std::collections::BTreeSet;

use sdt_engine::PlanOptions;
use sdt_plan::PlanMode;
use sdt_state::StateStore as _;
use sdt_testkit::sim::{Ended, Fault, World, memory_config};

const CREATE: &str = r#"
resource "sim_thing" "a" { name = "a" }
resource "sim_thing" "b" {
  count = 2
  name  = "b-${sim_thing.a.id}-${count.index}"
  value = "1"
}
output "ids" { value = [sim_thing.a.id, sim_thing.b[0].id, sim_thing.b[1].id] }
"#;

const UPDATE: &str = r#"
resource "sim_thing" "a" {
  name  = "a"
  value = "new"
}
resource "sim_thing" "b" {
  count = 1
  name  = "b-${sim_thing.a.id}-${count.index}"
  value = "2"
}
"#;

const REPLACE: &str = r#"
resource "sim_thing" "a" { name = "other" }
resource "sim_thing" "b" {
  count = 2
  name  = "b-${sim_thing.a.id}-${count.index}"
  value = "1"
}
"#;

const REPLACE_CREATE_FIRST: &str = r#"
resource "sim_thing" "a" { name = "other" }
resource "sim_thing" "b" {
  count = 2
  name  = "b-${sim_thing.a.id}-${count.index}"
  value = "1"
  lifecycle { create_before_destroy = true }
}
"#;

/// State and cloud agree: every object is in state once, and nothing else exists.
async fn agree(world: &World, what: &str) {
    let state = world.state().await;
    let known: Vec<String> = state.instances().filter_map(|(_, _, i)| i.id().map(str::to_owned)).collect();
    let set: BTreeSet<String> = known.iter().cloned().collect();
    assert_eq!(known.len(), set.len(), "{what}: an object is in state twice");
    let there: BTreeSet<String> = world.cloud.things().into_keys().collect();
    assert_eq!(set, there, "{what}: state and cloud differ");
    let half: Vec<_> = world.cloud.things().into_iter().filter(|(_, t)| !t.ready).collect();
    assert!(half.is_empty(), "{what}: creations were not brought to their end: {half:?}");
    let left = world.store.journal_read().await.expect("the journal is readable");
    assert!(left.is_empty(), "{what}: the journal is not empty: {left:#?}");
}

async fn finish(world: &mut World, config: &sdt_config::Config, options: &PlanOptions, what: &str) {
    match world.run(config, options.clone(), Fault::None).await {
        Ended::Died => panic!("{what}: died without a fault"),
        Ended::Done { diags, .. } => assert!(!diags.has_errors(), "{what}: {diags:#?}"),
    }
}

/// Runs `first` without a fault, then `second` with a death at step k, for every k, then again without.
async fn check(first: Option<&str>, second: &str, mode: PlanMode, idempotent: bool) {
    let second = memory_config(second);
    let options = PlanOptions { mode, ..PlanOptions::default() };
    for lost in [false, true] {
        for k in 1.. {
            let fault = if lost { Fault::LostReply(k) } else { Fault::Death(k) };
            let what = format!("{fault:?}, idempotent {idempotent}");
            let mut world = World { idempotent, ..World::default() };
            if let Some(first) = first {
                let first = memory_config(first);
                finish(&mut world, &first, &PlanOptions::default(), &what).await;
                agree(&world, &what).await;
            }
            let over = match world.run(&second, options.clone(), fault).await {
                Ended::Died => false,
                Ended::Done { diags, steps, .. } => {
                    assert!(!diags.has_errors(), "{what}: {diags:#?}");
                    k > steps
                }
            };
            finish(&mut world, &second, &options, &what).await;
            agree(&world, &what).await;
            // Tainted objects are gone by now, and nothing is left to do.
            match world.run(&second, options.clone(), Fault::None).await {
                Ended::Done { plan, .. } => assert!(!plan.has_changes(), "{what}: {:#?}", plan.changes),
                Ended::Died => panic!("{what}: died without a fault"),
            }
            if over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn creation_survives_death_at_every_step() {
    check(None, CREATE, PlanMode::Normal, true).await;
    check(None, CREATE, PlanMode::Normal, false).await;
}

#[tokio::test]
async fn updates_and_deletions_survive() {
    check(Some(CREATE), UPDATE, PlanMode::Normal, false).await;
}

#[tokio::test]
async fn replacements_survive() {
    check(Some(CREATE), REPLACE, PlanMode::Normal, false).await;
    check(Some(CREATE), REPLACE_CREATE_FIRST, PlanMode::Normal, false).await;
}

#[tokio::test]
async fn destruction_survives() {
    check(Some(CREATE), CREATE, PlanMode::Destroy, false).await;
}

/// The second run dies too, at every step of its own.
#[tokio::test]
async fn two_deaths_in_a_row_survive() {
    let config = memory_config(CREATE);
    for first in (1..40).step_by(3) {
        for second in (1..60).step_by(2) {
            let what = format!("deaths at {first} and {second}");
            let mut world = World::default();
            let _ = world.run(&config, PlanOptions::default(), Fault::Death(first)).await;
            let _ = world.run(&config, PlanOptions::default(), Fault::Death(second)).await;
            finish(&mut world, &config, &PlanOptions::default(), &what).await;
            agree(&world, &what).await;
        }
    }
}

/// What somebody has changed after planning is left alone, with what waits for it; the rest goes on.
#[tokio::test]
async fn what_changed_since_the_plan_is_left_alone() {
    let two = |value: &str| {
        memory_config(&format!(
            "resource \"sim_thing\" \"a\" {{\n  name = \"a\"\n  value = \"{value}\"\n}}\nresource \"sim_thing\" \"b\" {{\n  name = \"b\"\n  value = \"{value}\"\n}}\n"
        ))
    };
    let mut world = World::default();
    finish(&mut world, &two("1"), &PlanOptions::default(), "first").await;
    world.meddle = Some(|cloud| {
        for (id, thing) in cloud.things() {
            if thing.name == "a" {
                cloud.change(&id, |t| t.value = Some("theirs".into()));
            }
        }
    });
    let Ended::Done { diags, .. } = world.run(&two("2"), PlanOptions::default(), Fault::None).await else {
        panic!("died without a fault");
    };
    let told: Vec<&str> = diags.0.iter().map(|d| d.detail.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("  value: \"1\" when planned, \"theirs\" now"), "{told:?}");
    let values = |world: &World| -> Vec<_> { world.cloud.things().into_values().map(|t| (t.name, t.value)).collect() };
    assert_eq!(values(&world), [("a".into(), Some("theirs".into())), ("b".into(), Some("2".into()))]);
    world.meddle = None;
    finish(&mut world, &two("2"), &PlanOptions::default(), "again").await;
    agree(&world, "again").await;
    assert_eq!(values(&world), [("a".into(), Some("2".into())), ("b".into(), Some("2".into()))]);
}
