//! The only `unsafe` of the crate: libFLAC's stream encoder behind a safe type.
//!
//! Encoded frames and the final STREAMINFO collect in memory; the caller fetches them. Metadata blocks that libFLAC
//! writes itself are dropped, because `flac` writes its own.
//!
//! # Safety argument
//!
//! - `encoder` comes from `FLAC__stream_encoder_new`, is never null, and is deleted once, in `drop`.
//! - `sink` comes from `Box::into_raw`, is given to libFLAC as client data, and is freed once, after the encoder that
//!   could still call back has been deleted. It is reached through the raw pointer alone. libFLAC calls back only from
//!   within calls made here (it is told to use no threads of its own), none of which holds a reference to the sink.
//! - The callbacks read exactly the bytes, or the struct, that libFLAC documents to be valid during the call, and cannot
//!   unwind: they only append to a `Vec`.
//! - `process` passes as many channel pointers as the encoder was set up for, each to `frames` samples, checked there.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;

use libflac_sys as sys;

/// What libFLAC knows when all is encoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamInfo {
    pub(super) min_block_frames: u32,
    pub(super) max_block_frames: u32,
    pub(super) min_frame_bytes: u32,
    pub(super) max_frame_bytes: u32,
    pub(super) md5: [u8; 16],
}

#[derive(Default)]
struct Sink {
    bytes: Vec<u8>,
    info: Option<StreamInfo>,
}

/// A running encoder.
pub(super) struct RawEncoder {
    encoder: NonNull<sys::FLAC__StreamEncoder>,
    sink: NonNull<Sink>,
    channels: usize,
}

// SAFETY: libFLAC's encoder has no thread affinity, and both pointers are owned by this value alone.
unsafe impl Send for RawEncoder {}

impl RawEncoder {
    /// Sets libFLAC up; an error is libFLAC's own word.
    pub(super) fn new(channels: usize, bits: u32, rate_hz: u32, frames: u64, level: u32) -> Result<Self, String> {
        // SAFETY: allocation only; null is handled.
        let encoder = NonNull::new(unsafe { sys::FLAC__stream_encoder_new() }).ok_or("out of memory")?;
        let sink = NonNull::from(Box::leak(Box::<Sink>::default()));
        let this = Self { encoder, sink, channels };
        let raw = this.encoder.as_ptr();
        // Beyond 16 bits of hertz a frame header can only say multiples of ten; other rates are then read from
        // STREAMINFO alone, which leaves the streamable subset.
        let subset = rate_hz < 1 << 16 || rate_hz.is_multiple_of(10);
        // SAFETY: `raw` is a live encoder that is not yet initialised, as the setters ask for.
        let set = unsafe {
            sys::FLAC__stream_encoder_set_streamable_subset(raw, i32::from(subset))
                & sys::FLAC__stream_encoder_set_channels(raw, channels as u32)
                & sys::FLAC__stream_encoder_set_bits_per_sample(raw, bits)
                & sys::FLAC__stream_encoder_set_sample_rate(raw, rate_hz)
                & sys::FLAC__stream_encoder_set_compression_level(raw, level)
                & sys::FLAC__stream_encoder_set_total_samples_estimate(raw, frames)
        };
        // SAFETY: as above; the callbacks and the client data live as long as the encoder.
        let status = unsafe {
            sys::FLAC__stream_encoder_init_stream(
                raw,
                Some(on_write),
                None,
                None,
                Some(on_metadata),
                this.sink.as_ptr().cast(),
            )
        };
        if set == 0 || status != sys::FLAC__STREAM_ENCODER_INIT_STATUS_OK {
            return Err(format!("setup refused with status {status}"));
        }
        Ok(this)
    }

    /// Encodes a block: one slice a channel, all of one length.
    pub(super) fn process(&mut self, block: &[&[i32]]) -> Result<(), String> {
        let frames = block.first().map_or(0, |channel| channel.len());
        let fits = block.len() == self.channels && block.iter().all(|channel| channel.len() == frames);
        let (true, Ok(frames)) = (fits, u32::try_from(frames)) else {
            return Err("a block of the wrong shape".to_owned());
        };
        let pointers: Vec<*const i32> = block.iter().map(|channel| channel.as_ptr()).collect();
        // SAFETY: `channels` pointers, each to `frames` samples that outlive the call; checked above.
        let done = unsafe { sys::FLAC__stream_encoder_process(self.encoder.as_ptr(), pointers.as_ptr(), frames) };
        if done == 0 { Err(self.state()) } else { Ok(()) }
    }

    /// Encodes what is left and tells what it knows; the last bytes are then ready.
    pub(super) fn finish(&mut self) -> Result<StreamInfo, String> {
        // SAFETY: a live encoder; finishing twice is allowed.
        let done = unsafe { sys::FLAC__stream_encoder_finish(self.encoder.as_ptr()) };
        // SAFETY: no call into libFLAC is under way, so nothing else reaches the sink.
        match unsafe { (*self.sink.as_ptr()).info } {
            Some(info) if done != 0 => Ok(info),
            _ => Err(self.state()),
        }
    }

    /// Moves the encoded bytes that are ready into `out`, which is cleared first.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) {
        out.clear();
        // SAFETY: no call into libFLAC is under way, so nothing else reaches the sink.
        std::mem::swap(out, unsafe { &mut (*self.sink.as_ptr()).bytes });
    }

    fn state(&self) -> String {
        // SAFETY: libFLAC returns a pointer to a static, zero-ended text.
        let text =
            unsafe { CStr::from_ptr(sys::FLAC__stream_encoder_get_resolved_state_string(self.encoder.as_ptr())) };
        text.to_string_lossy().into_owned()
    }
}

impl Drop for RawEncoder {
    fn drop(&mut self) {
        // SAFETY: both are owned and freed once; the encoder first, because deleting it may call back.
        unsafe {
            sys::FLAC__stream_encoder_delete(self.encoder.as_ptr());
            drop(Box::from_raw(self.sink.as_ptr()));
        }
    }
}

unsafe extern "C" fn on_write(
    _: *const sys::FLAC__StreamEncoder,
    buffer: *const u8,
    bytes: usize,
    frames: u32,
    _: u32,
    sink: *mut c_void,
) -> sys::FLAC__StreamEncoderWriteStatus {
    // Metadata counts no audio frames.
    if frames > 0 {
        // SAFETY: libFLAC hands over `bytes` valid bytes; `sink` is the client data of `new`, and no reference to it is
        // alive while libFLAC runs.
        unsafe {
            (*sink.cast::<Sink>()).bytes.extend_from_slice(std::slice::from_raw_parts(buffer, bytes));
        };
    }
    sys::FLAC__STREAM_ENCODER_WRITE_STATUS_OK
}

unsafe extern "C" fn on_metadata(
    _: *const sys::FLAC__StreamEncoder,
    metadata: *const sys::FLAC__StreamMetadata,
    sink: *mut c_void,
) {
    // SAFETY: libFLAC calls back with STREAMINFO alone, valid during the call; `sink` as in `on_write`.
    unsafe {
        let info = &(*metadata).data.stream_info;
        (*sink.cast::<Sink>()).info = Some(StreamInfo {
            min_block_frames: info.min_blocksize,
            max_block_frames: info.max_blocksize,
            min_frame_bytes: info.min_framesize,
            max_frame_bytes: info.max_framesize,
            md5: info.md5sum,
        });
    }
}
