//! Text in other character sets.

mod tables;

use encoding_rs::{self as rs, Encoding};
use sdt_value::{Type, Value};

use crate::call::{Out, arg, str_arg};
use crate::encoding::{from_base64, to_base64};
use crate::{Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "textencodebase64",
        "Encodes a string in a character set by its IANA name, and that in Base64.",
        &[Param::string("string"), Param::string("encoding")],
        Type::String,
        |a, _| {
            let (name, set) = charset(str_arg(a, 1))?;
            match set.encode(str_arg(a, 0)) {
                Some(bytes) => Ok(Value::string(to_base64(&bytes))),
                None => arg(0, format!("the given string contains characters that cannot be represented in {name}")),
            }
        },
    ),
    Function::new(
        "textdecodebase64",
        "Decodes Base64 that holds text in a character set by its IANA name.",
        &[Param::string("source"), Param::string("encoding")],
        Type::String,
        |a, _| {
            let (name, set) = charset(str_arg(a, 1))?;
            let Some(bytes) = from_base64(str_arg(a, 0)) else {
                return arg(0, "the given value has an invalid base64 symbol");
            };
            match set.decode(&bytes).filter(|s| !s.contains('\u{fffd}')) {
                Some(s) => Ok(Value::string(s)),
                None => arg(0, format!("the given string contains symbols that are not defined for {name}")),
            }
        },
    ),
];

