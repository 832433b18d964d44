//! A plan as text, with Terraform's structure.

use std::fmt::Write as _;

use sdt_plan::{Action, DeferReason, PlanMode, Reason, Relevant, ReplaceOrder};
use serde_json::Value as Json;

use crate::diff::{Act, Change, Pen, attribute_name, block_diff, side, symbol, value_diff};
use crate::theme::{Style, Theme};
use crate::view::{ChangeView, PlanView, ResourceView};

/// How a plan is introduced and concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Proposed,
    Drift,
    Deferred,
}

/// Writes the whole plan: drift, the changes with a legend, the summary line, changes of outputs; or why there is nothing to do.
#[must_use]
pub fn plan_text(view: &PlanView, theme: &Theme) -> String {
    let mut out = String::new();
    let changes: Vec<_> = view.changes.iter().filter(|c| shown(c)).collect();
    let outputs = outputs_text(view, theme);
    let drift = drift_text(view, &changes, theme);
    out += &drift;
    if changes.is_empty() && outputs.is_empty() {
        if view.deferred.is_empty() {
            out += &nothing_to_do(view, !drift.is_empty(), theme);
        }
        out += &deferred_text(view, theme);
        return out;
    }
    if !drift.is_empty() {
        let _ = writeln!(out, "\n{}", "─".repeat(theme.width.max(3) - 1));
    }
    if !changes.is_empty() {
        out += &crate::summary_tree::summary_tree(&changes, theme);
        out += &legend(&changes, theme);
        let opening = if view.errored {
            "These actions were planned before a problem stopped the planning:"
        } else {
            "sdt will perform the following actions:"
        };
        let _ = write!(out, "\n{opening}\n");
        for change in &changes {
            let _ = write!(out, "\n{}\n", resource_text(change, Cause::Proposed, theme));
        }
        let _ = write!(out, "\n{}\n", summary_line(view, theme));
    }
    out += &deferred_text(view, theme);
    if !outputs.is_empty() {
        let _ = write!(out, "\nChanges to Outputs:\n{outputs}\n");
        if changes.is_empty() {
            out.push('\n');
            out += &theme.wrap("Applying this plan saves these output values in the state and changes nothing else.");
            out.push('\n');
        }
    }
    out
}

/// What is left for a later run, and why.
fn deferred_text(view: &PlanView, theme: &Theme) -> String {
    if view.deferred.is_empty() {
        return String::new();
    }
    let title = theme.paint(Style::Yellow, &theme.paint(Style::Bold, "Note:"));
    let n = view.deferred.len();
    let s = if n == 1 { "" } else { "s" };
    let prose = "Something about them will be known only when this plan has been applied: apply it, then plan again.";
    let mut out = format!(
        "\n{title} {}\n\n{}\n",
        theme.paint(Style::Bold, &format!("This plan is partial: {n} change{s} left for the next one")),
        theme.wrap(prose)
    );
    for deferred in &view.deferred {
        let address = theme.paint(Style::Bold, &format!("  # {}", deferred.resource_change.address));
        let why = match deferred.reason {
            DeferReason::InstanceCountUnknown => "how many instances there are is not known yet",
            DeferReason::ProviderConfigUnknown => "the configuration of its provider is not known yet",
            DeferReason::Prerequisite => "it uses something that is deferred",
        };
        let text = resource_text(&deferred.resource_change, Cause::Deferred, theme);
        let _ = write!(out, "\n{address} was deferred\n  # ({why})\n{text}\n");
    }
    out
}

/// Writes only what changed outside, for `sdt drift`; empty when nothing did.
#[must_use]
pub fn drift_list(view: &PlanView, theme: &Theme) -> String {
    let mut out = String::new();
    for item in view.drift.iter().filter(|d| d.change.action != Action::NoOp) {
        let _ = write!(out, "\n{}\n", resource_text(item, Cause::Drift, theme));
    }
    out
}

/// `Plan: 1 to add, 0 to change, 0 to destroy.`
#[must_use]
pub fn summary_line(view: &PlanView, theme: &Theme) -> String {
    let (mut import, mut add, mut change, mut destroy) = (0, 0, 0, 0);
    for c in &view.changes {
        import += usize::from(c.change.importing.is_some());
        if c.mode != "managed" {
            continue;
        }
        match c.change.action {
            Action::Create => add += 1,
            Action::Update => change += 1,
            Action::Delete => destroy += 1,
            Action::Replace(_) => {
                add += 1;
                destroy += 1;
            }
            Action::NoOp | Action::Read | Action::Forget => {}
        }
    }
    let import = if import > 0 { format!("{import} to import, ") } else { String::new() };
    format!("{} {import}{add} to add, {change} to change, {destroy} to destroy.", theme.paint(Style::Bold, "Plan:"))
}

