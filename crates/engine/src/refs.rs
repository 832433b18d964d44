//! References of configuration objects, for the graph's edges. What cannot be referred to is left to the static checks.

use sdt_config::{Reference, Resource, parse_reference};
use sdt_hcl::{ConfigBody, Expr, Traversal};

fn known(traversals: &[Traversal]) -> Vec<Reference> {
    traversals.iter().filter_map(|t| parse_reference(t).ok()).collect()
}

pub(crate) fn of_expr(expr: &Expr) -> Vec<Reference> {
    known(&expr.traversals())
}

pub(crate) fn of_exprs(expr: &Option<Expr>) -> Vec<Reference> {
    expr.as_ref().map(of_expr).unwrap_or_default()
}

pub(crate) fn of_body(body: &ConfigBody) -> Vec<Reference> {
    known(&body.traversals())
}

/// Body, provisioners and connections of a resource; its meta-arguments have their own rules.
pub(crate) fn of_resource(resource: &Resource) -> Vec<Reference> {
    let mut all = of_body(&resource.config);
    let connections =
        resource.connection.iter().chain(resource.provisioners.iter().filter_map(|p| p.connection.as_ref()));
    for body in resource.provisioners.iter().map(|p| &p.config).chain(connections) {
        all.extend(of_body(body));
    }
    all
}
