//! Brings the packages of called modules: git repositories, archives over HTTP, objects in S3, modules of registries, folders.
//!
//! [`sdt_config::Package`] is where a source address leads; [`Fetcher::fetch`] puts the package into a folder that is not there yet. Network and
//! credentials are handed in as [`Remote`]; git is the program of that name. Nothing that a package holds can be
//! written outside the folder, and sizes are limited ([`archive::Limits`]).

pub mod archive;
mod copy;
mod git;
mod http;
mod registry;

pub use copy::copy_folder;

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use sdt_config::{Getter, Package, S3Place};

/// An answer to an HTTP request.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers; names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}

/// The network, as the program provides it.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Sends a GET request. Redirects are not followed here.
    ///
    /// # Errors
    /// When there is no answer, or it is larger than `limit` bytes.
    async fn get(&self, url: &str, headers: &[(String, String)], limit: u64) -> Result<Answer, String>;

    /// Reads the objects whose key is the place's or begins with it and a slash: (rest of the key, content).
    ///
    /// # Errors
    /// When the bucket cannot be read.
    async fn s3(&self, place: &S3Place, limit: u64) -> Result<Vec<(String, Vec<u8>)>, String>;

    /// The token for a registry's host, if the user has one.
    fn token(&self, host: &str) -> Option<String>;
}

/// Fetches packages.
pub struct Fetcher<'a> {
    /// The network.
    pub remote: &'a dyn Remote,
    /// Bounds of what is accepted.
    pub limits: archive::Limits,
}

impl Fetcher<'_> {
    /// Puts a package (without regard to its subfolder) into `dest`, a folder that is not there yet.
    ///
    /// # Errors
    /// What went wrong, in a sentence; `dest` may hold a part then.
    pub async fn fetch(&self, package: &Package, dest: &Path) -> Result<(), String> {
        match &package.getter {
            Getter::Git => git::fetch(&package.url, dest).await,
            Getter::Http => http::fetch(self, &package.url, dest, 0).await,
            Getter::S3 => self.s3(&package.url, dest).await,
            Getter::File => self.file(&package.url, dest),
            Getter::Other(name) => Err(format!(
                "packages of the kind {name:?} cannot be fetched; git, http, https, s3, file and registries can"
            )),
        }
    }

    fn file(&self, url: &str, dest: &Path) -> Result<(), String> {
        let path = url.strip_prefix("file://").unwrap_or(url);
        let path = Path::new(path.split('?').next().unwrap_or(path));
        if path.is_dir() {
            // As Terraform does: what is changed there shows at once.
            return std::os::unix::fs::symlink(path, dest).map_err(|e| format!("{}: {e}", dest.display()));
        }
        let Some(kind) = archive::Kind::of(url) else {
            return Err(format!("{} is neither a folder nor an archive", path.display()));
        };
        let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        archive::unpack(kind, &bytes, dest, &self.limits)
    }

    async fn s3(&self, url: &str, dest: &Path) -> Result<(), String> {
        let place = sdt_config::s3_place(url)?;
        let objects = self.remote.s3(&place, self.limits.download_bytes).await?;
        match objects.as_slice() {
            [] => Err(format!("there is no object {:?} in the bucket {:?}", place.key, place.bucket)),
            [(rest, bytes)] if rest.is_empty() => match archive::Kind::of(url) {
                Some(kind) => archive::unpack(kind, bytes, dest, &self.limits),
                None => Err("the object is no archive (.zip, .tar.gz, .tgz, .tar)".into()),
            },
            objects => {
                for (rest, bytes) in objects {
                    archive::write_inside(dest, Path::new(rest), bytes)?;
                }
                Ok(())
            }
        }
    }
}
