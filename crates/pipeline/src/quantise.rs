//! From floats to the integers of a file, with triangular dither from a fixed seed.

use crate::BitDepth;

/// Quantises one channel; its noise continues from block to block and is the same in every run.
#[derive(Debug)]
pub(crate) struct Quantiser {
    scale: f32,
    state: u64,
}

impl Quantiser {
    /// Channels get noise of their own: the same noise on both would sit in the middle of the stereo image.
    pub(crate) fn new(depth: BitDepth, channel: usize) -> Self {
        let bits = match depth {
            BitDepth::Int16 => 16,
            BitDepth::Int24 | BitDepth::Float32 => 24,
        };
        Self {
            scale: (1u32 << (bits - 1)) as f32,
            state: 0x9E37_79B9_7F4A_7C15 ^ (channel as u64 + 1),
        }
    }

    /// Replaces `ints` by the quantised block.
    pub(crate) fn run(&mut self, floats: &[f32], ints: &mut Vec<i32>) {
        ints.clear();
        ints.extend(floats.iter().map(|x| {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            let (a, b) = (
                (self.state & 0xff_ffff) as f32,
                ((self.state >> 32) & 0xff_ffff) as f32,
            );
            let dither = (a - b) / 16_777_216.0;
            (x * self.scale + dither)
                .round()
                .clamp(-self.scale, self.scale - 1.0) as i32
        }));
    }
}
