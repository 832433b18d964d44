//! Writing.

use serde_json::{Map, Value as Json, json};

use super::json::{Object, line};
use crate::{IndexKey, Instance, OutputValue, State};

/// Returns the bytes of the file.
#[must_use]
pub fn write(state: &State) -> Vec<u8> {
    let mut out = String::new();
    let mut top = Object::begin(&mut out, 0);
    top.number("version", 4);
    top.text("terraform_version", &state.terraform_version);
    top.number("serial", state.serial);
    top.text("lineage", &state.lineage);
    let (o, depth) = top.key("outputs");
    let mut outputs = Object::begin(o, depth);
    for (name, output) in &state.outputs {
        let (o, depth) = outputs.key(name);
        write_output(o, output, depth);
    }
    outputs.end();
    let (o, depth) = top.key("resources");
    write_resources(o, state, depth);
    top.member("check_results", &state.check_results);
    write_extra(&mut top, &state.extra);
    top.end();
    out.push('\n');
    out.into_bytes()
}

fn write_output(out: &mut String, output: &OutputValue, depth: usize) {
    let mut obj = Object::begin(out, depth);
    obj.member("value", &output.value);
    obj.member("type", &output.ty);
    if output.sensitive {
        obj.member("sensitive", &Json::Bool(true));
    }
    write_extra(&mut obj, &output.extra);
    obj.end();
}

fn write_resources(out: &mut String, state: &State, depth: usize) {
    list(out, depth, state.resources.iter(), |out, (key, resource), depth| {
        let mut obj = Object::begin(out, depth);
        if !key.module.is_empty() {
            obj.text("module", &key.module);
        }
        obj.text("mode", key.mode.as_str());
        obj.text("type", &key.ty);
        obj.text("name", &key.name);
        obj.text("provider", &resource.provider);
        let (o, depth) = obj.key("instances");
        list(o, depth, resource.instances.iter(), write_instance);
        write_extra(&mut obj, &resource.extra);
        obj.end();
    });
}

fn write_instance(out: &mut String, instance: &Instance, depth: usize) {
    let mut obj = Object::begin(out, depth);
    match &instance.index {
        None => {}
        Some(IndexKey::Int(n)) => obj.number("index_key", *n),
        Some(IndexKey::String(s)) => obj.text("index_key", s),
    }
    if instance.tainted {
        obj.text("status", "tainted");
    }
    if let Some(deposed) = &instance.deposed {
        obj.text("deposed", deposed);
    }
    obj.number("schema_version", instance.schema_version);
    if !instance.attributes.is_null() {
        obj.member("attributes", &instance.attributes);
    }
    if let Some(paths) = &instance.sensitive_attributes {
        obj.member("sensitive_attributes", paths);
    }
    if let Some(private) = &instance.private {
        obj.text("private", private);
    }
    if !instance.dependencies.is_empty() {
        let (o, depth) = obj.key("dependencies");
        list(o, depth, instance.dependencies.iter(), |out, dep, depth| {
            super::json::write(out, &Json::String(dep.to_string()), depth);
        });
    }
    if instance.create_before_destroy {
        obj.member("create_before_destroy", &Json::Bool(true));
    }
    write_extra(&mut obj, &instance.extra);
    obj.end();
}

fn write_extra(obj: &mut Object<'_>, extra: &Map<String, Json>) {
    for (key, value) in extra {
        obj.member(key, value);
    }
}

fn list<T>(
    out: &mut String,
    depth: usize,
    items: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(&mut String, T, usize),
) {
    if items.len() == 0 {
        out.push_str("[]");
        return;
    }
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        write(out, item, depth + 1);
    }
    line(out, depth);
    out.push(']');
}

/// The instance as in the file, for the journal.
#[must_use]
pub fn instance_to_json(instance: &Instance) -> Json {
    let mut map = instance.extra.clone();
    match &instance.index {
        None => {}
        Some(IndexKey::Int(n)) => drop(map.insert("index_key".into(), json!(n))),
        Some(IndexKey::String(s)) => drop(map.insert("index_key".into(), json!(s))),
    }
    if instance.tainted {
        map.insert("status".into(), json!("tainted"));
    }
    if let Some(deposed) = &instance.deposed {
        map.insert("deposed".into(), json!(deposed));
    }
    map.insert("schema_version".into(), json!(instance.schema_version));
    if !instance.attributes.is_null() {
        map.insert("attributes".into(), (*instance.attributes).clone());
    }
    if let Some(paths) = &instance.sensitive_attributes {
        map.insert("sensitive_attributes".into(), (**paths).clone());
    }
    if let Some(private) = &instance.private {
        map.insert("private".into(), json!(private));
    }
    if !instance.dependencies.is_empty() {
        map.insert("dependencies".into(), instance.dependencies.iter().map(|d| json!(d.as_ref())).collect());
    }
    if instance.create_before_destroy {
        map.insert("create_before_destroy".into(), json!(true));
    }
    Json::Object(map)
}

/// The output as in the file, for the journal.
#[must_use]
pub fn output_to_json(output: &OutputValue) -> Json {
    let mut map = output.extra.clone();
    map.insert("value".into(), output.value.clone());
    map.insert("type".into(), output.ty.clone());
    if output.sensitive {
        map.insert("sensitive".into(), json!(true));
    }
    Json::Object(map)
}
