//! Function calls, and the functions that are forms of the evaluator: they see their arguments before evaluation, or
//! evaluate other texts.

use std::sync::Arc;

use sdt_diag::{Diagnostic, Diagnostics, SourceId, Span};
use sdt_value::{Kind, Marks, Type, Value, convert};

use super::scope::{CallFailure, CallSite, Scope, Signature};
use super::{Env, Frame, Names};
use crate::ast::{Call, Expr, ExprKind, Traversal};
use crate::parse::parse_template;
use crate::strings::{did_you_mean, quote};

/// Functions the evaluator answers itself, with their parameters.
const FORMS: [(&str, Signature, &[&str]); 6] = [
    ("convert", Signature { min: 2, max: Some(2) }, &["value", "type"]),
    ("try", Signature { min: 0, max: None }, &["expressions"]),
    ("can", Signature { min: 1, max: Some(1) }, &["expression"]),
    ("templatefile", Signature { min: 2, max: Some(2) }, &["path", "vars"]),
    ("templatestring", Signature { min: 2, max: Some(2) }, &["template", "vars"]),
    ("type", Signature { min: 1, max: Some(1) }, &["value"]),
];

/// A failure of a form.
fn call_error(message: impl Into<String>) -> CallFailure {
    CallFailure::Call(message.into())
}

fn arg_error(index: usize, message: impl Into<String>) -> CallFailure {
    CallFailure::Arg { index, message: message.into() }
}

