//! What expressions refer to.

use sdt_addr::{InstanceKey, Mode, ResourceAddr};
use sdt_diag::{Diagnostic, Diagnostics, Span};
use sdt_hcl::{Expr, Step, Traversal};
use sdt_value::Str;

/// A reference in an expression: what it names, and the steps after that.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What is referred to.
    pub subject: Referenceable,
    /// The part of the traversal that names the subject.
    pub span: Span,
    /// The steps after the subject.
    pub rest: Vec<Step>,
    /// The whole traversal.
    pub whole: Span,
}

/// Things that can be referred to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Referenceable {
    /// `var.NAME`
    Variable(Str),
    /// `local.NAME`
    Local(Str),
    /// `aws_x.NAME`, `data.aws_x.NAME`, `ephemeral.x.NAME`, without or with a literal index.
    Resource(ResourceAddr, Option<InstanceKey>),
    /// `module.NAME`, `module.NAME["k"]`: the object of all outputs, or a collection of such objects.
    Module(Str, Option<InstanceKey>),
    /// `module.NAME.OUTPUT`, `module.NAME["k"].OUTPUT`
    ModuleOutput(Str, Option<InstanceKey>, Str),
    /// `each.key`, `each.value`
    Each(Str),
    /// `count.index`
    Count(Str),
    /// `path.module`, `path.root`, `path.cwd`
    Path(Str),
    /// `terraform.workspace`, `terraform.applying`
    Terraform(Str),
    /// `self`
    SelfObject,
}

impl Referenceable {
    /// The resource, when it is one.
    #[must_use]
    pub const fn resource(&self) -> Option<&ResourceAddr> {
        match self {
            Self::Resource(r, _) => Some(r),
            _ => None,
        }
    }
}

fn invalid(detail: impl Into<String>, at: Span) -> Diagnostics {
    Diagnostic::error("Invalid reference", detail).at(at).into()
}

/// Reads a traversal as a reference.
///
/// # Errors
/// When nothing can be referred to so.
pub fn parse_reference(traversal: &Traversal) -> Result<Reference, Diagnostics> {
    let root = &*traversal.root.name;
    let make = |subject: Referenceable, used: usize| Reference {
        subject,
        span: traversal.span_of(used),
        rest: traversal.steps[used..].to_vec(),
        whole: traversal.span,
    };
    let single = |of: fn(Str) -> Referenceable| match traversal.steps.first() {
        Some(Step::Attr { name, .. }) => Ok(make(of(name.clone()), 1)),
        None => Err(invalid(
            format!("{root:?} is not a value by itself: name one of its attributes, {root}.NAME."),
            traversal.root.span,
        )),
        Some(other) => {
            Err(invalid(format!("{root:?} has no elements: name one of its attributes, {root}.NAME."), other.span()))
        }
    };
    match root {
        "var" => single(Referenceable::Variable),
        "local" => single(Referenceable::Local),
        "each" => single(Referenceable::Each),
        "count" => single(Referenceable::Count),
        "path" => single(Referenceable::Path),
        "terraform" => single(Referenceable::Terraform),
        "self" => Ok(make(Referenceable::SelfObject, 0)),
        "module" => module(traversal, make),
        "data" => prefixed(traversal, Mode::Data, "data source"),
        "ephemeral" => prefixed(traversal, Mode::Ephemeral, "ephemeral resource"),
        "resource" => prefixed(traversal, Mode::Managed, "resource"),
        "template" | "lazy" | "arg" => Err(Diagnostic::error(
            "Reserved symbol name",
            format!("The name {root:?} is reserved. A resource type of this name is written resource.{root}.NAME."),
        )
        .at(traversal.root.span)
        .into()),
        _ => resource(traversal, Mode::Managed, traversal.root.name.clone(), 0),
    }
}

fn prefixed(traversal: &Traversal, mode: Mode, what: &str) -> Result<Reference, Diagnostics> {
    let root = &*traversal.root.name;
    if traversal.steps.len() < 2 {
        return Err(invalid(
            format!("{root:?} must be followed by a {what} type and a name: {root}.TYPE.NAME."),
            traversal.span,
        ));
    }
    match &traversal.steps[0] {
        Step::Attr { name, .. } => resource(traversal, mode, name.clone(), 1),
        other => Err(invalid(format!("A {what} type is expected here: {root}.TYPE.NAME."), other.span())),
    }
}

