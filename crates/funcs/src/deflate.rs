pub(crate) fn gzip(_data: &[u8]) -> Vec<u8> {
    Vec::new()
}
