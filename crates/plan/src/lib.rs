//! sdt-plan.
