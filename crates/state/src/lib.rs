//! sdt-state.
