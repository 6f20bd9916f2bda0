//! Any bytes behind an AIFF signature: no panic, no hang, and no more samples than the bytes can hold.
#![no_main]

mod drain;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    for (place, byte) in file.iter_mut().zip(b"FORM") {
        *place = *byte;
    }
    let compressed = data.first() == Some(&b'C');
    if let Some(kind) = file.get_mut(8..12) {
        kind.copy_from_slice(if compressed { b"AIFC" } else { b"AIFF" });
    }
    let frames = drain::drain(file);
    assert!(frames <= data.len() as u64, "{frames} frames from {} bytes", data.len());
});
