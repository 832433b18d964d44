//! What is known before anything else: constant variables, and local values that come from them. Sources of modules may use it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use sdt_diag::{Diagnostic, Diagnostics, SourceMap, Span};
use sdt_hcl::{Expr, Scope, Traversal, eval};
use sdt_value::{Marks, Str, Type, Value, convert};

use crate::{Assignment, Module, ModuleCall, Referenceable, VersionConstraints, parse_reference};

use super::call::source_of;

/// Values of constant variables of one module; what is wrong with one of them is told where it is used.
pub(crate) type Constants = BTreeMap<Str, Result<Value, String>>;

/// Those of the root module, from what is given; without constant variables nobody is asked for that.
pub(crate) fn of_root(module: &Module, given: Option<&dyn Fn() -> Vec<Assignment>>) -> Constants {
    if !module.variables.values().any(|v| v.constant) {
        return Constants::new();
    }
    let given = given.map(|tell| tell()).unwrap_or_default();
    let constant = module.variables.values().filter(|v| v.constant);
    constant
        .map(|v| {
            let own: Vec<Assignment> = given.iter().filter(|a| a.name == v.name).cloned().collect();
            (v.name.clone(), crate::values::assign_one(v, &own, &mut SourceMap::default()))
        })
        .collect()
}

/// Those of a called module, from the arguments of the call.
pub(crate) fn of_child(child: &Module, call: &ModuleCall, caller: &Module, constants: &Constants) -> Constants {
    let (arguments, _) = call.config.just_attributes();
    let constant = child.variables.values().filter(|v| v.constant);
    constant
        .map(|v| {
            let value = match (arguments.get(&v.name), &v.default) {
                (Some(a), _) => evaluate(&a.expr, caller, constants)
                    .map_err(|d| {
                        let why = d.0.first().map(|d| d.detail.clone()).unwrap_or_default();
                        format!("module {} does not give it a constant value: {why}", call.name)
                    })
                    .and_then(|given| v.prepare(&given)),
                (None, Some(default)) => Ok(default.clone()),
                (None, None) => Err(format!("module {} does not set it", call.name)),
            };
            (v.name.clone(), value)
        })
        .collect()
}

/// Works out the source and version of a call.
pub(crate) fn settle(call: &mut ModuleCall, caller: &Module, constants: &Constants) -> Result<(), Diagnostics> {
    let Some(computed) = call.computed.take() else { return Ok(()) };
    let text = |expr: &Expr| -> Result<Option<String>, Diagnostics> {
        let value = evaluate(expr, caller, constants)?;
        let bad =
            |why: &str| Diagnostics::from(Diagnostic::error("Unsuitable value type", why.to_owned()).at(expr.span()));
        if value.deep_marks().contains(Marks::SENSITIVE) {
            return Err(bad("The value is sensitive, and where modules come from is shown."));
        }
        match convert(&value, &Type::String) {
            Ok(v) if v.is_unknown() => Err(bad("The value must be known before anything is evaluated.")),
            Ok(v) => Ok(v.as_str().map(str::to_owned)),
            Err(e) => Err(bad(&format!("A string is required: {e}."))),
        }
    };
    let version = computed.version.as_ref().map(&text).transpose()?.flatten();
    call.version = match (&version, &computed.version) {
        (Some(v), Some(expr)) => match v.parse::<VersionConstraints>() {
            Ok(c) => Some(c),
            Err(e) => {
                return Err(Diagnostic::error("Invalid version constraint", format!("{e}.")).at(expr.span()).into());
            }
        },
        _ => None,
    };
    let at = computed.source.span();
    let Some(source) = text(&computed.source)? else {
        return Err(Diagnostic::error("Unsuitable value type", "The source of a module cannot be null.").at(at).into());
    };
    let mut diags = Diagnostics::new();
    match source_of(&source, version.is_some(), at, &mut diags) {
        Some(found) => call.source = found,
        None => return Err(diags),
    }
    Ok(())
}

fn evaluate(expr: &Expr, module: &Module, constants: &Constants) -> Result<Value, Diagnostics> {
    let scope = Early { module, constants, open: RefCell::default() };
    let (value, diags) = eval(expr, &scope);
    if diags.has_errors() { Err(diags) } else { Ok(value) }
}

/// The scope of expressions that are evaluated while the configuration is still being read.
struct Early<'a> {
    module: &'a Module,
    constants: &'a Constants,
    /// Local values being evaluated: one that uses itself would never end.
    open: RefCell<Vec<Str>>,
}

impl Early<'_> {
    fn refuse(&self, detail: String, at: Span) -> Diagnostics {
        Diagnostic::error("Variables not allowed", detail).at(at).into()
    }
}

impl Scope for Early<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let r = parse_reference(traversal)?;
        let used = traversal.steps.len() - r.rest.len();
        match &r.subject {
            Referenceable::Variable(name) => match self.constants.get(name) {
                Some(Ok(value)) => Ok((value.clone(), used)),
                Some(Err(why)) => {
                    let why = why.trim_end_matches('.');
                    Err(self.refuse(format!("var.{name} has no usable value here: {why}."), r.span))
                }
                None if self.module.variables.contains_key(name) => Err(self.refuse(
                    format!("Where modules come from must be known at once, and var.{name} is not constant. Set const = true in its declaration."),
                    r.span,
                )),
                None => {
                    let detail = format!("There is no input variable {:?} in this module.", &**name);
                    Err(Diagnostic::error("Reference to undeclared input variable", detail).at(r.span).into())
                }
            },
            Referenceable::Local(name) => {
                let Some(local) = self.module.locals.get(name) else {
                    let detail = format!("There is no local value {:?} in this module.", &**name);
                    return Err(Diagnostic::error("Reference to undeclared local value", detail).at(r.span).into());
                };
                if self.open.borrow().contains(name) {
                    let detail = format!("local.{name} is used in its own expression.");
                    return Err(Diagnostic::error("Self-referencing local value", detail).at(local.span).into());
                }
                self.open.borrow_mut().push(name.clone());
                let (value, diags) = eval(&local.expr, self);
                self.open.borrow_mut().pop();
                if diags.has_errors() { Err(diags) } else { Ok((value, used)) }
            }
            _ => Err(self.refuse(
                "Where modules come from must be known at once: only constant variables and local values made of them can be used.".into(),
                r.span,
            )),
        }
    }
}
