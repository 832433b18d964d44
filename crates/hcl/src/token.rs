//! Tokens of the native syntax.

/// The kinds of tokens. Spaces are not tokens; they are what lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// `{`
    OBrace,
    /// `}`
    CBrace,
    /// `[`
    OBrack,
    /// `]`
    CBrack,
    /// `(`
    OParen,
    /// `)`
    CParen,
    /// The quote that opens a template.
    OQuote,
    /// The quote that closes a template.
    CQuote,
    /// `<<EOT` or `<<-EOT` with its line break.
    OHeredoc,
    /// The end marker of a heredoc, with the spaces before it.
    CHeredoc,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `%`
    Percent,
    /// `=`
    Equal,
    /// `==`
    EqualOp,
    /// `!=`
    NotEqual,
    /// `<`
    LessThan,
    /// `<=`
    LessThanEq,
    /// `>`
    GreaterThan,
    /// `>=`
    GreaterThanEq,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `!`
    Bang,
    /// `.`
    Dot,
    /// `,`
    Comma,
    /// `::`
    DoubleColon,
    /// `...`
    Ellipsis,
    /// `=>`
    FatArrow,
    /// `?`
    Question,
    /// `:`
    Colon,
    /// `${` or `${~`
    TemplateInterp,
    /// `%{` or `%{~`
    TemplateControl,
    /// `}` or `~}` that ends an interpolation or directive.
    TemplateSeqEnd,
    /// Text in a quoted template; escapes unresolved.
    QuotedLit,
    /// Text in a heredoc or bare template: at most one line, its line break included.
    StringLit,
    /// A number, not yet checked.
    NumberLit,
    /// A name.
    Ident,
    /// A comment; one that ends with its line includes the line break.
    Comment,
    /// A line break.
    Newline,
    /// The end.
    Eof,
    /// `&`
    BitwiseAnd,
    /// `|`
    BitwiseOr,
    /// `~`
    BitwiseNot,
    /// `^`
    BitwiseXor,
    /// `'`
    Apostrophe,
    /// A backtick.
    Backtick,
    /// `;`
    Semicolon,
    /// A character the language does not use.
    Invalid,
    /// A byte that is not UTF-8.
    BadUtf8,
    /// Line breaks in a quoted template.
    QuotedNewline,
}

/// A token and its byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Token {
    /// The bytes of the token.
    #[must_use]
    pub fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start as usize..self.end as usize]
    }
}