fn shown(c: &ResourceView) -> bool {
    match c.change.action {
        Action::NoOp => c.previous_address.is_some() || c.change.importing.is_some(),
        Action::Delete => c.mode == "managed",
        _ => true,
    }
}

fn nothing_to_do(view: &PlanView, drifted: bool, theme: &Theme) -> String {
    let headline = |title: &str, rest: &str, prose: &str| {
        let title = theme.paint(Style::Green, &theme.paint(Style::Bold, title));
        format!("\n{title} {}\n\n{}\n", theme.paint(Style::Bold, rest), theme.wrap(prose))
    };
    if view.errored {
        return "\nPlanning failed before any action was planned.\n".into();
    }
    match view.mode {
        PlanMode::RefreshOnly if drifted => format!(
            "\n{}\n",
            theme
                .wrap("Applying this refresh-only plan takes these changes into the state; no real object is touched.")
        ),
        PlanMode::RefreshOnly => headline(
            "No changes.",
            "The infrastructure still matches the state.",
            "Every object was read and is as the state remembers it.",
        ),
        PlanMode::Destroy => headline(
            "No changes.",
            "Nothing is there to be destroyed.",
            "The state holds no objects, or they are already gone.",
        ),
        PlanMode::Normal if drifted => headline(
            "No changes.",
            "The infrastructure matches the configuration.",
            "The changes above are already what the configuration asks for: applying only takes them into the state. (sdt plan -refresh-only shows them as a plan.)",
        ),
        PlanMode::Normal => headline(
            "No changes.",
            "The infrastructure matches the configuration.",
            "Every object was compared with the configuration and none differs.",
        ),
    }
}

fn legend(changes: &[&ResourceView], theme: &Theme) -> String {
    let any = |f: &dyn Fn(Action) -> bool| changes.iter().any(|c| f(c.change.action));
    let rows: [(bool, &str); 7] = [
        (any(&|a| a == Action::Create), "create"),
        (any(&|a| a == Action::Update), "update in-place"),
        (any(&|a| a == Action::Delete), "destroy"),
        (any(&|a| a == Action::Replace(ReplaceOrder::DeleteFirst)), "destroy and then create replacement"),
        (any(&|a| a == Action::Replace(ReplaceOrder::CreateFirst)), "create replacement and then destroy"),
        (any(&|a| a == Action::Read), "read (data resources)"),
        (any(&|a| a == Action::Forget), "forget"),
    ];
    if !rows.iter().any(|(there, _)| *there) {
        return String::new();
    }
    let actions = [
        Action::Create,
        Action::Update,
        Action::Delete,
        Action::Replace(ReplaceOrder::DeleteFirst),
        Action::Replace(ReplaceOrder::CreateFirst),
        Action::Read,
        Action::Forget,
    ];
    let mut out = String::from("\nIn this plan the symbols mean:\n");
    for ((_, what), action) in rows.iter().zip(actions).filter(|((there, _), _)| *there) {
        let _ = writeln!(out, "{} {what}", action_symbol(action, theme));
    }
    out
}

/// The three columns before a resource's header.
fn action_symbol(action: Action, theme: &Theme) -> String {
    let (minus, plus) = (theme.paint(Style::Red, "-"), theme.paint(Style::Green, "+"));
    match action {
        Action::NoOp => "   ".into(),
        Action::Create => format!("  {plus}"),
        Action::Update => format!("  {}", theme.paint(Style::Yellow, "~")),
        Action::Delete => format!("  {minus}"),
        Action::Replace(ReplaceOrder::DeleteFirst) => format!("{minus}/{plus}"),
        Action::Replace(ReplaceOrder::CreateFirst) => format!("{plus}/{minus}"),
        Action::Read => format!(" {}", theme.paint(Style::Cyan, "<=")),
        Action::Forget => format!(" {}", theme.paint(Style::Red, ".")),
    }
}

fn resource_text(c: &ResourceView, cause: Cause, theme: &Theme) -> String {
    let mut out = if cause == Cause::Deferred { String::new() } else { headline(c, cause, theme) };
    let keyword = if c.mode == "data" { "data" } else { "resource" };
    let _ = write!(
        out,
        "{} {keyword} \"{}\" \"{}\" {}",
        action_symbol(c.change.action, theme),
        c.type_name,
        c.name,
        object_text(c, theme)
    );
    out
}

