//! Which test files there are.

use sdt_diag::{Diagnostic, Diagnostics, SourceMap};

use super::model::{TestFile, read};
use crate::args::Parsed;
use crate::ui::failure;

const ENDINGS: [&str; 4] = [".tftest.hcl", ".tftest.json", ".tofutest.hcl", ".tofutest.json"];

/// Reads every test file that the flags name, in the order of their names.
pub(crate) fn find(parsed: &Parsed, sources: &mut SourceMap) -> Result<(Vec<TestFile>, Diagnostics), Diagnostics> {
    let dir = parsed.get("test-directory").unwrap_or("tests");
    let mut paths = Vec::new();
    for (dir, prefix) in [(".", String::new()), (dir, format!("{dir}/"))] {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if let Ok(name) = entry.file_name().into_string()
                && ENDINGS.iter().any(|e| name.ends_with(e))
            {
                paths.push(format!("{prefix}{name}"));
            }
        }
    }
    paths.sort();
    let wanted: Vec<&str> = parsed.all("filter").collect();
    let mut diags = Diagnostics::new();
    for name in &wanted {
        if !paths.iter().any(|p| p == name) {
            // As in Terraform this fails nothing; but nothing is tested either.
            diags.push(Diagnostic::warning("Unknown test file", format!("There is no test file {name}.")));
        }
    }
    let mut files = Vec::new();
    for path in paths.into_iter().filter(|p| wanted.is_empty() || wanted.contains(&p.as_str())) {
        let text = std::fs::read(&path).map_err(|e| failure("Failed to read test file", format!("{path}: {e}")))?;
        let (file, more) = read(&path, &text, sources);
        diags.extend(more);
        files.push(file);
    }
    if diags.has_errors() { Err(diags) } else { Ok((files, diags)) }
}
