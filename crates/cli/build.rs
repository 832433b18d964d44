//! Makes the program smaller where rustc links with lld: fewer pages to map, fewer relocations to work off at the start.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let variable = |name| std::env::var(name).unwrap_or_default();
    // The target whose rustc brings lld and uses it, unless the flags say otherwise.
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    let lld = variable("TARGET") == "x86_64-unknown-linux-gnu" && !flags.contains("link") && !flags.contains("fuse-ld");
    if lld && variable("HOST") == variable("TARGET") {
        // Identical functions are common in what generics become.
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
        if glibc().is_some_and(|version| version >= (2, 36)) {
            // A hundredth of the usual form.
            println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        }
    }
}

/// The version of the C library here: an older one than 2.36 does not start a program with packed relocations.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
