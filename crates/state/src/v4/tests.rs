use super::*;
use crate::IndexKey;

#[test]
fn a_file_of_terraform_survives_byte_for_byte() {
    for text in [
        include_str!("../../tests/fixtures/terraform_data.tfstate"),
        include_str!("../../tests/fixtures/all_keys.tfstate"),
    ] {
        let state = read(text.as_bytes()).unwrap();
        similar(&String::from_utf8(write(&state)).unwrap(), text);
        for (_, _, instance) in state.instances() {
            assert_eq!(&instance_from_json(&instance_to_json(instance)).unwrap(), instance);
        }
    }
}

fn similar(ours: &str, theirs: &str) {
    for (n, (a, b)) in ours.lines().zip(theirs.lines()).enumerate() {
        assert_eq!(a, b, "line {}", n + 1);
    }
    assert_eq!(ours, theirs);
}

#[test]
fn unknown_keys_are_kept() {
    let text = r#"{"version":4,"lineage":"l","serial":1,"new":{"a":1},"resources":[{"mode":"managed","type":"t","name":"n",
        "provider":"p","each":"list","instances":[{"index_key":1,"attributes":{},"identity":{"x":1e3},"dependencies":["a.b"]},
        {"index_key":0,"attributes":{},"dependencies":["a.b"]}]}],"outputs":{"o":{"value":1,"type":"number","deprecated":"d"}}}"#;
    let state = read(text.as_bytes()).unwrap();
    let again = read(&write(&state)).unwrap();
    assert_eq!(state, again);
    assert_eq!(state.extra["new"]["a"], 1);
    let instances = &state.resources.values().next().unwrap().instances;
    assert_eq!(instances[0].index, Some(IndexKey::Int(0)));
    assert!(instances[1].extra.contains_key("identity"));
    assert!(std::sync::Arc::ptr_eq(&instances[0].dependencies, &instances[1].dependencies));
}

#[test]
fn bad_input_is_told_apart() {
    let whole = include_str!("../../tests/fixtures/terraform_data.tfstate");
    for (input, expected) in [
        (&whole[..500], "truncated: it ends in line 27"),
        ("{\"version\": 4,, }", "not JSON: line 1, column 15"),
        ("\u{0}\u{0}", "not JSON"),
        ("[]", "invalid at the top: an object is expected"),
        ("{}", "invalid at version: a whole number is expected"),
        (
            "{\"version\":5,\"terraform_version\":\"2.0.0\"}",
            "format version 5, and this version of sdt reads version 4 only. It was written by a newer program (2.0.0)",
        ),
        ("{\"version\":3}", "format version 3, from Terraform 0.11 or older"),
        ("{\"version\":4,\"serial\":-1,\"lineage\":\"\"}", "invalid at serial: a whole number"),
        ("{\"version\":4,\"lineage\":3}", "invalid at lineage: a string"),
        (r#"{"version":4,"lineage":"","resources":[{"mode":"x"}]}"#, "invalid at resources[0].mode"),
        (
            r#"{"version":4,"lineage":"","resources":[{"mode":"data","type":"t","name":"n","provider":"p","instances":[{},{}]}]}"#,
            "invalid at resources[0]: two objects for data.t.n",
        ),
        (
            r#"{"version":4,"lineage":"","resources":[{"mode":"data","type":"t","name":"n","provider":"p","instances":[{"attributes":[]}]}]}"#,
            "invalid at resources[0].instances[0].attributes: an object",
        ),
    ] {
        let error = read(input.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(read(b" \n").unwrap(), crate::State::default());
}

#[test]
fn damage_anywhere_is_an_error_or_another_state_but_never_a_panic() {
    let whole = include_bytes!("../../tests/fixtures/all_keys.tfstate");
    for end in 0..whole.len() - 1 {
        let result = read(&whole[..end]);
        assert!(end == 0 || matches!(result, Err(ReadError::Truncated { .. })), "cut at {end}: {result:?}");
    }
    let mut seed = 1u64;
    for _ in 0..20_000 {
        let mut bytes = whole.to_vec();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 25) as u8;
        }
        if let Ok(state) = read(&bytes) {
            assert_eq!(read(&write(&state)), Ok(state));
        }
    }
}
