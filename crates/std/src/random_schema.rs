//! Schemas of hashicorp/random 3.7.

use std::sync::Arc;

use sdt_schema::{Attribute, Schema};
use sdt_value::Type;

use crate::helpers::{Set, attr, schema};

fn secret(ty: Type, doc: &'static str) -> Attribute {
    Attribute { sensitive: true, ..attr(ty, Set::Computed, doc) }
}

fn keepers() -> (&'static str, Attribute) {
    ("keepers", attr(Type::map(Type::String), Set::Optional, "Arbitrary strings; a change makes a new random value."))
}

/// What `random_password` and `random_string` share.
fn text(version: u64, extra: Vec<(&'static str, Attribute)>, result: Attribute, doc: &'static str) -> Arc<Schema> {
    let flag = |doc| attr(Type::Bool, Set::OptionalComputed, doc);
    let least = |doc| attr(Type::Number, Set::OptionalComputed, doc);
    let mut all = vec![
        keepers(),
        ("id", attr(Type::String, Set::Computed, "The result, or \"none\" for a password.")),
        ("length", attr(Type::Number, Set::Required, "Number of characters.")),
        ("lower", flag("Use lower-case letters (default true).")),
        ("upper", flag("Use upper-case letters (default true).")),
        ("numeric", flag("Use digits (default true).")),
        ("number", Attribute { deprecated: Some("Use numeric instead."), ..flag("Use digits (default true).") }),
        ("special", flag("Use special characters (default true).")),
        ("min_lower", least("Least number of lower-case letters.")),
        ("min_upper", least("Least number of upper-case letters.")),
        ("min_numeric", least("Least number of digits.")),
        ("min_special", least("Least number of special characters.")),
        ("override_special", attr(Type::String, Set::Optional, "The special characters to use.")),
        ("result", result),
    ];
    all.extend(extra);
    schema(version, all, doc)
}

pub(crate) fn password() -> Arc<Schema> {
    let hash = ("bcrypt_hash", secret(Type::String, "A bcrypt hash of the password."));
    text(3, vec![hash], secret(Type::String, "The password."), "A random password, sensitive everywhere.")
}

/// What `ephemeral random_password` has: no id, since nothing keeps it, and nothing that would draw it anew.
pub(crate) fn ephemeral_password() -> Arc<Schema> {
    let kept = password();
    let mut schema = Schema { version: 0, ..(*kept).clone() };
    schema.block.attributes.retain(|name, _| !matches!(&**name, "id" | "keepers" | "number"));
    schema.block.doc = "A random password that no state keeps.";
    Arc::new(schema)
}

pub(crate) fn string() -> Arc<Schema> {
    text(2, Vec::new(), attr(Type::String, Set::Computed, "The string."), "A random string.")
}

pub(crate) fn id() -> Arc<Schema> {
    let out = |doc| attr(Type::String, Set::Computed, doc);
    schema(
        0,
        [
            keepers(),
            ("byte_length", attr(Type::Number, Set::Required, "Number of random bytes.")),
            ("prefix", attr(Type::String, Set::Optional, "Put before every form.")),
            ("id", out("The bytes in URL-safe base64.")),
            ("b64_url", out("Prefix and bytes in URL-safe base64.")),
            ("b64_std", out("Prefix and bytes in base64.")),
            ("hex", out("Prefix and bytes in hexadecimal digits.")),
            ("dec", out("Prefix and bytes as a decimal number.")),
        ],
        "Random bytes as an identifier.",
    )
}

pub(crate) fn uuid() -> Arc<Schema> {
    let out = |doc| attr(Type::String, Set::Computed, doc);
    schema(0, [keepers(), ("id", out("The UUID.")), ("result", out("The UUID."))], "A random UUID.")
}

pub(crate) fn integer() -> Arc<Schema> {
    schema(
        0,
        [
            keepers(),
            ("min", attr(Type::Number, Set::Required, "Least value.")),
            ("max", attr(Type::Number, Set::Required, "Greatest value.")),
            ("seed", attr(Type::String, Set::Optional, "Makes the value repeatable.")),
            ("id", attr(Type::String, Set::Computed, "The value as a string.")),
            ("result", attr(Type::Number, Set::Computed, "The value.")),
        ],
        "A random whole number of a range.",
    )
}
