//! Finding repetitions: hash chains over a sliding window with lazy matching.

use super::{Bits, Token, huffman};

const WINDOW: usize = 1 << 15;
const MIN_MATCH: usize = 4;
const MAX_MATCH: usize = 258;
const MIN_AHEAD: usize = MIN_MATCH + MAX_MATCH;
const HASH_BITS: u32 = 17;
const BLOCK_TOKENS: usize = 1 << 14;
/// A match this long is not improved on by looking one byte further.
const LAZY: usize = 16;
/// A match this long ends the search.
const NICE: usize = 128;
const CHAIN: usize = 128;
/// Matches of the least length are not worth a greater distance.
const SHORT_DISTANCE: usize = 4096;

/// Writes all blocks of the text, none of them the last.
pub(super) fn compress(data: &[u8], out: &mut Bits) {
    let mut c = Compressor {
        window: vec![0; 2 * WINDOW],
        end: 0,
        index: 0,
        block_start: Some(0),
        heads: vec![0; 1 << HASH_BITS],
        previous: vec![0; WINDOW],
        base: 1,
        head: 0,
        length: MIN_MATCH - 1,
        offset: 0,
        pending: false,
        tokens: Vec::with_capacity(BLOCK_TOKENS),
    };
    let mut rest = data;
    while !rest.is_empty() {
        c.run(false, out);
        rest = &rest[c.fill(rest)..];
    }
    c.run(true, out);
}

struct Compressor {
    /// Two windows' length; the second moves to the first when it is full.
    window: Vec<u8>,
    end: usize,
    index: usize,
    /// Where the text of the current block starts, unless it has left the window.
    block_start: Option<usize>,
    /// Of each hash its last position; positions count from `base` at the start of the window, 0 is none.
    heads: Vec<usize>,
    /// Of each position the one before with its hash.
    previous: Vec<usize>,
    base: usize,
    head: usize,
    length: usize,
    offset: usize,
    /// The byte before `index` is not in a token yet.
    pending: bool,
    tokens: Vec<Token>,
}

fn hash(b: &[u8]) -> usize {
    const FACTOR: u32 = 0x1e35_a7bd;
    let word = u32::from_be_bytes([b[0], b[1], b[2], b[3]]);
    (word.wrapping_mul(FACTOR) >> (32 - HASH_BITS)) as usize
}

impl Compressor {
    fn fill(&mut self, data: &[u8]) -> usize {
        if self.index >= 2 * WINDOW - MIN_AHEAD {
            self.window.copy_within(WINDOW.., 0);
            self.index -= WINDOW;
            self.end -= WINDOW;
            self.block_start = self.block_start.and_then(|s| s.checked_sub(WINDOW));
            self.base += WINDOW;
        }
        let n = data.len().min(self.window.len() - self.end);
        self.window[self.end..self.end + n].copy_from_slice(&data[..n]);
        self.end += n;
        n
    }

    /// Enters the position into the chain of its hash; gives the position before it.
    fn enter(&mut self, at: usize) -> usize {
        let slot = &mut self.heads[hash(&self.window[at..])];
        let before = std::mem::replace(slot, at + self.base);
        self.previous[at % WINDOW] = before;
        before
    }

    fn flush(&mut self, end: usize, out: &mut Bits) {
        let text = self.block_start.filter(|s| *s <= end).map(|s| &self.window[s..end]);
        huffman::write_block(&self.tokens, text, out);
        self.block_start = Some(end);
        self.tokens.clear();
    }

    fn push(&mut self, token: Token, end: usize, out: &mut Bits) {
        self.tokens.push(token);
        if self.tokens.len() == BLOCK_TOKENS {
            self.flush(end, out);
        }
    }

    /// Compresses what is in the window; without `all` it leaves enough to look ahead.
    fn run(&mut self, all: bool, out: &mut Bits) {
        if self.end - self.index < MIN_AHEAD && !all {
            return;
        }
        let enterable = (self.end + 1).saturating_sub(MIN_MATCH);
        loop {
            let ahead = self.end - self.index;
            if ahead < MIN_AHEAD && !all {
                return;
            }
            if ahead == 0 {
                if std::mem::take(&mut self.pending) {
                    self.tokens.push(Token::Literal(self.window[self.index - 1]));
                }
                if !self.tokens.is_empty() {
                    self.flush(self.index, out);
                }
                return;
            }
            if self.index < enterable {
                self.head = self.enter(self.index);
            }
            let (old_length, old_offset) = (self.length, self.offset);
            self.length = MIN_MATCH - 1;
            self.offset = 0;
            let least = self.index.saturating_sub(WINDOW);
            if self.head >= least + self.base && ahead > old_length && old_length < LAZY {
                self.find(self.head - self.base, ahead);
            }
            if old_length >= MIN_MATCH && self.length <= old_length {
                // The match one byte before was at least as good.
                let next = self.index + old_length - 1;
                for at in self.index + 1..next {
                    if at < enterable {
                        self.enter(at);
                    }
                }
                self.index = next;
                self.pending = false;
                self.length = MIN_MATCH - 1;
                self.push(Token::Match(old_length as u16, old_offset as u16), next, out);
            } else {
                if self.pending {
                    let token = Token::Literal(self.window[self.index - 1]);
                    self.push(token, self.index, out);
                }
                self.index += 1;
                self.pending = true;
            }
        }
    }

    /// Looks for the longest match of the text at `index` along the chain that starts at `from`.
    fn find(&mut self, from: usize, ahead: usize) {
        let at = self.index;
        let most = ahead.min(MAX_MATCH);
        let nice = NICE.min(most);
        let least = at.saturating_sub(WINDOW);
        let mut from = from;
        for _ in 0..CHAIN {
            let w = &self.window;
            if w[from + self.length] == w[at + self.length] {
                let n = (0..most).take_while(|i| w[from + i] == w[at + i]).count();
                if n > self.length && (n > MIN_MATCH || at - from <= SHORT_DISTANCE) {
                    self.length = n;
                    self.offset = at - from;
                    if n >= nice {
                        return;
                    }
                }
            }
            if at >= WINDOW && from == at - WINDOW {
                // Its slot in the chain is taken by a newer position.
                return;
            }
            let before = self.previous[from % WINDOW];
            if before < least + self.base {
                return;
            }
            from = before - self.base;
        }
    }
}
