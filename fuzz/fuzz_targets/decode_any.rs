//! Any bytes at all: no panic gets out, no hang, and no more memory than the limits say.
#![no_main]

mod drain;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    drain::drain(data.to_vec());
});
