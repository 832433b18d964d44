//! Configurations by chance: a few resources that use each other, in several versions.

use std::fmt::Write as _;

use super::rng::Rng;

/// One resource of a configuration.
#[derive(Clone, Debug)]
struct Declared {
    name: String,
    /// Part of what cannot change.
    version: u64,
    value: u64,
    extra: u64,
    /// Resources before it that it uses.
    uses: Vec<usize>,
    count: Option<u64>,
    create_first: bool,
}

/// The configurations that a world goes through.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Each as text.
    pub versions: Vec<String>,
}

/// How large a scenario may be; smaller ones of the same seed are what shrinking tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Most resources.
    pub resources: u64,
    /// How many versions.
    pub versions: u64,
    /// How many lives with faults each version has.
    pub lives: u64,
}

impl Scenario {
    /// Makes the scenario of a seed.
    #[must_use]
    pub fn new(rng: &mut Rng, size: Size) -> Self {
        let mut all: Vec<Declared> = (0..=rng.below(size.resources)).map(|i| declare(rng, i as usize)).collect();
        let mut gone: Vec<bool> = vec![false; all.len()];
        let mut versions = vec![text(&all, &gone)];
        for _ in 1..size.versions {
            for i in 0..all.len() {
                match rng.below(8) {
                    0 => all[i].value += 1,
                    1 => all[i].extra += 1,
                    2 => all[i].version += 1,
                    3 => all[i].count = all[i].count.map(|_| rng.below(3)),
                    4 => all[i].create_first = !all[i].create_first,
                    5 => gone[i] = !gone[i],
                    6 => all[i].uses = used(rng, i),
                    _ => {}
                }
            }
            versions.push(text(&all, &gone));
        }
        Self { versions }
    }
}

fn used(rng: &mut Rng, i: usize) -> Vec<usize> {
    (0..i).filter(|_| rng.chance(35)).collect()
}

fn declare(rng: &mut Rng, i: usize) -> Declared {
    Declared {
        name: format!("r{i}"),
        version: 0,
        value: 0,
        extra: 0,
        uses: used(rng, i),
        count: rng.chance(40).then(|| 1 + rng.below(2)),
        create_first: rng.chance(25),
    }
}

fn text(all: &[Declared], gone: &[bool]) -> String {
    let mut out = String::new();
    for (i, d) in all.iter().enumerate().filter(|(i, _)| !gone[*i]) {
        let _ = writeln!(out, "resource \"sim_thing\" \"{}\" {{", d.name);
        if let Some(count) = d.count {
            let _ = writeln!(out, "  count = {count}");
        }
        let index = if d.count.is_some() { "-${count.index}" } else { "" };
        let _ = writeln!(out, "  name  = \"n{i}-v{}{index}\"", d.version);
        let _ = writeln!(out, "  value = \"{}\"\n  extra = \"{}\"", d.value, d.extra);
        let uses: Vec<String> = d
            .uses
            .iter()
            .filter(|u| !gone[**u])
            .map(|u| match all[*u].count {
                Some(_) => format!("sim_thing.{}[*].id", all[*u].name),
                None => format!("[sim_thing.{}.id]", all[*u].name),
            })
            .collect();
        if !uses.is_empty() {
            let _ = writeln!(out, "  uses = concat({})", uses.join(", "));
        }
        if d.create_first {
            out.push_str("  lifecycle { create_before_destroy = true }\n");
        }
        out.push_str("}\n");
    }
    out
}
