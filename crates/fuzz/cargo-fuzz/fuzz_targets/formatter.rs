#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| (sdt_fuzz::target("formatter").expect("it is in the list").run)(data));
