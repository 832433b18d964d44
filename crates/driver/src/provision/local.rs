//! `local-exec`.

use std::process::Stdio;

use sdt_value::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{World, text, texts};

/// Runs a command on this machine.
pub(super) async fn run(config: &Value, world: &World<'_>) -> Result<(), String> {
    let World { cwd, vars, say } = world;
    let command = text(config, "command").unwrap_or_default();
    if command.is_empty() {
        return Err("local-exec provisioner command must be a non-empty string".into());
    }
    let interpreter = texts(config, "interpreter").unwrap_or_default();
    let mut argv = if interpreter.is_empty() { vec!["/bin/sh".to_owned(), "-c".to_owned()] } else { interpreter };
    argv.push(command.clone());
    let silent = config.get("quiet").and_then(Value::as_bool) == Some(true);
    let quoted: Vec<String> = argv.iter().map(|a| format!("{a:?}")).collect();
    say(&match silent {
        true => "Executing: Suppressed by quiet=true".to_owned(),
        false => format!("Executing: [{}]", quoted.join(" ")),
    });
    let dir = text(config, "working_dir").map_or_else(|| cwd.to_path_buf(), |d| cwd.join(d));
    let mut process = tokio::process::Command::new(&argv[0]);
    process.args(&argv[1..]).current_dir(dir).env_clear().envs(vars.iter()).stdin(Stdio::null());
    for (k, v) in config.get("environment").and_then(Value::as_members).into_iter().flatten() {
        process.env(&**k, v.as_str().unwrap_or_default());
    }
    process.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = process.spawn().map_err(|e| format!("Error running command {command:?}: {e}"))?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("the command's output cannot be read".into());
    };
    let (mut out, mut err) = (BufReader::new(out).lines(), BufReader::new(err).lines());
    let mut tail: Vec<String> = Vec::new();
    let (mut out_open, mut err_open) = (true, true);
    while out_open || err_open {
        let line = tokio::select! {
            line = out.next_line(), if out_open => line.inspect(|l| out_open = l.is_some()),
            line = err.next_line(), if err_open => line.inspect(|l| err_open = l.is_some()),
        };
        match line {
            Ok(Some(line)) => {
                say(&line);
                tail.push(line);
                if tail.len() > 50 {
                    tail.remove(0);
                }
            }
            Ok(None) => {}
            Err(_) => break,
        }
    }
    let status = child.wait().await.map_err(|e| e.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(format!("Error running command {command:?}: {status}. Output: {}", tail.join("\n")))
}
