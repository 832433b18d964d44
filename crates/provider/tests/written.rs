//! What is written down of an imported object passes validation and says no more than it must.

use sdt_provider::{Block, Computed, Described, Id, OptComputed, Resource, Value, as_written, validate};

#[derive(Clone, Resource)]
#[resource(name = "t")]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Thing {
    id: Id,
    /// Its name.
    #[attr(conflicts_with(name_prefix))]
    name: OptComputed<String>,
    /// Start of its name.
    #[attr(conflicts_with(name))]
    name_prefix: OptComputed<String>,
    /// Its address.
    address: Computed<String>,
    /// How big.
    #[attr(range(1..=9))]
    size: Option<i64>,
    /// On by itself.
    #[attr(default = true)]
    on: bool,
    /// Off by itself.
    #[attr(default = false)]
    off: bool,
    /// Needs a pool.
    #[attr(required_with(pool))]
    part: Option<bool>,
    /// The pool.
    pool: Option<String>,
    /// Its parts.
    piece: Vec<Piece>,
}

/// A part.
#[derive(Clone, Block)]
#[allow(dead_code, reason = "only the declaration is looked at")]
struct Piece {
    /// Must be.
    key: String,
    /// May be.
    #[attr(one_of("a", "b"))]
    kind: Option<String>,
}

#[test]
fn only_what_must_be_said() {
    let piece = |key: &str, kind: &str| Value::object([("key", Value::string(key)), ("kind", Value::string(kind))]);
    let object = Value::object([
        ("id", Value::string("i")),
        ("name", Value::string("n-1")),
        ("name_prefix", Value::string("n-")),
        ("address", Value::string("10.0.0.1")),
        ("size", Value::number(0)),
        ("on", Value::bool(false)),
        ("off", Value::bool(false)),
        ("part", Value::bool(true)),
        ("pool", Value::string("")),
        ("piece", Value::tuple(vec![piece("k", "c"), piece("", "a")])),
    ]);
    let written = as_written(Thing::META, &object, &|_| Vec::new());
    let set = |name: &str| written.get(name).filter(|v| !v.is_null());
    assert_eq!(set("name").and_then(Value::as_str), Some("n-1"));
    assert_eq!(set("on").and_then(Value::as_bool), Some(false));
    for name in ["id", "name_prefix", "address", "size", "off", "part", "pool"] {
        assert!(set(name).is_none(), "{name} is written");
    }
    let pieces = set("piece").and_then(Value::as_items).expect("pieces");
    assert_eq!(pieces.len(), 1);
    assert!(pieces[0].get("kind").is_some_and(Value::is_null));
    assert!(validate(Thing::META, &written).is_empty());
}
