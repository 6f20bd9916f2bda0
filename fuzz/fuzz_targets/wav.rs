//! Any bytes behind a WAV signature: no panic, no hang, and no more samples than the bytes can hold.
#![no_main]

mod drain;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    for (place, byte) in file.iter_mut().zip(b"RIFF") {
        *place = *byte;
    }
    if let Some(kind) = file.get_mut(8..12) {
        kind.copy_from_slice(b"WAVE");
    }
    if data.first() == Some(&b'B') {
        file[..data.len().min(4)].copy_from_slice(&b"BW64"[..data.len().min(4)]);
    }
    let frames = drain::drain(file);
    assert!(frames <= data.len() as u64, "{frames} frames from {} bytes", data.len());
});
