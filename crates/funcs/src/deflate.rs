//! Compression whose bytes are those that Go's `compress/flate` gives at its default level.
//!
//! Values from `base64gzip` and digests of archives end up in state and in user data, so that an equally good but different
//! compression would show as a change. Source: RFC 1951 and 1952; the search and the choice of blocks follow Go's.

mod huffman;
mod matcher;

/// Compresses without a header: what is written and closed.
#[must_use]
pub fn raw(data: &[u8]) -> Vec<u8> {
    compress(data, false)
}

/// Compresses into gzip: what is written, flushed if `flushed`, and closed.
#[must_use]
pub fn gzip(data: &[u8], flushed: bool) -> Vec<u8> {
    // No name, no time, unknown system.
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend(compress(data, flushed));
    out.extend(crc32(data).to_le_bytes());
    out.extend((data.len() as u32).to_le_bytes());
    out
}

fn compress(data: &[u8], flushed: bool) -> Vec<u8> {
    let mut bits = Bits::default();
    matcher::compress(data, &mut bits);
    if flushed {
        bits.stored_header(0, false);
    }
    bits.stored_header(0, true);
    bits.bytes
}

/// The checksum of gzip and zip.
#[must_use]
pub fn crc32(data: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    !data.iter().fold(!0u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { c >> 1 ^ POLYNOMIAL } else { c >> 1 })
    })
}

/// Output, the lowest bit first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn write(&mut self, value: u32, len: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += len;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        if self.count > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.pending = 0;
        self.count = 0;
    }

    fn stored_header(&mut self, len: u16, last: bool) {
        self.write(u32::from(last), 3);
        self.align();
        self.write(u32::from(len), 16);
        self.write(u32::from(!len), 16);
    }
}

/// A step of the compressed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Literal(u8),
    /// Length and distance.
    Match(u16, u16),
}

#[cfg(test)]
mod tests {
    use crate::encoding::to_base64;

    #[test]
    fn same_bytes_as_go() {
        let cases = [
            ("", "H4sIAAAAAAAA/wAAAP//AQAA//8AAAAAAAAAAA=="),
            ("hello", "H4sIAAAAAAAA/8pIzcnJBwAAAP//AQAA//+GphA2BQAAAA=="),
        ];
        for (text, expected) in cases {
            assert_eq!(to_base64(&super::gzip(text.as_bytes(), true)), expected, "{text}");
        }
    }
}
