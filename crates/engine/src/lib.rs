//! sdt-engine.
