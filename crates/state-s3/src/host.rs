//! This process, and whether another one on this machine still runs.

use std::fs;

use sdt_state::Holder;

/// Describes this process, for a lock.
#[must_use]
pub fn current_holder() -> Holder {
    let pid = std::process::id();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Holder { host, boot: boot(), pid, started: started(pid).unwrap_or_default() }
}

/// Tells whether a process is certainly gone: it ran on this very boot of this machine, where process ids mean the same,
/// and there is no such process now. Everything else is "cannot tell": host names repeat among machines.
pub(crate) fn is_dead(holder: &Holder) -> bool {
    let here = boot();
    if here.is_empty() || holder.boot != here {
        return false;
    }
    match started(holder.pid) {
        Some(started) => started != holder.started,
        // The process may only be hidden from us; then the signal would be refused, not unaddressed.
        None => is_gone(holder.pid),
    }
}

fn is_gone(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return true };
    match rustix::process::test_kill_process(pid) {
        Err(error) => error == rustix::io::Errno::SRCH,
        // A dead process that nobody has waited for still takes signals.
        Ok(()) => fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok(),
    }
}

/// Identifies the boot and, since containers number processes on their own, the namespace of process ids. Empty where
/// the system does not tell.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match (id.trim(), namespace.to_string_lossy()) {
        ("", _) => String::new(),
        (_, namespace) if namespace.is_empty() => String::new(),
        (id, namespace) => format!("{id} {namespace}"),
    }
}

/// The start time of a process, in the kernel's ticks since boot. A dead process that nobody has waited for is dead.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, spaces too; state and start time are the 1st and 20th after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_that_is_certainly_gone_is_dead() {
        let this = current_holder();
        assert!(!is_dead(&this));
        assert!(is_dead(&Holder { started: this.started + 1, ..this.clone() }), "the id is used again");
        assert!(is_dead(&Holder { pid: u32::MAX, ..this.clone() }));
        assert!(!is_dead(&Holder { boot: "another".into(), pid: u32::MAX, ..this }));
    }
}
