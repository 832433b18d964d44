//! Versions and constraints on them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A version: numbers, then possibly a prerelease and build metadata.
#[derive(Clone, Debug)]
pub struct Version {
    /// At least three numbers.
    segments: Vec<u64>,
    /// How many of them were written.
    written: usize,
    pre: String,
    meta: String,
}

/// A text that is no version or constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version: numbers with dots between them are expected, as in 1.2.3 or 1.2.3-beta1")]
pub struct VersionError(pub String);

impl FromStr for Version {
    type Err = VersionError;
    fn from_str(s: &str) -> Result<Self, VersionError> {
        let bad = || VersionError(s.to_owned());
        let text = s.strip_prefix('v').unwrap_or(s);
        let (text, meta) = text.split_once('+').map_or((text, ""), |(t, m)| (t, m));
        let (numbers, pre) = text.split_once('-').map_or((text, ""), |(t, p)| (t, p));
        let word = |w: &str| {
            w.split('.').all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric() || "-~".contains(c)))
        };
        if (text.contains('-') && !word(pre)) || (s.contains('+') && !word(meta)) {
            return Err(bad());
        }
        let number = |n: &str| if n.bytes().all(|b| b.is_ascii_digit()) { n.parse().ok() } else { None };
        let mut segments = numbers.split('.').map(number).collect::<Option<Vec<u64>>>().ok_or_else(bad)?;
        let written = segments.len();
        segments.resize(written.max(3), 0);
        Ok(Self { segments, written, pre: pre.into(), meta: meta.into() })
    }
}

/// By numbers, then a prerelease before the release; build metadata does not count.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let len = self.segments.len().max(other.segments.len());
        let at = |v: &Self, i: usize| v.segments.get(i).copied().unwrap_or(0);
        for i in 0..len {
            let o = at(self, i).cmp(&at(other, i));
            if o.is_ne() {
                return o;
            }
        }
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        }
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let o = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if o.is_ne() {
            return o;
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.segments.iter().map(ToString::to_string).collect();
        f.write_str(&numbers.join("."))?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if self.meta.is_empty() { Ok(()) } else { write!(f, "+{}", self.meta) }
    }
}

/// A comparison operator of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Pessimistic,
}

#[derive(Clone, Debug)]
struct Comparison {
    op: Op,
    version: Version,
}

/// Conditions on a version, all of which must hold: `>= 5.0, < 6.0`. None at all admit every release.
#[derive(Clone, Debug, Default)]
pub struct VersionConstraints {
    all: Vec<Comparison>,
    text: String,
}

impl VersionConstraints {
    /// Tells whether a version is acceptable.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.all.iter().all(|c| c.matches(version))
    }

    /// Tells whether a condition names a prerelease.
    #[must_use]
    pub fn names_prerelease(&self) -> bool {
        self.all.iter().any(|c| !c.version.pre.is_empty())
    }

    /// Tells whether there is no condition.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Both conditions.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let text = [&*self.text, &*other.text].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(", ");
        Self { all: self.all.iter().chain(&other.all).cloned().collect(), text }
    }
}

impl FromStr for VersionConstraints {
    type Err = VersionError;
    fn from_str(s: &str) -> Result<Self, VersionError> {
        let mut all = Vec::new();
        for part in s.split(',') {
            let part = part.trim();
            let digits = part.find(|c: char| !"=!<>~".contains(c)).unwrap_or(part.len());
            let op = match &part[..digits] {
                "" | "=" => Op::Equal,
                "!=" => Op::NotEqual,
                ">" => Op::Greater,
                ">=" => Op::GreaterEqual,
                "<" => Op::Less,
                "<=" => Op::LessEqual,
                "~>" => Op::Pessimistic,
                _ => return Err(VersionError(s.to_owned())),
            };
            let version = part[digits..].trim().parse().map_err(|_| VersionError(s.to_owned()))?;
            all.push(Comparison { op, version });
        }
        Ok(Self { all, text: s.trim().to_owned() })
    }
}

impl fmt::Display for VersionConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparison {
    fn matches(&self, v: &Version) -> bool {
        let c = &self.version;
        // A prerelease is only acceptable where the constraint names one of the same release.
        let prerelease_ok = match (v.pre.is_empty(), c.pre.is_empty()) {
            (true, _) => true,
            (false, true) => false,
            (false, false) => v.segments == c.segments,
        };
        match self.op {
            Op::Equal => v == c && v.meta == c.meta,
            Op::NotEqual => v != c,
            Op::Greater => prerelease_ok && v > c,
            Op::Less => prerelease_ok && v < c,
            Op::GreaterEqual => prerelease_ok && v >= c,
            Op::LessEqual => prerelease_ok && v <= c,
            Op::Pessimistic => {
                let fixed = c.written.saturating_sub(1);
                prerelease_ok
                    && (c.pre.is_empty() || !v.pre.is_empty())
                    && v >= c
                    && v.segments.len() >= fixed
                    && v.segments[..fixed] == c.segments[..fixed]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_match_as_in_terraform() {
        for (constraint, version, expected) in [
            ("~> 5.0", "5.100.0", true),
            ("~> 5.0", "6.0.0", false),
            ("~> 5.1.2", "5.1.9", true),
            ("~> 5.1.2", "5.2.0", false),
            ("~> 1", "2.5.0", true),
            (">= 1.0, < 2.0", "1.11.4", true),
            (">= 1.0, < 1.11.4", "1.11.4", false),
            ("1.11.4", "1.11.4", true),
            ("!= 1.11.4", "1.11.4", false),
            (">= 1.0", "1.2.0-beta1", false),
            (">= 1.2.0-alpha", "1.2.0-beta1", true),
            ("= 1.2", "v1.2.0", true),
        ] {
            let (c, v): (VersionConstraints, Version) = (constraint.parse().unwrap(), version.parse().unwrap());
            assert_eq!(c.matches(&v), expected, "{constraint} {version}");
        }
        for bad in ["", "abc", ">= ", "=> 1.0", "1.x", "1.0,,2.0"] {
            assert!(bad.parse::<VersionConstraints>().is_err(), "{bad}");
        }
    }
}