fn object_text(c: &ResourceView, theme: &Theme) -> String {
    let forgotten = c.change.action == Action::Forget;
    let replace: Vec<&[Json]> =
        c.change.replace_paths.iter().flatten().filter_map(|p| p.as_array().map(Vec::as_slice)).collect();
    let change = Change {
        before: side(&c.change.before),
        // What is only forgotten does not change.
        after: if forgotten { side(&c.change.before) } else { c.change.after.as_ref().and_then(side) },
        unknown: if forgotten { None } else { Some(&c.change.after_unknown) },
        before_sensitive: Some(&c.change.before_sensitive),
        after_sensitive: Some(if forgotten { &c.change.before_sensitive } else { &c.change.after_sensitive }),
        replace,
        ..Change::default()
    };
    let diff = match c.block() {
        Some(block) => block_diff(&change, block),
        None => value_diff(&change),
    };
    let mut pen = Pen::new(theme);
    // What is taken over has not been seen before: all of it is shown.
    pen.unchanged = c.change.importing.is_some();
    if forgotten {
        pen.no_null = true;
    }
    pen.write(&diff, 0)
}

fn headline(c: &ResourceView, cause: Cause, theme: &Theme) -> String {
    let bold = |s: &str| theme.paint(Style::Bold, s);
    let red = |s: &str| theme.paint(Style::Red, &bold(s));
    let address = match &c.deposed {
        Some(key) => format!("{} (deposed object {key})", c.address),
        None => c.address.clone(),
    };
    let head = bold(&format!("  # {address}"));
    let mut lines = Vec::new();
    let (mut told_move, mut told_import) = (false, false);
    match c.change.action {
        Action::Create => lines.push(format!("{head} will be created")),
        Action::Read => {
            lines.push(format!("{head} will be read during apply"));
            match c.reason {
                Some(Reason::ReadBecauseConfigUnknown) => {
                    lines.push("  # (config refers to values not yet known)".into())
                }
                Some(Reason::ReadBecauseDependencyPending) => {
                    lines.push("  # (depends on a resource or a module with changes pending)".into());
                }
                Some(Reason::ReadBecauseCheckNested) => {
                    lines.push("  # (config will be reloaded to verify a check block)".into());
                }
                _ => {}
            }
        }
        Action::Update if cause == Cause::Drift => lines.push(format!("{head} has changed")),
        Action::Update => lines.push(format!("{head} will be updated in-place")),
        Action::Replace(_) => lines.push(match c.reason {
            Some(Reason::ReplaceBecauseTainted) => format!("{head} is tainted, so must be {}", red("replaced")),
            Some(Reason::ReplaceByRequest) => format!("{head} will be {}, as requested", red("replaced")),
            Some(Reason::ReplaceByTriggers) => {
                format!("{head} will be {} due to changes in replace_triggered_by", red("replaced"))
            }
            _ => format!("{head} must be {}", red("replaced")),
        }),
        Action::Delete if cause == Cause::Drift => lines.push(format!("{head} has been deleted")),
        Action::Delete => {
            lines.push(format!("{head} will be {}", red("destroyed")));
            lines.extend(why_deleted(c));
            if c.deposed.is_some() {
                lines.push("  # (left over from a partially-failed replacement of this instance)".into());
            }
        }
        Action::Forget => {
            lines.push(format!(
                "{} will no longer be managed by sdt, but will not be destroyed",
                bold(&format!(" # {address}"))
            ));
            lines.push(" # (destroy = false is set in the configuration)".into());
        }
        Action::NoOp => match &c.previous_address {
            Some(previous) => {
                lines.push(format!("{} has moved to {}", bold(&format!("  # {previous}")), bold(&address)));
                told_move = true;
            }
            None => {
                lines.push(format!("{head} will be imported"));
                told_import = true;
            }
        },
    }
    if c.generated {
        lines.push("  # (config will be generated)".into());
        told_import = true;
    }
    if let Some(previous) = c.previous_address.as_ref().filter(|_| !told_move) {
        lines.push(format!("  # (moved from {previous})"));
    }
    if let Some(importing) = c.change.importing.as_ref().filter(|_| !told_import) {
        lines.push(match importing.get("id").and_then(Json::as_str) {
            Some(id) => format!("  # (imported from \"{id}\")"),
            None => "  # (will be imported first)".into(),
        });
        if c.change.action.is_replace() {
            lines.push(format!("  # {}", red("Warning: this will destroy the imported resource")));
        }
    }
    lines.join("\n") + "\n"
}

