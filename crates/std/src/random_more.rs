//! random_pet, random_shuffle and random_bytes.

use async_trait::async_trait;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_diag::Diagnostics;
use sdt_provider::{ApplyRequest, Complaint, PlanAnswer, PlanRequest};
use sdt_schema::{Attribute, Schema};
use sdt_value::{Number, Path, Type, Value};

use crate::digests::hex;
use crate::helpers::{Set, attr, complain, get, members, plan_by_replacement, schema};
use crate::random_state::{import_bytes, keepers_changed};
use crate::{Definition, Random};

/// The three.
pub(crate) fn definitions(random: &Random) -> Vec<Arc<dyn Definition>> {
    let r = || random.clone();
    vec![Arc::new(Pet(r())), Arc::new(Shuffle(r())), Arc::new(Bytes(r()))]
}

/// Whatever is set and changes replaces the object; keepers that are null do not count.
fn plan(request: &PlanRequest, set: &[&str], computed: &[(&str, Type)]) -> PlanAnswer {
    let kept = get(&request.prior, "keepers");
    if request.prior.is_null() || keepers_changed(&kept, &get(&request.proposed, "keepers")) {
        let mut all = vec!["keepers"];
        all.extend(set);
        return plan_by_replacement(request, &all, computed);
    }
    plan_by_replacement(request, set, computed)
}

fn keepers() -> (&'static str, Attribute) {
    ("keepers", attr(Type::map(Type::String), Set::Optional, "Arbitrary strings; a change makes a new random value."))
}

fn count(object: &Value, name: &str) -> Option<usize> {
    object.get(name).and_then(Value::as_number).and_then(Number::as_i64).and_then(|n| usize::try_from(n).ok())
}

/// # random_pet
struct Pet(Random);

const ADVERBS: &[&str] = &[
    "boldly", "briskly", "calmly", "clearly", "closely", "deeply", "early", "easily", "evenly", "fairly", "firmly",
    "freely", "fully", "gently", "gladly", "highly", "kindly", "lightly", "loudly", "mainly", "nearly", "newly",
    "openly", "plainly", "purely", "quickly", "quietly", "rarely", "really", "safely", "sharply", "simply", "slowly",
    "softly", "surely", "truly", "warmly", "widely", "wisely",
];
const ADJECTIVES: &[&str] = &[
    "able", "amber", "apt", "bold", "brave", "bright", "brisk", "calm", "civil", "clean", "clear", "clever", "cool",
    "crisp", "deft", "eager", "early", "easy", "fair", "fast", "fine", "firm", "fleet", "fond", "free", "fresh",
    "frank", "gentle", "glad", "golden", "good", "grand", "green", "happy", "hardy", "honest", "humble", "jolly",
    "keen", "kind", "lively", "loyal", "lucky", "merry", "mild", "modest", "neat", "nimble", "noble", "patient",
    "plain", "polite", "proud", "pure", "quick", "quiet", "rapid", "ready", "rich", "robust", "sharp", "silent",
    "smart", "smooth", "sound", "steady", "still", "strong", "sunny", "sure", "sweet", "swift", "tidy", "true",
    "vivid", "warm", "wise", "witty", "young", "zesty",
];
const ANIMALS: &[&str] = &[
    "badger", "bat", "bear", "beaver", "bee", "beetle", "bison", "boar", "bobcat", "buck", "bull", "camel", "cat",
    "clam", "cobra", "cod", "colt", "condor", "cow", "crab", "crane", "cricket", "crow", "cub", "deer", "dingo", "dog",
    "dolphin", "donkey", "dove", "duck", "eagle", "eel", "elk", "emu", "falcon", "fawn", "ferret", "finch", "fish",
    "fly", "fox", "frog", "gecko", "goat", "goose", "grouse", "gull", "hare", "hawk", "hen", "heron", "horse", "hound",
    "ibex", "jackal", "jay", "kite", "kiwi", "koala", "lamb", "lark", "lemur", "lion", "lizard", "llama", "lynx",
    "mole", "moose", "moth", "mouse", "mule", "newt", "ocelot", "orca", "osprey", "otter", "owl", "ox", "panda",
    "parrot", "perch", "pigeon", "pony", "puma", "quail", "rabbit", "ram", "raven", "robin", "salmon", "seal", "shark",
    "sheep", "shrew", "shrimp", "skunk", "snail", "snipe", "sparrow", "squid", "stag", "stork", "swan", "tapir",
    "tern", "tiger", "toad", "trout", "turtle", "viper", "vole", "wasp", "weasel", "whale", "wolf", "wombat", "wren",
    "yak", "zebra",
];

