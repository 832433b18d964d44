//! `sdt state …`

use std::io::Read as _;

use sdt_addr::{Subject, Target};
use sdt_diag::{Diagnostic, Diagnostics};
use sdt_render::{object_text, state_objects};
use sdt_state::{IndexKey, Instance, InstanceAddr, Mode, ResourceKey, State, v4};

use crate::app::{App, Command, FAILED, OK};
use crate::args::{Parsed, option, switch};
use crate::backend::LocalPaths;
use crate::commands::{COMMON, LOCAL_STATE, LOCKING, REMOTE, fail, lock_timeout, no_arguments};
use crate::providers;
use crate::session;
use crate::ui::failure;

const STATE: &[crate::args::Flag] = &[option("state", "PATH", "Use another local state file than terraform.tfstate.")];

pub(crate) static LIST: Command = Command {
    name: "state list",
    summary: "List the objects of the state",
    usage: "[options] [ADDRESS ...]",
    about: "Lists the addresses of all objects in the state, or of those that the given addresses contain.",
    flags: &[&[option("id", "ID", "Only objects with this id.")], STATE, COMMON],
    run: list,
};

pub(crate) static SHOW: Command = Command {
    name: "state show",
    summary: "Show one object of the state",
    usage: "[options] ADDRESS",
    about: "Shows the attributes of one object as the state has them; sensitive ones are hidden.",
    flags: &[STATE, COMMON],
    run: show,
};

pub(crate) static PULL: Command = Command {
    name: "state pull",
    summary: "Write the state to standard output",
    usage: "[options]",
    about: "Writes the state as a file of format 4. It holds secrets.",
    flags: &[COMMON],
    run: pull,
};

pub(crate) static PUSH: Command = Command {
    name: "state push",
    summary: "Replace the state by a file",
    usage: "[options] PATH",
    about: "Replaces the state by a file, or by standard input (-), unless the lineage differs or the stored state is newer.",
    flags: &[&[switch("force", "Replace it whatever it is.")], LOCKING, REMOTE, COMMON],
    run: push,
};

pub(crate) static MV: Command = Command {
    name: "state mv",
    summary: "Give objects of the state another address",
    usage: "[options] SOURCE DESTINATION",
    about: "Gives a resource, an instance or a whole module of the state another address. The objects themselves stay untouched. A moved block in the configuration does the same for everybody who uses it.",
    flags: &[&[switch("dry-run", "Only say what would move.")], LOCKING, REMOTE, LOCAL_STATE, COMMON],
    run: mv,
};

pub(crate) static RM: Command = Command {
    name: "state rm",
    summary: "Forget objects of the state",
    usage: "[options] ADDRESS ...",
    about: "Takes objects out of the state. They live on and are managed by nobody.",
    flags: &[&[switch("dry-run", "Only say what would be forgotten.")], LOCKING, REMOTE, LOCAL_STATE, COMMON],
    run: rm,
};

fn target(text: &str) -> Result<Target, Diagnostics> {
    text.parse::<Target>().map_err(|e| {
        Diagnostic::error(
            "Invalid address",
            format!("{text:?} is not the address of a module, resource or instance: {}", e.detail),
        )
        .into()
    })
}

/// Whether an object is at or below an address.
fn contains(target: &Target, addr: &InstanceAddr) -> bool {
    let module = if target.module.is_root() { String::new() } else { target.module.to_string() };
    let key = &addr.resource;
    let same = |mode: sdt_addr::Mode, ty: &str, name: &str| {
        key.module == module
            && (mode == sdt_addr::Mode::Data) == (key.mode == Mode::Data)
            && key.ty == ty
            && key.name == name
    };
    match &target.subject {
        Subject::Module => {
            module.is_empty()
                || key.module == module
                || key.module.strip_prefix(&module).is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
        }
        Subject::Resource(r, None) => same(r.mode, &r.type_name, &r.name),
        Subject::Resource(r, Some(k)) => same(r.mode, &r.type_name, &r.name) && addr.index == Some(state_key(k)),
    }
}

fn state_key(key: &sdt_addr::InstanceKey) -> IndexKey {
    match key {
        sdt_addr::InstanceKey::Int(n) => IndexKey::Int(u64::try_from(*n).unwrap_or_default()),
        sdt_addr::InstanceKey::String(s) => IndexKey::String(s.to_string()),
    }
}

fn list(app: &App, parsed: &Parsed) -> u8 {
    let state = match session::read_state(app, parsed.get("state")) {
        Ok(state) => state,
        Err(diags) => return fail(app, diags),
    };
    let targets = match parsed.rest.iter().map(|t| target(t)).collect::<Result<Vec<_>, _>>() {
        Ok(targets) => targets,
        Err(diags) => return fail(app, diags),
    };
    let mut lines = String::new();
    for (addr, _, instance) in state.instances().filter(|(_, _, i)| i.deposed.is_none()) {
        let wanted = targets.is_empty() || targets.iter().any(|t| contains(t, &addr));
        if wanted && parsed.get("id").is_none_or(|id| instance.id() == Some(id)) {
            lines += &format!("{addr}\n");
        }
    }
    app.ui.out(&lines);
    OK
}

