//! Writing blocks: stored, with the fixed code or with one of their own, whichever is the shortest.

use super::{Bits, Token};

const END_OF_BLOCK: usize = 256;
const LITERALS: usize = 286;
const OFFSETS: usize = 30;
const MAX_BITS: usize = 15;
const MAX_LENGTH_CODE_BITS: usize = 7;
const MAX_STORED: usize = 65_535;
/// The order in which the lengths of the lengths' own code are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A code: of each symbol the bits (ready to write) and their number.
struct Code(Vec<(u32, u32)>);

impl Code {
    /// The canonical code of these lengths.
    fn of_lengths(lengths: &[usize]) -> Self {
        let mut codes = vec![(0, 0); lengths.len()];
        let mut next = 0u32;
        for len in 1..=MAX_BITS {
            next <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == len) {
                codes[symbol] = (next.reverse_bits() >> (32 - len), len as u32);
                next += 1;
            }
        }
        Self(codes)
    }

    fn fixed_literals() -> Self {
        let lengths: Vec<usize> = (0..288)
            .map(|s| match s {
                0..=143 => 8,
                144..=255 => 9,
                256..=279 => 7,
                _ => 8,
            })
            .collect();
        Self::of_lengths(&lengths)
    }

    fn fixed_offsets() -> Self {
        Self::of_lengths(&[5; OFFSETS])
    }

    fn optimal(freqs: &[u32], max_bits: usize) -> Self {
        Self::of_lengths(&lengths(freqs, max_bits))
    }

    fn cost(&self, freqs: &[u32]) -> usize {
        freqs.iter().zip(&self.0).map(|(f, (_, len))| *f as usize * *len as usize).sum()
    }

    fn write(&self, symbol: usize, out: &mut Bits) {
        let (code, len) = self.0[symbol];
        out.write(code, len);
    }

    fn len(&self, symbol: usize) -> usize {
        self.0[symbol].1 as usize
    }
}

/// Lengths of an optimal code with at most `max_bits` each, by package-merge; of equally frequent candidates packages
/// come first.
fn lengths(freqs: &[u32], max_bits: usize) -> Vec<usize> {
    let mut out = vec![0; freqs.len()];
    let mut leaves: Vec<(u64, usize)> =
        freqs.iter().enumerate().filter(|(_, f)| **f > 0).map(|(s, f)| (u64::from(*f), s)).collect();
    if leaves.len() <= 2 {
        leaves.iter().for_each(|(_, s)| out[*s] = 1);
        return out;
    }
    leaves.sort_unstable();
    let n = leaves.len();
    // Each level is the merged list of all leaves and of the pairs of the level below; true is a leaf.
    let mut levels: Vec<Vec<(u64, bool)>> = Vec::new();
    for _ in 0..max_bits.min(n - 1) {
        let below = levels.last().map_or(&[][..], Vec::as_slice);
        let mut pairs = below.chunks_exact(2).map(|p| p[0].0 + p[1].0).peekable();
        let mut level = Vec::with_capacity(2 * n);
        for (f, _) in &leaves {
            while let Some(pair) = pairs.next_if(|p| p <= f) {
                level.push((pair, false));
            }
            level.push((*f, true));
        }
        level.extend(pairs.map(|p| (p, false)));
        levels.push(level);
    }
    // A symbol's length is the number of levels it is used in.
    let mut wanted = 2 * n - 2;
    for level in levels.iter().rev() {
        let used = &level[..wanted.min(level.len())];
        let leaf_count = used.iter().filter(|(_, leaf)| *leaf).count();
        leaves[..leaf_count].iter().for_each(|(_, s)| out[*s] += 1);
        wanted = 2 * (used.len() - leaf_count);
    }
    out
}

/// The code of a match length, its extra bits, and their number.
fn length_code(len: u16) -> (usize, u32, u32) {
    if len == 258 {
        return (28, 0, 0);
    }
    let x = u32::from(len) - 3;
    if x < 8 {
        return (x as usize, 0, 0);
    }
    let extra = x.ilog2() - 2;
    let code = (extra as usize + 1) * 4 + (x >> extra & 3) as usize;
    (code, x & ((1 << extra) - 1), extra)
}

fn offset_code(offset: u16) -> (usize, u32, u32) {
    let x = u32::from(offset) - 1;
    if x < 4 {
        return (x as usize, 0, 0);
    }
    let extra = x.ilog2() - 1;
    let code = (extra as usize + 1) * 2 + (x >> extra & 1) as usize;
    (code, x & ((1 << extra) - 1), extra)
}

