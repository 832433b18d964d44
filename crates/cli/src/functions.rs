//! The function library with this machine's files, clock and randomness behind it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sdt_diag::{SourceId, SourceMap};
use sdt_engine::Functions;
use sdt_funcs::{CallError, FileKind, Files, FnCtx, Timestamp};
use sdt_hcl::{CallFailure, CallSite, Signature};
use sdt_value::Value;

use crate::env::Env;

/// Functions for one run. Templates that are read join the sources, so that messages can show them.
pub(crate) struct Library {
    base: PathBuf,
    home: Option<PathBuf>,
    plan_time: Option<Timestamp>,
    sources: Mutex<SourceMap>,
}

impl Library {
    /// `plan_time` is what `plantimestamp` gives; none while only validating.
    pub(crate) fn new(env: &Env, sources: SourceMap, plan_time: Option<time::OffsetDateTime>) -> Arc<Self> {
        let base = std::env::current_dir().unwrap_or_else(|_| env.cwd.clone());
        Arc::new(Self { base, home: env.home(), plan_time: plan_time.map(timestamp), sources: Mutex::new(sources) })
    }

    /// Adds a text to the sources.
    pub(crate) fn add(&self, name: &str, text: &str) -> SourceId {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).add(name, text.as_bytes())
    }

    /// Every source, templates included.
    pub(crate) fn sources(&self) -> SourceMap {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn timestamp(t: time::OffsetDateTime) -> Timestamp {
    Timestamp { seconds: t.unix_timestamp(), nanos: 0 }
}

impl Functions for Library {
    fn signature(&self, name: &str) -> Option<Signature> {
        let f = sdt_funcs::lookup(name)?;
        let min = f.params.len();
        Some(Signature { min, max: f.variadic.is_none().then_some(min) })
    }

    fn call(&self, name: &str, args: &[Value], _: &CallSite, applying: bool) -> Result<Value, CallFailure> {
        let f = sdt_funcs::lookup(name).ok_or_else(|| CallFailure::Call("there is no such function".into()))?;
        let random: &dyn Fn(&mut [u8]) = &crate::backend::random;
        let ctx = FnCtx {
            files: &DiskFiles,
            base_dir: &self.base,
            home: self.home.as_deref(),
            clock: applying.then(|| timestamp(time::OffsetDateTime::now_utc())),
            plan_time: self.plan_time,
            random: applying.then_some(random),
        };
        sdt_funcs::call(f, args, &ctx).map_err(|e| match e {
            CallError::Arg { index, message } => CallFailure::Arg { index, message },
            CallError::Call(message) => CallFailure::Call(message),
        })
    }

    fn misfits(&self, name: &str, args: &[Value]) -> Vec<(usize, String)> {
        sdt_funcs::lookup(name).map(|f| sdt_funcs::misfits(f, args)).unwrap_or_default()
    }

    fn parameter_name(&self, function: &str, index: usize) -> Option<String> {
        sdt_funcs::lookup(function)?.param(index).map(|p| p.name.to_owned())
    }

    fn names(&self) -> Vec<String> {
        sdt_funcs::all().map(|f| f.name.to_owned()).collect()
    }

    fn template_file(&self, path: &str) -> Result<(SourceId, Arc<[u8]>), String> {
        let full = match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        };
        let text: Arc<[u8]> = match std::fs::read(&full) {
            Ok(text) => text.into(),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(format!(
                    "no file exists at \"{path}\"; this function works only with files that are there before anything is planned"
                ));
            }
            Err(e) => return Err(format!("failed to read {path}: {e}")),
        };
        let id = self.sources.lock().unwrap_or_else(PoisonError::into_inner).add(path, text.clone());
        Ok((id, text))
    }
}

struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn kind(&self, path: &Path) -> std::io::Result<FileKind> {
        let meta = std::fs::metadata(path)?;
        Ok(if meta.is_file() {
            FileKind::File
        } else if meta.is_dir() {
            FileKind::Dir
        } else {
            FileKind::Other
        })
    }

    fn list(&self, dir: &Path) -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }
}
