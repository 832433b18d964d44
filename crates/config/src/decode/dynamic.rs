//! `dynamic` blocks.

use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{CallFailure, CallSite, ConfigBody, ContentBlock, Expr, Scope, Signature, Traversal, eval};
use sdt_value::{Kind, Marks, Str, Type, Value, convert};

use super::parts::is_dynamic;
use crate::load::schema;

/// A `dynamic` block taken apart.
pub(crate) struct Dynamic {
    pub(crate) for_each: Expr,
    pub(crate) iterator: Str,
    pub(crate) labels: Option<Expr>,
    pub(crate) content: Option<ConfigBody>,
}

/// What a `dynamic` block iterates over.
pub(crate) struct Each {
    /// Keys and values, or `None` when they are unknown.
    pub(crate) pairs: Option<Vec<(Value, Value)>>,
    pub(crate) marks: Marks,
}

impl Dynamic {
    /// Reads a block if it is a dynamic one.
    pub(crate) fn of(b: &ContentBlock) -> Option<(Option<Self>, Diagnostics)> {
        if !is_dynamic(b) {
            return None;
        }
        let label = b.labels.first()?;
        let (found, mut diags) = b.body.content(&schema(&["!for_each", "iterator", "labels"], &[("content", &[])]));
        let mut iterator = label.value.clone();
        if let Some(a) = found.attribute("iterator") {
            match a.expr.as_keyword() {
                Some(name) => iterator = name,
                None => {
                    let detail = "An iterator is a single name.";
                    diags.push(Diagnostic::error("Invalid dynamic iterator name", detail).at(a.expr.span()));
                }
            }
        }
        let mut contents = found.blocks_of("content");
        let content = contents.next().map(|c| c.body.clone());
        if content.is_none() {
            let detail = "A dynamic block needs a content block: what each of the blocks is to hold.";
            diags.push(Diagnostic::error("Missing dynamic content block", detail).at(found.missing_item_span));
        }
        if let Some(extra) = contents.next() {
            let detail = "A dynamic block has a single content block.";
            diags.push(Diagnostic::error("Extraneous dynamic content block", detail).at(extra.header));
        }
        let labels = found.attribute("labels").map(|a| a.expr.clone());
        let dynamic = found.attribute("for_each").map(|a| Self { for_each: a.expr.clone(), iterator, labels, content });
        Some((dynamic, diags))
    }

    /// Evaluates `for_each`. `None` after an error.
    pub(crate) fn each(&self, scope: &dyn Scope, diags: &mut Diagnostics) -> Option<Each> {
        let (value, more) = eval(&self.for_each, scope);
        let failed = more.has_errors();
        diags.extend(more);
        if failed {
            return None;
        }
        let mut bad = |detail: String| {
            let d = Diagnostic::error("Invalid dynamic for_each value", detail);
            diags.push(d.at(self.for_each.span()));
            None
        };
        let (value, marks) = value.unmark();
        let index = |i: usize| Value::number(i as i64);
        let pairs = match value.kind() {
            Kind::Null(_) => return bad("The value is null; to make no blocks, use an empty list.".into()),
            Kind::Unknown(Type::Bool | Type::Number | Type::String, _)
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::String(_) => {
                return bad(format!("A list, set, map or object is required, not a {}.", value.ty().friendly_name()));
            }
            Kind::Unknown(..) => None,
            Kind::List(_, items) | Kind::Tuple(items) => {
                Some(items.iter().enumerate().map(|(i, v)| (index(i), v.clone())).collect())
            }
            // A set of values not all of which are known has no certain length.
            Kind::Set(_, items) if items.iter().any(|v| !v.is_wholly_known()) => None,
            Kind::Set(_, items) => Some(items.iter().map(|v| (v.clone(), v.clone())).collect()),
            Kind::Map(_, members) | Kind::Object(members) => {
                Some(members.iter().map(|(k, v)| (Value::string(k), v.clone())).collect())
            }
        };
        Some(Each { pairs, marks })
    }

    /// Evaluates the label of one block.
    pub(crate) fn label(&self, scope: &dyn Scope, diags: &mut Diagnostics) -> Option<Str> {
        let labels = self.labels.as_ref()?;
        let (value, more) = eval(labels, scope);
        diags.extend(more);
        let first = value.as_items()?.first()?.clone();
        let (text, _) = convert(&first, &Type::String).ok()?.unmark();
        let label = text.as_str().map(Str::from);
        if label.is_none() && !text.is_unknown() {
            let detail = "A label is a string that is not null.";
            diags.push(Diagnostic::error("Invalid dynamic block label", detail).at(labels.span()));
        }
        label
    }
}

/// A scope with the iterator of a dynamic block in it.
pub(crate) struct IteratorScope<'a> {
    outer: &'a dyn Scope,
    name: &'a str,
    object: Value,
}

impl<'a> IteratorScope<'a> {
    pub(crate) fn new(outer: &'a dyn Scope, name: &'a str, key: Value, value: Value) -> Self {
        Self { outer, name, object: Value::object([("key", key), ("value", value)]) }
    }
}

impl Scope for IteratorScope<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics> {
        if *traversal.root.name == *self.name { Ok((self.object.clone(), 0)) } else { self.outer.resolve(traversal) }
    }

    fn function(&self, name: &str) -> Option<Signature> {
        self.outer.function(name)
    }

    fn call(&self, name: &str, args: &[Value], site: &CallSite) -> Result<Value, CallFailure> {
        self.outer.call(name, args, site)
    }

    fn misfits(&self, name: &str, args: &[Value]) -> Vec<(usize, String)> {
        self.outer.misfits(name, args)
    }

    fn allows_calls(&self) -> bool {
        self.outer.allows_calls()
    }

    fn parameter_name(&self, function: &str, index: usize) -> Option<String> {
        self.outer.parameter_name(function, index)
    }

    fn function_names(&self) -> Vec<String> {
        self.outer.function_names()
    }

    fn template_file(&self, path: &str) -> Result<(sdt_diag::SourceId, std::sync::Arc<[u8]>), String> {
        self.outer.template_file(path)
    }

    fn convert(&self, value: &Value, ty: &sdt_hcl::Expr) -> Option<Result<Value, CallFailure>> {
        self.outer.convert(value, ty)
    }

    fn has_type_function(&self) -> bool {
        self.outer.has_type_function()
    }
}
