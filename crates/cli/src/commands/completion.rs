//! `sdt completion`

use std::fmt::Write as _;

use crate::app::{App, Command, FAILED, OK};
use crate::args::Parsed;
use crate::commands::{ALL, COMMON};

pub(crate) static COMMAND: Command = Command {
    name: "completion",
    summary: "Write a script that lets a shell complete commands",
    usage: "bash|zsh|fish",
    about: "Writes a script with which the shell completes commands and their options. For bash: source <(sdt completion bash).",
    flags: &[COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let script = match parsed.rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bash"] => bash(),
        ["zsh"] => format!("#compdef sdt\nautoload -U +X bashcompinit && bashcompinit\n{}", bash()),
        ["fish"] => fish(),
        _ => {
            app.ui
                .error("Exactly one argument expected", "sdt completion needs the name of a shell: bash, zsh or fish.");
            return FAILED;
        }
    };
    app.ui.out(&script);
    OK
}

/// First words, and the second words of each group.
fn words() -> (Vec<&'static str>, Vec<(&'static str, Vec<&'static str>)>) {
    let mut first: Vec<&str> = Vec::new();
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for c in ALL {
        let (head, tail) = c.name.split_once(' ').map_or((c.name, None), |(h, t)| (h, Some(t)));
        if !first.contains(&head) {
            first.push(head);
        }
        if let Some(tail) = tail {
            match groups.iter_mut().find(|(g, _)| *g == head) {
                Some((_, subs)) => subs.push(tail),
                None => groups.push((head, vec![tail])),
            }
        }
    }
    (first, groups)
}

fn bash() -> String {
    let (first, groups) = words();
    let mut out = String::from(
        "_sdt() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" candidates=\"\"\n  case \"$words\" in\n",
    );
    let _ = writeln!(out, "    \"\") candidates=\"{}\" ;;", first.join(" "));
    let flags = |name: &str| {
        let command = ALL.iter().find(|c| c.name == name);
        let all = command.into_iter().flat_map(|c| c.flags.iter().flat_map(|g| g.iter()));
        all.map(|f| if f.value.is_some() { format!("-{}=", f.name) } else { format!("-{}", f.name) })
            .collect::<Vec<_>>()
            .join(" ")
    };
    for (group, subs) in &groups {
        let own = if ALL.iter().any(|c| c.name == *group) { format!(" {}", flags(group)) } else { String::new() };
        let _ = writeln!(out, "    \"{group}\") candidates=\"{}{own}\" ;;", subs.join(" "));
    }
    // Longer names first, so that "state mv" is not taken for "state".
    let mut names: Vec<&str> = ALL.iter().map(|c| c.name).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    for name in names {
        let _ = writeln!(out, "    \"{name}\"*) candidates=\"{}\" ;;", flags(name));
    }
    out += "  esac\n  COMPREPLY=($(compgen -W \"$candidates\" -- \"$cur\"))\n  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _sdt sdt\n";
    out
}

fn fish() -> String {
    let mut out = String::from("complete -c sdt -f\n");
    let quote = |s: &str| s.replace('\'', "\\'");
    for c in ALL {
        let (head, tail) = c.name.split_once(' ').map_or((c.name, None), |(h, t)| (h, Some(t)));
        let condition = match tail {
            None => "__fish_use_subcommand".to_owned(),
            Some(_) => format!("__fish_seen_subcommand_from {head}"),
        };
        let _ =
            writeln!(out, "complete -c sdt -n '{condition}' -a '{}' -d '{}'", tail.unwrap_or(head), quote(c.summary));
        if tail.is_some() {
            let _ = writeln!(out, "complete -c sdt -n __fish_use_subcommand -a '{head}'");
        }
        for f in c.flags.iter().flat_map(|g| g.iter()) {
            let _ = writeln!(
                out,
                "complete -c sdt -n '__fish_seen_subcommand_from {}' -o {} -d '{}'{}",
                tail.unwrap_or(head),
                f.name,
                quote(f.help),
                if f.value.is_some() { " -r" } else { "" }
            );
        }
    }
    out
}
