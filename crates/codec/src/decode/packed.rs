//! The packed formats, through Symphonia and libopus.
//!
//! What is added here: errors in the reader's own terms, exact trimming of what an encoder put before and after the
//! music, and a fence (`catch_unwind`) against a decoder that panics on a hostile file.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, well_known};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::packet::Packet;
use symphonia::default::{codecs, formats};

use super::mp4::{Trim, trims_of};
use super::{Blocks, Length, Source, Stream};
use crate::error::DecodeError;
use crate::format::{Codec, Container, SourceFormat};

/// Undecodable packets that are forgiven before the first sample, as a file cut out of a stream begins with.
const MOST_BAD_STARTS: usize = 4;

/// Bare AAC frames do not tell HE-AAC, whose core runs at half the rate, from plain AAC at that rate.
const HIGHEST_DOUBTFUL_ADTS_HZ: u32 = 24_000;

const BUFFER_BYTES: usize = 256 << 10;

static DECODERS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    registry.register_audio_decoder::<codecs::FlacDecoder>();
    registry.register_audio_decoder::<codecs::MpaDecoder>();
    registry.register_audio_decoder::<codecs::AacDecoder>();
    registry.register_audio_decoder::<codecs::AlacDecoder>();
    registry.register_audio_decoder::<codecs::VorbisDecoder>();
    registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
    registry
});

/// Opens a file whose container is known; it starts `start` bytes in, after whatever tags were put before it.
pub(super) fn open(
    container: Container,
    mut source: Box<dyn Source>,
    start: u64,
    file_bytes: u64,
) -> Result<Stream, DecodeError> {
    fence(container, 0.0, || {
        let trims = match container {
            Container::Mp4 => trims_of(&mut source, file_bytes).unwrap_or_default(),
            _ => Vec::new(),
        };
        start_decoding(container, demux(container, source, start, file_bytes)?, &trims)
    })?
}

fn demux(
    container: Container,
    source: Box<dyn Source>,
    start: u64,
    file_bytes: u64,
) -> Result<Box<dyn FormatReader>, DecodeError> {
    let mut media = Media { source, start, bytes: file_bytes.saturating_sub(start) };
    media.seek(SeekFrom::Start(0))?;
    let stream = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions { buffer_len: BUFFER_BYTES });
    let options = FormatOptions::default();
    let demuxer: Result<Box<dyn FormatReader>, Error> = match container {
        Container::Flac => formats::FlacReader::try_new(stream, options).map(|reader| Box::new(reader) as _),
        Container::Mp3 => formats::MpaReader::try_new(stream, options).map(|reader| Box::new(reader) as _),
        Container::Ogg => formats::OggReader::try_new(stream, options).map(|reader| Box::new(reader) as _),
        Container::Mp4 => formats::IsoMp4Reader::try_new(stream, options).map(|reader| Box::new(reader) as _),
        Container::Adts => formats::AdtsReader::try_new(stream, options).map(|reader| Box::new(reader) as _),
        Container::Wav | Container::Rf64 | Container::Aiff => {
            unreachable!("plain samples are read in `pcm`")
        }
    };
    demuxer.map_err(|error| header_error(container, error))
}

fn start_decoding(
    container: Container,
    demuxer: Box<dyn FormatReader>,
    trims: &[(u32, Trim)],
) -> Result<Stream, DecodeError> {
    let missing = || DecodeError::Unsupported { found: format!("{} without an audio track", container.name()) };
    let track = demuxer.default_track(TrackType::Audio).ok_or_else(missing)?.clone();
    let params = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or_else(missing)?;
    if let Some(channels) = &params.channels
        && channels.count() > 2
    {
        return Err(DecodeError::TooManyChannels { found: channels.count() as u32 });
    }
    let codec = codec_of(params).ok_or_else(|| DecodeError::Unsupported {
        found: format!("{} with an unknown codec ({})", container.name(), params.codec),
    })?;
    // Trimming at packet level is right where the container's clock says what to trim (Ogg); the others are trimmed
    // here, because the AAC decoder does not trim, and the MP3 demuxer would trim to an estimate where it has no count.
    let options = AudioDecoderOptions::default().gapless(container == Container::Ogg);
    let decoder =
        DECODERS.make_audio_decoder(params, &options).map_err(|error| codec_error(container, codec, error))?;
    let trim = trims.iter().find(|(id, _)| *id == track.id).map(|(_, trim)| *trim);

    let mut packets = Packets {
        container,
        demuxer,
        decoder,
        track_id: track.id,
        shape: None,
        skip: 0,
        left: u64::MAX,
        position: 0,
        pending: true,
        promised: false,
        failed: false,
    };
    // The first packet tells the true rate and channels, whatever the headers say.
    packets.advance()?;
    let Some((rate_hz, channels)) = packets.shape else {
        return Err(DecodeError::NoSamples { container: container.name() });
    };
    if container == Container::Adts && rate_hz <= HIGHEST_DOUBTFUL_ADTS_HZ {
        return Err(DecodeError::Unsupported { found: format!("AAC in bare frames at {rate_hz} Hz, perhaps HE-AAC,") });
    }
    let length = plan_length(&track, codec, trim, rate_hz, &mut packets);
    packets.promised = matches!(length, Length::Exact(_));
    Ok(Stream {
        format: SourceFormat { container, codec, bits: bits_of(codec, params), float: false },
        rate_hz,
        channels,
        length,
        blocks: Box::new(packets),
    })
}

