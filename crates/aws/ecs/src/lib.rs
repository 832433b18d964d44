//! sdt-aws-ecs.
