//! Conditions: validations, preconditions, postconditions, assertions, and what came of them.

use std::collections::BTreeMap;

use sdt_addr::ModulePath;
use sdt_config::CheckRule;
use sdt_diag::{Diagnostic, Diagnostics, Severity, Span};
use sdt_hcl::Expr;
use sdt_plan::{CheckKind, CheckObject, CheckResults, CheckStatus, ObjectResult};
use sdt_value::{Kind, Marks, Type};

use crate::core::{Core, Stage};
use crate::scope::Ctx;
use crate::tree::Tree;

/// What a condition is, for its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    Validation,
    Precondition,
    Postcondition,
    Output,
    Assert,
}

impl RuleKind {
    fn failed(self) -> &'static str {
        match self {
            Self::Validation => "Invalid value for variable",
            Self::Precondition => "Resource precondition failed",
            Self::Postcondition => "Resource postcondition failed",
            Self::Output => "Module output value precondition failed",
            Self::Assert => "Check block assertion failed",
        }
    }

    fn no_result(self) -> &'static str {
        match self {
            Self::Validation => "Invalid variable validation result",
            _ => "Invalid condition result",
        }
    }
}

/// How one condition came out.
pub(crate) struct Outcome {
    pub(crate) status: CheckStatus,
    pub(crate) message: Option<String>,
    pub(crate) diags: Diagnostics,
}

