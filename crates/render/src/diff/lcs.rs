//! Pairing the elements of two lists.

/// How elements pair: the position before, the position after, or both.
pub(crate) type Pair = (Option<usize>, Option<usize>);

/// Pairs two lists: by position when they are equally long and something has gone, else along a longest common subsequence.
/// `alike` tells whether an element may be shown as changed into another one, instead of one going and one coming.
pub(crate) fn pairs<T: PartialEq>(before: &[T], after: &[T], alike: &dyn Fn(&T) -> bool) -> Vec<Pair> {
    let stays = |(x, y): (&T, &T)| x == y || after.contains(x);
    if before.len() == after.len() && !before.iter().zip(after).all(stays) {
        return (0..before.len()).map(|i| (Some(i), Some(i))).collect();
    }
    along(before, after, alike)
}

/// Pairs two lists along a longest common subsequence: only equal elements make pairs.
pub(crate) fn along_common<T: PartialEq>(before: &[T], after: &[T]) -> Vec<Pair> {
    along(before, after, &|_| false)
}

fn along<T: PartialEq>(before: &[T], after: &[T], alike: &dyn Fn(&T) -> bool) -> Vec<Pair> {
    let mut common = common(before, after).into_iter().peekable();
    let mut out = Vec::with_capacity(before.len().max(after.len()));
    let (mut b, mut a) = (0, 0);
    loop {
        // The subsequence counts by value: the first equal element of either list is the common one.
        let next = common.peek().map(|&i| &before[i]);
        while b < before.len() && next.is_none_or(|n| *n != before[b]) {
            let changed =
                a < after.len() && alike(&before[b]) && alike(&after[a]) && next.is_none_or(|n| *n != after[a]);
            out.push((Some(b), changed.then_some(a)));
            a += usize::from(changed);
            b += 1;
        }
        while a < after.len() && next.is_none_or(|n| *n != after[a]) {
            out.push((None, Some(a)));
            a += 1;
        }
        if common.next().is_none() {
            return out;
        }
        out.push((Some(b), Some(a)));
        b += 1;
        a += 1;
    }
}

/// A longest common subsequence, as positions in `before`. Where several are equally long, steps in `after` are skipped first.
fn common<T: PartialEq>(before: &[T], after: &[T]) -> Vec<usize> {
    let (n, m) = (before.len(), after.len());
    if n == 0 || m == 0 {
        return Vec::new();
    }
    // Beyond this the table would cost more than a nicer difference is worth: common head and tail only.
    if n.saturating_mul(m) > 16_000_000 {
        let head = before.iter().zip(after).take_while(|(x, y)| x == y).count();
        let rest = n.min(m) - head;
        let tail = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(x, y)| x == y).count();
        return (0..head).chain(n - tail..n).collect();
    }
    // One row and column of zeros stand before the lists.
    let at = |b: usize, a: usize| a * (n + 1) + b;
    let mut table = vec![0u32; (n + 1) * (m + 1)];
    for a in 1..=m {
        for b in 1..=n {
            table[at(b, a)] = if before[b - 1] == after[a - 1] {
                table[at(b - 1, a - 1)] + 1
            } else {
                table[at(b - 1, a)].max(table[at(b, a - 1)])
            };
        }
    }
    let mut out = Vec::new();
    let (mut b, mut a) = (n, m);
    while b > 0 && a > 0 {
        if before[b - 1] == after[a - 1] {
            b -= 1;
            a -= 1;
            out.push(b);
        } else if table[at(b - 1, a)] > table[at(b, a - 1)] {
            b -= 1;
        } else {
            a -= 1;
        }
    }
    out.reverse();
    out
}

#[cfg(test)]
mod tests {
    use super::pairs;

    fn check(before: &str, after: &str, expected: &str) {
        let (b, a): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
        let shown: String = pairs(&b, &a, &|_| false)
            .into_iter()
            .map(|pair| match pair {
                (Some(i), Some(j)) if b[i] == a[j] => format!(" {}", b[i]),
                (Some(i), Some(j)) => format!("~{}{}", b[i], a[j]),
                (Some(i), None) => format!("-{}", b[i]),
                (None, Some(j)) => format!("+{}", a[j]),
                (None, None) => String::new(),
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn pairs_by_position_or_subsequence() {
        check("ab", "bc", "~ab~bc");
        check("ffbb", "fxbb", " f-f+x b b");
        check("abb", "axy", " a~bx~by");
        check("abcd", "acbd", " a-b c+b d");
        check("abc", "axcd", " a-b+x c+d");
        check("abc", "b", "-a b-c");
        check("aab", "ab", " a-a b");
        check("", "ab", "+a+b");
        check("ab", "", "-a-b");
    }
}