impl Env<'_> {
    pub(super) fn call(&self, c: &Call, whole: &Expr, diags: &mut Diagnostics) -> Value {
        if !self.scope.allows_calls() {
            let detail = format!("No functions can be called here, so neither can {}.", quote(&c.name));
            diags.push(Diagnostic::error("Function calls not allowed", detail).at(c.name_span).within(whole.span));
            return Value::DYNAMIC;
        }
        let name = c.name.strip_prefix("core::").unwrap_or(&c.name);
        let form = FORMS.iter().find(|(n, ..)| *n == name && (name != "type" || self.scope.has_type_function()));
        let Some(signature) = form.map(|f| f.1).or_else(|| self.scope.function(&c.name)) else {
            self.unknown_function(c, whole, diags);
            return Value::DYNAMIC;
        };
        let Some(args) = self.expand(c, whole, diags) else { return Value::DYNAMIC };
        let args = match args {
            Expanded::Plain => c.args.iter().map(Arg::Expr).collect::<Vec<_>>(),
            Expanded::Unknown(marks) => return Value::DYNAMIC.with_marks(marks),
            Expanded::Values(values) => {
                let given = &c.args[..c.args.len() - 1];
                given.iter().map(Arg::Expr).chain(values.into_iter().map(Arg::Value)).collect()
            }
        };
        let parameter = |i: usize| match form {
            Some((_, _, names)) => names.get(i).or(names.last()).map(|n| (*n).to_owned()),
            None => self.scope.parameter_name(&c.name, i),
        };
        if let Some(d) = wrong_count(c, whole, signature, args.len(), &parameter) {
            self.report_all(d, &[], diags);
            return Value::DYNAMIC;
        }
        let result = match form {
            Some(("try", ..)) => self.try_form(&args),
            Some(("can", ..)) => return self.can_form(&args),
            Some(("convert", ..)) => {
                let before = diags.0.len();
                let result = self.convert_form(&args, diags);
                if diags.0.len() > before {
                    return Value::DYNAMIC;
                }
                result
            }
            Some(("type", ..)) => {
                let detail = "The function \"type\" exists in the console only, around a whole expression.";
                diags.push(Diagnostic::error("Invalid use of type function", detail).at(whole.span));
                return Value::DYNAMIC;
            }
            Some(("templatestring", ..)) if !self.in_template => {
                let before = diags.0.len();
                let result = self.templatestring(&args, diags);
                if diags.0.len() > before {
                    return Value::DYNAMIC;
                }
                result
            }
            _ => {
                let before = diags.0.len();
                let mut ends = Vec::with_capacity(args.len());
                let mut values = Vec::with_capacity(args.len());
                for a in &args {
                    values.push(self.arg(a, diags));
                    ends.push(diags.0.len() - before);
                }
                if diags.0.len() > before {
                    // Each argument is complained about on its own: for what it is, and for what it is not.
                    let mut own = diags.0.split_off(before);
                    let misfits = if form.is_none() { self.scope.misfits(&c.name, &values) } else { Vec::new() };
                    for (index, message) in misfits.into_iter().rev() {
                        let mut late = own.split_off(ends[index]);
                        let mut said = Diagnostics::new();
                        self.call_failed(CallFailure::Arg { index, message }, c, whole, &parameter, &mut said);
                        own.append(&mut said.0);
                        own.append(&mut late);
                    }
                    diags.0.extend(own);
                    return Value::DYNAMIC;
                }
                match form {
                    Some((name, ..)) if self.in_template => Err(call_error(format!(
                        "{name} cannot be called from inside a template that templatefile or templatestring renders"
                    ))),
                    Some(_) => self.templatefile(&values),
                    None => {
                        let site = CallSite { name: c.name_span, call: whole.span };
                        let result = self.scope.call(&c.name, &values, &site);
                        if let Err(CallFailure::Arg { .. }) = &result {
                            let misfits = self.scope.misfits(&c.name, &values);
                            for (index, message) in misfits.iter().cloned() {
                                self.call_failed(CallFailure::Arg { index, message }, c, whole, &parameter, diags);
                            }
                            if !misfits.is_empty() {
                                return Value::DYNAMIC;
                            }
                        }
                        result
                    }
                }
            }
        };
        result.unwrap_or_else(|failure| {
            self.call_failed(failure, c, whole, &parameter, diags);
            Value::DYNAMIC
        })
    }

    fn arg(&self, arg: &Arg<'_>, diags: &mut Diagnostics) -> Value {
        match arg {
            Arg::Expr(e) => self.eval(e, diags),
            Arg::Value(v) => v.clone(),
        }
    }

    fn unknown_function(&self, c: &Call, whole: &Expr, diags: &mut Diagnostics) {
        let name = &*c.name;
        let d = match name.split_once("::") {
            Some(("provider", rest)) => {
                let provider = rest.split("::").next().unwrap_or_default();
                let detail = format!(
                    "There is no function {}. Provider {} must be among the required providers of this module and offer it.",
                    quote(name),
                    quote(provider)
                );
                Diagnostic::error("Unknown provider function", detail)
            }
            Some((namespace, _)) if namespace != "core" => {
                let detail = format!(
                    "There is no namespace {}: functions of providers begin with \"provider::\".",
                    quote(namespace)
                );
                Diagnostic::error("Unknown provider function", detail)
            }
            Some((_, function)) => {
                let names = self.scope.function_names();
                let hint = did_you_mean(function, names.iter().map(|n| n.strip_prefix("core::").unwrap_or(n)));
                let detail = format!("There is no built-in function {}.{hint}", quote(function));
                Diagnostic::error("Unknown provider function", detail)
            }
            None => {
                let names = self.scope.function_names();
                let forms = FORMS.iter().map(|f| f.0).filter(|n| *n != "type");
                let hint = did_you_mean(name, names.iter().map(|n| &**n).chain(forms));
                Diagnostic::error("Call to unknown function", format!("There is no function {}.{hint}", quote(name)))
            }
        };
        diags.push(d.at(c.name_span).within(whole.span));
    }

    /// What `xs...` stands for. `None` after an error.
    fn expand(&self, c: &Call, whole: &Expr, diags: &mut Diagnostics) -> Option<Expanded> {
        const SUMMARY: &str = "Invalid expanding argument value";
        let Some(last) = c.args.last().filter(|_| c.expand) else { return Some(Expanded::Plain) };
        let before = diags.0.len();
        let (value, marks) = self.eval(last, diags).unmark();
        if diags.0.len() > before {
            return None;
        }
        let detail = match value.kind() {
            Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
                return Some(Expanded::Values(items.iter().map(|v| v.clone().with_marks(marks)).collect()));
            }
            Kind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic, _) => {
                return Some(Expanded::Unknown(marks));
            }
            Kind::Null(_) => "An expanded argument (...) must not be null.",
            _ => "An expanded argument (...) must be a list, set or tuple.",
        };
        self.report(Diagnostic::error(SUMMARY, detail).at(last.span).within(whole.span), last, diags);
        None
    }

    fn call_failed(
        &self,
        failure: CallFailure,
        c: &Call,
        whole: &Expr,
        parameter: &dyn Fn(usize) -> Option<String>,
        diags: &mut Diagnostics,
    ) {
        let mut args: Vec<&Expr> = c.args.iter().collect();
        let mut d = match failure {
            CallFailure::Diagnostics(own) => return diags.extend(own),
            CallFailure::Call(message) => {
                let detail = format!("The call to {} failed: {message}.", quote(&c.name));
                Diagnostic::error("Error in function call", detail).at(c.name_span).within(whole.span)
            }
            CallFailure::Arg { index, message } => {
                let name = parameter(index).unwrap_or_else(|| format!("{}", index + 1));
                let detail = format!("The value of parameter {} is not valid: {message}.", quote(&name));
                // Elements of an expanded argument stand where it stands.
                args = c.args.get(index).or(c.args.last()).into_iter().collect();
                let at = args.first().map_or(whole.span, |e| e.span);
                Diagnostic::error("Invalid function argument", detail).at(at).within(whole.span)
            }
        };
        let Signature { min, max } = FORMS
            .iter()
            .find(|f| *f.0 == *c.name)
            .map(|f| f.1)
            .or_else(|| self.scope.function(&c.name))
            .unwrap_or(Signature { min: 0, max: Some(0) });
        let mut names: Vec<String> = (0..min).filter_map(parameter).collect();
        names.extend(parameter(min).filter(|_| max.is_none()).map(|n| format!("{n}...")));
        d.function = Some(format!("{}({})", c.name, names.join(", ")));
        self.report_all(d, &args, diags);
    }

    fn try_form(&self, args: &[Arg<'_>]) -> Result<Value, CallFailure> {
        if args.is_empty() {
            return Err(call_error("at least one argument is required"));
        }
        let mut all = Diagnostics::new();
        for arg in args {
            let mut own = Diagnostics::new();
            let value = self.arg(arg, &mut own);
            if !own.has_errors() {
                // What is not wholly known may still fail once it is, and then another argument would be chosen.
                return Ok(if value.is_wholly_known() { value } else { Value::DYNAMIC.with_marks(value.marks()) });
            }
            all.extend(own);
        }
        let mut message = String::from("no expression succeeded:");
        for d in &all.0 {
            let place = d.subject.and_then(|s| self.scope.place(s)).map(|p| format!(" (at {p})")).unwrap_or_default();
            message.push_str(&format!("\n- {}{place}\n  {}", d.summary, d.detail));
        }
        message.push_str("\n\nOne of the expressions must succeed");
        Err(call_error(message))
    }

    fn can_form(&self, args: &[Arg<'_>]) -> Value {
        let mut own = Diagnostics::new();
        let value = args.first().map_or(Value::NULL, |a| self.arg(a, &mut own));
        if own.has_errors() {
            Value::FALSE
        } else if value.is_wholly_known() {
            Value::TRUE
        } else {
            Value::unknown(Type::Bool)
        }
    }

    fn convert_form(&self, args: &[Arg<'_>], diags: &mut Diagnostics) -> Result<Value, CallFailure> {
        let [value, Arg::Expr(ty)] = args else { return Err(arg_error(1, "a type is required")) };
        let value = self.arg(value, diags);
        let unwrapped = match &ty.kind {
            ExprKind::Json(json) => json.lowered().0.clone(),
            _ => (*ty).clone(),
        };
        self.scope.convert(&value, &unwrapped).unwrap_or_else(|| Err(call_error("types cannot be named here")))
    }

    fn templatefile(&self, values: &[Value]) -> Result<Value, CallFailure> {
        let [path, vars] = values else { return Err(call_error("two arguments are required")) };
        let (path, path_marks) = path.clone().unmark();
        let (vars, vars_marks) = vars.clone().unmark();
        let marks = path_marks | vars_marks;
        for (i, v) in [&path, &vars].into_iter().enumerate() {
            if v.is_null() {
                return Err(arg_error(i, "it must not be null"));
            }
        }
        let path = convert(&path, &Type::String).map_err(|e| arg_error(0, e.message))?;
        check_vars(&vars)?;
        let Some(path) = path.as_str().filter(|_| !vars.is_unknown()) else {
            return Ok(Value::DYNAMIC.with_marks(marks));
        };
        let (source, text) = self.scope.template_file(path).map_err(|m| arg_error(0, m))?;
        if std::str::from_utf8(&text).is_err() {
            let shown = if path_marks.contains(Marks::SENSITIVE) { "the file".into() } else { quote(path) };
            return Err(call_error(format!("the content of {shown} is not UTF-8; use filebase64 to read other files")));
        }
        let name = if path_marks.contains(Marks::SENSITIVE) { "(sensitive path)" } else { path };
        let template = Template { name, source, text };
        let expr = template.parse().map_err(call_error)?;
        self.render(&template, &expr, &vars).map(|v| v.with_marks(marks))
    }

    fn templatestring(&self, args: &[Arg<'_>], diags: &mut Diagnostics) -> Result<Value, CallFailure> {
        let [template, vars] = args else { return Err(call_error("two arguments are required")) };
        let before = diags.0.len();
        let template_value = self.arg(template, diags);
        let vars = self.arg(vars, diags);
        if diags.0.len() > before {
            return Ok(Value::DYNAMIC);
        }
        if let Arg::Expr(e) = template {
            let inner = match &e.kind {
                ExprKind::Json(json) => json.lowered().0.clone(),
                _ => (*e).clone(),
            };
            let inner = match &inner.kind {
                ExprKind::TemplateWrap(e) if matches!(&e.kind, ExprKind::Traversal(_)) => e.clone(),
                _ => inner,
            };
            if matches!(&inner.kind, ExprKind::Literal(v) if v.as_str().is_some())
                || matches!(&inner.kind, ExprKind::Template(_))
            {
                let message = "it is a literal template; templatestring is for templates that come from elsewhere. \
                               A literal template needs no function";
                return Err(arg_error(0, message));
            }
            let reference = matches!(&inner.kind, ExprKind::Traversal(_))
                || matches!(&inner.kind, ExprKind::Index { collection, .. } if matches!(&collection.kind, ExprKind::Traversal(_)));
            if !reference {
                return Err(arg_error(0, "it must be a reference to a string that holds a template"));
            }
        }
        let (template_value, template_marks) = template_value.unmark();
        let (vars, vars_marks) = vars.unmark();
        let marks = template_marks | vars_marks;
        let text = match template_value.kind() {
            Kind::String(s) => s.clone(),
            Kind::Unknown(Type::String | Type::Dynamic, _) => {
                return Ok(Value::unknown(Type::String).with_marks(marks));
            }
            _ => return Err(arg_error(0, "a string is required")),
        };
        if vars.is_null() {
            return Err(arg_error(1, "it must not be null"));
        }
        check_vars(&vars)?;
        if vars.is_unknown() {
            return Ok(Value::unknown(Type::String).with_marks(marks));
        }
        let name = "<templatestring argument>";
        let template = Template { name, source: SourceId(u32::MAX), text: text.as_bytes().into() };
        let expr = template.parse().map_err(|m| arg_error(0, format!("the template is not valid: {m}")))?;
        let value = self.render(&template, &expr, &vars)?;
        match convert(&value, &Type::String) {
            Ok(v) => Ok(v.with_marks(marks)),
            Err(e) => Err(call_error(format!("the result of the template is not valid: {}", e.message))),
        }
    }

    /// Evaluates a template that sees nothing but `vars`.
    fn render(&self, template: &Template<'_>, expr: &Expr, vars: &Value) -> Result<Value, CallFailure> {
        let Some(members) = vars.as_members() else { return Ok(Value::DYNAMIC) };
        for name in members.keys() {
            let mut chars = name.chars();
            let ok = chars.next().is_some_and(|c| unicode_ident::is_xid_start(c) || c == '_')
                && chars.all(|c| unicode_ident::is_xid_continue(c) || c == '-');
            if !ok {
                let message = format!("{} is not a valid name of a template variable", quote(name));
                return Err(arg_error(1, message));
            }
        }
        let mut missing = None;
        expr.visit_traversals(&mut |t| {
            if missing.is_none() && !members.contains_key(&t.root.name) {
                missing = Some(t.root.clone());
            }
        });
        if let Some(root) = missing {
            let place = template.place(root.span);
            let message = format!("the variables have no {}, to which {place} refers", quote(&root.name));
            return Err(arg_error(1, message));
        }
        // Variables of the template are bound like those of a for expression, so that functions are still the scope's.
        let mut diags = Diagnostics::new();
        let only = OnlyFunctions(self.scope);
        let frame = Frame { names: Names::All(members), outer: None };
        let env = Env { scope: &only, frame: Some(&frame), item: None, in_template: true, budget: self.budget };
        let value = env.eval(expr, &mut diags);
        if let Some(d) = diags.0.first() {
            let place = d.subject.map(|s| template.place(s)).unwrap_or_default();
            return Err(call_error(format!("{place}: {}; {}", d.summary, d.detail.trim_end_matches('.'))));
        }
        if value.is_null() {
            let place = template.place(expr.span);
            return Err(call_error(format!("{place}: Template result is null; A template must give a value")));
        }
        Ok(value)
    }
}

/// An argument: as written, or an element of an expanded one.
enum Arg<'a> {
    Expr(&'a Expr),
    Value(Value),
}

enum Expanded {
    Plain,
    Values(Vec<Value>),
    Unknown(Marks),
}

struct Template<'a> {
    name: &'a str,
    source: SourceId,
    text: Arc<[u8]>,
}

impl Template<'_> {
    fn parse(&self) -> Result<Expr, String> {
        let (expr, diags) = parse_template(self.source, &self.text, 0);
        match diags.0.first() {
            None => Ok(expr),
            Some(d) => {
                let place = d.subject.map(|s| self.place(s)).unwrap_or_default();
                Err(format!("{place}: {}; {}", d.summary, d.detail.trim_end_matches('.')))
            }
        }
    }

    /// A range in the template as `name:line,column-column`.
    fn place(&self, span: Span) -> String {
        let pos = |byte: u32| {
            let head = &self.text[..(byte as usize).min(self.text.len())];
            let line = head.iter().filter(|&&b| b == b'\n').count() + 1;
            let start = head.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
            (line, String::from_utf8_lossy(&head[start..]).chars().count() + 1)
        };
        let ((line, column), (end_line, end_column)) = (pos(span.start), pos(span.end));
        if line == end_line {
            format!("{}:{line},{column}-{end_column}", self.name)
        } else {
            format!("{}:{line},{column}-{end_line},{end_column}", self.name)
        }
    }
}

/// The functions of a scope without its references.
struct OnlyFunctions<'a>(&'a dyn Scope);

