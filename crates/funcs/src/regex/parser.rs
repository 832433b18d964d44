//! From RE2 syntax to the engine's form. Source: Go `regexp/syntax` with the flags of `regexp.Compile`.

use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Dot, Hir, Look, Repetition};

use super::{ParseError, class};

/// The greatest count of a repetition, nested ones multiplied.
const MAX_REPEAT: u32 = 1000;
const MAX_DEPTH: usize = 500;

const NO_BRACKET: &str = "missing closing ]";
const NO_PAREN: &str = "missing closing )";
const BAD_ESCAPE: &str = "invalid escape sequence";
const BAD_RANGE: &str = "invalid character class range";
const BAD_SYNTAX: &str = "invalid or unsupported Perl syntax";
const BAD_NAME: &str = "invalid named capture";
const BAD_COUNT: &str = "invalid repeat count";
const NO_OPERAND: &str = "missing argument to repetition operator";
const DOUBLE_REPEAT: &str = "invalid nested repetition operator";

/// Parses a pattern; gives the names of its groups too.
pub(super) fn parse(pattern: &str) -> Result<(Hir, Vec<Option<String>>), ParseError> {
    let mut p = Parser { rest: pattern, whole: pattern, flags: Flags::default(), names: Vec::new(), depth: 0 };
    let (hir, _) = p.alternation()?;
    if !p.rest.is_empty() {
        return Err(ParseError { code: "unexpected )", part: pattern.to_owned() });
    }
    Ok((hir, p.names))
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multi_line: bool,
    dot_newline: bool,
    ungreedy: bool,
}

struct Parser<'p> {
    rest: &'p str,
    whole: &'p str,
    flags: Flags,
    names: Vec<Option<String>>,
    depth: usize,
}

type Parsed<T> = Result<T, ParseError>;

fn err<T>(code: &'static str, part: impl Into<String>) -> Parsed<T> {
    Err(ParseError { code, part: part.into() })
}

