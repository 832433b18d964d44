//! zip files as Go writes them. Source: APPNOTE.TXT 6.3, without its extensions.

use sdt_funcs::deflate::{crc32, raw};

use super::Entry;

const VERSION: u16 = 20;
const UNIX: u16 = 3 << 8;
const DEFLATED: u16 = 8;
const SIZES_FOLLOW: u16 = 8;
const UTF8: u16 = 0x800;
const REGULAR_FILE: u32 = 0o100_000;
const READ_ONLY: u32 = 1;
const OWNER_MAY_WRITE: u32 = 0o200;
/// The year 1 in the sixteen bits of a date that begins with 1980: the public provider gives files no time.
const NO_DATE: u16 = 0x8a21;

/// Packs entries; `mode` takes the place of the files' own modes.
pub(super) fn pack(entries: &[Entry], mode: Option<u32>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = out.len() as u32;
        let mut flags = SIZES_FOLLOW;
        // Characters that not all single-byte encodings have in common.
        if entry.name.chars().any(|c| !(' '..='}').contains(&c) || c == '\\') {
            flags |= UTF8;
        }
        let date = if entry.mode.is_some() { NO_DATE } else { 0 };
        let mut common = Vec::new();
        for n in [VERSION, flags, DEFLATED, 0, date] {
            common.extend(n.to_le_bytes());
        }
        let name_len = (entry.name.len() as u16).to_le_bytes();
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&common);
        out.extend([0; 12]);
        out.extend(name_len);
        out.extend([0; 2]);
        out.extend(entry.name.as_bytes());
        let packed = raw(&entry.content);
        let mut sums = Vec::new();
        for n in [crc32(&entry.content), packed.len() as u32, entry.content.len() as u32] {
            sums.extend(n.to_le_bytes());
        }
        out.extend(packed);
        out.extend(0x0807_4b50_u32.to_le_bytes());
        out.extend(&sums);

        let mode = entry.mode.map(|own| mode.unwrap_or(own));
        let attributes = mode.map_or(0, |m| {
            let dos = if m & OWNER_MAY_WRITE == 0 { READ_ONLY } else { 0 };
            (REGULAR_FILE | m) << 16 | dos
        });
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend((VERSION | if mode.is_some() { UNIX } else { 0 }).to_le_bytes());
        directory.extend(&common);
        directory.extend(&sums);
        directory.extend(name_len);
        directory.extend([0; 8]);
        directory.extend(attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let start = out.len() as u32;
    let count = (entries.len() as u16).to_le_bytes();
    let size = directory.len() as u32;
    out.extend(directory);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    out.extend(count);
    out.extend(count);
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}