fn why_deleted(c: &ResourceView) -> Option<String> {
    let resource = &c.addr.resource;
    Some(match c.reason? {
        Reason::DeleteBecauseNoResourceConfig => format!("  # (because {resource} is not in configuration)"),
        Reason::DeleteBecauseNoMoveTarget => format!(
            "  # (because {} was moved to {}, which is not in configuration)",
            c.previous_address.as_deref().unwrap_or(&c.address),
            c.address
        ),
        Reason::DeleteBecauseNoModule => format!("  # (because {} is not in configuration)", c.addr.module),
        Reason::DeleteBecauseWrongRepetition => match &c.index {
            None => "  # (because resource uses count or for_each)".into(),
            Some(Json::String(_)) => "  # (because resource does not use for_each)".into(),
            Some(_) => "  # (because resource does not use count)".into(),
        },
        Reason::DeleteBecauseEnabledFalse => format!("  # (because {resource} is not enabled)"),
        Reason::DeleteBecauseCountIndex => {
            format!("  # (because index {} is out of range for count)", c.addr.key.as_ref().map(ToString::to_string)?)
        }
        Reason::DeleteBecauseEachKey => {
            format!("  # (because key {} is not in for_each map)", c.addr.key.as_ref().map(ToString::to_string)?)
        }
        _ => return None,
    })
}

fn outputs_text(view: &PlanView, theme: &Theme) -> String {
    let changed: Vec<_> = view.outputs.iter().filter(|(_, o)| o.action != Action::NoOp).collect();
    let names: Vec<_> = view.outputs.iter().map(|(name, _)| attribute_name(name)).collect();
    let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, change) in changed {
        let (act, text) = output_diff(change, theme);
        if act != Act::NoOp {
            lines.push(format!("{}{:width$} = {text}", symbol(theme, act), attribute_name(name)));
        }
    }
    lines.join("\n")
}

fn output_diff(change: &ChangeView, theme: &Theme) -> (Act, String) {
    let diff = value_diff(&Change {
        before: side(&change.before),
        after: change.after.as_ref().and_then(side),
        unknown: Some(&change.after_unknown),
        before_sensitive: Some(&change.before_sensitive),
        after_sensitive: Some(&change.after_sensitive),
        ..Change::default()
    });
    (diff.act, Pen::new(theme).write(&diff, 0))
}

/// Whether an attribute that the plan depends on is among what changed outside.
fn explains(drift: &ResourceView, relevant: &Relevant) -> bool {
    let whole = drift.address.strip_prefix(relevant.resource.as_str());
    if !whole.is_some_and(|rest| rest.is_empty() || rest.starts_with('[')) {
        return false;
    }
    let (mut before, mut after) = (Some(&drift.change.before), drift.change.after.as_ref());
    for step in &relevant.path {
        before = before.and_then(|v| deeper(v, step));
        after = after.and_then(|v| deeper(v, step));
    }
    before != after
}

fn deeper<'a>(value: &'a Json, step: &Json) -> Option<&'a Json> {
    match step {
        Json::String(name) => value.get(name),
        Json::Number(n) => value.get(n.as_u64()? as usize),
        _ => None,
    }
}

/// Drift is shown in full when it is what the plan is about, or when it explains a change; the rest is counted.
fn drift_text(view: &PlanView, changes: &[&ResourceView], theme: &Theme) -> String {
    let refresh_only = view.mode == PlanMode::RefreshOnly;
    let drift: Vec<_> = view.drift.iter().filter(|d| refresh_only || d.change.action != Action::NoOp).collect();
    let relevant: Vec<_> = if view.mode == PlanMode::RefreshOnly {
        drift.clone()
    } else {
        drift
            .iter()
            .copied()
            .filter(|d| {
                changes.iter().any(|c| c.address == d.address && c.deposed == d.deposed)
                    || view.relevant.iter().any(|r| explains(d, r))
            })
            .collect()
    };
    let mut out = String::new();
    if !relevant.is_empty() {
        let title = theme.paint(Style::Cyan, &theme.paint(Style::Bold, "Note:"));
        let _ = writeln!(out, "\n{title} {}", theme.paint(Style::Bold, "Objects have changed outside of sdt"));
        let prose = "These objects are not as the last apply left them, which may explain the actions below:";
        let _ = write!(out, "\n{}\n", theme.wrap(prose));
        for item in &relevant {
            let _ = write!(out, "\n{}\n", resource_text(item, Cause::Drift, theme));
        }
    }
    if drift.len() > relevant.len() {
        let n = drift.len() - relevant.len();
        let s = if n == 1 { "" } else { "s" };
        let prose = format!(
            "{n} object{s} changed outside of sdt without an effect on this plan; `sdt drift` shows what changed."
        );
        let _ = write!(out, "\n{}\n", theme.wrap(&prose));
    }
    out
}
