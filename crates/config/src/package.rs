//! Source addresses of packages. Source: go-getter's detectors, which Terraform documents under "Module Sources".

use std::fmt;

/// An object or a folder of objects in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Place {
    /// Region, where the address tells it.
    pub region: Option<String>,
    /// Endpoint, where it is not one of AWS.
    pub endpoint: Option<String>,
    /// Bucket.
    pub bucket: String,
    /// Key, or the beginning of keys.
    pub key: String,
    /// Version of the object.
    pub version: Option<String>,
    /// Profile of the shared configuration.
    pub profile: Option<String>,
}

/// How a package is brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Getter {
    /// `git::…`: the git program.
    Git,
    /// An archive over HTTP or HTTPS, or a page that says where the package is.
    Http,
    /// `s3::…`
    S3,
    /// A folder or archive of this machine by its absolute path.
    File,
    /// One that is not there: `hg`, `gcs`.
    Other(String),
}

/// Where a package is, and the folder in it that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// How it is brought.
    pub getter: Getter,
    /// Whether the address names the way (`git::`).
    forced: Option<String>,
    /// Its URL without the subfolder.
    pub url: String,
    /// The subfolder after `//`; empty for none.
    pub subdir: String,
}

impl Package {
    /// Reads an address that is neither a relative path nor a registry's.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(raw: &str) -> Result<Self, String> {
        let (outer, subdir) = split_subdir(raw);
        let (forced, rest) = split_forced(&outer);
        let detected = if has_scheme(rest) { rest.to_owned() } else { detect(rest)? };
        let (found, url) = split_forced(&detected);
        let (url, inner) = split_subdir(url);
        let forced = forced.or(found).map(str::to_owned);
        let subdir = match (inner.is_empty(), subdir.is_empty()) {
            (true, _) => subdir,
            (false, true) => inner,
            (false, false) => format!("{inner}/{subdir}"),
        };
        let subdir = clean_subdir(&subdir)?;
        let scheme = url.split("://").next().unwrap_or_default();
        let getter = match forced.as_deref().unwrap_or(scheme) {
            "git" | "ssh" => Getter::Git,
            "http" | "https" => Getter::Http,
            "s3" => Getter::S3,
            "file" => Getter::File,
            other => Getter::Other(other.to_owned()),
        };
        Ok(Self { getter, forced, url, subdir })
    }

    /// The package as a whole, without its subfolder.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self { subdir: String::new(), ..self.clone() }
    }
}

/// The address as Terraform notes it in `modules.json`.
impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(forced) = &self.forced {
            write!(f, "{forced}::")?;
        }
        if self.subdir.is_empty() {
            return f.write_str(&self.url);
        }
        match self.url.split_once('?') {
            Some((path, query)) => write!(f, "{path}//{}?{query}", self.subdir),
            None => write!(f, "{}//{}", self.url, self.subdir),
        }
    }
}

/// Splits `…//sub` off, a query staying with the package.
#[must_use]
pub fn split_subdir(raw: &str) -> (String, String) {
    let stop = raw.find('?').unwrap_or(raw.len());
    let offset = raw[..stop].find("://").map_or(0, |n| n + 3);
    let Some(at) = raw[offset..stop].find("//").map(|n| n + offset) else { return (raw.to_owned(), String::new()) };
    (format!("{}{}", &raw[..at], &raw[stop..]), raw[at + 2..stop].to_owned())
}

fn split_forced(raw: &str) -> (Option<&str>, &str) {
    match raw.split_once("::") {
        Some((word, rest)) if !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()) => (Some(word), rest),
        _ => (None, raw),
    }
}