/// The part of `from` that comes before its tail `to`.
fn between<'p>(from: &'p str, to: &str) -> &'p str {
    &from[..from.len() - to.len()]
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }

    /// Up to a `)` or the end; gives the greatest repetition inside too.
    fn alternation(&mut self) -> Parsed<(Hir, u32)> {
        let mut branches = Vec::new();
        let mut most = 1;
        loop {
            let (hir, n) = self.concatenation()?;
            branches.push(hir);
            most = most.max(n);
            if !self.eat("|") {
                return Ok((Hir::alternation(branches), most));
            }
        }
    }

    fn concatenation(&mut self) -> Parsed<(Hir, u32)> {
        let mut items: Vec<(Hir, u32)> = Vec::new();
        // Where the repetition operator just before started.
        let mut repeated: Option<&str> = None;
        while let Some(c) = self.peek() {
            let start = self.rest;
            let mut now_repeated = None;
            match c {
                '|' | ')' => break,
                '(' => {
                    if let Some(item) = self.group()? {
                        items.push(item);
                    }
                }
                '[' => items.push((self.class()?, 1)),
                '.' => {
                    self.next();
                    let dot = if self.flags.dot_newline { Dot::AnyChar } else { Dot::AnyCharExceptLF };
                    items.push((Hir::dot(dot), 1));
                }
                '^' => {
                    self.next();
                    items.push((Hir::look(if self.flags.multi_line { Look::StartLF } else { Look::Start }), 1));
                }
                '$' => {
                    self.next();
                    items.push((Hir::look(if self.flags.multi_line { Look::EndLF } else { Look::End }), 1));
                }
                '*' | '+' | '?' => {
                    self.next();
                    let (min, max) = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(&mut items, min, max, start, repeated)?;
                    now_repeated = Some(start);
                }
                '{' => match self.counts() {
                    Some((min, max)) => {
                        let limit = max.unwrap_or(min);
                        if min > MAX_REPEAT || limit > MAX_REPEAT || max.is_some_and(|m| m < min) {
                            return err(BAD_COUNT, between(start, self.rest));
                        }
                        self.repeat(&mut items, min, max, start, repeated)?;
                        now_repeated = Some(start);
                    }
                    None => {
                        self.next();
                        items.push((self.literal('{'), 1));
                    }
                },
                '\\' => {
                    if self.eat("\\Q") {
                        let end = self.rest.find("\\E").unwrap_or(self.rest.len());
                        let text = &self.rest[..end];
                        self.rest = &self.rest[end..];
                        self.eat("\\E");
                        let literals: Vec<(Hir, u32)> = text.chars().map(|c| (self.literal(c), 1)).collect();
                        items.extend(literals);
                    } else {
                        let hir = self.escape()?;
                        items.push((hir, 1));
                    }
                }
                c => {
                    self.next();
                    items.push((self.literal(c), 1));
                }
            }
            repeated = now_repeated;
        }
        let most = items.iter().map(|(_, n)| *n).max().unwrap_or(1);
        Ok((Hir::concat(items.into_iter().map(|(h, _)| h).collect()), most))
    }

    fn literal(&self, c: char) -> Hir {
        if self.flags.fold {
            let mut class = class::of(&[(c, c)]);
            class.case_fold_simple();
            return Hir::class(Class::Unicode(class));
        }
        Hir::literal(c.to_string().into_bytes())
    }

    /// Applies a repetition to the last item. `start` is where the operator started, `before` the one just before it.
    fn repeat(
        &mut self,
        items: &mut Vec<(Hir, u32)>,
        min: u32,
        max: Option<u32>,
        start: &'p str,
        before: Option<&'p str>,
    ) -> Parsed<()> {
        let lazy = self.eat("?");
        if let Some(before) = before {
            return err(DOUBLE_REPEAT, between(before, self.rest));
        }
        let Some((sub, inner)) = items.pop() else { return err(NO_OPERAND, between(start, self.rest)) };
        let times = max.unwrap_or(min).max(1);
        let most = inner.saturating_mul(times);
        if times > 1 && most > MAX_REPEAT {
            return err(BAD_COUNT, between(start, self.rest));
        }
        let greedy = lazy == self.flags.ungreedy;
        items.push((Hir::repetition(Repetition { min, max, greedy, sub: Box::new(sub) }), most));
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`; anything else is literal text.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        fn number(text: &mut &str) -> Option<u32> {
            let len = text.bytes().take_while(u8::is_ascii_digit).count();
            let digits = &text[..len];
            if len == 0 || len > 1 && digits.starts_with('0') {
                return None;
            }
            *text = &text[len..];
            Some(digits.parse().unwrap_or(u32::MAX))
        }
        let mut rest = self.rest.strip_prefix('{')?;
        let min = number(&mut rest)?;
        let max = match rest.strip_prefix(',') {
            None => Some(min),
            Some(after) => {
                rest = after;
                if rest.starts_with('}') { None } else { Some(number(&mut rest)?) }
            }
        };
        self.rest = rest.strip_prefix('}')?;
        Some((min, max))
    }

    /// At a `(`: a group, or flags for the rest of the enclosing one (`None`).
    fn group(&mut self) -> Parsed<Option<(Hir, u32)>> {
        let start = self.rest;
        let outer = self.flags;
        self.eat("(");
        let mut index = None;
        if self.eat("?P<") || self.eat("?<") {
            let Some((name, after)) = self.rest.split_once('>') else { return err(BAD_NAME, start) };
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return err(BAD_NAME, between(start, after));
            }
            self.rest = after;
            self.names.push(Some(name.to_owned()));
            index = Some(self.names.len());
        } else if self.eat("?") {
            if !self.flags(start)? {
                return Ok(None);
            }
        } else {
            self.names.push(None);
            index = Some(self.names.len());
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return err("expression nests too deeply", self.whole);
        }
        let (hir, most) = self.alternation()?;
        self.depth -= 1;
        if !self.eat(")") {
            return err(NO_PAREN, self.whole);
        }
        self.flags = outer;
        let hir = match index {
            None => hir,
            Some(i) => {
                // The engine wants names to be unique; ours are kept beside it.
                let index = u32::try_from(i).unwrap_or(u32::MAX);
                Hir::capture(Capture { index, name: None, sub: Box::new(hir) })
            }
        };
        Ok(Some((hir, most)))
    }

    /// Reads flags after `(?`; true when a group follows them.
    fn flags(&mut self, start: &'p str) -> Parsed<bool> {
        let mut on = true;
        let mut any = false;
        loop {
            let c = self.next();
            match c {
                Some('i') => self.flags.fold = on,
                Some('m') => self.flags.multi_line = on,
                Some('s') => self.flags.dot_newline = on,
                Some('U') => self.flags.ungreedy = on,
                Some('-') if on => {
                    on = false;
                    any = false;
                    continue;
                }
                Some(':' | ')') if on || any => return Ok(c == Some(':')),
                None => return err(NO_PAREN, self.whole),
                _ => return err(BAD_SYNTAX, between(start, self.rest)),
            }
            any = true;
        }
    }

    /// At a `\` outside of a class.
    fn escape(&mut self) -> Parsed<Hir> {
        for (text, look) in
            [("\\A", Look::Start), ("\\z", Look::End), ("\\b", Look::WordAscii), ("\\B", Look::WordAsciiNegate)]
        {
            if self.eat(text) {
                return Ok(Hir::look(look));
            }
        }
        match self.escaped_class()? {
            Some(class) => Ok(Hir::class(Class::Unicode(class))),
            None => {
                let c = self.escaped_char()?;
                Ok(self.literal(c))
            }
        }
    }

    /// Reads `\d`, `\pL` and the like, if that is what is here.
    fn escaped_class(&mut self) -> Parsed<Option<ClassUnicode>> {
        let start = self.rest;
        let mut chars = start.chars();
        chars.next();
        let Some(c) = chars.next() else { return Ok(None) };
        if let Some(class) = class::perl(c) {
            self.rest = chars.as_str();
            return Ok(Some(class));
        }
        if !matches!(c, 'p' | 'P') {
            return Ok(None);
        }
        let after = chars.as_str();
        let (name, rest) = match after.strip_prefix('{') {
            Some(braced) => match braced.split_once('}') {
                Some(parts) => parts,
                None => return err(BAD_RANGE, start),
            },
            None => {
                let len = after.chars().next().map_or(0, char::len_utf8);
                after.split_at(len)
            }
        };
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (c == 'p', name),
            None => (c == 'P', name),
        };
        let Some(mut class) = class::unicode(name) else { return err(BAD_RANGE, between(start, rest)) };
        if self.flags.fold {
            class.case_fold_simple();
        }
        if negated {
            class.negate();
        }
        self.rest = rest;
        Ok(Some(class))
    }

    /// Reads an escape for one character.
    fn escaped_char(&mut self) -> Parsed<char> {
        let start = self.rest;
        self.next();
        let Some(c) = self.next() else { return err("trailing backslash at end of expression", "") };
        let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
        match c {
            '1'..='7' if octal(self.peek()).is_none() => {}
            '0'..='7' => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = octal(self.peek()) else { break };
                    value = value * 8 + digit;
                    self.next();
                }
                return Ok(char::from_u32(value).unwrap_or('\u{fffd}'));
            }
            'x' => {
                if let Some(c) = self.hex() {
                    return Ok(c);
                }
            }
            'a' => return Ok('\x07'),
            'f' => return Ok('\x0c'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\x0b'),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(c),
            _ => {}
        }
        err(BAD_ESCAPE, between(start, self.rest))
    }

    /// The rest of `\x41` or `\x{1F600}`.
    fn hex(&mut self) -> Option<char> {
        let (digits, rest) = match self.rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}')?,
            None => (self.rest.get(..2)?, self.rest.get(2..)?),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits.trim_start_matches('0'), 16)
            .unwrap_or(if digits.contains(|c| c != '0') { u32::MAX } else { 0 });
        if value > 0x10_ffff {
            return None;
        }
        self.rest = rest;
        Some(char::from_u32(value).unwrap_or('\u{fffd}'))
    }

    /// At a `[`.
    fn class(&mut self) -> Parsed<Hir> {
        let start = self.rest;
        self.eat("[");
        let negated = self.eat("^");
        let mut class = ClassUnicode::empty();
        let mut first = true;
        loop {
            match self.peek() {
                None => return err(NO_BRACKET, start),
                Some(']') if !first => {
                    self.next();
                    break;
                }
                _ => {}
            }
            first = false;
            if self.rest.starts_with("[:")
                && let Some((name, after)) = self.rest[2..].split_once(":]")
            {
                let (invert, plain) = name.strip_prefix('^').map_or((false, name), |n| (true, n));
                let Some(mut named) = class::posix(plain) else {
                    return err(BAD_RANGE, between(self.rest, after));
                };
                if self.flags.fold {
                    named.case_fold_simple();
                }
                if invert {
                    named.negate();
                }
                class.union(&named);
                self.rest = after;
                continue;
            }
            if self.rest.starts_with('\\')
                && let Some(named) = self.escaped_class()?
            {
                class.union(&named);
                continue;
            }
            let range_start = self.rest;
            let low = self.class_char(start)?;
            let mut high = low;
            if self.rest.len() >= 2 && self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.next();
                high = self.class_char(start)?;
                if high < low {
                    return err(BAD_RANGE, between(range_start, self.rest));
                }
            }
            class.push(ClassUnicodeRange::new(low, high));
        }
        if self.flags.fold {
            class.case_fold_simple();
        }
        if negated {
            class.negate();
        }
        Ok(Hir::class(Class::Unicode(class)))
    }

    fn class_char(&mut self, start: &'p str) -> Parsed<char> {
        match self.peek() {
            None => err(NO_BRACKET, start),
            Some('\\') => self.escaped_char(),
            Some(c) => {
                self.next();
                Ok(c)
            }
        }
    }
}
