//! `sdt metadata functions`

use sdt_funcs::{Function, Param};
use sdt_value::{Type, type_to_json};
use serde_json::{Map, Value as Json, json};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, switch};
use crate::commands::{COMMON, no_arguments};

pub(crate) static COMMAND: Command = Command {
    name: "metadata functions",
    summary: "Show the functions of the language",
    usage: "[options]",
    about: "Writes the signature and the description of every function, as JSON for editors and other tools, or as a manual without -json.",
    flags: &[&[switch("json", "Write JSON.")], COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "metadata functions") {
        return code;
    }
    if !parsed.on("json") {
        for f in documented() {
            app.ui.out(&format!("{}\n    {}\n\n", f.usage(), f.doc));
        }
        return OK;
    }
    let mut signatures = Map::new();
    for prefix in ["", "core::"] {
        for f in documented() {
            signatures.insert(format!("{prefix}{}", f.name), signature(&f));
        }
    }
    signatures.sort_keys();
    let document = json!({"format_version": "1.0", "function_signatures": signatures});
    match serde_json::to_string(&document) {
        Ok(text) => {
            app.ui.out(&format!("{text}\n"));
            OK
        }
        Err(e) => {
            app.ui.error("Failed to write functions", e.to_string());
            FAILED
        }
    }
}

/// What is told of a function.
pub(crate) struct Documented {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    params: Vec<(&'static str, Type, bool)>,
    variadic: Option<(&'static str, Type, bool)>,
    returns: Type,
}

impl Documented {
    /// `name(first, second, rest...)`
    pub(crate) fn usage(&self) -> String {
        let fixed = self.params.iter().map(|p| p.0.to_owned());
        let rest = self.variadic.as_ref().map(|p| format!("{}...", p.0));
        format!("{}({})", self.name, fixed.chain(rest).collect::<Vec<_>>().join(", "))
    }
}

/// Every function by name: those of the library and the forms of the evaluator.
pub(crate) fn documented() -> Vec<Documented> {
    let param = |p: &Param| (p.name, p.ty(), p.allow_null);
    let of = |f: &'static Function| Documented {
        name: f.name,
        doc: f.doc,
        params: f.params.iter().map(param).collect(),
        variadic: f.variadic.as_ref().map(param),
        returns: f.declared_type(),
    };
    // What was removed from the language is known only so that messages can say so.
    let here = |f: &&'static Function| !matches!(f.name, "list" | "map");
    let mut all: Vec<Documented> = sdt_funcs::all().filter(here).map(of).collect();
    all.extend(sdt_funcs::FORMS.iter().map(|f| Documented {
        name: f.name,
        doc: f.doc,
        params: f.params.iter().map(param).collect(),
        variadic: f.variadic.as_ref().map(param),
        returns: f.returns.clone(),
    }));
    all.sort_by_key(|f| f.name);
    all
}

fn signature(f: &Documented) -> Json {
    let param = |(name, ty, nullable): &(&'static str, Type, bool)| {
        let mut out = json!({"name": name, "type": type_to_json(ty)});
        if *nullable {
            out["is_nullable"] = true.into();
        }
        out
    };
    let mut out = json!({"description": f.doc, "return_type": type_to_json(&f.returns)});
    if !f.params.is_empty() {
        out["parameters"] = f.params.iter().map(param).collect();
    }
    if let Some(v) = &f.variadic {
        out["variadic_parameter"] = param(v);
    }
    out
}