fn has_scheme(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

fn detect(raw: &str) -> Result<String, String> {
    for (host, what) in [("github.com/", "GitHub"), ("bitbucket.org/", "Bitbucket")] {
        if raw.starts_with(host) {
            let (path, query) = raw.split_once('?').map_or((raw, None), |(p, q)| (p, Some(q)));
            let parts: Vec<&str> = path.split('/').collect();
            if parts.len() < 3 || parts[1].is_empty() || parts[2].is_empty() {
                return Err(format!("{what} addresses have the form {host}OWNER/REPOSITORY"));
            }
            let mut url = format!("git::https://{}", parts[..3].join("/"));
            if !url.ends_with(".git") {
                url.push_str(".git");
            }
            if parts.len() > 3 {
                url += &format!("//{}", parts[3..].join("/"));
            }
            return Ok(url + &query.map(|q| format!("?{q}")).unwrap_or_default());
        }
    }
    if raw.starts_with('/') {
        return Ok(format!("file://{raw}"));
    }
    // user@host:path, as ssh writes it.
    if let Some((who, path)) = raw.split_once(':')
        && let Some((user, host)) = who.split_once('@')
        && !user.is_empty()
        && !host.contains('/')
    {
        return Ok(format!("git::ssh://{user}@{host}/{}", path.trim_start_matches('/')));
    }
    let host = raw.split('/').next().unwrap_or_default();
    if host.ends_with(".amazonaws.com") && host.contains("s3") {
        return Ok(format!("s3::https://{raw}"));
    }
    Err(format!("{raw:?} is no address of a package: a scheme such as https:// or git:: is missing"))
}

/// Takes `.` and `..` out of a subfolder, which must stay inside the package.
fn clean_subdir(raw: &str) -> Result<String, String> {
    let mut out: Vec<&str> = Vec::new();
    for part in raw.split('/') {
        match part {
            "" | "." => {}
            ".." if out.pop().is_none() => {
                return Err(format!("the subfolder {raw:?} leads out of its package"));
            }
            ".." => {}
            part => out.push(part),
        }
    }
    Ok(out.join("/"))
}

/// The values of a query.
#[must_use]
pub fn query(url: &str) -> Vec<(String, String)> {
    let Some((_, query)) = url.split_once('?') else { return Vec::new() };
    let pairs = query.split('&').filter(|p| !p.is_empty());
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

/// Percent-decoding.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match (bytes[i], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(b)) => {
                out.push(b);
                i += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                i += 1;
            }
            (b, _) => {
                out.push(b);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Bucket and key of an S3 address: the host names the bucket, or the path does.
///
/// # Errors
/// When it names no object.
pub fn s3_place(url: &str) -> Result<S3Place, String> {
    let values = query(url);
    let value = |name: &str| values.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    let bare = url.split('?').next().unwrap_or(url);
    let rest = bare.split_once("://").map_or(bare, |(_, r)| r);
    let (host, path) = rest.split_once('/').ok_or_else(|| format!("{url:?} names no object of S3"))?;
    let mut region = value("region");
    let mut endpoint = None;
    let (bucket, key) = if let Some(front) = host.strip_suffix(".amazonaws.com") {
        // s3, s3-REGION, s3.REGION, BUCKET.s3, BUCKET.s3-REGION, BUCKET.s3.REGION
        let labels: Vec<&str> = front.split('.').collect();
        let at = labels.iter().position(|l| *l == "s3" || l.starts_with("s3-"));
        let at = at.ok_or_else(|| format!("{host:?} is no endpoint of S3"))?;
        let found = labels[at].strip_prefix("s3-").or(labels.get(at + 1).copied());
        region = region.or(found.map(str::to_owned));
        match at {
            0 => path.split_once('/').map(|(b, k)| (b.to_owned(), k.to_owned())),
            _ => Some((labels[..at].join("."), path.to_owned())),
        }
    } else {
        let scheme = if bare.starts_with("http://") { "http" } else { "https" };
        endpoint = Some(format!("{scheme}://{host}"));
        path.split_once('/').map(|(b, k)| (b.to_owned(), k.to_owned()))
    }
    .ok_or_else(|| format!("{url:?} names no object of S3"))?;
    let key = decode(&key.replace('+', "%2B"));
    Ok(S3Place { region, endpoint, bucket, key, version: value("version"), profile: value("aws_profile") })
}

/// A module of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryModule {
    /// Host; `registry.terraform.io` where the address names none.
    pub host: String,
    /// `NAMESPACE/NAME/SYSTEM`
    pub path: String,
    /// The folder in the package after `//`.
    pub subdir: String,
}

impl RegistryModule {
    /// Reads an address; `None` when it has not the form.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let (package, subdir) = split_subdir(raw);
        let parts: Vec<&str> = package.split('/').collect();
        let (host, path) = match parts.as_slice() {
            [a, b, c] => ("registry.terraform.io".to_owned(), [*a, *b, *c].join("/")),
            [host, a, b, c] => (host.to_lowercase(), [*a, *b, *c].join("/")),
            _ => return None,
        };
        Some(Self { host, path, subdir })
    }

    /// The address as Terraform notes it in `modules.json`.
    #[must_use]
    pub fn full(&self) -> String {
        let sub = if self.subdir.is_empty() { String::new() } else { format!("//{}", self.subdir) };
        format!("{}/{}{sub}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (raw, shown, getter) in [
            ("github.com/hashicorp/example", "git::https://github.com/hashicorp/example.git", Getter::Git),
            ("github.com/a/b//c/d?ref=x", "git::https://github.com/a/b.git//c/d?ref=x", Getter::Git),
            ("git@github.com:a/b.git", "git::ssh://git@github.com/a/b.git", Getter::Git),
            ("git::https://x.org/a.git?ref=v1&depth=1", "git::https://x.org/a.git?ref=v1&depth=1", Getter::Git),
            ("git::ssh://u@x.org/a.git//m", "git::ssh://u@x.org/a.git//m", Getter::Git),
            ("https://x.org/a.zip//m?x=1", "https://x.org/a.zip//m?x=1", Getter::Http),
            (
                "s3::https://s3-eu-west-1.amazonaws.com/b/k.zip",
                "s3::https://s3-eu-west-1.amazonaws.com/b/k.zip",
                Getter::S3,
            ),
            ("b.s3.amazonaws.com/k.zip", "s3::https://b.s3.amazonaws.com/k.zip", Getter::S3),
            ("/opt/m", "file:///opt/m", Getter::File),
            ("/opt/m//sub", "file:///opt/m//sub", Getter::File),
            ("hg::http://x.org/a", "hg::http://x.org/a", Getter::Other("hg".into())),
        ] {
            let p = Package::parse(raw).unwrap();
            assert_eq!((p.to_string().as_str(), &p.getter), (shown, &getter), "{raw}");
        }
        for raw in ["https://x.org/a.zip//../b", "github.com/a", "x.org/a", "git::https://x.org/a//m/../../.."] {
            assert!(Package::parse(raw).is_err(), "{raw}");
        }
    }

    #[test]
    fn places_in_s3() {
        for (url, region, bucket, key) in [
            ("https://s3.amazonaws.com/b/k/x.zip", None, "b", "k/x.zip"),
            ("https://s3-eu-west-1.amazonaws.com/b/k.zip", Some("eu-west-1"), "b", "k.zip"),
            ("https://b.s3.eu-west-1.amazonaws.com/k%20x.zip?version=7", Some("eu-west-1"), "b", "k x.zip"),
            ("http://127.0.0.1:5000/b/k.zip?region=x", Some("x"), "b", "k.zip"),
        ] {
            let p = s3_place(url).unwrap();
            assert_eq!((p.region.as_deref(), p.bucket.as_str(), p.key.as_str()), (region, bucket, key), "{url}");
        }
    }
}