#[async_trait]
impl Definition for Pet {
    fn name(&self) -> &'static str {
        "random_pet"
    }

    fn schema(&self) -> Arc<Schema> {
        schema(
            0,
            [
                keepers(),
                ("id", attr(Type::String, Set::Computed, "The name.")),
                ("length", attr(Type::Number, Set::OptionalComputed, "How many words (default 2).")),
                ("prefix", attr(Type::String, Set::Optional, "Put before the name.")),
                ("separator", attr(Type::String, Set::OptionalComputed, "Between the words (default \"-\").")),
            ],
            "A name of random words, such as swift-otter.",
        )
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let mut proposed = members(&request.proposed);
        for (name, default) in [("length", Value::number(2)), ("separator", Value::string("-"))] {
            if get(&request.config, name).is_null() {
                proposed.insert(name.into(), default);
            }
        }
        let request = PlanRequest { proposed: Value::object(proposed), ..request.clone() };
        plan(&request, &["length", "prefix", "separator"], &[("id", Type::String)])
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if get(&request.planned, "id").is_unknown() {
            let pick = |from: &[&'static str]| from[self.0.below(from.len() as u64) as usize];
            let length = count(&request.planned, "length").unwrap_or(2);
            let mut words: Vec<String> = Vec::new();
            if let Some(prefix) = get(&request.planned, "prefix").as_str() {
                words.push(prefix.to_owned());
            }
            for left in (0..length).rev() {
                words.push(match left {
                    0 => pick(ANIMALS).to_owned(),
                    1 => pick(ADJECTIVES).to_owned(),
                    _ => pick(ADVERBS).to_owned(),
                });
            }
            let separator = get(&request.planned, "separator");
            object.insert("id".into(), Value::string(words.join(separator.as_str().unwrap_or("-"))));
        }
        Ok(Value::object(object))
    }
}

/// # random_shuffle
struct Shuffle(Random);

#[async_trait]
impl Definition for Shuffle {
    fn name(&self) -> &'static str {
        "random_shuffle"
    }

    fn schema(&self) -> Arc<Schema> {
        let strings = Type::list(Type::String);
        schema(
            0,
            [
                keepers(),
                ("id", attr(Type::String, Set::Computed, "Always \"-\".")),
                ("input", attr(strings.clone(), Set::Required, "The strings to shuffle.")),
                ("result", attr(strings, Set::Computed, "The strings in random order.")),
                ("result_count", attr(Type::Number, Set::Optional, "How many strings to give; all unless set.")),
                ("seed", attr(Type::String, Set::Optional, "Makes the order repeatable.")),
            ],
            "A list in random order.",
        )
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        let computed = [("id", Type::String), ("result", Type::list(Type::String))];
        plan(request, &["input", "result_count", "seed"], &computed)
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if !request.planned.is_wholly_known() {
            let seed = get(&request.planned, "seed");
            let random = match seed.as_str() {
                Some(seed) => Random::fixed(seed.bytes().fold(7, |h, b| h.wrapping_mul(31).wrapping_add(b.into()))),
                None => self.0.clone(),
            };
            let input: Vec<Value> = get(&request.planned, "input").as_items().map(<[_]>::to_vec).unwrap_or_default();
            let wanted = count(&request.planned, "result_count").unwrap_or(input.len());
            let mut result = Vec::new();
            // More than there are: another round over all of them.
            while result.len() < wanted && !input.is_empty() {
                let mut round = input.clone();
                for i in (1..round.len()).rev() {
                    round.swap(i, random.below(i as u64 + 1) as usize);
                }
                result.extend(round);
            }
            result.truncate(wanted);
            object.insert("id".into(), Value::string("-"));
            object.insert("result".into(), Value::list(Type::String, result));
        }
        Ok(Value::object(object))
    }
}

/// # random_bytes
struct Bytes(Random);

#[async_trait]
impl Definition for Bytes {
    fn name(&self) -> &'static str {
        "random_bytes"
    }

    fn schema(&self) -> Arc<Schema> {
        let secret = |doc| Attribute { sensitive: true, ..attr(Type::String, Set::Computed, doc) };
        schema(
            0,
            [
                keepers(),
                ("base64", secret("The bytes in base64.")),
                ("hex", secret("The bytes in hexadecimal digits.")),
                ("length", attr(Type::Number, Set::Required, "How many bytes.")),
            ],
            "Random bytes, sensitive everywhere.",
        )
    }

    fn validate(&self, config: &Value) -> Vec<Complaint> {
        match config.get("length").and_then(Value::as_number).and_then(Number::as_i64) {
            Some(n) if n < 1 => {
                let detail = format!("Attribute length value must be at least 1, got: {n}");
                vec![complain("Invalid Attribute Value", detail, Path::root().attr("length"))]
            }
            _ => Vec::new(),
        }
    }

    fn plan(&self, request: &PlanRequest) -> PlanAnswer {
        plan(request, &["length"], &[("base64", Type::String), ("hex", Type::String)])
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Value, Complaint> {
        let mut object = members(&request.planned);
        if !request.planned.is_wholly_known() {
            let mut bytes = vec![0; count(&request.planned, "length").unwrap_or_default()];
            self.0.fill(&mut bytes);
            object.insert("base64".into(), Value::string(STANDARD.encode(&bytes)));
            object.insert("hex".into(), Value::string(hex(&bytes)));
        }
        Ok(Value::object(object))
    }

    fn import(&self, id: &str) -> Result<Value, Diagnostics> {
        import_bytes(&self.schema(), id)
    }
}
