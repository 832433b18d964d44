//! The formatter: changes nothing but the space between tokens, unwraps needless interpolations and quotes labels.
//!
//! A text is a list of lines; a line has up to three cells: what leads, an assignment (from its equals sign on, when it
//! ends on the line) and a comment at the end. Lines are indented by the brackets that are open before them; the
//! assignments of neighbouring lines are aligned, and so are their comments. A line goes on where a heredoc or a comment
//! over several lines does.
//!
//! Source: Terraform Style Guide; observed behaviour of `terraform fmt` 1.11.

use std::borrow::Cow;

use sdt_diag::{Diagnostics, SourceId, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::ast::{Block, Body};
use crate::parse::parse_with_tokens;
use crate::strings::quote;
use crate::token::TokenKind as K;

/// Formats a file in the canonical style. A last line without line break stays so; `terraform fmt -` adds one when it
/// prints, which is the command's business.
///
/// # Errors
/// When the text cannot be parsed.
pub fn format(source: SourceId, text: &[u8]) -> Result<Vec<u8>, Diagnostics> {
    let (body, scanned, diags) = parse_with_tokens(source, text);
    if diags.has_errors() {
        return Err(diags);
    }
    let mut tokens = Vec::with_capacity(scanned.len());
    let mut end = 0;
    for t in scanned {
        let spaces = t.start as usize - end;
        tokens.push(Token { kind: t.kind, bytes: Cow::Borrowed(t.bytes(text)), spaces, start: t.start });
        end = t.end as usize;
    }
    let mut edits = Vec::new();
    rewrite_body(&body, &tokens, &mut Vec::new(), &mut edits);
    edits.sort_by_key(|e| e.from);
    let mut tokens = apply(tokens, edits);
    let lines = split_lines(&tokens);
    indent(&lines, &mut tokens);
    space(&lines, &mut tokens);
    align(&lines, &mut tokens);
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    for t in &tokens {
        out.resize(out.len() + t.spaces, b' ');
        out.extend_from_slice(&t.bytes);
    }
    Ok(out)
}

#[derive(Clone, Debug)]
struct Token<'a> {
    kind: K,
    bytes: Cow<'a, [u8]>,
    /// How many spaces come before it.
    spaces: usize,
    /// Where it was; for tokens that are new, nowhere.
    start: u32,
}

impl Token<'_> {
    fn new(kind: K, text: &str) -> Token<'static> {
        Token { kind, bytes: Cow::Owned(text.as_bytes().to_vec()), spaces: 0, start: u32::MAX }
    }

    fn ends_line(&self) -> bool {
        self.kind == K::Newline || (self.kind == K::Comment && self.bytes.ends_with(b"\n"))
    }

    /// By how much the token changes the number of open brackets.
    fn brackets(&self) -> isize {
        match self.kind {
            K::OBrace | K::OBrack | K::OParen | K::TemplateControl | K::TemplateInterp => 1,
            K::CBrace | K::CBrack | K::CParen | K::TemplateSeqEnd => -1,
            _ => 0,
        }
    }

    fn columns(&self) -> usize {
        // Characters are counted, not the width they are shown with.
        let width = match self.bytes.is_ascii() {
            true => self.bytes.len(),
            false => String::from_utf8_lossy(&self.bytes).graphemes(true).count(),
        };
        self.spaces + width
    }
}

/// Replaces tokens `from..to`.
struct Edit {
    from: usize,
    to: usize,
    with: Vec<Token<'static>>,
}

fn apply<'a>(tokens: Vec<Token<'a>>, edits: Vec<Edit>) -> Vec<Token<'a>> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut edits = edits.into_iter().peekable();
    let mut skip_to = 0;
    for (i, token) in tokens.into_iter().enumerate() {
        while edits.peek().is_some_and(|e| e.from == i)
            && let Some(e) = edits.next()
        {
            out.extend(e.with);
            skip_to = skip_to.max(e.to);
        }
        if i >= skip_to {
            out.push(token);
        }
    }
    out
}

