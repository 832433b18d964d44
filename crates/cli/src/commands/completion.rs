//! `sdt completion`

use std::fmt::Write as _;

use crate::app::{App, Command, FAILED, OK};
use crate::args::Parsed;
use crate::commands::{ALL, COMMON};

pub(crate) static COMMAND: Command = Command {
    name: "completion",
    summary: "Write a script that lets a shell complete commands",
    usage: "bash|zsh|fish",
    about: "Writes a script with which the shell completes commands and their options. For bash: source <(sdt completion bash); the same for zsh, after compinit; for fish: sdt completion fish | source.",
    flags: &[COMMON],
    run,
};

fn run(app: &App, parsed: &Parsed) -> u8 {
    let script = match parsed.rest.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bash"] => bash(),
        ["zsh"] => zsh(),
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

/// What can come next, with its help, by what stands before: the shell's pattern, then the candidates.
fn table() -> Vec<(String, Vec<(String, &'static str)>)> {
    let (first, groups) = words();
    let of = |name: &str| ALL.iter().find(|c| c.name == name);
    let help = |name: &str| of(name).map_or("", |c| c.summary);
    let flags = |name: &str| -> Vec<(String, &'static str)> {
        let all = of(name).into_iter().flat_map(|c| c.flags.iter().flat_map(|g| g.iter()));
        all.map(|f| (format!("-{}{}", f.name, if f.value.is_some() { "=" } else { "" }), f.help)).collect()
    };
    let mut out = vec![("\"\"".to_owned(), first.iter().map(|w| ((*w).to_owned(), help(w))).collect())];
    for (group, subs) in &groups {
        let subs = subs.iter().map(|s| ((*s).to_owned(), help(&format!("{group} {s}"))));
        out.push((format!("\"{group}\""), subs.chain(flags(group)).collect()));
    }
    // Longer names first, so that "state mv" is not taken for "state".
    let mut names: Vec<&str> = ALL.iter().map(|c| c.name).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    out.extend(names.into_iter().map(|name| (format!("\"{name}\"*"), flags(name))));
    out
}

fn bash() -> String {
    let mut out = String::from(
        "_sdt() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" candidates=\"\"\n  case \"$words\" in\n",
    );
    for (pattern, candidates) in table() {
        let names: Vec<String> = candidates.into_iter().map(|(name, _)| name).collect();
        let _ = writeln!(out, "    {pattern}) candidates=\"{}\" ;;", names.join(" "));
    }
    out += "  esac\n  COMPREPLY=($(compgen -W \"$candidates\" -- \"$cur\"))\n  [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n  [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -F _sdt sdt\n";
    out
}

fn zsh() -> String {
    let quote = |s: &str| s.replace('\'', "'\\''");
    let mut out =
        String::from("#compdef sdt\n_sdt() {\n  local -a whole open\n  case \"${(j: :)words[2,CURRENT-1]}\" in\n");
    for (pattern, candidates) in table() {
        // A colon parts a candidate from its help. What takes a value is completed without a blank behind it.
        let listed = |open: bool| -> String {
            let those = candidates.iter().filter(|(name, _)| name.ends_with('=') == open);
            those.map(|(name, help)| format!(" '{name}:{}'", quote(help))).collect()
        };
        let _ = writeln!(out, "    {pattern}) whole=({} ) open=({} ) ;;", listed(false), listed(true));
    }
    out += "  esac\n  local found=1\n  (( $#whole )) && _describe sdt whole && found=0\n  (( $#open )) && _describe sdt open -S '' && found=0\n  (( found )) && _files\n}\nif [[ $funcstack[1] == _sdt ]]; then _sdt \"$@\"; else compdef _sdt sdt; fi\n";
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
