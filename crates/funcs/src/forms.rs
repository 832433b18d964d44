//! What is to be known of the functions that the evaluator answers itself.

use sdt_value::Type;

use crate::Param;

/// A function of the evaluator.
#[derive(Debug)]
pub struct Form {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// Fixed parameters.
    pub params: &'static [Param],
    /// What any further arguments are.
    pub variadic: Option<Param>,
    /// The type of its result.
    pub returns: Type,
}

/// All of them, but `type`, which is the console's.
pub static FORMS: &[Form] = &[
    Form {
        name: "can",
        doc: "Tells whether an expression can be evaluated without an error.",
        params: &[Param::any("expression")],
        variadic: None,
        returns: Type::Bool,
    },
    Form {
        name: "convert",
        doc: "Converts a value to a type, written as in a variable block.",
        params: &[Param::any("value").null(), Param::any("type")],
        variadic: None,
        returns: Type::Dynamic,
    },
    Form {
        name: "templatefile",
        doc: "Reads a file and renders it as a template with the given variables.",
        params: &[Param::string("path"), Param::any("vars")],
        variadic: None,
        returns: Type::Dynamic,
    },
    Form {
        name: "templatestring",
        doc: "Renders a string that comes from elsewhere as a template with the given variables.",
        params: &[Param::string("template"), Param::any("vars")],
        variadic: None,
        returns: Type::String,
    },
    Form {
        name: "try",
        doc: "Returns the first of its arguments that can be evaluated without an error.",
        params: &[],
        variadic: Some(Param::any("expressions")),
        returns: Type::Dynamic,
    },
];
