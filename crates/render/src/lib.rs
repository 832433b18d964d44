//! What people and programs see: plans, states, diagnostics and progress as text and as JSON.
//!
//! Every function takes its data and a [`Theme`] and returns text; nothing here prints, reads an environment or asks the time.
//!
//! ```
//! use sdt_render::{Style, Theme};
//! assert_eq!(Theme::PLAIN.paint(Style::Red, "Error:"), "Error:");
//! ```

mod diff;
mod plan_text;
mod theme;
mod values;
mod view;

pub use plan_text::{drift_list, plan_text, summary_line};
pub use theme::{Style, Theme, wrap};
pub use view::{ChangeView, PlanView, ResourceView, SchemaLookup, change_view};
