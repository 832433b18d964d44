//! Colours and width, as the edge decided them.

/// How text may look: whether escape codes are allowed, and where prose wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Escape codes are allowed.
    pub color: bool,
    /// Columns of the output.
    pub width: usize,
}

/// A terminal style by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Emphasis.
    Bold,
    /// Something is added; all is well.
    Green,
    /// Something changes; a warning.
    Yellow,
    /// Something goes away; an error.
    Red,
    /// Something is read.
    Cyan,
    /// An aside.
    Dim,
    /// Emphasis under a source line.
    Underline,
}

impl Style {
    const fn ansi(self) -> anstyle::Style {
        use anstyle::{AnsiColor, Color, Style as Ansi};
        const fn fg(color: AnsiColor) -> Ansi {
            Ansi::new().fg_color(Some(Color::Ansi(color)))
        }
        match self {
            Self::Bold => Ansi::new().bold(),
            Self::Green => fg(AnsiColor::Green),
            Self::Yellow => fg(AnsiColor::Yellow),
            Self::Red => fg(AnsiColor::Red),
            Self::Cyan => fg(AnsiColor::Cyan),
            Self::Dim => fg(AnsiColor::BrightBlack),
            Self::Underline => Ansi::new().underline(),
        }
    }
}

impl Theme {
    /// No colour, 78 columns: what a pipe gets.
    pub const PLAIN: Self = Self { color: false, width: 78 };

    /// Returns the text in a style, or the text.
    #[must_use]
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color {
            let ansi = style.ansi();
            format!("{ansi}{text}{ansi:#}")
        } else {
            text.to_owned()
        }
    }

    /// Wraps prose at the width; lines that start with a space are left as they are.
    #[must_use]
    pub fn wrap(&self, text: &str) -> String {
        wrap(text, self.width)
    }
}

/// Wraps prose at `width` columns; lines that start with a space are taken as they are.
#[must_use]
pub fn wrap(text: &str, width: usize) -> String {
    let width = width.max(20);
    let mut out = String::with_capacity(text.len() + 8);
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if line.starts_with([' ', '\t']) || line.chars().count() <= width {
            out.push_str(line);
            continue;
        }
        let mut column = 0;
        for word in line.split(' ') {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > width {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += len;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn wraps_prose_only() {
        assert_eq!(wrap("aaaaaaaaaa bbbbbbbbbb cccccccccc", 21), "aaaaaaaaaa bbbbbbbbbb\ncccccccccc");
        assert_eq!(wrap("  aaaaaaaaaa bbbbbbbbbb cccccccccc", 21), "  aaaaaaaaaa bbbbbbbbbb cccccccccc");
        assert_eq!(wrap("", 21), "");
    }
}