/// Sets what is to be skipped and left out, and tells the length that then remains.
fn plan_length(track: &Track, codec: Codec, trim: Option<Trim>, rate_hz: u32, packets: &mut Packets) -> Length {
    match (packets.container, track.num_frames) {
        (Container::Mp4, frames) => {
            if let Some(Trim { skip, length, timescale }) = trim {
                packets.skip = Trim::frames(skip, timescale, rate_hz);
                packets.left = Trim::frames(length, timescale, rate_hz);
                return Length::Exact(packets.left);
            }
            match frames {
                Some(frames) if codec == Codec::Alac => Length::Exact(frames),
                Some(frames) => Length::Estimate(frames),
                None => Length::Unknown,
            }
        }
        (Container::Flac, Some(frames)) => Length::Exact(frames),
        // Only an encoder that tells its delay tells a true count; else the number is guessed from the bit rate.
        (Container::Mp3, Some(frames)) => match track.delay {
            Some(delay) => {
                packets.skip = u64::from(delay);
                packets.left = frames;
                Length::Exact(frames)
            }
            None => Length::Estimate(frames),
        },
        (_, Some(frames)) => Length::Estimate(frames),
        (_, None) => Length::Unknown,
    }
}

fn codec_of(params: &AudioCodecParameters) -> Option<Codec> {
    Some(match params.codec {
        well_known::CODEC_ID_FLAC => Codec::Flac,
        well_known::CODEC_ID_ALAC => Codec::Alac,
        well_known::CODEC_ID_MP3 => Codec::Mp3,
        well_known::CODEC_ID_AAC => Codec::Aac,
        well_known::CODEC_ID_VORBIS => Codec::Vorbis,
        well_known::CODEC_ID_OPUS => Codec::Opus,
        _ => return None,
    })
}

/// Bits a sample of a lossless codec; ALAC tells them in its own configuration alone (the sixth byte of its cookie).
fn bits_of(codec: Codec, params: &AudioCodecParameters) -> Option<u32> {
    let cookie = || params.extra_data.as_ref()?.get(5).copied().map(u32::from);
    match codec {
        Codec::Alac => cookie(),
        codec if codec.is_lossy() => None,
        _ => params.bits_per_sample,
    }
}

struct Packets {
    container: Container,
    demuxer: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    /// Rate in Hz and channels, from the first packet on.
    shape: Option<(u32, u32)>,
    /// Frames of priming still to be dropped.
    skip: u64,
    /// Frames of music still to come; what follows is padding.
    left: u64,
    /// Frames decoded, for messages.
    position: u64,
    /// Whether the decoder holds samples that have not been delivered.
    pending: bool,
    /// Whether the length is known exactly.
    promised: bool,
    failed: bool,
}

impl Blocks for Packets {
    fn next(&mut self, out: &mut [Vec<f32>]) -> Result<bool, DecodeError> {
        if self.failed || self.left == 0 {
            return Ok(false);
        }
        // Whatever happens, a decoder that has failed once is not asked again.
        self.failed = true;
        let delivered = fence(self.container, self.seconds(), || self.deliver(out))??;
        self.failed = false;
        Ok(delivered)
    }
}

