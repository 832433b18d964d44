//! `variable`, `locals` and `output` blocks.

use indexmap::IndexMap;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_hcl::{ContentBlock, eval_const};
use sdt_value::{Str, Type, convert};

use crate::literal::{self, NAME_RULE};
use crate::{Defaults, Local, Output, ParsingMode, Variable, statics};

use super::rule::{mentions_variable, rule};
use super::{MODULE_ARGUMENTS, schema};

/// Reads a `variable` block; its body may be laid over by override files already.
pub(crate) fn variable(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Variable> {
    let label = block.labels.first()?;
    literal::name("Invalid variable name", label, diags);
    if MODULE_ARGUMENTS.contains(&&*label.value) || RESERVED.contains(&&*label.value) {
        let detail = format!(
            "The name {:?} has a meaning of its own in module blocks and cannot be a variable's.",
            &*label.value
        );
        diags.push(Diagnostic::error("Invalid variable name", detail).at(label.span));
    }
    let (content, more) = block.body.content(&schema(
        &["description", "default", "type", "sensitive", "nullable", "ephemeral", "const", "deprecated"],
        &[("validation", &[])],
    ));
    diags.extend(more);
    let description = content.attribute("description").and_then(|a| literal::string(a, diags));
    let (ty, defaults, parsing) = match content.attribute("type") {
        Some(a) => variable_type(&a.expr, diags),
        None => (Type::Dynamic, Defaults::default(), ParsingMode::Literal),
    };
    let mut flag = |name: &str, default: bool| match content.attribute(name) {
        Some(a) => literal::bool(a, diags).unwrap_or(default),
        None => default,
    };
    let (sensitive, ephemeral, nullable) = (flag("sensitive", false), flag("ephemeral", false), flag("nullable", true));
    let constant = flag("const", false);
    if let (true, true, Some(a)) = (constant, sensitive || ephemeral, content.attribute("const")) {
        let other = if ephemeral { "ephemeral" } else { "sensitive" };
        let detail = format!(
            "A constant can become part of a module's source, which is shown and stored, so it cannot be {other}."
        );
        diags.push(Diagnostic::error(format!("Variable cannot be both const and {other}"), detail).at(a.span));
    }
    let deprecated = content.attribute("deprecated").and_then(|a| literal::string(a, diags));
    let default = content.attribute("default").map(|a| {
        let (value, more) = eval_const(&a.expr);
        let failed = more.has_errors();
        diags.extend(more);
        let bad = |detail: String| Diagnostic::error("Invalid default value for variable", detail).at(a.expr.span());
        if failed {
            return sdt_value::Value::unknown(ty.without_optional());
        }
        if value.is_null() && !nullable {
            diags.push(bad("A variable with nullable = false cannot have null as its default.".into()));
        }
        convert(&defaults.apply(&value), &ty).unwrap_or_else(|e| {
            diags.push(bad(format!("The default does not fit the variable's type: {}{}.", at_path(&e), e.message)));
            sdt_value::Value::unknown(ty.without_optional())
        })
    });
    let mut validations = Vec::new();
    for v in content.blocks_of("validation") {
        let found = rule(v, diags);
        // The condition is looked at even where the rule is not usable otherwise.
        let (inner, _) = v.body.content(&schema(&["condition"], &[]));
        if let Some(c) = inner.attribute("condition")
            && !mentions_variable(&c.expr, &label.value)
        {
            let detail = format!("The condition must refer to var.{}, the value it is to test.", label.value);
            diags.push(Diagnostic::error("Invalid variable validation condition", detail).at(c.expr.span()));
        }
        validations.extend(found);
    }
    Some(Variable {
        name: label.value.clone(),
        description,
        ty,
        defaults,
        default,
        parsing,
        nullable,
        sensitive,
        ephemeral,
        constant,
        deprecated,
        validations,
        span: block.header,
    })
}

/// Names of blocks in module calls, kept free beside the arguments.
const RESERVED: [&str; 2] = ["lifecycle", "locals"];

/// Writes where inside a value a conversion failed.
pub(crate) fn at_path(e: &sdt_value::ConvertError) -> String {
    let path = e.path.to_string();
    match path.strip_prefix('.').unwrap_or(&path) {
        "" => String::new(),
        p => format!("at {p}: "),
    }
}

fn variable_type(expr: &sdt_hcl::Expr, diags: &mut Diagnostics) -> (Type, Defaults, ParsingMode) {
    let any = (Type::Dynamic, Defaults::default(), ParsingMode::Expression);
    if let Some((text, span)) = statics::quoted(expr) {
        let known = ["string", "list", "map"].contains(&&*text);
        let (summary, instead) = match &*text {
            "list" | "map" => ("Invalid quoted type constraints", format!("{text}(string)")),
            _ if known => ("Invalid quoted type constraints", text.clone()),
            _ => ("Invalid legacy variable type hint", text.clone()),
        };
        diags.push(Diagnostic::error(summary, format!("A type is written without quotes: {instead}.")).at(span));
        return any;
    }
    let (ty, defaults, more) = match statics::keyword(expr).as_deref() {
        Some("list") => (Type::list(Type::Dynamic), Defaults::default(), Diagnostics::new()),
        Some("map") => (Type::map(Type::Dynamic), Defaults::default(), Diagnostics::new()),
        _ => crate::type_constraint(expr),
    };
    diags.extend(more);
    let parsing = if ty.is_primitive() { ParsingMode::Literal } else { ParsingMode::Expression };
    (ty, defaults, parsing)
}

/// Reads a `locals` block.
pub(crate) fn locals(block: &ContentBlock, diags: &mut Diagnostics) -> IndexMap<Str, Local> {
    let (attrs, more) = block.body.just_attributes();
    diags.extend(more);
    let mut found = IndexMap::new();
    for (name, attr) in attrs {
        if !sdt_addr::is_identifier(&name) {
            let detail = format!("{:?} is not a name. {NAME_RULE}", &*name);
            diags.push(Diagnostic::error("Invalid local value name", detail).at(attr.name.span));
        }
        found.insert(name.clone(), Local { name, expr: attr.expr, span: attr.span });
    }
    found
}

/// Reads an `output` block.
pub(crate) fn output(block: &ContentBlock, diags: &mut Diagnostics) -> Option<Output> {
    let label = block.labels.first()?;
    literal::name("Invalid output name", label, diags);
    let (content, more) = block.body.content(&schema(
        &["description", "!value", "depends_on", "sensitive", "ephemeral", "type", "deprecated"],
        &[("precondition", &[]), ("postcondition", &[])],
    ));
    diags.extend(more);
    let description = content.attribute("description").and_then(|a| literal::string(a, diags));
    let mut flag = |name: &str| content.attribute(name).and_then(|a| literal::bool(a, diags)).unwrap_or(false);
    let (sensitive, ephemeral) = (flag("sensitive"), flag("ephemeral"));
    let ty = content.attribute("type").map(|a| {
        let (ty, defaults, _) = variable_type(&a.expr, diags);
        (ty, defaults)
    });
    let deprecated = content.attribute("deprecated").and_then(|a| literal::string(a, diags));
    let depends_on = content.attribute("depends_on").map(|a| literal::depends_on(a, diags)).unwrap_or_default();
    let mut preconditions = Vec::new();
    for b in &content.blocks {
        if &*b.kind.name == "postcondition" {
            let detail = "An output value can only have preconditions: nothing happens after it is evaluated.";
            diags.push(Diagnostic::error("Postconditions are not allowed", detail).at(b.kind.span));
            continue;
        }
        preconditions.extend(rule(b, diags));
    }
    Some(Output {
        name: label.value.clone(),
        value: content.attribute("value")?.expr.clone(),
        ty,
        deprecated,
        description,
        sensitive,
        ephemeral,
        depends_on,
        preconditions,
        span: block.header,
    })
}
