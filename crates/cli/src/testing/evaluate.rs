//! Values of expressions in test files: variables and the outputs of earlier runs are known, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sdt_config::{Config, Load};
use sdt_diag::{Diagnostic, Diagnostics, SourceMap, Span};
use sdt_engine::{Console, Env, InputValue, Variables};
use sdt_hcl::ConsoleResult;
use sdt_state::State;
use sdt_value::Value;

use crate::functions::Library;
use crate::providers::Registry;

/// What expressions may name, as `var.NAME`.
pub(crate) type Names = BTreeMap<String, Value>;

struct OneFile(String);

impl sdt_config::Files for OneFile {
    fn read_dir(&self, _: &Path) -> std::io::Result<Vec<String>> {
        Ok(vec!["main.tf".into()])
    }
    fn read(&self, _: &Path) -> std::io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

fn config(names: &Names) -> Config {
    let text: String = names.keys().map(|n| format!("variable \"{n}\" {{}}\n")).collect();
    sdt_config::load(&OneFile(text), &Load::default(), &mut SourceMap::default()).config
}

/// Evaluates the expression at a place of a test file.
pub(crate) fn evaluate(
    text: &[u8],
    span: Span,
    names: &Names,
    registry: &Arc<Registry>,
    library: &Arc<Library>,
) -> Result<Value, Diagnostics> {
    let (expr, diags) = sdt_hcl::parse_expression(
        span.source,
        text.get(span.start as usize..span.end as usize).unwrap_or_default(),
        span.start,
    );
    if diags.has_errors() {
        return Err(diags);
    }
    let variables: Variables = names
        .iter()
        .map(|(n, v)| (n.as_str().into(), InputValue { value: v.clone(), origin: String::new(), span: None }))
        .collect();
    let env = Env { functions: library.clone(), workspace: "default".into(), cwd: ".".into(), console: false };
    let (console, diags) = Console::new(config(names), &State::default(), variables, registry.clone(), env);
    if diags.has_errors() {
        return Err(diags);
    }
    let (result, diags) = console.eval(&expr);
    match result {
        ConsoleResult::Value(value) if !diags.has_errors() => Ok(value),
        ConsoleResult::Value(_) => Err(diags),
        _ => Err(Diagnostic::error("Invalid expression", "A value is needed here.").at(span).into()),
    }
}
