//! Writes what no library here can, with an FFmpeg on the path: AAC, and MP3 where LAME is not built in.
//!
//! Samples go in through a pipe, as arguments go nowhere near a shell. The result goes through a file of our own without
//! a name that anyone else knows, because an MP4 is finished at its start.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{OutputSpec, lame_gain};
use crate::error::EncodeError;
use crate::lossy::{Lossy, LossyCodec};
use crate::tags::Tags;

const PROGRAM: &str = "ffmpeg";
/// Of what FFmpeg says when it fails, this much is passed on, bytes.
const MOST_WORDS: u64 = 2048;
const BLOCK_FRAMES: usize = 8192;

pub(super) struct FfmpegWriter<W> {
    writer: W,
    lossy: Lossy,
    tags: Tags,
    running: Running,
    folder: TempDir,
    gain: f32,
    packed: Vec<u8>,
}

/// The program, which is stopped when nobody wants its work any more.
struct Running {
    child: Child,
    samples: Option<BufWriter<std::process::ChildStdin>>,
    words: File,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.samples.take());
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may just have ended; then there is nothing to stop.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The name of FFmpeg's encoder.
fn encoder(codec: LossyCodec) -> &'static str {
    match codec {
        LossyCodec::Mp3 => "libmp3lame",
        _ => "aac",
    }
}

/// Whether there is a program to start, and it was built with the encoder; the error says what to do.
pub(super) fn available(codec: LossyCodec) -> Result<(), EncodeError> {
    let mut program = Command::new(PROGRAM);
    program.args(["-hide_banner", "-v", "error", "-encoders"]).stdin(Stdio::null()).stderr(Stdio::null());
    let listed = program.output().ok().filter(|output| output.status.success());
    let has = |line: &str| line.split_whitespace().nth(1) == Some(encoder(codec));
    match listed {
        Some(output) if String::from_utf8_lossy(&output.stdout).lines().any(has) => Ok(()),
        _ => Err(missing(codec)),
    }
}

fn missing(codec: LossyCodec) -> EncodeError {
    EncodeError::NoEncoder {
        format: codec.name(),
        advice: match codec {
            LossyCodec::Mp3 => "install an FFmpeg with LAME, or build this program with `--features mp3`",
            _ => "install FFmpeg, or choose Opus, Vorbis, FLAC or WAV",
        },
    }
}

/// What FFmpeg's own AAC encoder is better without where bits are plenty: noise substitution, intensity stereo and
/// temporal shaping cost 2 dB of error on loud masters at 192 kbit/s and more, its two-loop quantiser raises peaks by
/// several dB at 256 and more.
fn aac_tools(kbps: u32) -> &'static [&'static str] {
    const NONE: [&str; 8] = ["-aac_tns", "0", "-aac_pns", "0", "-aac_is", "0", "-aac_coder", "fast"];
    match kbps {
        256.. => &NONE,
        192.. => &NONE[..6],
        _ => &[],
    }
}

impl<W: Write + Seek> FfmpegWriter<W> {
    pub(super) fn create(writer: W, spec: OutputSpec, lossy: Lossy, tags: &Tags) -> Result<Self, EncodeError> {
        let muxer = if lossy.codec() == LossyCodec::Mp3 { "mp3" } else { "ipod" };
        let folder = tempfile::tempdir()?;
        let words = tempfile::tempfile()?;
        let mut command = Command::new(PROGRAM);
        command.args(["-v", "error", "-f", "f32le", "-ar", &spec.rate_hz.to_string()]);
        command.args(["-ac", &spec.channels.to_string(), "-i", "pipe:0", "-c:a", encoder(lossy.codec())]);
        command.args(["-b:a", &format!("{}k", lossy.kbps()), "-map_metadata", "-1"]);
        // Without a date and a version inside: the same master gives the same bits with the same FFmpeg.
        command.args(["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", muxer]);
        match lossy.codec() {
            // The tags are ours.
            LossyCodec::Mp3 => command.args(["-id3v2_version", "0"]),
            _ => command.args(aac_tools(lossy.kbps())),
        };
        // Told to be a file, so that no part of the path is taken for a protocol.
        let mut out = OsString::from("file:");
        out.push(folder.path().join("out"));
        command.arg(out).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(words.try_clone()?);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => missing(lossy.codec()),
            _ => EncodeError::Io(error),
        })?;
        let samples = child.stdin.take().map(BufWriter::new);
        let running = Running { child, samples, words };
        let gain = if lossy.codec() == LossyCodec::Mp3 { lame_gain(lossy.kbps()) } else { 1.0 };
        Ok(Self { writer, lossy, tags: tags.clone(), running, folder, gain, packed: Vec::new() })
    }

    pub(super) fn write_f32(&mut self, block: &[&[f32]]) -> Result<(), EncodeError> {
        let frames = block[0].len();
        for start in (0..frames).step_by(BLOCK_FRAMES) {
            self.packed.clear();
            for frame in start..frames.min(start + BLOCK_FRAMES) {
                self.packed.extend(block.iter().flat_map(|channel| (channel[frame] * self.gain).to_le_bytes()));
            }
            let Some(samples) = &mut self.running.samples else { break };
            if let Err(error) = samples.write_all(&self.packed) {
                return Err(self.complaint(&error.to_string()));
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, EncodeError> {
        let flushed = self.running.samples.take().map_or(Ok(()), |mut samples| samples.flush());
        let status = self.running.child.wait()?;
        if flushed.is_err() || !status.success() {
            return Err(self.complaint(&status.to_string()));
        }
        let made = self.folder.path().join("out");
        match self.lossy.codec() {
            LossyCodec::Mp3 => {
                if let Some(id3) = self.tags.to_id3v2() {
                    self.writer.write_all(&id3)?;
                }
            }
            _ => self.tags.write_into_mp4(&made).map_err(|problem| EncodeError::Library { format: "M4A", problem })?,
        }
        io::copy(&mut File::open(made)?, &mut self.writer)?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    /// What FFmpeg said, or else how it ended.
    fn complaint(&mut self, otherwise: &str) -> EncodeError {
        drop(self.running.samples.take());
        // Its words are whole once it has ended.
        let _ = self.running.child.wait();
        let mut words = Vec::new();
        let read = self.running.words.seek(SeekFrom::Start(0));
        let read = read.and_then(|_| Read::by_ref(&mut self.running.words).take(MOST_WORDS).read_to_end(&mut words));
        let said = String::from_utf8_lossy(&words);
        let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        let problem = if read.is_ok() && !said.is_empty() { said } else { otherwise.to_owned() };
        EncodeError::Library { format: self.lossy.codec().name(), problem: format!("FFmpeg says: {problem}") }
    }
}