#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// Big endian with a mark, unless the mark says otherwise.
    Utf16,
    Utf16Be,
    Utf16Le,
    Latin5,
    Other(&'static Encoding),
    /// Characters of the bytes from 128 on, or of all.
    Page(&'static str),
}

/// Each character set with its preferred name and its aliases, as registered with IANA; other common names don't count.
static CHARSETS: &[(Charset, &str)] = &[
    (Charset::Utf8, "UTF-8 csUTF8"),
    (Charset::Utf16, "UTF-16 csUTF16"),
    (Charset::Utf16Be, "UTF-16BE csUTF16BE"),
    (Charset::Utf16Le, "UTF-16LE csUTF16LE"),
    (
        Charset::Ascii,
        "US-ASCII iso-ir-6 ANSI_X3.4-1968 ANSI_X3.4-1986 ISO_646.irv:1991 ISO646-US us IBM367 cp367 csASCII",
    ),
    (Charset::Latin1, "ISO-8859-1 ISO_8859-1:1987 iso-ir-100 ISO_8859-1 latin1 l1 IBM819 CP819 csISOLatin1"),
    (Charset::Other(rs::ISO_8859_2), "ISO-8859-2 ISO_8859-2:1987 iso-ir-101 ISO_8859-2 latin2 l2 csISOLatin2"),
    (Charset::Other(rs::ISO_8859_3), "ISO-8859-3 ISO_8859-3:1988 iso-ir-109 ISO_8859-3 latin3 l3 csISOLatin3"),
    (Charset::Other(rs::ISO_8859_4), "ISO-8859-4 ISO_8859-4:1988 iso-ir-110 ISO_8859-4 latin4 l4 csISOLatin4"),
    (Charset::Other(rs::ISO_8859_5), "ISO-8859-5 ISO_8859-5:1988 iso-ir-144 ISO_8859-5 cyrillic csISOLatinCyrillic"),
    (
        Charset::Other(rs::ISO_8859_6),
        "ISO-8859-6 ISO_8859-6:1987 iso-ir-127 ISO_8859-6 ECMA-114 ASMO-708 arabic csISOLatinArabic ISO_8859-6-E ISO-8859-6-E \
         csISO88596E ISO_8859-6-I ISO-8859-6-I csISO88596I",
    ),
    (
        Charset::Other(rs::ISO_8859_7),
        "ISO-8859-7 ISO_8859-7:1987 iso-ir-126 ISO_8859-7 ELOT_928 ECMA-118 greek greek8 csISOLatinGreek",
    ),
    (
        Charset::Other(rs::ISO_8859_8),
        "ISO-8859-8 ISO_8859-8:1988 iso-ir-138 ISO_8859-8 hebrew csISOLatinHebrew ISO_8859-8-E ISO-8859-8-E csISO88598E",
    ),
    (Charset::Other(rs::ISO_8859_8_I), "ISO-8859-8-I ISO_8859-8-I csISO88598I"),
    (Charset::Latin5, "ISO-8859-9 ISO_8859-9:1989 iso-ir-148 ISO_8859-9 latin5 l5 csISOLatin5"),
    (Charset::Other(rs::ISO_8859_10), "ISO-8859-10 iso-ir-157 l6 ISO_8859-10:1992 csISOLatin6 latin6"),
    (Charset::Other(rs::ISO_8859_13), "ISO-8859-13 csISO885913"),
    (
        Charset::Other(rs::ISO_8859_14),
        "ISO-8859-14 iso-ir-199 ISO_8859-14:1998 ISO_8859-14 latin8 iso-celtic l8 csISO885914",
    ),
    (Charset::Other(rs::ISO_8859_15), "ISO-8859-15 ISO_8859-15 Latin-9 csISO885915"),
    (Charset::Other(rs::ISO_8859_16), "ISO-8859-16 iso-ir-226 ISO_8859-16:2001 ISO_8859-16 latin10 l10 csISO885916"),
    (Charset::Other(rs::WINDOWS_874), "windows-874 cswindows874"),
    (Charset::Other(rs::WINDOWS_1250), "windows-1250 cswindows1250"),
    (Charset::Other(rs::WINDOWS_1251), "windows-1251 cswindows1251"),
    (Charset::Other(rs::WINDOWS_1252), "windows-1252 cswindows1252"),
    (Charset::Other(rs::WINDOWS_1253), "windows-1253 cswindows1253"),
    (Charset::Other(rs::WINDOWS_1254), "windows-1254 cswindows1254"),
    (Charset::Other(rs::WINDOWS_1255), "windows-1255 cswindows1255"),
    (Charset::Other(rs::WINDOWS_1256), "windows-1256 cswindows1256"),
    (Charset::Other(rs::WINDOWS_1257), "windows-1257 cswindows1257"),
    (Charset::Other(rs::WINDOWS_1258), "windows-1258 cswindows1258"),
    (Charset::Other(rs::KOI8_R), "KOI8-R csKOI8R"),
    (Charset::Other(rs::KOI8_U), "KOI8-U csKOI8U"),
    (Charset::Other(rs::MACINTOSH), "macintosh mac csMacintosh"),
    (Charset::Other(rs::IBM866), "IBM866 cp866 866 csIBM866"),
    (Charset::Other(rs::GBK), "GBK CP936 MS936 windows-936 csGBK"),
    (Charset::Other(rs::GB18030), "GB18030 csGB18030"),
    (Charset::Other(rs::BIG5), "Big5 csBig5"),
    (Charset::Other(rs::EUC_JP), "EUC-JP Extended_UNIX_Code_Packed_Format_for_Japanese csEUCPkdFmtJapanese"),
    (Charset::Other(rs::ISO_2022_JP), "ISO-2022-JP csISO2022JP"),
    (Charset::Other(rs::SHIFT_JIS), "Shift_JIS MS_Kanji csShiftJIS"),
    (Charset::Other(rs::EUC_KR), "EUC-KR csEUCKR"),
];

fn charset(name: &str) -> Out<(&'static str, Charset)> {
    let pages = tables::PAGES.iter().map(|(names, chars)| (Charset::Page(chars), *names));
    CHARSETS
        .iter()
        .copied()
        .chain(pages)
        .find(|(_, names)| names.split_whitespace().any(|n| n.eq_ignore_ascii_case(name)))
        .and_then(|(set, names)| names.split_whitespace().next().map(|n| (n, set)))
        .map_or_else(
            || arg(1, format!("{name:?} is not a supported IANA encoding name or alias in this Terraform version")),
            Ok,
        )
}

/// Where the Turkish set differs from Latin 1.
const LATIN5: [(char, char); 6] = [('Ð', 'Ğ'), ('Ý', 'İ'), ('Þ', 'Ş'), ('ð', 'ğ'), ('ý', 'ı'), ('þ', 'ş')];

/// Control characters that browsers make of bytes that stand for nothing.
fn undefined(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

impl Charset {
    /// `None` where a character has no code.
    fn encode(self, s: &str) -> Option<Vec<u8>> {
        let big = |s: &str| s.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        match self {
            Self::Utf8 => Some(s.as_bytes().to_vec()),
            Self::Ascii => s.is_ascii().then(|| s.as_bytes().to_vec()),
            Self::Latin1 => s.chars().map(|c| u8::try_from(c as u32).ok()).collect(),
            Self::Utf16 => Some([&[0xfe, 0xff][..], &big(s)].concat()),
            Self::Utf16Be => Some(big(s)),
            Self::Utf16Le => Some(s.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Latin5 => s
                .chars()
                .map(|c| match LATIN5.iter().find(|(a, b)| c == *a || c == *b) {
                    Some((latin1, own)) => (c == *own).then_some(*latin1 as u8),
                    None => u8::try_from(c as u32).ok(),
                })
                .collect(),
            Self::Page(chars) => {
                let high = 256 - chars.chars().count();
                s.chars()
                    .map(|c| match chars.chars().position(|p| p == c) {
                        Some(i) => u8::try_from(high + i).ok(),
                        None => u8::try_from(c as u32).ok().filter(|b| usize::from(*b) < high),
                    })
                    .collect()
            }
            Self::Other(e) => {
                let (bytes, _, replaced) = e.encode(s);
                let lost = replaced || e.is_single_byte() && s.contains(undefined);
                (!lost).then(|| bytes.into_owned())
            }
        }
    }

    /// `None`, or text with a replacement character, where a code stands for nothing.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Ascii => bytes.is_ascii().then(|| bytes.iter().map(|b| *b as char).collect()),
            Self::Latin1 => Some(bytes.iter().map(|b| *b as char).collect()),
            Self::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
                [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
                bytes => utf16(bytes, u16::from_be_bytes),
            },
            Self::Utf16Be => utf16(bytes, u16::from_be_bytes),
            Self::Utf16Le => utf16(bytes, u16::from_le_bytes),
            Self::Latin5 => Some(
                bytes
                    .iter()
                    .map(|b| {
                        LATIN5.iter().find(|(a, _)| *a as u32 == u32::from(*b)).map_or(*b as char, |(_, own)| *own)
                    })
                    .collect(),
            ),
            Self::Page(chars) => {
                let high = 256 - chars.chars().count();
                bytes
                    .iter()
                    .map(|b| match usize::from(*b).checked_sub(high) {
                        Some(i) => chars.chars().nth(i),
                        None => Some(*b as char),
                    })
                    .collect()
            }
            Self::Other(e) => e
                .decode_without_bom_handling_and_without_replacement(bytes)
                .filter(|s| !(e.is_single_byte() && s.contains(undefined)))
                .map(|s| s.into_owned()),
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|p| unit(*p)).collect();
    if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn charsets() {
        check(&[
            ("textencodebase64", r#"["hello","UTF-16"]"#, r#""/v8AaABlAGwAbABv""#),
            ("textencodebase64", r#"["héllo","windows-1252"]"#, r#""aOlsbG8=""#),
            ("textencodebase64", r#"["日本","ISO-8859-1"]"#, "arg 0: the given string contains characters …"),
            ("textencodebase64", r#"["€","cp1252"]"#, "arg 1: \"cp1252\" is not a supported …"),
            ("textencodebase64", r#"["日本","Shift_JIS"]"#, r#""k/qWew==""#),
            ("textdecodebase64", r#"["aABlAGwAbABvAA==","UTF-16LE"]"#, r#""hello""#),
            ("textdecodebase64", r#"["AGgAZQBsAGwAbw==","UTF-16BE"]"#, r#""hello""#),
            ("textdecodebase64", r#"["aOlsbG8=","latin1"]"#, r#""héllo""#),
            ("textdecodebase64", r#"["4Q==","cp437"]"#, r#""ß""#),
            ("textencodebase64", r#"["İ","latin5"]"#, r#""3Q==""#),
            ("textencodebase64", r#"["a[","IBM1047"]"#, r#""ga0=""#),
            ("textdecodebase64", r#"["YQ==","utf-8"]"#, r#""a""#),
            ("textdecodebase64", r#"["/w==","utf-8"]"#, "arg 0: …"),
            ("textdecodebase64", r#"["!","utf-8"]"#, "arg 0: …"),
        ]);
    }
}
