//! File name patterns: `*`, `**`, `?`, `[a-z]`, `{a,b}` and `\`, as `fileset` has them.

use crate::filesystem::clean;
use crate::{FileKind, FnCtx};

const BAD: &str = "syntax error in pattern";
/// Directories deeper than this are not entered: links may make circles.
const MAX_DEPTH: usize = 64;

/// Finds the regular files that match `pattern` below `dir`; the paths are relative to `dir`.
pub(crate) fn files(ctx: &FnCtx<'_>, dir: &str, pattern: &str) -> Result<Vec<String>, String> {
    let failed = |e: &str| format!("failed to glob pattern {pattern:?}: {e}");
    let dir = clean(dir);
    let joined = clean(&format!("{dir}/{pattern}"));
    let start = if joined.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = joined.split('/').filter(|p| !p.is_empty()).collect();
    // Two of them in a row find what one finds, each file by many ways.
    parts.dedup_by(|a, b| *a == "**" && *b == "**");
    let mut found = Vec::new();
    walk(ctx, start.to_owned(), &parts, 0, &mut found).map_err(|e| failed(&e))?;
    found.sort();
    found.dedup();
    Ok(found.into_iter().map(|p| relative(&dir, &p)).collect())
}

fn join(dir: &str, name: &str) -> String {
    match dir {
        "" => name.to_owned(),
        "/" => format!("/{name}"),
        _ => format!("{dir}/{name}"),
    }
}

fn kind(ctx: &FnCtx<'_>, path: &str) -> Option<FileKind> {
    ctx.files.kind(&ctx.base_dir.join(path)).ok()
}

fn walk(ctx: &FnCtx<'_>, at: String, parts: &[&str], depth: usize, found: &mut Vec<String>) -> Result<(), String> {
    let Some((part, rest)) = parts.split_first() else {
        if kind(ctx, &at) == Some(FileKind::File) {
            found.push(at);
        }
        return Ok(());
    };
    if *part == "**" {
        walk(ctx, at.clone(), rest, depth, found)?;
        if depth >= MAX_DEPTH || (!at.is_empty() && kind(ctx, &at) != Some(FileKind::Dir)) {
            return Ok(());
        }
        for name in ctx.files.list(&ctx.base_dir.join(&at)).unwrap_or_default() {
            let path = join(&at, &name);
            match kind(ctx, &path) {
                Some(FileKind::Dir) => walk(ctx, path, parts, depth + 1, found)?,
                Some(FileKind::File) if rest.is_empty() => found.push(path),
                _ => {}
            }
        }
        return Ok(());
    }
    if !part.contains(['*', '?', '[', '{', '\\']) {
        let path = join(&at, part);
        return match kind(ctx, &path) {
            Some(_) => walk(ctx, path, rest, depth, found),
            None => Ok(()),
        };
    }
    let pattern: Vec<char> = part.chars().collect();
    for name in ctx.files.list(&ctx.base_dir.join(&at)).unwrap_or_default() {
        let name_chars: Vec<char> = name.chars().collect();
        if matches(&pattern, &name_chars)? {
            walk(ctx, join(&at, &name), rest, depth, found)?;
        }
    }
    Ok(())
}

