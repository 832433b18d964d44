//! The journal: what apply has begun, and what came of it.
//!
//! `begun` is durable before the call that changes something, `id_known` as soon as the API names the object, `done`
//! or `failed` when it is over. Read together with the state ([`crate::overlay`]) it tells what exists, whenever the
//! process died. Entries are as secret as state.
//!
//! On disk each entry is one line, `CRC32 in 8 hexadecimal digits, a space, JSON`. A death while appending leaves a
//! torn last line, which was never acknowledged and is ignored; a damaged line that has good ones after it is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{InstanceAddr, LockInfo};

/// One step of an apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// A run starts against a state. First in every run's journal; writing it shows that journals can be written.
    Started {
        /// Names the run; part of its tokens.
        run_id: String,
        /// Lineage of the state.
        lineage: String,
        /// Serial of the state the run was planned against.
        serial: u64,
        /// The lock it holds.
        lock: Box<LockInfo>,
        /// RFC 3339, UTC.
        time: String,
    },
    /// An action is about to be sent.
    Begun(Box<Begun>),
    /// The API has named the object; waiting for it follows.
    IdKnown(IdKnown),
    /// An action ended well.
    Done(Done),
    /// An action ended badly.
    Failed(Failed),
    /// Outputs and check results have been computed; they replace all former ones.
    Outputs {
        /// Outputs in the form of the state file.
        outputs: BTreeMap<String, Json>,
        /// Check results in the form of the state file.
        check_results: Json,
    },
    /// A snapshot with the outcomes of everything before is about to be written. If the stored state has this digest or
    /// a higher serial, it was.
    Persisting {
        /// Lineage of the snapshot.
        lineage: String,
        /// Its serial.
        serial: u64,
        /// MD5 of its bytes, hexadecimal.
        md5: String,
    },
    /// Everything before is void: a journal in several pieces, which cannot be removed all at once, is being cleared.
    Cleared,
}

/// Drops what a [`Entry::Cleared`] has voided.
#[must_use]
pub fn live(mut entries: Vec<Entry>) -> Vec<Entry> {
    if let Some(at) = entries.iter().rposition(|e| matches!(e, Entry::Cleared)) {
        entries.drain(..=at);
    }
    entries
}

impl Entry {
    /// The token of the action this entry is about.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Begun(b) => Some(&b.token),
            Self::IdKnown(k) => Some(&k.token),
            Self::Done(d) => Some(&d.token),
            Self::Failed(f) => Some(&f.token),
            Self::Started { .. } | Self::Outputs { .. } | Self::Persisting { .. } | Self::Cleared => None,
        }
    }
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It comes into being.
    Create,
    /// It changes in place.
    Update,
    /// It ends.
    Delete,
    /// Data is read or state is moved: nothing outside changes.
    Read,
}

/// An action about to be sent: all that recovery needs when nothing more was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// hash(lineage, run id, address, deposed key, attempt); the API's client token or the seed of names and tags.
    pub token: String,
    /// The run.
    pub run_id: String,
    /// The instance.
    pub address: InstanceAddr,
    /// Set when the action is on a deposed object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// Set when a create puts the current object aside first: the key under which that object is deposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposes: Option<String>,
    /// What.
    pub action: Action,
    /// Provider as in the state.
    pub provider: String,
    /// Version of the schema that the attributes follow.
    pub schema_version: u64,
    /// The planned object (nulls where it is not known yet); none for a delete.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub planned: Json,
    /// The evaluated configuration, where a replay needs it.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub config: Json,
    /// The object before; none for a create.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub prior: Json,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_id: Option<String>,
    /// The provider's private data that goes with the call, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<String>,
    /// Dependencies to store with the object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    /// The lifecycle setting to store with the object.
    #[serde(default)]
    pub create_before_destroy: bool,
    /// Whether the same call with the same token may be sent again. Not so with write-only or ephemeral inputs, which
    /// are not recorded: such an object is looked up.
    #[serde(default)]
    pub replayable: bool,
    /// Counts the tries of this action in this run.
    pub attempt: u32,
    /// RFC 3339, UTC.
    pub time: String,
}

/// The API has named the object of a create.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdKnown {
    /// Of its `begun`.
    pub token: String,
    /// What is known of the object, `id` at least.
    pub attributes: Json,
    /// Private data, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<String>,
}

/// An action ended well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Of its `begun`.
    pub token: String,
    /// The new object as an instance of the state file ([`crate::v4::instance_to_json`]); none after a delete.
    pub object: Option<Json>,
}

/// An action ended badly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Of its `begun`.
    pub token: String,
    /// The error, for people.
    pub message: String,
    /// What is there now, as an instance of the state file (tainted after a failed create); none when a create left
    /// nothing. After a failed update or delete the prior object stays when this is none.
    pub object: Option<Json>,
}

/// Bytes that are no journal of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {reason}")]
pub struct DecodeError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Returns the lines of entries.
#[must_use]
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let json = serde_json::to_string(entry).unwrap_or_default();
        out.extend_from_slice(format!("{:08x} {json}\n", crc32(json.as_bytes())).as_bytes());
    }
    out
}

/// Reads lines up to a torn end. Returns the entries and how many bytes of the input they take.
///
/// # Errors
/// When a line before the last one is damaged, or one is of a kind that this version does not know.
pub fn decode(bytes: &[u8]) -> Result<(Vec<Entry>, usize), DecodeError> {
    let mut entries = Vec::new();
    let mut good = 0;
    let mut lines = bytes.split_inclusive(|b| *b == b'\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let Some(json) = checked(line) else {
            if lines.peek().is_none() || bytes[good..].iter().all(|b| *b == 0) {
                break;
            }
            return Err(DecodeError { line: at + 1, reason: "does not match its checksum".into() });
        };
        let entry = serde_json::from_slice(json)
            .map_err(|e| DecodeError { line: at + 1, reason: format!("is not understood: {e}") })?;
        entries.push(entry);
        good += line.len();
    }
    Ok((entries, good))
}

/// Returns the JSON of a whole line whose checksum is right.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (crc, json) = line.split_at_checked(9)?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?.strip_suffix(' ')?, 16).ok()?;
    (crc == crc32(json)).then_some(json)
}

/// CRC-32 as in zip and PNG.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut i = 0;
        while i < 256 {
            let mut crc = i as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[i] = crc;
            i += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 255) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_end_is_ignored_and_damage_inside_is_not() {
        let entries = vec![
            Entry::Done(Done { token: "a".into(), object: None }),
            Entry::Failed(Failed { token: "b".into(), message: "line\nbreak".into(), object: None }),
            Entry::Persisting { lineage: "l".into(), serial: 3, md5: "m".into() },
        ];
        let bytes = encode(&entries);
        assert_eq!(decode(&bytes), Ok((entries.clone(), bytes.len())));
        let second = encode(&entries[..2]).len();
        for end in second..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Ok((entries[..2].to_vec(), second)), "cut at {end}");
        }
        let mut zeros = bytes[..second].to_vec();
        zeros.extend([0; 40]);
        assert_eq!(decode(&zeros), Ok((entries[..2].to_vec(), second)));
        let mut damaged = bytes;
        damaged[20] ^= 1;
        assert_eq!(decode(&damaged).unwrap_err().line, 1);
    }

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
