//! Archives over HTTP, and pages that say where a package is.

use std::path::Path;

use crate::archive::{self, Kind};
use sdt_config::Package;

use crate::{Answer, Fetcher};

/// How often an answer may send us elsewhere.
const HOPS: usize = 10;

/// Fetches what a URL stands for: an archive by its name, else whatever `X-Terraform-Get` or a `meta` element of that name says.
pub(crate) async fn fetch(fetcher: &Fetcher<'_>, url: &str, dest: &Path, hops: usize) -> Result<(), String> {
    if let Some(kind) = Kind::of(url) {
        let answer = get(fetcher, &without_archive(url), &[]).await?;
        return archive::unpack(kind, &answer.body, dest, &fetcher.limits);
    }
    if hops >= HOPS {
        return Err("the address leads from one place to the next without end".into());
    }
    let asked = format!("{}{}terraform-get=1", without_archive(url), if url.contains('?') { '&' } else { '?' });
    let answer = get(fetcher, &asked, &[]).await?;
    let next = answer.headers.get("x-terraform-get").cloned().or_else(|| meta(&answer.body));
    let Some(next) = next else {
        return Err("the answer is no archive (its address ends neither in .zip, .tar.gz, .tgz nor .tar) and does not say where the package is (X-Terraform-Get)".into());
    };
    follow(fetcher, url, &next, dest, hops).await
}

/// Fetches what a page points to; the subfolder it names, if any, is what counts.
pub(crate) async fn follow(
    fetcher: &Fetcher<'_>,
    base: &str,
    next: &str,
    dest: &Path,
    hops: usize,
) -> Result<(), String> {
    let package = Package::parse(&absolute(base, next))?;
    if package.subdir.is_empty() {
        return match package.getter {
            sdt_config::Getter::Http => Box::pin(fetch(fetcher, &package.url, dest, hops + 1)).await,
            _ => Box::pin(fetcher.fetch(&package, dest)).await,
        };
    }
    let whole = tempfile::tempdir().map_err(|e| e.to_string())?;
    let inner = whole.path().join("package");
    Box::pin(fetcher.fetch(&package.whole(), &inner)).await?;
    let wanted = inner.join(&package.subdir);
    if !wanted.is_dir() {
        return Err(format!("the package has no folder {:?}", package.subdir));
    }
    crate::copy_folder(&wanted, dest, &fetcher.limits)
}

/// Sends a GET request and follows redirects, never from https to http.
pub(crate) async fn get(fetcher: &Fetcher<'_>, url: &str, headers: &[(String, String)]) -> Result<Answer, String> {
    let mut url = url.to_owned();
    let mut headers = headers.to_vec();
    for _ in 0..HOPS {
        let answer = fetcher
            .remote
            .get(&url, &headers, fetcher.limits.download_bytes)
            .await
            .map_err(|e| format!("{}: {e}", shown(&url)))?;
        match answer.status {
            200..=299 => return Ok(answer),
            301 | 302 | 303 | 307 | 308 => {
                let location =
                    answer.headers.get("location").ok_or_else(|| format!("{}: a redirect to nowhere", shown(&url)))?;
                let next = absolute(&url, location);
                if url.starts_with("https://") && !next.starts_with("https://") {
                    return Err(format!("{}: a redirect from https to http is not followed", shown(&url)));
                }
                if host(&next) != host(&url) {
                    headers.clear();
                }
                url = next;
            }
            status => return Err(format!("{}: bad response code: {status}", shown(&url))),
        }
    }
    Err(format!("{}: too many redirects", shown(&url)))
}

/// A URL without the secrets it may hold.
fn shown(url: &str) -> String {
    let bare = url.split('?').next().unwrap_or(url);
    match bare.split_once("://").and_then(|(s, rest)| Some((s, rest.split_once('@')?.1))) {
        Some((scheme, rest)) => format!("{scheme}://{rest}"),
        None => bare.to_owned(),
    }
}

pub(crate) fn host(url: &str) -> &str {
    url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default())
}

/// Lays a relative address over the one it was found at.
pub(crate) fn absolute(base: &str, next: &str) -> String {
    if next.contains("://") || next.contains("::") {
        return next.to_owned();
    }
    let scheme = base.split("://").next().unwrap_or("https");
    if let Some(rest) = next.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    if next.starts_with('/') {
        return format!("{scheme}://{}{next}", host(base));
    }
    if !next.starts_with("./") && !next.starts_with("../") && !next.contains('/') || next.starts_with('.') {
        let bare = base.split('?').next().unwrap_or(base);
        let mut parts: Vec<&str> = bare.split('/').collect();
        parts.pop();
        for p in next.split('/') {
            match p {
                "." => {}
                ".." if parts.len() > 3 => drop(parts.pop()),
                p => parts.push(p),
            }
        }
        return parts.join("/");
    }
    next.to_owned()
}

/// The query's `archive` is for us, not for the server.
fn without_archive(url: &str) -> String {
    let Some((path, query)) = url.split_once('?') else { return url.to_owned() };
    let kept: Vec<&str> =
        query.split('&').filter(|p| !p.starts_with("archive=") && !p.starts_with("checksum=")).collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// The content of `<meta name="terraform-get" content="…">`.
fn meta(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body.get(..body.len().min(1 << 20))?).ok()?;
    for element in text.split("<meta").skip(1) {
        let element = element.split('>').next()?;
        let value = |name: &str| {
            let rest = element.split(&format!("{name}=")).nth(1)?;
            let sign = rest.chars().next().filter(|c| *c == '"' || *c == '\'')?;
            rest[1..].split(sign).next()
        };
        if value("name") == Some("terraform-get") {
            return value("content").map(str::to_owned);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_pages() {
        assert_eq!(absolute("https://x.org/a/b", "/c"), "https://x.org/c");
        assert_eq!(absolute("https://x.org/a/b", "./c.zip"), "https://x.org/a/c.zip");
        assert_eq!(absolute("https://x.org/a/b", "git::https://y.org/z"), "git::https://y.org/z");
        assert_eq!(shown("https://u:p@x.org/a?token=1"), "https://x.org/a");
        let page = br#"<html><head><meta name="terraform-get" content="git::https://x.org/a" /></head></html>"#;
        assert_eq!(meta(page).as_deref(), Some("git::https://x.org/a"));
        assert_eq!(without_archive("https://x/a?archive=zip&b=1"), "https://x/a?b=1");
    }
}
