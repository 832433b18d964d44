//! Files and paths.

use std::io;
use std::path::{Path, PathBuf};

use sdt_value::{Type, Value};

use crate::call::{Out, arg, fail, str_arg};
use crate::encoding::{Form, Hash, hash, to_base64};
use crate::{CallError, FileKind, FnCtx, Function, Param, glob};

const PATH: &[Param] = &[Param::string("path")];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("file", "Reads a text file.", PATH, Type::String, |a, ctx| match String::from_utf8(read(a, ctx)?) {
        Ok(s) => Ok(Value::string(s)),
        Err(_) => fail(format!(
            "contents of {:?} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents or the \
             other file functions (e.g. filemd5, filesha256) to obtain file hashing results instead",
            str_arg(a, 0)
        )),
    }),
    Function::new("filebase64", "Reads a file and encodes it in Base64.", PATH, Type::String, |a, ctx| {
        Ok(Value::string(to_base64(&read(a, ctx)?)))
    }),
    Function::new("filemd5", "Returns the MD5 digest of a file in hexadecimal.", PATH, Type::String, |a, ctx| {
        digest(a, ctx, Hash::Md5, Form::Hex)
    }),
    Function::new("filesha1", "Returns the SHA-1 digest of a file in hexadecimal.", PATH, Type::String, |a, ctx| {
        digest(a, ctx, Hash::Sha1, Form::Hex)
    }),
    Function::new(
        "filesha256",
        "Returns the SHA-256 digest of a file in hexadecimal.",
        PATH,
        Type::String,
        |a, ctx| digest(a, ctx, Hash::Sha256, Form::Hex),
    ),
    Function::new(
        "filesha512",
        "Returns the SHA-512 digest of a file in hexadecimal.",
        PATH,
        Type::String,
        |a, ctx| digest(a, ctx, Hash::Sha512, Form::Hex),
    ),
    Function::new(
        "filebase64sha256",
        "Returns the SHA-256 digest of a file in Base64.",
        PATH,
        Type::String,
        |a, ctx| digest(a, ctx, Hash::Sha256, Form::Base64),
    ),
    Function::new(
        "filebase64sha512",
        "Returns the SHA-512 digest of a file in Base64.",
        PATH,
        Type::String,
        |a, ctx| digest(a, ctx, Hash::Sha512, Form::Base64),
    ),
    Function::new("fileexists", "Tells whether there is a file at a path.", PATH, Type::Bool, |a, ctx| {
        let path = locate(str_arg(a, 0), ctx).map_err(CallError::Call)?;
        match ctx.files.kind(&path) {
            Ok(FileKind::File) => Ok(Value::TRUE),
            Ok(FileKind::Dir) => fail(format!("{:?} is a directory, not a file", str_arg(a, 0))),
            Ok(FileKind::Other) => fail(format!("{:?} is not a regular file", str_arg(a, 0))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Value::FALSE),
            Err(_) => fail(format!("failed to stat {:?}", str_arg(a, 0))),
        }
    }),
    Function::new(
        "fileset",
        "Returns the files below a directory whose paths match a pattern.",
        &[Param::string("path"), Param::string("pattern")],
        Type::Dynamic,
        |a, ctx| {
            let dir = expand_home(str_arg(a, 0), ctx).map_err(CallError::Call)?;
            match glob::files(ctx, &dir, str_arg(a, 1)) {
                Ok(found) => Ok(Value::set(Type::String, found.iter().map(Value::string).collect())),
                Err(e) => fail(e),
            }
        },
    )
    .typed(|_| Ok(Type::set(Type::String))),
    Function::new("abspath", "Makes a path absolute.", PATH, Type::String, |a, ctx| {
        Ok(Value::string(clean(&ctx.base_dir.join(str_arg(a, 0)).to_string_lossy())))
    }),
    Function::new("basename", "Returns the last part of a path.", PATH, Type::String, |a, _| {
        Ok(Value::string(base_name(str_arg(a, 0))))
    }),
    Function::new("dirname", "Removes the last part of a path.", PATH, Type::String, |a, _| {
        let path = str_arg(a, 0);
        Ok(Value::string(clean(&path[..path.rfind('/').map_or(0, |i| i + 1)])))
    }),
    Function::new("pathexpand", "Replaces a leading ~ by the home directory.", PATH, Type::String, |a, ctx| {
        expand_home(str_arg(a, 0), ctx).map(Value::string).map_err(CallError::Call)
    }),
];

/// The shortest equal path. Source: Go `path.Clean`.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}

fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        _ => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn expand_home(path: &str, ctx: &FnCtx<'_>) -> Result<String, String> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err("failed to expand ~: cannot expand user-specific home dir".into());
    }
    match ctx.home {
        Some(home) => Ok(clean(&format!("{}/{rest}", home.to_string_lossy()))),
        None => Err("failed to expand ~: the home directory is not known".into()),
    }
}

fn locate(path: &str, ctx: &FnCtx<'_>) -> Result<PathBuf, String> {
    let path = expand_home(path, ctx)?;
    Ok(ctx.base_dir.join(Path::new(&clean(&path))))
}

