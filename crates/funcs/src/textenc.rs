use crate::Function;
pub(crate) static FUNCTIONS: &[Function] = &[];
