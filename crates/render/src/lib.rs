//! What people and programs see: plans, states, diagnostics and progress as text and as JSON.
//!
//! Every function takes its data and a [`Theme`] and returns text; nothing here prints, reads an environment or asks the time.
//!
//! ```
//! use sdt_render::{Style, Theme};
//! assert_eq!(Theme::PLAIN.paint(Style::Red, "Error:"), "Error:");
//! ```

mod console;
mod diagnostic;
mod diff;
mod drift;
mod generate;
mod plan_json;
mod plan_text;
mod state_view;
mod summary_tree;
mod theme;
mod ui;
mod unified;
mod values;
mod view;

pub use console::{type_text, value_text};
pub use diagnostic::{
    DiagnosticView, ExprView, Frame, PosView, RangeView, SnippetView, columns, compact_warnings, consolidate_warnings,
    diagnostic_text, diagnostic_view, in_order,
};
pub use drift::drift_paths;
pub use generate::resource_block;
pub use plan_json::plan_json;
pub use plan_text::{drift_list, plan_text, summary_line};
pub use state_view::{
    Decode, ObjectView, object_text, outputs_json, outputs_text, state_json, state_objects, state_text, values_json,
};
pub use theme::{Style, Theme, wrap};
pub use ui::{Message, ProvisionEvent, Tally, apply_summary_text, elapsed, verb};
pub use unified::unified_diff;
pub use view::{ChangeView, DeferredView, PlanView, ResourceView, SchemaLookup, change_view};