fn read(args: &[Value], ctx: &FnCtx<'_>) -> Out<Vec<u8>> {
    let shown = str_arg(args, 0);
    let path = match locate(shown, ctx) {
        Ok(p) => p,
        Err(e) => return arg(0, e),
    };
    ctx.files.read(&path).or_else(|e| {
        if e.kind() == io::ErrorKind::NotFound {
            return arg(
                0,
                format!(
                    "no file exists at {shown:?}; this function works only with files that are distributed as part of the \
                     configuration source code, so if this file will be created by a resource in this configuration you \
                     must instead obtain this result from an attribute of that resource"
                ),
            );
        }
        arg(0, format!("failed to read file: {shown}: {e}"))
    })
}

fn digest(args: &[Value], ctx: &FnCtx<'_>, kind: Hash, form: Form) -> Out {
    let path = locate(str_arg(args, 0), ctx).map_err(CallError::Call)?;
    match ctx.files.read(&path) {
        Ok(bytes) => Ok(Value::string(hash(&bytes, kind, form))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            fail(format!("open {}: no such file or directory", clean(str_arg(args, 0))))
        }
        Err(e) => fail(format!("read {}: {e}", clean(str_arg(args, 0)))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::call::testing::run;
    use crate::{Files, NoFiles};

    /// Files in memory.
    pub(crate) struct Memory(pub(crate) BTreeMap<&'static str, &'static [u8]>);

    impl Files for Memory {
        fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
            match self.kind(path)? {
                FileKind::File => Ok(self.0[path.to_str().unwrap_or("")].to_vec()),
                _ => Err(io::ErrorKind::IsADirectory.into()),
            }
        }

        fn kind(&self, path: &Path) -> io::Result<FileKind> {
            let path = clean(path.to_str().unwrap_or(""));
            if self.0.contains_key(&*path) {
                return Ok(FileKind::File);
            }
            let dir = if path == "/" { path.clone() } else { format!("{path}/") };
            if self.0.keys().any(|k| k.starts_with(&dir)) { Ok(FileKind::Dir) } else { NoFiles.kind(Path::new("")) }
        }

        fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
            let dir = format!("{}/", clean(dir.to_str().unwrap_or("")).trim_end_matches('/'));
            let mut names: Vec<String> =
                self.0.keys().filter_map(|k| k.strip_prefix(&dir)?.split('/').next()).map(String::from).collect();
            names.dedup();
            Ok(names)
        }
    }

    pub(crate) fn sample() -> Memory {
        Memory(BTreeMap::from([
            ("/w/a.txt", b"hi\n".as_slice()),
            ("/w/b.bin", b"\xff"),
            ("/w/sub/.hidden", b""),
            ("/w/sub/c.txt", b""),
            ("/w/sub/deep/d.tf", b""),
        ]))
    }

    #[test]
    fn files() {
        let files = sample();
        let ctx = FnCtx { files: &files, base_dir: Path::new("/w"), home: Some(Path::new("/h")), ..FnCtx::pure() };
        let cases = [
            ("file", r#"["sub/../a.txt"]"#, r#""hi\n""#),
            ("file", r#"["nope"]"#, "arg 0: no file exists at \"nope\"; …"),
            ("file", r#"["sub"]"#, "arg 0: …"),
            ("file", r#"["b.bin"]"#, "call: contents of \"b.bin\" are not valid UTF-8; …"),
            ("filebase64", r#"["b.bin"]"#, r#""/w==""#),
            ("filemd5", r#"["nope"]"#, "call: open nope: no such file or directory"),
            ("filesha1", r#"["sub"]"#, "call: …"),
            ("fileexists", r#"["nope"]"#, "false"),
            ("fileexists", r#"[""]"#, "call: …"),
            ("fileset", r#"["sub","**"]"#, r#"[".hidden","c.txt","deep/d.tf"]"#),
            ("fileset", r#"["sub","*"]"#, r#"[".hidden","c.txt"]"#),
            ("fileset", r#"["sub","**/*.{tf,txt}"]"#, r#"["c.txt","deep/d.tf"]"#),
            ("fileset", r#"["sub","../*.txt"]"#, r#"["../a.txt"]"#),
            ("fileset", r#"["sub","["]"#, "call: …"),
            ("abspath", r#"["../x"]"#, r#""/x""#),
            ("basename", r#"["/a/b/"]"#, r#""b""#),
            ("basename", r#"[""]"#, r#"".""#),
            ("dirname", r#"["/a/b/c.txt"]"#, r#""/a/b""#),
            ("dirname", r#"["/a/b/"]"#, r#""/a/b""#),
            ("dirname", r#"["a"]"#, r#"".""#),
            ("pathexpand", r#"["~/x"]"#, r#""/h/x""#),
            ("pathexpand", r#"["~u"]"#, "call: …"),
            ("pathexpand", r#"[""]"#, r#""""#),
        ];
        for (name, args, expected) in cases {
            let got = run(name, args, &ctx);
            match expected.strip_suffix('…') {
                Some(start) => assert!(got.starts_with(start), "{name}({args}): {got}"),
                None => assert_eq!(got, expected, "{name}({args})"),
            }
        }
    }
}
