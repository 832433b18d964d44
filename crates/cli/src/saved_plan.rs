//! Plan files: their key, whether they still fit, and that each is applied once.
//!
//! With a key in the environment they are encrypted: `SDT_PLAN_KEY` is a passphrase, `SDT_PLAN_KEY_FILE` names a file with 32 bytes, raw,
//! in hexadecimal or base64. Which plans were applied from here is kept in the data folder; elsewhere the serial tells, which rises
//! with each apply of a plan file that had something to do.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_plan::file::PlanFile;
use sdt_plan::seal::{self, PlanKey};
use sdt_state::{Entry, Merged};
use sha2::{Digest as _, Sha256};

use crate::backend;
use crate::clock;
use crate::env::Env;
use crate::ui::failure;

/// Shorter passphrases can be tried out.
const PASSPHRASE_CHARS: usize = 12;
/// How many applied plans are remembered.
const REMEMBERED: usize = 500;

/// The key that the environment configures.
fn key(env: &Env) -> Result<Option<PlanKey>, String> {
    match (env.get("SDT_PLAN_KEY"), env.get("SDT_PLAN_KEY_FILE")) {
        (Some(_), Some(_)) => Err("SDT_PLAN_KEY and SDT_PLAN_KEY_FILE exclude each other: unset one of them".into()),
        (Some(text), None) if text.chars().count() < PASSPHRASE_CHARS => {
            Err(format!("the passphrase in SDT_PLAN_KEY is too short: it needs at least {PASSPHRASE_CHARS} characters"))
        }
        (Some(text), None) => Ok(Some(PlanKey::Passphrase(text.to_owned()))),
        (None, Some(path)) => {
            let bytes = std::fs::read(path).map_err(|e| format!("{path}, which SDT_PLAN_KEY_FILE names: {e}"))?;
            let key = key_bytes(&bytes).ok_or_else(|| {
                format!("{path}, which SDT_PLAN_KEY_FILE names, must hold 32 bytes, raw, as 64 hexadecimal digits or in base64; make one with: openssl rand -hex 32")
            })?;
            Ok(Some(PlanKey::Bytes(key)))
        }
        (None, None) => Ok(None),
    }
}

fn key_bytes(content: &[u8]) -> Option<[u8; 32]> {
    if let Ok(raw) = content.try_into() {
        return Some(raw);
    }
    let text = std::str::from_utf8(content).ok()?.trim();
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let mut out = [0; 32];
        for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        return Some(out);
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Writes a plan file, encrypted if a key is configured.
pub(crate) fn write(env: &Env, file: &PlanFile, path: &str) -> Result<(), Diagnostics> {
    let failed = |e: String| failure("Failed to write plan file", format!("{path}: {e}"));
    let mut bytes = sdt_plan::file::write(file, env!("CARGO_PKG_VERSION")).map_err(|e| failed(e.to_string()))?;
    if let Some(key) = key(env).map_err(failed)? {
        let mut random = [0; seal::RANDOM_BYTES];
        backend::random(&mut random);
        bytes = seal::seal(bytes, &key, &random).map_err(|e| failed(e.to_string()))?;
    }
    backend::write_private(Path::new(path), &bytes).map_err(|e| failed(e.to_string()))
}

/// Reads a plan file, decrypting it if need be. An open plan is read whether or not there is a key.
pub(crate) fn unpack(env: &Env, bytes: &[u8]) -> Result<PlanFile, String> {
    let opened = match seal::is_sealed(bytes) {
        true => Some(seal::open(bytes, key(env)?.as_ref()).map_err(|e| e.to_string())?),
        false => None,
    };
    sdt_plan::file::read(opened.as_deref().unwrap_or(bytes)).map_err(|e| e.to_string())
}

/// What tells one journal from another; empty when there is none.
pub(crate) fn journal_digest(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let text = serde_json::to_vec(entries).unwrap_or_default();
    Sha256::digest(text).iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// A plan is good only for the state it was made from, and once.
///
/// # Errors
/// With the reason why it is not good any more.
pub(crate) fn check(env: &Env, file: &PlanFile, merged: &Merged, entries: &[Entry]) -> Result<(), Diagnostics> {
    let (base, now) = (&file.plan.base, &merged.state);
    if !base.lineage.is_empty() && !now.lineage.is_empty() && base.lineage != now.lineage {
        let detail = "The plan was made from another state than the one here (their lineages differ). Check folder and backend, and make the plan again.";
        return Err(Diagnostic::error("Saved plan does not match the given state", detail).into());
    }
    let stale = |detail: String| Err(Diagnostic::error("Saved plan is stale", detail).into());
    if let Some(when) = applied(env, &file.id) {
        return stale(format!(
            "This plan was applied already, at {when}. A plan is good for one apply: make a new one."
        ));
    }
    let fresh = base.lineage.is_empty() && now.lineage.is_empty();
    if !fresh && (base.serial != now.serial || base.lineage != now.lineage) {
        return stale(format!(
            "The state has changed since the plan was made (serial {} then, {} now): the plan was applied already, or another run has come between. Make the plan again.",
            base.serial, now.serial
        ));
    }
    if base.journal != journal_digest(entries) {
        return stale(
            "A run that did not come to its end has left entries in the journal since the plan was made. Make the plan again: it takes them in."
                .into(),
        );
    }
    Ok(())
}

fn record(env: &Env) -> PathBuf {
    env.data_dir().join("sdt-applied-plans")
}

fn applied(env: &Env, id: &str) -> Option<String> {
    let text = std::fs::read_to_string(record(env)).ok()?;
    text.lines().filter_map(|l| l.split_once(' ')).find(|(known, _)| *known == id).map(|(_, when)| when.to_owned())
}

/// Notes that a plan is applied. Where that cannot be noted, the serial still tells.
pub(crate) fn consume(env: &Env, file: &PlanFile) {
    let text = std::fs::read_to_string(record(env)).unwrap_or_default();
    let known: Vec<&str> = text.lines().collect();
    let line = format!("{} {}", file.id, clock::now());
    let kept = &known[known.len().saturating_sub(REMEMBERED)..];
    let text: String = kept.iter().copied().chain([line.as_str()]).flat_map(|l| [l, "\n"]).collect();
    if let Err(e) = backend::write_private(&record(env), text.as_bytes()) {
        tracing::warn!(error = %e, "the applied plan could not be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_files_may_be_raw_hexadecimal_or_base64() {
        let raw: [u8; 32] = std::array::from_fn(|i| i as u8);
        let hex: String = raw.iter().map(|b| format!("{b:02x}")).collect();
        for content in [raw.to_vec(), format!("{hex}\n").into_bytes(), STANDARD.encode(raw).into_bytes()] {
            assert_eq!(key_bytes(&content), Some(raw));
        }
        for content in [&b"short"[..], &[0; 33], "é".as_bytes()] {
            assert_eq!(key_bytes(content), None);
        }
    }
}