impl Ctx<'_> {
    /// Evaluates conditions. `place`: where the value of a validated variable was set.
    pub(crate) fn outcomes(&self, rules: &[CheckRule], kind: RuleKind, place: Span) -> Vec<Outcome> {
        rules.iter().map(|r| self.outcome(r, kind, place)).collect()
    }

    fn outcome(&self, rule: &CheckRule, kind: RuleKind, place: Span) -> Outcome {
        let error = |diags| Outcome { status: CheckStatus::Error, message: None, diags };
        let is_variable = kind == RuleKind::Validation;
        let mut diags = Diagnostics::new();
        // The message of a variable's rule is looked at only when it is needed; any other always, so that it is known to work.
        let mut message = None;
        if !is_variable {
            let (text, mut more) = self.message(&rule.error_message);
            if kind == RuleKind::Assert {
                // An assertion stops nothing, its message neither, unless it can never be one.
                let unsuitable = |d: &Diagnostic| d.summary == "Invalid error message";
                more.0.iter_mut().filter(|d| !unsuitable(d)).for_each(|d| d.severity = Severity::Warning);
            }
            diags.extend(more);
            message = text;
        }
        let (value, more) = self.eval(&rule.condition);
        diags.extend(more);
        if is_variable && value.is_unknown() && self.core.stage == Stage::Validate {
            let (_, more) = self.eval(&rule.error_message);
            diags.extend(more);
        }
        if diags.has_errors() {
            return error(diags);
        }
        let (value, _) = value.unmark_deep();
        let at = rule.condition.span();
        let mut bad = |detail: String| {
            let mut all = std::mem::take(&mut diags);
            all.push(Diagnostic::error(kind.no_result(), detail).at(at));
            error(all)
        };
        if value.is_null() {
            return bad("The condition must be true or false, not null.".into());
        }
        // Whatever it will be, nothing can be said of it yet.
        let value = match if value.is_unknown() { Ok(value.clone()) } else { sdt_value::convert(&value, &Type::Bool) } {
            Ok(v) => v,
            Err(e) => return bad(format!("The condition must be true or false: {e}.")),
        };
        match value.kind() {
            Kind::Bool(true) => Outcome { status: CheckStatus::Pass, message: None, diags },
            Kind::Bool(false) => {
                let (detail, subject) = if is_variable {
                    let unknown = self.core.stage == Stage::Validate && self.eval(&rule.error_message).0.is_unknown();
                    if unknown {
                        return Outcome { status: CheckStatus::Unknown, message: None, diags };
                    }
                    let (text, more) = self.validation_message(&rule.error_message);
                    diags.extend(more);
                    let Some(text) = text else { return error(diags) };
                    message = Some(text.clone());
                    (format!("{text}\n\nThis was checked by the validation rule of the variable."), place)
                } else {
                    let shown = message.clone().unwrap_or_else(|| {
                        "The condition does not hold, and its message cannot be shown or is not known yet.".to_owned()
                    });
                    (shown, at)
                };
                let mut d = Diagnostic::error(kind.failed(), detail).at(subject);
                d.values = sdt_hcl::expr_values(&rule.condition, self, sdt_hcl::Cause::default());
                if kind == RuleKind::Assert {
                    (d.severity, d.of_check) = (Severity::Warning, true);
                }
                diags.push(d);
                Outcome { status: CheckStatus::Fail, message, diags }
            }
            _ => {
                if kind == RuleKind::Assert {
                    let mut d = Diagnostic::warning(
                        "Check block assertion known after apply",
                        "The condition depends on what is not known yet; its result will be known when this plan is applied.",
                    )
                    .at(at);
                    d.of_check = true;
                    d.values = sdt_hcl::expr_values(&rule.condition, self, sdt_hcl::Cause::default());
                    diags.push(d);
                }
                Outcome { status: CheckStatus::Unknown, message: None, diags }
            }
        }
    }

    /// The message of a condition; `None` with errors, or where it may not be shown, which is a warning.
    pub(crate) fn message(&self, expr: &Expr) -> (Option<String>, Diagnostics) {
        let (value, mut diags) = self.eval(expr);
        if diags.has_errors() {
            return (None, diags);
        }
        let unsuitable = |why: &str| {
            Diagnostic::error("Invalid error message", format!("The message must be a string: {why}.")).at(expr.span())
        };
        let value = match sdt_value::convert(&value, &Type::String) {
            Ok(v) if v.is_null() => {
                diags.push(unsuitable("it is null"));
                return (None, diags);
            }
            Ok(v) => v,
            Err(e) => {
                diags.push(unsuitable(&e.message));
                return (None, diags);
            }
        };
        for (mark, what) in [(Marks::SENSITIVE, "sensitive"), (Marks::EPHEMERAL, "ephemeral")] {
            if value.deep_marks().contains(mark) && !value.is_unknown() {
                let detail = format!("The message holds a value that is {what}, so it cannot be shown.");
                diags.push(
                    Diagnostic::warning(format!("Error message refers to {what} values"), detail).at(expr.span()),
                );
                return (None, diags);
            }
        }
        (value.as_str().map(|s| s.trim().to_owned()), diags)
    }

    /// The message of a variable's rule that failed; `None` when there can be none.
    fn validation_message(&self, expr: &Expr) -> (Option<String>, Diagnostics) {
        const NONE: &str = "The condition does not hold, and its message could not be evaluated.";
        // What the variable's own value makes secret is not shown; what comes from elsewhere must not be there.
        let (value, mut diags) = self.clone().bare().eval(expr);
        let secret = self.eval(expr).0.deep_marks().contains(Marks::SENSITIVE);
        if diags.has_errors() || value.is_unknown() {
            let detail = "The message refers to what is not known before apply, or cannot be evaluated.";
            diags.push(Diagnostic::error("Invalid error message", detail).at(expr.span()));
            return (None, diags);
        }
        let marks = value.deep_marks();
        let text = match sdt_value::convert(&value, &Type::String) {
            Ok(text) => text,
            Err(e) => {
                let detail = format!("The message must be a string: {}.", e.message);
                diags.push(Diagnostic::error("Invalid error message", detail).at(expr.span()));
                return (Some(NONE.into()), diags);
            }
        };
        if marks.contains(Marks::EPHEMERAL) {
            let detail = "The message holds a value that is ephemeral, so it cannot be shown.";
            diags.push(Diagnostic::error("Error message refers to ephemeral values", detail).at(expr.span()));
            return (Some(NONE.into()), diags);
        }
        if secret {
            if marks.contains(Marks::SENSITIVE) {
                let detail = "The message holds a value that is sensitive, so it cannot be shown.";
                diags.push(Diagnostic::error("Error message refers to sensitive values", detail).at(expr.span()));
            }
            return (Some("The message holds a sensitive value, so it is not shown.".into()), diags);
        }
        (Some(text.as_str().map_or(NONE.to_owned(), |s| s.trim().to_owned())), diags)
    }
}

/// Results by object and instance.
#[derive(Default)]
pub(crate) struct Checks {
    objects: BTreeMap<(ModulePath, String), (CheckKind, BTreeMap<String, (CheckStatus, Vec<String>)>)>,
}

