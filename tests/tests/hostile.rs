//! Input that is made to break things: each ends with a clear error, in bounded time and memory.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program runs in 3 GB of address space and 30 s of processor time. Returns its status and everything it said in one line.
fn bounded(dir: &Path, args: &[&str], stdin: &str) -> (Option<i32>, String) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "ulimit -v 3000000; ulimit -t 30; exec \"$0\" \"$@\""]).arg(sdt_tests::sdt()).args(args);
    shell.current_dir(dir).env_clear().envs([
        ("LC_ALL", "C.UTF-8"),
        ("HOME", "/nonexistent"),
        ("TF_IN_AUTOMATION", "1"),
    ]);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let text = stdin.to_owned();
    let feed = std::thread::spawn(move || {
        let _ = pipe.write_all(text.as_bytes());
    });
    let output = child.wait_with_output().expect("the program ends");
    feed.join().expect("input is written");
    let all = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&all).replace("\n│ ", " ").replace('\n', " "))
}

/// Files, and what the program must say of them.
fn refused(files: &[(&str, &[u8])], args: &[&str], stdin: &str, expected: &str) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).expect("a file can be written");
    }
    let (status, said) = bounded(dir.path(), args, stdin);
    let head: String = said.chars().take(600).collect();
    assert_eq!(status, Some(1), "{expected}: {head}");
    assert!(said.contains(expected), "{expected}: {head}");
    assert!(said.len() < 2_000_000, "{expected}: {} bytes of messages", said.len());
}

#[test]
fn broken_files_are_told_of() {
    let check = |text: &[u8], expected: &str| refused(&[("main.tf", text)], &["validate", "-no-color"], "", expected);
    check(b"locals { a = \"\xff\xfe\" }\n", "Invalid character encoding");
    check(b"locals { a = \"x\x00y\" }\n\x00\n", "Invalid character");
    check(&(0..=255).cycle().take(20_000).collect::<Vec<u8>>(), "Invalid character");
    for (text, expected) in [
        ("locals {", "Unclosed configuration block"),
        ("locals {\n a = (", "Missing expression"),
        ("locals {\n a = [1", "Unterminated tuple constructor expression"),
        ("locals {\n a = {b = 1", "Unterminated object constructor expression"),
        ("locals {\n a = \"x", "Unterminated template string"),
        ("locals {\n a = \"${", "Missing expression"),
        ("locals {\n a = <<E\nx", "Unterminated template string"),
        ("locals {\n a = \"%{ if true }\"\n}\n", "Unexpected end of template"),
        ("/* x", "Argument or block definition required"),
    ] {
        check(text.as_bytes(), expected);
    }
    check("a {\n".repeat(100_000).as_bytes(), "Nesting too deep");
    let json = "{\"a\":".repeat(200_000);
    refused(&[("main.tf.json", json.as_bytes())], &["validate", "-no-color"], "", "Nesting too deep");
}

#[test]
fn expressions_that_explode_are_refused() {
    let check = |text: &str, expected: &str| refused(&[], &["console", "-no-color"], &format!("{text}\n"), expected);
    check("1e999999999", "Invalid number literal");
    check("1e99999999999999999999", "Invalid number literal");
    check(&format!("length({})", "9".repeat(1_000_000)), "Error in function call");
    check("length(indent(1000000000, \"a\\nb\"))", "4,194,304");
    check("setproduct(range(1000), range(1000), range(1000), range(1000))", "Error in function call");
    check("[for i in range(1000): [for j in range(1000): [for k in range(1000): k]]]", "Value too large");
    check(&format!("{}1{}", "(".repeat(200_000), ")".repeat(200_000)), "Nesting too deep");
    check(&format!("{}true", "!".repeat(200_000)), "Nesting too deep");
    check("regex(\"((a{1000}){1000}){1000}\", \"x\")", "Invalid function argument");
    check("file(\"/dev/zero\")", "Invalid function argument");
    check("range(0, 1e30)", "Error in function call");
}

#[test]
fn a_billion_laughs_are_not_laughed() {
    let ten = |pattern: &str, i: usize| vec![pattern.replace('N', &(i - 1).to_string()); 10];
    let ladder = |first: &str, step: &dyn Fn(usize) -> String, last: &str| {
        let steps: String = (1..=12).map(|i| format!("  l{i} = {}\n", step(i))).collect();
        format!("locals {{\n  l0 = {first}\n{steps}  z = {last}\n}}\n")
    };
    let lists = |i: usize| format!("[{}]", ten("local.lN", i).join(", "));
    for (config, expected) in [
        (ladder("\"lollollollol\"", &|i| format!("\"{}\"", ten("${local.lN}", i).concat()), "1"), "Value too large"),
        (ladder("[\"lol\"]", &|i| format!("concat({})", ten("local.lN", i).join(", ")), "1"), "4,194,304"),
        (ladder("\"lol\"", &lists, "1"), "Value too large"),
        (
            ladder(
                "\"lol\"",
                &|i| if i < 7 { lists(i) } else { "1".into() },
                "flatten([for i in range(100) : local.l6])",
            ),
            "4,194,304",
        ),
        (
            ladder(
                &format!("\"{}\"", "a".repeat(1000)),
                &|i| format!("replace(local.l{0}, \"a\", local.l{0})", i - 1),
                "1",
            ),
            "4,194,304",
        ),
    ] {
        refused(&[("main.tf", config.as_bytes())], &["console", "-no-color"], "local.z\n", expected);
    }
    let names = || ('a'..='k').zip('b'..='l');
    let mut yaml = String::from("a: &a [\"lol\"]\n");
    yaml.extend(names().map(|(a, b)| format!("{b}: &{b} [{}]\n", vec![format!("*{a}"); 9].join(","))));
    let config = "locals {\n  z = yamldecode(file(\"y.yaml\"))\n}\n";
    for text in [yaml, "a: &a [*a]\n".to_owned(), "[".repeat(100_000)] {
        let files: [(&str, &[u8]); 2] = [("main.tf", config.as_bytes()), ("y.yaml", text.as_bytes())];
        refused(&files, &["console", "-no-color"], "local.z\n", "Error in function call");
    }
    let config = "locals {\n  z = templatefile(\"t.tpl\", {})\n}\n";
    let files: [(&str, &[u8]); 2] = [("main.tf", config.as_bytes()), ("t.tpl", b"${templatefile(\"t.tpl\", {})}")];
    refused(&files, &["console", "-no-color"], "local.z\n", "Error in function call");
}