impl Packets {
    /// Appends one packet's samples, less what is to be skipped or left out.
    fn deliver(&mut self, out: &mut [Vec<f32>]) -> Result<bool, DecodeError> {
        if !std::mem::take(&mut self.pending) && !self.advance()? {
            return Ok(false);
        }
        let decoded = self.decoder.last_decoded();
        let frames = decoded.frames();
        let skipped = self.skip.min(frames as u64);
        let kept = self.left.min(frames as u64 - skipped);
        let old = out[0].len();
        for channel in &mut *out {
            channel.resize(old + frames, 0.0);
        }
        let mut places: Vec<&mut [f32]> = out.iter_mut().map(|channel| &mut channel[old..]).collect();
        decoded.copy_to_slice_planar(&mut places);
        for channel in &mut *out {
            channel.drain(old..old + skipped as usize);
            channel.truncate(old + kept as usize);
        }
        self.skip -= skipped;
        self.left -= kept;
        self.position += frames as u64;
        Ok(true)
    }

    /// Decodes up to the next packet that holds samples, which the decoder then keeps; `false` at the end.
    fn advance(&mut self) -> Result<bool, DecodeError> {
        let mut bad_starts = 0;
        while let Some(packet) = self.next_packet()? {
            let problem = match self.decoder.decode(&packet) {
                Ok(decoded) if decoded.frames() == 0 => continue,
                Ok(decoded) => {
                    let shape = (decoded.spec().rate(), decoded.num_planes() as u32);
                    if *self.shape.get_or_insert(shape) == shape {
                        return Ok(true);
                    }
                    "the sample rate or the number of channels changes".to_owned()
                }
                Err(Error::IoError(error)) if error.kind() != ErrorKind::UnexpectedEof => {
                    return Err(error.into());
                }
                Err(Error::Unsupported(what)) => {
                    return Err(DecodeError::Unsupported { found: format!("{} ({what})", self.container.name()) });
                }
                Err(error) => error.to_string(),
            };
            if self.position == 0 && self.container != Container::Flac && bad_starts < MOST_BAD_STARTS {
                bad_starts += 1;
                continue;
            }
            // A file that was cut off ends in half a packet: then what is missing is the better thing to say.
            if self.promised && self.next_packet()?.is_none() {
                return Ok(false);
            }
            return Err(DecodeError::Damaged { at_s: self.seconds(), problem });
        }
        Ok(false)
    }

    fn next_packet(&mut self) -> Result<Option<Packet>, DecodeError> {
        loop {
            match self.demuxer.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(Error::IoError(error)) => return Err(error.into()),
                Err(error) => {
                    return Err(DecodeError::Damaged { at_s: self.seconds(), problem: error.to_string() });
                }
            }
        }
    }

    fn seconds(&self) -> f64 {
        self.shape.map_or(0.0, |(rate_hz, _)| self.position as f64 / f64::from(rate_hz.max(1)))
    }
}

/// Runs code of a third party on bytes of a stranger: a panic there is the file's fault, and no more than an error.
fn fence<T>(container: Container, at_s: f64, run: impl FnOnce() -> T) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(run))
        .map_err(|_| DecodeError::Damaged { at_s, problem: format!("it makes the {} decoder fail", container.name()) })
}

fn header_error(container: Container, error: Error) -> DecodeError {
    let container = container.name();
    match error {
        Error::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::BadHeader { container, problem: "the file ends inside it".to_owned() }
        }
        Error::IoError(error) => DecodeError::Io(error),
        Error::Unsupported(what) => DecodeError::Unsupported { found: format!("{container} ({what})") },
        other => DecodeError::BadHeader { container, problem: other.to_string() },
    }
}

fn codec_error(container: Container, codec: Codec, error: Error) -> DecodeError {
    match error {
        // The decoder knows one profile; it would play the others at half their bandwidth.
        Error::Unsupported(_) if codec == Codec::Aac => {
            DecodeError::Unsupported { found: "AAC of another profile than LC, such as HE-AAC,".to_owned() }
        }
        other => header_error(container, other),
    }
}

/// The part of a file behind the tags that were put before it, as Symphonia wants to see it.
struct Media {
    source: Box<dyn Source>,
    start: u64,
    bytes: u64,
}

impl Read for Media {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

impl Seek for Media {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => SeekFrom::Start(at.saturating_add(self.start)),
            other => other,
        };
        self.source.seek(to)?.checked_sub(self.start).ok_or_else(|| ErrorKind::InvalidInput.into())
    }
}

impl MediaSource for Media {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