/// Reads the name after `used` steps, and an index after it.
fn resource(traversal: &Traversal, mode: Mode, type_name: Str, used: usize) -> Result<Reference, Diagnostics> {
    let form = format!("{}TYPE.NAME", mode.prefix());
    let name = match traversal.steps.get(used) {
        Some(Step::Attr { name, .. }) => name.clone(),
        None => {
            return Err(invalid(
                format!(
                    "A reference to a resource names its type and then the resource: {form}. The word {type_name:?} alone means nothing; a text needs quotes."
                ),
                traversal.span,
            ));
        }
        Some(other) => return Err(invalid(format!("The name of a resource is expected here: {form}."), other.span())),
    };
    let addr = ResourceAddr { mode, type_name, name };
    let (key, used) = index(traversal, used + 1)?;
    Ok(Reference {
        subject: Referenceable::Resource(addr, key),
        span: traversal.span_of(used),
        rest: traversal.steps[used..].to_vec(),
        whole: traversal.span,
    })
}

fn module(traversal: &Traversal, make: impl Fn(Referenceable, usize) -> Reference) -> Result<Reference, Diagnostics> {
    let call = match traversal.steps.first() {
        Some(Step::Attr { name, .. }) => name.clone(),
        None => {
            return Err(invalid(
                "\"module\" is not a value by itself: name a module call, module.NAME.",
                traversal.root.span,
            ));
        }
        Some(other) => return Err(invalid("The name of a module call is expected here: module.NAME.", other.span())),
    };
    let (key, used) = index(traversal, 1)?;
    match traversal.steps.get(used) {
        None => Ok(make(Referenceable::Module(call, key), used)),
        Some(Step::Attr { name, .. }) => Ok(make(Referenceable::ModuleOutput(call, key, name.clone()), used + 1)),
        Some(other) => Err(invalid("The name of an output value is expected here: module.NAME.OUTPUT.", other.span())),
    }
}

fn index(traversal: &Traversal, at: usize) -> Result<(Option<InstanceKey>, usize), Diagnostics> {
    match traversal.steps.get(at) {
        Some(Step::Index { key, span }) => match InstanceKey::from_value(key) {
            Some(k) => Ok((Some(k), at + 1)),
            None => Err(Diagnostic::error("Invalid index key", "An index must be a whole number or a string.")
                .at(*span)
                .into()),
        },
        _ => Ok((None, at)),
    }
}

/// The reference that Terraform goes on with where a name is missing: to the object of the empty name, at no place. What there is to
/// say of it is a second diagnostic, on which tools that read them may count.
fn nameless(traversal: &Traversal) -> Option<Reference> {
    let subject = match &*traversal.root.name {
        "var" => Referenceable::Variable,
        "local" => Referenceable::Local,
        "each" => Referenceable::Each,
        "count" => Referenceable::Count,
        "path" => Referenceable::Path,
        "terraform" => Referenceable::Terraform,
        _ => return None,
    };
    Some(Reference { subject: subject("".into()), span: Span::NOWHERE, rest: Vec::new(), whole: traversal.span })
}

/// Reads every reference of an expression.
#[must_use]
pub fn references_in_expr(expr: &Expr) -> (Vec<Reference>, Diagnostics) {
    collect(&expr.traversals())
}

/// Reads traversals as references; those that are none give diagnostics.
#[must_use]
pub fn collect(traversals: &[Traversal]) -> (Vec<Reference>, Diagnostics) {
    let mut refs = Vec::new();
    let mut diags = Diagnostics::new();
    for t in traversals {
        match parse_reference(t) {
            Ok(r) => refs.push(r),
            Err(d) => {
                diags.extend(d);
                refs.extend(nameless(t));
            }
        }
    }
    (refs, diags)
}

/// Reads every reference of a body, as far as the schema tells arguments from names.
#[must_use]
pub fn references_in_body(body: &sdt_hcl::ConfigBody, block: &sdt_schema::Block) -> (Vec<Reference>, Diagnostics) {
    collect(&crate::decode::traversals(body, block))
}