impl Scope for OnlyFunctions<'_> {
    fn resolve(&self, t: &Traversal) -> Result<(Value, usize), Diagnostics> {
        let detail = format!("The template has no variable {}.", quote(&t.root.name));
        Err(Diagnostic::error("Unknown variable", detail).at(t.root.span).into())
    }

    fn function(&self, name: &str) -> Option<Signature> {
        self.0.function(name)
    }

    fn call(&self, name: &str, args: &[Value], site: &CallSite) -> Result<Value, CallFailure> {
        self.0.call(name, args, site)
    }

    fn misfits(&self, name: &str, args: &[Value]) -> Vec<(usize, String)> {
        self.0.misfits(name, args)
    }

    fn allows_calls(&self) -> bool {
        self.0.allows_calls()
    }

    fn parameter_name(&self, function: &str, index: usize) -> Option<String> {
        self.0.parameter_name(function, index)
    }

    fn function_names(&self) -> Vec<String> {
        self.0.function_names()
    }

    fn convert(&self, value: &Value, ty: &Expr) -> Option<Result<Value, CallFailure>> {
        self.0.convert(value, ty)
    }
}

fn check_vars(vars: &Value) -> Result<(), CallFailure> {
    let ok = match vars.kind() {
        Kind::Object(_) | Kind::Map(..) => true,
        Kind::Unknown(ty, _) => matches!(ty, Type::Object(_) | Type::Map(_) | Type::Dynamic),
        _ => false,
    };
    if ok { Ok(()) } else { Err(arg_error(1, "an object or map is required")) }
}

fn wrong_count(
    c: &Call,
    whole: &Expr,
    signature: Signature,
    given: usize,
    parameter: &dyn Fn(usize) -> Option<String>,
) -> Option<Diagnostic> {
    let name = quote(&c.name);
    if given < signature.min {
        let missing = parameter(given).map(|p| format!(" {} is missing.", quote(&p))).unwrap_or_default();
        let least = if signature.max == Some(signature.min) { "" } else { "at least " };
        let detail = format!("The function {name} takes {least}{} arguments.{missing}", signature.min);
        return Some(Diagnostic::error("Not enough function arguments", detail).at(c.close).within(whole.span));
    }
    let max = signature.max.filter(|&max| given > max)?;
    let detail = format!("The function {name} takes only {max} arguments.");
    let at = match (c.args.get(max), c.args.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        (_, last) => last.map_or(whole.span, |e| e.span),
    };
    Some(Diagnostic::error("Too many function arguments", detail).at(at).within(whole.span))
}
