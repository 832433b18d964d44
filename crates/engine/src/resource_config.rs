//! The configuration of one resource instance as a value.

use sdt_config::Resource;
use sdt_diag::{Diagnostic, Diagnostics, Severity, Span};
use sdt_provider::Complaint;
use sdt_schema::Block;
use sdt_value::{Kind, Marks, Path, PathStep, Value};

use crate::core::{Core, TypeInfo};
use crate::scope::Ctx;
use crate::tree::{Mi, Repetition};

/// The object without marks, its marks, and warnings.
pub(crate) type Evaluated = (Value, Vec<(Path, Marks)>, Diagnostics);

/// Evaluates the body of a resource and lets the provider look at it.
pub(crate) fn evaluate(
    core: &Core,
    info: &TypeInfo,
    mi: Mi,
    resource: &Resource,
    repetition: &Repetition,
) -> Result<Evaluated, Diagnostics> {
    let ctx = Ctx::new(core, mi).repeated(repetition.clone());
    let (value, mut diags) = sdt_config::decode(&resource.config, &info.schema.block, &ctx);
    if diags.has_errors() {
        return Err(diags);
    }
    let (value, marks) = value.unmark_with_paths();
    let lasting = resource.addr.mode != sdt_addr::Mode::Ephemeral;
    for (path, m) in marks.iter().filter(|_| lasting) {
        if m.contains(Marks::EPHEMERAL) && !write_only(&info.schema.block, path) {
            diags.push(
                Diagnostic::error(
                    "Invalid use of ephemeral value",
                    "Ephemeral values are not valid in resource arguments, because resource instances must persist between Terraform phases.",
                )
                .at(place(resource, &info.schema.block, path)),
            );
        }
    }
    let mode = crate::core::provider_mode(resource.addr.mode);
    for c in info.provider.validate(mode, &resource.addr.type_name, &value) {
        diags.push(complaint(c, Some((resource, &info.schema.block))));
    }
    if diags.has_errors() { Err(diags) } else { Ok((value, marks, diags)) }
}

fn write_only(block: &Block, path: &Path) -> bool {
    let mut block = block;
    for step in &path.0 {
        let PathStep::Attr(name) = step else { continue };
        if let Some(a) = block.attributes.get(name) {
            return a.write_only;
        }
        match block.blocks.get(name) {
            Some(b) => block = &b.block,
            None => return false,
        }
    }
    false
}

/// A provider's message with its place in the configuration.
pub(crate) fn complaint(c: Complaint, resource: Option<(&Resource, &Block)>) -> Diagnostic {
    let d = match c.severity {
        Severity::Error => Diagnostic::error(c.summary, c.detail),
        Severity::Warning => Diagnostic::warning(c.summary, c.detail),
    };
    match resource {
        Some((r, block)) => d.at(place(r, block, &c.path)),
        None => d,
    }
}

/// Where a part of a resource is written: its argument, else the block.
fn place(resource: &Resource, block: &Block, path: &Path) -> Span {
    sdt_config::span_of(&resource.config, block, path).unwrap_or_else(|| resource.config.missing_item_span())
}

/// The object with every write-only attribute null: what plan and state keep.
pub(crate) fn without_write_only(block: &Block, object: &Value) -> Value {
    let Kind::Object(members) = object.kind() else { return object.clone() };
    if !block.attributes.values().any(|a| a.write_only) {
        return object.clone();
    }
    let mut members = (**members).clone();
    for (name, a) in block.attributes.iter().filter(|(_, a)| a.write_only) {
        members.insert(name.clone(), Value::null(a.ty.clone()));
    }
    Value::from(Kind::Object(members.into())).with_marks(object.marks())
}