pub(super) fn write_block(tokens: &[Token], text: Option<&[u8]>, out: &mut Bits) {
    let mut literal_freqs = vec![0u32; LITERALS];
    let mut offset_freqs = vec![0u32; OFFSETS];
    let mut extra = 0;
    literal_freqs[END_OF_BLOCK] = 1;
    for token in tokens {
        match token {
            Token::Literal(b) => literal_freqs[usize::from(*b)] += 1,
            Token::Match(len, offset) => {
                let (code, _, bits) = length_code(*len);
                literal_freqs[END_OF_BLOCK + 1 + code] += 1;
                extra += bits as usize;
                let (code, _, bits) = offset_code(*offset);
                offset_freqs[code] += 1;
                extra += bits as usize;
            }
        }
    }
    let used = |freqs: &[u32]| freqs.iter().rposition(|f| *f > 0).map_or(0, |i| i + 1);
    let literal_count = used(&literal_freqs);
    if used(&offset_freqs) == 0 {
        // A code must have a symbol.
        offset_freqs[0] = 1;
    }
    let offset_count = used(&offset_freqs);
    let (fixed_literals, fixed_offsets) = (Code::fixed_literals(), Code::fixed_offsets());
    let own_literals = Code::optimal(&literal_freqs, MAX_BITS);
    let own_offsets = Code::optimal(&offset_freqs, MAX_BITS);
    let header = Header::new(&own_literals, literal_count, &own_offsets, offset_count);

    // The extra bits count only where a stored block is possible, which doesn't change the comparison of the codes.
    let stored = text.filter(|t| t.len() <= MAX_STORED);
    let fixed_size = 3 + fixed_literals.cost(&literal_freqs) + fixed_offsets.cost(&offset_freqs) + extra;
    let own_size = header.size() + own_literals.cost(&literal_freqs) + own_offsets.cost(&offset_freqs) + extra;
    if let Some(text) = stored
        && (text.len() + 5) * 8 < fixed_size.min(own_size)
    {
        out.stored_header(text.len() as u16, false);
        out.bytes.extend_from_slice(text);
        return;
    }
    let (literals, offsets) = if own_size < fixed_size {
        header.write(out);
        (&own_literals, &own_offsets)
    } else {
        const FIXED: u32 = 2;
        out.write(FIXED, 3);
        (&fixed_literals, &fixed_offsets)
    };
    for token in tokens {
        match token {
            Token::Literal(b) => literals.write(usize::from(*b), out),
            Token::Match(len, offset) => {
                let (code, bits, count) = length_code(*len);
                literals.write(END_OF_BLOCK + 1 + code, out);
                out.write(bits, count);
                let (code, bits, count) = offset_code(*offset);
                offsets.write(code, out);
                out.write(bits, count);
            }
        }
    }
    literals.write(END_OF_BLOCK, out);
}

/// A block's own code, as written before its tokens.
struct Header {
    literal_count: usize,
    offset_count: usize,
    /// Lengths and runs of lengths, each with extra bits and their number.
    items: Vec<(usize, u32, u32)>,
    code: Code,
    freqs: Vec<u32>,
    written: usize,
}

impl Header {
    fn new(literals: &Code, literal_count: usize, offsets: &Code, offset_count: usize) -> Self {
        let all: Vec<usize> =
            (0..literal_count).map(|s| literals.len(s)).chain((0..offset_count).map(|s| offsets.len(s))).collect();
        let mut items = Vec::new();
        for run in all.chunk_by(|a, b| a == b) {
            let size = run[0];
            let mut count = run.len();
            if size != 0 {
                items.push((size, 0, 0));
                count -= 1;
                while count >= 3 {
                    let n = count.min(6);
                    items.push((16, n as u32 - 3, 2));
                    count -= n;
                }
            } else {
                while count >= 11 {
                    let n = count.min(138);
                    items.push((18, n as u32 - 11, 7));
                    count -= n;
                }
                if count >= 3 {
                    items.push((17, count as u32 - 3, 3));
                    count = 0;
                }
            }
            items.extend(std::iter::repeat_n((size, 0, 0), count));
        }
        let mut freqs = vec![0; ORDER.len()];
        items.iter().for_each(|(s, ..)| freqs[*s] += 1);
        let code = Code::optimal(&freqs, MAX_LENGTH_CODE_BITS);
        let written = ORDER.iter().rposition(|s| freqs[*s] > 0).map_or(4, |i| (i + 1).max(4));
        Self { literal_count, offset_count, items, code, freqs, written }
    }

    fn size(&self) -> usize {
        let extra: u32 = self.items.iter().map(|(_, _, n)| n).sum();
        3 + 5 + 5 + 4 + 3 * self.written + self.code.cost(&self.freqs) + extra as usize
    }

    fn write(&self, out: &mut Bits) {
        const OWN: u32 = 4;
        out.write(OWN, 3);
        out.write(self.literal_count as u32 - 257, 5);
        out.write(self.offset_count as u32 - 1, 5);
        out.write(self.written as u32 - 4, 4);
        ORDER[..self.written].iter().for_each(|s| out.write(self.code.len(*s) as u32, 3));
        for (symbol, extra, count) in &self.items {
            self.code.write(*symbol, out);
            out.write(*extra, *count);
        }
    }
}
