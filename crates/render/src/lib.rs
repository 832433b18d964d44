//! sdt-render.
