//! tar files as Go writes them. Source: POSIX.1-2001, formats ustar and pax.

use sdt_funcs::deflate::gzip;

use super::Entry;

const BLOCK: usize = 512;
const NAME: usize = 100;
const PREFIX: usize = 155;
const REGULAR: u8 = b'0';
const EXTENDED: u8 = b'x';

/// Packs entries and compresses them; `mode` takes the place of the files' own modes.
///
/// # Errors
/// When a name holds what tar cannot have.
pub(super) fn pack_gz(entries: &[Entry], mode: Option<u32>) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    for entry in entries {
        if entry.name.contains('\0') {
            return Err(format!("could not write header for file {:?}: the name holds a null byte", entry.name));
        }
        let mode = mode.or(entry.mode).unwrap_or(0);
        match split(&entry.name) {
            Some((prefix, name)) => out.extend(header(prefix, name, mode, entry.content.len(), REGULAR)),
            None => {
                extended(&entry.name, &mut out);
                out.extend(header("", &ascii(&entry.name, NAME), mode, entry.content.len(), REGULAR));
            }
        }
        out.extend(&entry.content);
        pad(&mut out);
    }
    out.extend([0; 2 * BLOCK]);
    Ok(gzip(&out, false))
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// What of a name fits the two fields that it has: prefix and name, split at a slash.
fn split(name: &str) -> Option<(&str, &str)> {
    if !name.is_ascii() {
        return None;
    }
    if name.len() <= NAME {
        return Some(("", name));
    }
    let end = name.len().min(PREFIX + 1);
    let slash = name[..end].rfind('/').filter(|i| *i > 0)?;
    let rest = &name[slash + 1..];
    (!rest.is_empty() && rest.len() <= NAME).then(|| (&name[..slash], rest))
}

/// The name without what is not ASCII, cut to `len`.
fn ascii(name: &str, len: usize) -> String {
    name.chars().filter(char::is_ascii).take(len).collect()
}

/// A record of its own before the file, with the name in full.
fn extended(name: &str, out: &mut Vec<u8>) {
    let (dir, file) = name.rsplit_once('/').unwrap_or(("", name));
    let slash = if dir.is_empty() { "" } else { "/" };
    let own = ascii(&format!("{dir}{slash}PaxHeaders.0/{file}"), NAME);
    // The length of the record counts its own digits.
    let rest = format!(" path={name}\n");
    let mut len = rest.len() + 1;
    while len != rest.len() + len.to_string().len() {
        len = rest.len() + len.to_string().len();
    }
    let record = format!("{len}{rest}");
    out.extend(header("", own.trim_end_matches('/'), 0, record.len(), EXTENDED));
    out.extend(record.as_bytes());
    pad(out);
}

fn header(prefix: &str, name: &str, mode: u32, size: usize, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, &format!("{mode:07o}"));
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, "00000000000");
    put(257, "ustar\x0000");
    if kind == REGULAR {
        put(329, "0000000");
        put(337, "0000000");
    }
    put(345, prefix);
    block[156] = kind;
    // The sum is taken with blanks in its own place.
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
