#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| (sdt_fuzz::target("state").expect("it is in the list").run)(data));