/// The tokens inside a span.
fn find(tokens: &[Token<'_>], span: Span) -> (usize, usize) {
    let from = tokens.partition_point(|t| t.start < span.start);
    (from, from + tokens[from..].partition_point(|t| t.start < span.end))
}

fn rewrite_body<'b>(body: &'b Body, tokens: &[Token<'_>], path: &mut Vec<&'b str>, edits: &mut Vec<Edit>) {
    for attribute in body.attributes.values() {
        let (from, to) = find(tokens, attribute.expr.span);
        let is_type = path[..] == ["variable"] && attribute.name.as_str() == "type";
        let expr = &tokens[from..to];
        if is_type {
            if let Some(text) = type_rewrite(expr) {
                let with = text.iter().map(|(kind, text)| Token::new(*kind, text)).collect();
                edits.push(Edit { from, to, with });
            }
        } else {
            unwrap_interpolation(expr, from, edits);
        }
    }
    for block in &body.blocks {
        rewrite_labels(block, tokens, edits);
        path.push(block.kind.as_str());
        crate::deep(|| rewrite_body(&block.body, tokens, path, edits));
        path.pop();
    }
}

/// Quotes labels and drops comments between them.
fn rewrite_labels(block: &Block, tokens: &[Token<'_>], edits: &mut Vec<Edit>) {
    if block.labels.is_empty() {
        return;
    }
    let from = find(tokens, block.kind.span).1;
    let to = find(tokens, block.header).1;
    let with = block.labels.iter().flat_map(|l| {
        let text = quote(&l.value);
        let inner = text.get(1..text.len() - 1).unwrap_or_default();
        [Token::new(K::OQuote, "\""), Token::new(K::QuotedLit, inner), Token::new(K::CQuote, "\"")]
    });
    edits.push(Edit { from, to, with: with.collect() });
}

/// Old spellings of types: quoted ones, and collections that don't say of what.
fn type_rewrite(expr: &[Token<'_>]) -> Option<&'static [(K, &'static str)]> {
    const STRING: &[(K, &str)] = &[(K::Ident, "string")];
    const LIST_OF_STRING: &[(K, &str)] =
        &[(K::Ident, "list"), (K::OParen, "("), (K::Ident, "string"), (K::CParen, ")")];
    const MAP_OF_STRING: &[(K, &str)] = &[(K::Ident, "map"), (K::OParen, "("), (K::Ident, "string"), (K::CParen, ")")];
    const LIST: &[(K, &str)] = &[(K::Ident, "list"), (K::OParen, "("), (K::Ident, "any"), (K::CParen, ")")];
    const MAP: &[(K, &str)] = &[(K::Ident, "map"), (K::OParen, "("), (K::Ident, "any"), (K::CParen, ")")];
    const SET: &[(K, &str)] = &[(K::Ident, "set"), (K::OParen, "("), (K::Ident, "any"), (K::CParen, ")")];
    match expr {
        [t] if t.kind == K::Ident => match &*t.bytes {
            b"list" => Some(LIST),
            b"map" => Some(MAP),
            b"set" => Some(SET),
            _ => None,
        },
        [open, t, _] if open.kind == K::OQuote && t.kind == K::QuotedLit => match &*t.bytes {
            b"string" => Some(STRING),
            b"list" => Some(LIST_OF_STRING),
            b"map" => Some(MAP_OF_STRING),
            _ => None,
        },
        _ => None,
    }
}

/// `"${x}"` becomes `x`, when it is plain to see that nothing else is in the template.
fn unwrap_interpolation(expr: &[Token<'_>], at: usize, edits: &mut Vec<Edit>) {
    let [quote, open, inside @ .., close, end] = expr else { return };
    let kinds = [quote.kind, open.kind, close.kind, end.kind];
    if kinds != [K::OQuote, K::TemplateInterp, K::TemplateSeqEnd, K::CQuote] || inside.is_empty() {
        return;
    }
    let mut quotes = 0_usize;
    for t in inside {
        match t.kind {
            K::OQuote => quotes += 1,
            K::CQuote => quotes = quotes.saturating_sub(1),
            K::TemplateInterp | K::TemplateSeqEnd | K::QuotedLit if quotes == 0 => return,
            _ => {}
        }
    }
    let first = inside.iter().position(|t| t.kind != K::Newline).unwrap_or(inside.len());
    let last = inside.iter().rposition(|t| t.kind != K::Newline).map_or(first, |i| i + 1);
    let kept = &inside[first..last];
    let several_lines = kept.iter().any(|t| t.kind == K::Newline);
    let in_parentheses =
        kept.first().is_some_and(|t| t.kind == K::OParen) && kept.last().is_some_and(|t| t.kind == K::CParen);
    let (before, after) = if several_lines && !in_parentheses {
        (vec![Token::new(K::OParen, "(")], vec![Token::new(K::CParen, ")")])
    } else {
        (Vec::new(), Vec::new())
    };
    edits.push(Edit { from: at, to: at + 2 + first, with: before });
    edits.push(Edit { from: at + 2 + last, to: at + expr.len(), with: after });
}

/// The cells of a line, as ranges of tokens.
struct Line {
    start: usize,
    /// End of the lead, start of the assignment.
    assign: usize,
    /// End of the assignment, start of the comment.
    comment: usize,
    end: usize,
}

impl Line {
    fn has_assign(&self) -> bool {
        self.assign < self.comment
    }

    fn has_comment(&self) -> bool {
        self.comment < self.end
    }
}

fn split_lines(tokens: &[Token<'_>]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (i, t) in tokens.iter().enumerate() {
        // The end belongs to no line.
        let end = if t.kind == K::Eof { i } else { i + 1 };
        if t.ends_line() || t.kind == K::Eof {
            lines.push(cells(tokens, start, end));
            start = end;
        }
    }
    lines
}

fn cells(tokens: &[Token<'_>], start: usize, end: usize) -> Line {
    let mut comment = end;
    if end - start > 1 && tokens[end - 1].kind == K::Comment {
        comment -= 1;
    }
    let equals = (start + 1..comment).find(|&i| tokens[i].kind == K::Equal);
    // Only an expression that ends on this line is aligned.
    let assign = equals.filter(|&i| tokens[i..comment].iter().map(Token::brackets).sum::<isize>() == 0);
    Line { start, assign: assign.unwrap_or(comment), comment, end }
}

fn indent(lines: &[Line], tokens: &mut [Token<'_>]) {
    // How many brackets were opened by each line that opened some: they make one level together.
    let mut open: Vec<isize> = Vec::new();
    for line in lines {
        if line.start == line.end {
            continue;
        }
        if tokens[line.start].kind == K::Newline {
            tokens[line.start].spaces = 0;
            continue;
        }
        let mut net = 0;
        for t in &tokens[line.start..line.assign] {
            net += t.brackets();
            if t.kind == K::OHeredoc {
                break;
            }
        }
        net += tokens[line.assign..line.comment].iter().map(Token::brackets).sum::<isize>();
        let mut closed = -net;
        while closed > 0
            && let Some(top) = open.last_mut()
        {
            if closed < *top {
                *top -= closed;
                closed = 0;
            } else {
                closed -= *top;
                open.pop();
            }
        }
        tokens[line.start].spaces = 2 * open.len();
        if net > 0 {
            open.push(net);
        }
    }
}

fn space(lines: &[Line], tokens: &mut [Token<'_>]) {
    for line in lines {
        for (from, to) in [(line.start, line.assign), (line.assign, line.comment)] {
            if from == line.assign && from < to {
                tokens[from].spaces = 1;
            }
            for i in from + 1..to {
                let before = (i - 1 > from).then(|| tokens[i - 2].kind);
                let spaced = space_between(before, &tokens[i - 1], &tokens[i]);
                tokens[i].spaces = usize::from(spaced);
            }
        }
    }
}

/// Tells whether there is a space between two tokens of a cell; `before` is the one before them.
fn space_between(before: Option<K>, left: &Token<'_>, right: &Token<'_>) -> bool {
    match (left.kind, right.kind) {
        (_, K::Newline) => false,
        (K::Ident, K::OParen | K::DoubleColon) | (K::DoubleColon, K::Ident) => false,
        (K::Dot, _) | (_, K::Dot | K::Comma | K::Ellipsis) => false,
        (K::Comma, _) => true,
        (K::QuotedLit | K::StringLit | K::OQuote | K::OHeredoc, _) => false,
        (_, K::QuotedLit | K::StringLit | K::CQuote | K::CHeredoc) => false,
        // `for x in [y]` is no index.
        (K::Ident, _) if before == Some(K::Ident) && &*left.bytes == b"in" => true,
        (K::Ident | K::NumberLit, K::OBrack) => false,
        (_, K::OBrack) if left.brackets() < 0 => false,
        (K::Bang, _) => false,
        (K::Minus, _) => !before.is_none_or(begins_operand),
        (K::OBrace, K::CBrace) => false,
        (K::OBrace, _) | (_, K::CBrace) => true,
        (K::TemplateInterp | K::TemplateControl, K::OBrace) | (K::CBrace, K::TemplateSeqEnd) => true,
        (K::TemplateSeqEnd, K::TemplateInterp | K::TemplateControl) => false,
        _ => left.brackets() <= 0 && right.brackets() >= 0,
    }
}

/// Tells whether a minus after this token is a sign: the token cannot end an operand.
fn begins_operand(kind: K) -> bool {
    use K::{
        And, Bang, Colon, Comma, Equal, EqualOp, GreaterThan, GreaterThanEq, LessThan, LessThanEq, Minus, NotEqual,
    };
    use K::{OBrace, OBrack, OParen, Or, Percent, Plus, Question, Slash, Star};
    matches!(kind, OParen | OBrace | OBrack | Equal | Colon | Comma | Question | Plus | Star | Slash | Percent | Minus)
        || matches!(kind, EqualOp | NotEqual | GreaterThan | GreaterThanEq | LessThan | LessThanEq | And | Or | Bang)
}

/// Aligns assignments of neighbouring lines, then their comments.
fn align(lines: &[Line], tokens: &mut [Token<'_>]) {
    align_cells(lines, tokens, Line::has_assign, |l| (l.start, l.assign));
    align_cells(lines, tokens, Line::has_comment, |l| (l.start, l.comment));
}

fn align_cells(
    lines: &[Line],
    tokens: &mut [Token<'_>],
    has_cell: impl Fn(&Line) -> bool,
    before: impl Fn(&Line) -> (usize, usize),
) {
    for run in lines.chunk_by(|a, b| has_cell(a) && has_cell(b)).filter(|run| has_cell(&run[0])) {
        let widths: Vec<usize> = run
            .iter()
            .map(|l| {
                let (from, to) = before(l);
                tokens[from..to].iter().map(Token::columns).sum()
            })
            .collect();
        let widest = widths.iter().max().copied().unwrap_or_default();
        for (line, width) in run.iter().zip(widths) {
            tokens[before(line).1].spaces = widest - width + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        let check = |text: &str, expected: &str| {
            let got = format(SourceId(0), text.as_bytes()).map(|b| String::from_utf8_lossy(&b).into_owned());
            assert_eq!(got.as_deref(), Ok(expected), "{text:?}");
        };
        check("a=1\nbcd =  2 # x\n", "a   = 1\nbcd = 2 # x\n");
        check("b {\nc  = [1,2 ,\n3]\n}\n", "b {\n  c = [1, 2,\n  3]\n}\n");
        check("a = \"${x}\"\nb = [\"${x}\"]\n", "a = x\nb = [\"${x}\"]\n");
        check("a = \"${\nx ?\n1 : 2}\"\n", "a = (x ?\n1 : 2)\n");
        check("variable x {\n type = \"list\"\n}\n", "variable \"x\" {\n  type = list(string)\n}\n");
        check("a = x[ 0 ] . y + - 1\n", "a = x[0].y + -1\n");
        check("a = [for x in [1]:x]\n", "a = [for x in [1] : x]\n");
        check("a = <<EOT\n  ${ x }  b\nEOT\n", "a = <<EOT\n  ${x}  b\nEOT\n");
        check("a {}\r\nb   =  1\r\n", "a {}\r\nb = 1\r\n");
    }
}