impl Checks {
    /// Every object of the configuration that has conditions, without results.
    pub(crate) fn declared(tree: &Tree) -> Self {
        let mut checks = Self::default();
        for id in tree.ids() {
            let m = tree.module(id);
            let mut add = |kind, local: String| {
                checks.objects.insert((m.path.clone(), local), (kind, BTreeMap::new()));
            };
            for v in m.variables.values().filter(|v| !v.validations.is_empty()) {
                add(CheckKind::Variable, format!("var.{}", v.name));
            }
            for o in m.outputs.values().filter(|o| !o.preconditions.is_empty()) {
                add(CheckKind::Output, format!("output.{}", o.name));
            }
            for r in m.resources.values() {
                if !r.lifecycle.preconditions.is_empty() || !r.lifecycle.postconditions.is_empty() {
                    add(CheckKind::Resource, r.addr.to_string());
                }
            }
            for c in m.checks.keys() {
                add(CheckKind::Check, format!("check.{c}"));
            }
        }
        checks
    }

    /// Unites a result with those the instance has.
    pub(crate) fn record(
        &mut self,
        kind: CheckKind,
        module: &ModulePath,
        local: &str,
        address: String,
        status: CheckStatus,
        problem: Option<String>,
    ) {
        let object = self.objects.entry((module.clone(), local.to_owned())).or_insert_with(|| (kind, BTreeMap::new()));
        let instance = object.1.entry(address).or_insert((CheckStatus::Pass, Vec::new()));
        instance.0 = instance.0.max(status);
        instance.1.extend(problem);
    }

    /// Tells whether an instance is known to have failed.
    pub(crate) fn has_failed(&self, module: &ModulePath, local: &str, address: &str) -> bool {
        let object = self.objects.get(&(module.clone(), local.to_owned()));
        let status = object.and_then(|(_, all)| all.get(address)).map(|(status, _)| *status);
        matches!(status, Some(CheckStatus::Fail | CheckStatus::Error))
    }

    pub(crate) fn results(&self) -> CheckResults {
        let objects = self.objects.iter().map(|((module, local), (kind, instances))| {
            let status = instances.values().map(|(s, _)| *s).max().unwrap_or(CheckStatus::Unknown);
            let instances = instances
                .iter()
                .map(|(address, (status, problems))| ObjectResult {
                    address: address.clone(),
                    status: *status,
                    problems: problems.clone(),
                })
                .collect();
            CheckObject { kind: *kind, module: module.clone(), local: local.as_str().into(), status, instances }
        });
        CheckResults(objects.collect())
    }
}

impl Core {
    /// Records that the data source inside a `check` could not be read; what was said of it becomes a warning.
    pub(crate) fn check_data_failed(
        &mut self,
        mi: crate::tree::Mi,
        check: &str,
        complaints: Vec<sdt_provider::Complaint>,
    ) -> Vec<sdt_provider::Complaint> {
        let inst = &self.insts.all[mi];
        let path = self.tree.module(inst.module).path.clone();
        let address = sdt_addr::AbsCheck { module: inst.addr.clone(), name: check.into() }.to_string();
        let problem = complaints.first().map(|c| format!("{}: {}", c.summary, c.detail));
        self.checks.record(CheckKind::Check, &path, &format!("check.{check}"), address, CheckStatus::Fail, problem);
        complaints.into_iter().map(|c| sdt_provider::Complaint { severity: Severity::Warning, ..c }).collect()
    }

    /// Records outcomes and reports what failed; returns whether the walk may go on from here.
    pub(crate) fn run_rules(
        &mut self,
        outcomes: &[Outcome],
        kind: CheckKind,
        module: &ModulePath,
        local: &str,
        address: String,
    ) -> bool {
        let mut ok = true;
        for o in outcomes {
            self.checks.record(kind, module, local, address.clone(), o.status, o.message.clone());
            let mut diags = o.diags.clone();
            if self.lenient && o.status == CheckStatus::Fail && kind != CheckKind::Variable {
                diags.0.iter_mut().for_each(|d| d.severity = Severity::Warning);
            }
            ok &= !diags.has_errors();
            self.diags.extend(diags);
        }
        ok
    }
}