fn show(app: &App, parsed: &Parsed) -> u8 {
    let [address] = parsed.rest.as_slice() else {
        app.ui.error(
            "Exactly one argument expected",
            "sdt state show needs the address of one object, as sdt state list shows it.",
        );
        return FAILED;
    };
    let shown = session::read_state(app, parsed.get("state")).and_then(|state| {
        let target = target(address)?;
        let registry = providers::registry();
        let objects = state_objects(&state, &|p, k, i| providers::decode(&registry, p, k, i));
        let mut found = objects.iter().filter(|o| {
            o.deposed_key.is_none()
                && o.address.parse::<InstanceAddr>().is_ok_and(|a| contains(&target, &a) && exact(&target, &a))
        });
        let object = found.next().ok_or_else(|| no_instance(&state, address))?;
        Ok(object_text(object, &app.ui.theme))
    });
    match shown {
        Ok(text) => {
            app.ui.out(&text);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

/// An address without a key means the instance without a key here.
fn exact(target: &Target, addr: &InstanceAddr) -> bool {
    match target.subject {
        Subject::Module => false,
        Subject::Resource(_, None) => addr.index.is_none(),
        Subject::Resource(_, Some(_)) => true,
    }
}

/// Says that nothing is at an address, and what is near it.
pub(crate) fn no_instance(state: &State, address: &str) -> Diagnostics {
    let all: Vec<String> = state.instances().map(|(a, _, _)| a.to_string()).collect();
    let names: Vec<&str> = all.iter().map(String::as_str).collect();
    let hint = crate::args::nearest(address, &names).map(|n| format!(" Did you mean {n}?")).unwrap_or_default();
    let detail = format!("There is no object {address} in the state.{hint} \"sdt state list\" lists all.");
    Diagnostic::error("No such resource instance", detail).into()
}

fn pull(app: &App, parsed: &Parsed) -> u8 {
    if let Err(code) = no_arguments(app, parsed, "state pull") {
        return code;
    }
    match session::read_state(app, None) {
        Ok(state) if state.lineage.is_empty() && state.is_empty() => OK,
        Ok(state) => {
            app.ui.out(&String::from_utf8_lossy(&v4::write(&state)));
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn push(app: &App, parsed: &Parsed) -> u8 {
    let [path] = parsed.rest.as_slice() else {
        app.ui.error("Exactly one argument expected", "sdt state push needs a file, or - for standard input.");
        return FAILED;
    };
    match push_file(app, parsed, path) {
        Ok(()) => OK,
        Err(diags) => fail(app, diags),
    }
}

fn push_file(app: &App, parsed: &Parsed, path: &str) -> Result<(), Diagnostics> {
    let bytes = if path == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let bytes = bytes.map_err(|e| failure("Failed to read the state to push", format!("{path}: {e}")))?;
    let state = v4::read(&bytes).map_err(|e| failure("Failed to read the state to push", format!("{path}: {e}")))?;
    let timeout = lock_timeout(parsed)?;
    let backend = session::backend(app)?;
    app.block_on(async {
        let held =
            session::hold(app, &backend, &LocalPaths::default(), "state-push", parsed.is("lock", true), timeout).await?;
        let result = async {
            let merged = session::merged(&*held.store).await?;
            if !parsed.on("force") {
                if merged.changed || !merged.unresolved.is_empty() {
                    let detail = "A run did not come to its end: its journal knows of objects that the stored state does not have. Run \"sdt apply\" or \"sdt plan\" first, which takes them up; -force replaces the state regardless.";
                    return Err(Diagnostic::error("The state has an unfinished journal", detail).into());
                }
                state.may_replace(&merged.state).map_err(|e| failure("Failed to write state", e))?;
            }
            held.store.write(&state, &merged.revision).await.map_err(session::store_failure("Failed to write state"))?;
            held.store.journal_clear(&merged.keep()).await.map_err(session::store_failure("Failed to clear the journal"))?;
            Ok(())
        }
        .await;
        let released = held.release().await;
        result.and(if released.has_errors() { Err(released) } else { Ok(()) })
    })
    .map_err(|e| failure("Failed to write state", e))?
}

fn rm(app: &App, parsed: &Parsed) -> u8 {
    if parsed.rest.is_empty() {
        app.ui.error("At least one address is required", "sdt state rm needs the addresses of what to forget.");
        return FAILED;
    }
    let dry = parsed.on("dry-run");
    let done = session::edit(app, parsed, "state-rm", |state| {
        let targets = parsed.rest.iter().map(|t| target(t)).collect::<Result<Vec<_>, _>>()?;
        let gone: Vec<(InstanceAddr, Option<String>)> = state
            .instances()
            .filter(|(addr, _, _)| targets.iter().any(|t| contains(t, addr)))
            .map(|(addr, _, i)| (addr, i.deposed.clone()))
            .collect();
        for (t, text) in targets.iter().zip(&parsed.rest) {
            if !gone.iter().any(|(addr, _)| contains(t, addr)) {
                let mut diags = no_instance(state, text);
                diags.0[0].summary = "Invalid target address".into();
                return Err(diags);
            }
        }
        let mut said = String::new();
        for (addr, deposed) in &gone {
            said += &format!("{} {addr}\n", if dry { "Would remove" } else { "Removed" });
            if !dry {
                state.remove_instance(addr, deposed.as_deref());
            }
        }
        if !dry {
            said += &format!("Successfully removed {} resource instance(s).\n", gone.len());
        }
        Ok(said)
    });
    finish(app, done)
}

fn finish(app: &App, done: Result<String, Diagnostics>) -> u8 {
    match done {
        Ok(said) => {
            app.ui.say(&said);
            OK
        }
        Err(diags) => fail(app, diags),
    }
}

fn mv(app: &App, parsed: &Parsed) -> u8 {
    let [from, to] = parsed.rest.as_slice() else {
        app.ui.error(
            "Exactly two arguments expected",
            "sdt state mv needs the address as it is and the one it shall be.",
        );
        return FAILED;
    };
    let dry = parsed.on("dry-run");
    let done = session::edit(app, parsed, "state-mv", |state| {
        let moves = plan_moves(state, from, to)?;
        let mut said = String::new();
        for (old, new, _) in &moves {
            said += &format!("{} \"{old}\" to \"{new}\"\n", if dry { "Would move" } else { "Move" });
        }
        if !dry {
            for (old, new, deposed) in &moves {
                relocate(state, old, new, deposed.as_deref());
            }
            said += &format!("Successfully moved {} object(s).\n", moves.len());
        }
        Ok(said)
    });
    finish(app, done)
}

type Move = (InstanceAddr, InstanceAddr, Option<String>);

fn plan_moves(state: &State, from: &str, to: &str) -> Result<Vec<Move>, Diagnostics> {
    let (source, destination) = (target(from)?, target(to)?);
    let mismatch = || -> Diagnostics {
        Diagnostic::error(
            "Invalid state move request",
            format!("{from} and {to} are not of one kind: a module moves to a module, a resource to a resource of the same type."),
        )
        .into()
    };
    let module = |t: &Target| if t.module.is_root() { String::new() } else { t.module.to_string() };
    let mut moves = Vec::new();
    for (addr, _, instance) in state.instances().filter(|(a, _, _)| contains(&source, a)) {
        let mut new = addr.clone();
        match (&source.subject, &destination.subject) {
            (Subject::Module, Subject::Module) => {
                let rest = addr.resource.module.strip_prefix(&module(&source)).unwrap_or_default();
                new.resource.module = format!("{}{rest}", module(&destination)).trim_start_matches('.').to_owned();
            }
            (Subject::Resource(a, None), Subject::Resource(b, None)) => {
                check_types(a, b).ok_or_else(mismatch)?;
                new.resource = key_at(&module(&destination), b);
            }
            (Subject::Resource(a, None), Subject::Resource(b, Some(key))) => {
                check_types(a, b).ok_or_else(mismatch)?;
                if addr.index.is_some() {
                    let detail = format!("{from} has several instances; name one of them to move it to {to}.");
                    return Err(Diagnostic::error("Invalid state move request", detail).into());
                }
                new = key_at(&module(&destination), b).instance(Some(state_key(key)));
            }
            (Subject::Resource(a, Some(_)), Subject::Resource(b, Some(key))) => {
                check_types(a, b).ok_or_else(mismatch)?;
                new = key_at(&module(&destination), b).instance(Some(state_key(key)));
            }
            (Subject::Resource(a, Some(_)), Subject::Resource(b, None)) => {
                check_types(a, b).ok_or_else(mismatch)?;
                new = key_at(&module(&destination), b).instance(None);
            }
            _ => return Err(mismatch()),
        }
        if state.instance(&new, None).is_some() {
            let detail = format!("There is already an object at {new} in the state.");
            return Err(Diagnostic::error("Invalid target address", detail).into());
        }
        moves.push((addr, new, instance.deposed.clone()));
    }
    if moves.is_empty() {
        let mut diags = no_instance(state, from);
        diags.0[0].summary = "Invalid source address".into();
        return Err(diags);
    }
    Ok(moves)
}

fn check_types(a: &sdt_addr::ResourceAddr, b: &sdt_addr::ResourceAddr) -> Option<()> {
    (a.mode == b.mode && a.type_name == b.type_name).then_some(())
}

fn key_at(module: &str, r: &sdt_addr::ResourceAddr) -> ResourceKey {
    match r.mode {
        sdt_addr::Mode::Data => ResourceKey::data(module, &*r.type_name, &*r.name),
        _ => ResourceKey::managed(module, &*r.type_name, &*r.name),
    }
}

fn relocate(state: &mut State, old: &InstanceAddr, new: &InstanceAddr, deposed: Option<&str>) {
    let Some(provider) = state.resources.get(&old.resource).map(|r| r.provider.clone()) else { return };
    if let Some(instance) = state.remove_instance(old, deposed) {
        state.set_instance(&new.resource, &provider, Instance { index: new.index.clone(), ..instance });
    }
}
