//! Makes the program smaller where rustc links with lld: fewer pages to map, fewer relocations to work off at the start.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = std::env::var("TARGET").unwrap_or_default();
    // The targets whose rustc brings lld and uses it. Identical functions are common in what generics become; the packed form of
    // relative relocations is a hundredth of the usual one and asks for glibc 2.36.
    if target == "x86_64-unknown-linux-gnu" {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
