//! Making an arbitrary object fit a schema.

use std::collections::BTreeMap;

use sdt_value::{ConvertError, Kind, Path, Str, Type, Value, convert};

use crate::{Block, NestedBlock, Nesting};

/// Converts `value` to the block's implied type, filling absent attributes with null and absent blocks with their empty value.
///
/// # Errors
/// On an attribute that the schema does not have, or a value that does not convert.
pub fn coerce(block: &Block, value: &Value) -> Result<Value, ConvertError> {
    coerce_at(block, value, &Path::root())
}

fn coerce_at(block: &Block, value: &Value, path: &Path) -> Result<Value, ConvertError> {
    let members = match value.kind() {
        Kind::Null(_) => return Ok(Value::null(block.implied_type()).with_marks(value.marks())),
        Kind::Unknown(..) => return Ok(Value::unknown(block.implied_type()).with_marks(value.marks())),
        Kind::Object(m) | Kind::Map(_, m) => m,
        _ => return Err(error(path, "an object is required")),
    };
    if let Some(name) = members.keys().find(|k| !block.attributes.contains_key(*k) && !block.blocks.contains_key(*k)) {
        return Err(error(path, &format!("unexpected attribute \"{name}\"")));
    }
    let mut out: BTreeMap<Str, Value> = BTreeMap::new();
    for (name, attribute) in &block.attributes {
        let fitted = match members.get(name) {
            None => Value::null(attribute.ty.clone()),
            Some(v) => convert(v, &attribute.ty)
                .map_err(|e| ConvertError { path: joined(&path.attr(name.clone()), &e.path), message: e.message })?,
        };
        out.insert(name.clone(), fitted);
    }
    for (name, nested) in &block.blocks {
        let fitted = match members.get(name) {
            None => nested.empty_value(),
            Some(v) => coerce_nested(nested, v, &path.attr(name.clone()))?,
        };
        out.insert(name.clone(), fitted);
    }
    Ok(Value::from(Kind::Object(out.into())).with_marks(value.marks()))
}

fn coerce_nested(nested: &NestedBlock, value: &Value, path: &Path) -> Result<Value, ConvertError> {
    let elem = nested.block.implied_type();
    match nested.nesting {
        Nesting::Single => return coerce_at(&nested.block, value, path),
        Nesting::Group if value.is_null() => return Ok(nested.empty_value()),
        Nesting::Group => return coerce_at(&nested.block, value, path),
        Nesting::List | Nesting::Set | Nesting::Map => {}
    }
    if value.is_null() {
        return Ok(nested.empty_value());
    }
    if value.is_unknown() {
        return Ok(Value::unknown(collection_type(nested.nesting, elem)).with_marks(value.marks()));
    }
    let fitted = if nested.nesting == Nesting::Map {
        let members = value.as_members().ok_or_else(|| error(path, "a map is required"))?;
        let members = members
            .iter()
            .map(|(k, v)| Ok((k.clone(), coerce_at(&nested.block, v, &path.index(Value::string(k)))?)))
            .collect::<Result<BTreeMap<_, _>, ConvertError>>()?;
        if elem.has_dynamic() { Value::object(members) } else { Value::map(elem, members) }
    } else {
        let items = value.as_items().ok_or_else(|| error(path, "a list is required"))?;
        let items = items
            .iter()
            .enumerate()
            .map(|(i, v)| coerce_at(&nested.block, v, &path.index(Value::number(i as i64))))
            .collect::<Result<Vec<_>, ConvertError>>()?;
        match nested.nesting {
            Nesting::Set => Value::set(elem, items),
            _ if elem.has_dynamic() => Value::tuple(items),
            _ => Value::list(elem, items),
        }
    };
    Ok(fitted.with_marks(value.marks()))
}

fn collection_type(nesting: Nesting, elem: Type) -> Type {
    match nesting {
        Nesting::Single | Nesting::Group => elem,
        Nesting::Set => Type::set(elem),
        Nesting::List | Nesting::Map if elem.has_dynamic() => Type::Dynamic,
        Nesting::List => Type::list(elem),
        Nesting::Map => Type::map(elem),
    }
}

fn joined(base: &Path, rest: &Path) -> Path {
    Path(base.0.iter().chain(&rest.0).cloned().collect())
}

fn error(path: &Path, message: &str) -> ConvertError {
    ConvertError { path: path.clone(), message: message.to_owned() }
}