/// Tells whether a whole path (`/` between its components) matches. `dir/**` matches `dir` itself too, `{a,b}` may hold
/// slashes, and `[!a]` is `[^a]`: the rules of a later version of the library that `fileset` has its patterns from.
///
/// # Errors
/// When the pattern is malformed.
pub fn path_matches(pattern: &str, path: &str) -> Result<bool, String> {
    let name: Vec<Vec<char>> = path.split('/').map(|p| p.chars().collect()).collect();
    for pattern in without_braces(&pattern.chars().collect::<Vec<_>>())? {
        let parts: Vec<Vec<char>> = pattern.split(|c| *c == '/').map(<[char]>::to_vec).collect();
        if components_match(&parts, &name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The patterns that the alternatives of one pattern stand for.
fn without_braces(pattern: &[char]) -> Result<Vec<Vec<char>>, String> {
    let mut i = 0;
    while let Some(c) = pattern.get(i) {
        match c {
            '\\' => i += 1,
            '{' => {
                let (options, after) = alternatives(&pattern[i + 1..])?;
                let mut out = Vec::new();
                for option in options {
                    let whole: Vec<char> = pattern[..i].iter().chain(&option).chain(after).copied().collect();
                    out.extend(without_braces(&whole)?);
                }
                return Ok(out);
            }
            _ => {}
        }
        i += 1;
    }
    Ok(vec![pattern.to_vec()])
}

fn components_match(parts: &[Vec<char>], name: &[Vec<char>]) -> Result<bool, String> {
    let Some((part, rest)) = parts.split_first() else { return Ok(name.is_empty()) };
    if part == &['*', '*'] {
        for skip in 0..=name.len() {
            if components_match(rest, &name[skip..])? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let Some((first, others)) = name.split_first() else { return Ok(false) };
    let mut part = part.clone();
    for i in 1..part.len() {
        if part[i] == '!' && part[i - 1] == '[' {
            part[i] = '^';
        }
    }
    Ok(matches(&part, first)? && components_match(rest, others)?)
}

/// Matches one path component.
fn matches(pattern: &[char], name: &[char]) -> Result<bool, String> {
    let Some((first, rest)) = pattern.split_first() else { return Ok(name.is_empty()) };
    match first {
        '*' => {
            for skip in 0..=name.len() {
                // What is wrong behind a star goes unnoticed there.
                if matches(rest, &name[skip..]).unwrap_or(false) {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        '?' => Ok(!name.is_empty() && matches(rest, &name[1..])?),
        '[' => {
            let Some(c) = name.first() else { return Ok(false) };
            let (hit, after) = class(rest, *c)?;
            Ok(hit && matches(after, &name[1..])?)
        }
        '{' => {
            let (options, after) = alternatives(rest)?;
            for option in options {
                let whole: Vec<char> = option.iter().chain(after).copied().collect();
                if matches(&whole, name)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        '\\' => match rest.split_first() {
            Some((c, rest)) => Ok(name.first() == Some(c) && matches(rest, &name[1..])?),
            None => Err(BAD.into()),
        },
        c => Ok(name.first() == Some(c) && matches(rest, &name[1..])?),
    }
}

/// Tells whether `c` is in the class that starts here, and what follows the class.
fn class(pattern: &[char], c: char) -> Result<(bool, &[char]), String> {
    let mut rest = pattern;
    let negated = rest.first() == Some(&'^');
    if negated {
        rest = &rest[1..];
    }
    let mut hit = false;
    let mut first = true;
    let one = |rest: &mut &[char]| -> Result<char, String> {
        let (c, after) = rest.split_first().filter(|(c, _)| !matches!(c, '-' | ']')).ok_or(BAD)?;
        let (c, after) = if *c == '\\' { after.split_first().ok_or(BAD)? } else { (c, after) };
        *rest = after;
        if after.is_empty() { Err(BAD.into()) } else { Ok(*c) }
    };
    loop {
        if !first && rest.first() == Some(&']') {
            return Ok((hit != negated, &rest[1..]));
        }
        first = false;
        let low = one(&mut rest)?;
        let high = if rest.first() == Some(&'-') {
            rest = &rest[1..];
            one(&mut rest)?
        } else {
            low
        };
        hit |= (low..=high).contains(&c);
    }
}

/// The options of `{a,b}` after the brace, and what follows it.
fn alternatives(pattern: &[char]) -> Result<(Vec<Vec<char>>, &[char]), String> {
    let mut options = vec![Vec::new()];
    let mut depth = 0;
    let mut i = 0;
    while let Some(&c) = pattern.get(i) {
        i += 1;
        match c {
            '}' if depth == 0 => return Ok((options, &pattern[i..])),
            ',' if depth == 0 => {
                options.push(Vec::new());
                continue;
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let Some(last) = options.last_mut() else { continue };
        last.push(c);
        if c == '\\'
            && let Some(&escaped) = pattern.get(i)
        {
            last.push(escaped);
            i += 1;
        }
    }
    Err(BAD.into())
}

/// `path` as seen from `dir`; both are clean and either both or none are absolute.
fn relative(dir: &str, path: &str) -> String {
    let split =
        |p: &str| -> Vec<String> { p.split('/').filter(|s| !s.is_empty() && *s != ".").map(String::from).collect() };
    let (from, to) = (split(dir), split(path));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    up.chain(to[common..].iter().map(String::as_str)).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            ("*.txt", "a.txt", true),
            ("?.txt", "ab.txt", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("{a,b{1,2}}.x", "b2.x", true),
            ("\\*", "*", true),
            ("a*b*c", "axxbyyc", true),
        ];
        for (pattern, name, expected) in cases {
            let p: Vec<char> = pattern.chars().collect();
            let n: Vec<char> = name.chars().collect();
            assert_eq!(matches(&p, &n), Ok(expected), "{pattern} {name}");
        }
        for bad in ["[", "[]a]", "[-a]", "[a-]", "[a"] {
            let p: Vec<char> = bad.chars().collect();
            assert!(matches(&p, &['a']).is_err(), "{bad}");
        }
        assert_eq!(relative("sub", "x/y"), "../x/y");
        for (pattern, path, expected) in [
            ("a/**", "a", true),
            ("a/**", "a/b/c", true),
            ("**/*.txt", "x.txt", true),
            ("**/*.txt", "d/e/x.txt", true),
            ("*.txt", "d/x.txt", false),
            ("{a/b,c}/*", "a/b/x", true),
            ("[!a].x", "b.x", true),
            ("[!a].x", "a.x", false),
        ] {
            assert_eq!(path_matches(pattern, path), Ok(expected), "{pattern} {path}");
        }
    }
}
