//! What an MP4 file says about the padding around its audio: the edit list, or iTunes' `iTunSMPB` where there is one.
//!
//! An AAC encoder starts with a thousand or two samples of priming and fills up its last frame. The demuxer hands out
//! all of it; the master of a track has to start where the track starts. Sources: ISO/IEC 14496-12 (8.6.6, edit lists),
//! Apple Technical Note 2258 (`iTunSMPB`).

use std::io::{self, SeekFrom};

use super::Source;

/// More boxes than any file has around its tables; keeps a hostile one from costing hours.
const MOST_BOXES: usize = 4096;

/// The part of a track's samples that is music, in frames at the track's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trim {
    /// To be skipped at the start, ticks of `timescale`.
    pub(super) skip: u64,
    /// What is left after that and before the padding at the end, ticks.
    pub(super) length: u64,
    /// Ticks a second; nearly always the sample rate.
    pub(super) timescale: u32,
}

impl Trim {
    /// Ticks as frames at `rate_hz`.
    pub(super) fn frames(ticks: u64, timescale: u32, rate_hz: u32) -> u64 {
        let frames =
            (u128::from(ticks) * u128::from(rate_hz) + u128::from(timescale / 2)) / u128::from(timescale.max(1));
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

/// Reads the trim of each track that has one that makes sense, by the track's id.
pub(super) fn trims_of(source: &mut dyn Source, file_bytes: u64) -> io::Result<Vec<(u32, Trim)>> {
    let mut walk = Walk { source, boxes: 0, movie: Movie::default() };
    walk.boxes_in(0, file_bytes, Level::File)?;
    let Movie { timescale, tracks, itunes } = walk.movie;
    let playable = tracks.iter().filter(|track| track.timescale > 0);
    Ok(playable.filter_map(|track| Some((track.id, track.trim(timescale, itunes)?))).collect())
}

#[derive(Default)]
struct Movie {
    timescale: u32,
    tracks: Vec<TrackHeader>,
    /// Priming and length, frames.
    itunes: Option<(u64, u64)>,
}

#[derive(Default)]
struct TrackHeader {
    id: u32,
    timescale: u32,
    duration: u64,
    /// Length in movie ticks and start in media ticks of the only edit that plays.
    edit: Option<(u64, u64)>,
}

impl TrackHeader {
    fn trim(&self, movie_timescale: u32, itunes: Option<(u64, u64)>) -> Option<Trim> {
        let timescale = self.timescale;
        if let Some((skip, length)) = itunes {
            return Some(Trim { skip, length, timescale });
        }
        let (duration, skip) = self.edit?;
        let there = self.duration.checked_sub(skip)?;
        // The edit's length counts the movie's coarse clock, often milliseconds. Where it means "to the end", the
        // media's own clock says so exactly.
        let length = Trim::frames(duration, movie_timescale, timescale);
        let coarse = u64::from(timescale / movie_timescale.max(1)) + 1;
        let to_the_end = duration == 0 || length.abs_diff(there) <= coarse;
        Some(Trim { skip, length: if to_the_end { there } else { length.min(there) }, timescale })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    File,
    Inside,
}

struct Walk<'a> {
    source: &'a mut dyn Source,
    boxes: usize,
    movie: Movie,
}

impl Walk<'_> {
    /// Visits the boxes between two positions, and theirs.
    fn boxes_in(&mut self, mut at: u64, end: u64, level: Level) -> io::Result<()> {
        while at + 8 <= end && self.boxes < MOST_BOXES {
            self.boxes += 1;
            let [s0, s1, s2, s3, kind @ ..] = self.read::<8>(at)?;
            let (head, size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
                0 => (8, end - at),
                1 if at + 16 <= end => (16, u64::from_be_bytes(self.read::<8>(at + 8)?)),
                size => (8, u64::from(size)),
            };
            if size < head || size > end - at {
                return Ok(());
            }
            self.visit(kind, at + head, at + size, level)?;
            at += size;
        }
        Ok(())
    }

    fn visit(&mut self, kind: [u8; 4], start: u64, end: u64, level: Level) -> io::Result<()> {
        match &kind {
            b"moov" if level == Level::File => self.boxes_in(start, end, Level::Inside),
            _ if level == Level::File => Ok(()),
            b"trak" => {
                self.movie.tracks.push(TrackHeader::default());
                self.boxes_in(start, end, level)
            }
            b"mdia" | b"edts" | b"udta" | b"ilst" => self.boxes_in(start, end, level),
            // A full box: four bytes of version and flags before its children.
            b"meta" => self.boxes_in(start + 4, end, level),
            b"mvhd" => {
                self.movie.timescale = self.clock(start, end)?.0;
                Ok(())
            }
            b"tkhd" => {
                let at = if self.version(start)? == 1 { 20 } else { 12 };
                let id = u32::from_be_bytes(self.read_within::<4>(start + at, end)?);
                self.track(|track| track.id = id);
                Ok(())
            }
            b"mdhd" => {
                let (timescale, duration) = self.clock(start, end)?;
                self.track(|track| (track.timescale, track.duration) = (timescale, duration));
                Ok(())
            }
            b"elst" => {
                let edit = self.edit(start, end)?;
                self.track(|track| track.edit = edit);
                Ok(())
            }
            b"----" => self.itunes(start, end),
            _ => Ok(()),
        }
    }

    fn track(&mut self, set: impl FnOnce(&mut TrackHeader)) {
        if let Some(track) = self.movie.tracks.last_mut() {
            set(track);
        }
    }

    /// Time scale and duration of a `mvhd` or `mdhd`.
    fn clock(&mut self, start: u64, end: u64) -> io::Result<(u32, u64)> {
        Ok(if self.version(start)? == 1 {
            let [t0, t1, t2, t3, duration @ ..] = self.read_within::<12>(start + 20, end)?;
            (u32::from_be_bytes([t0, t1, t2, t3]), u64::from_be_bytes(duration))
        } else {
            let [t0, t1, t2, t3, duration @ ..] = self.read_within::<8>(start + 12, end)?;
            (u32::from_be_bytes([t0, t1, t2, t3]), u64::from(u32::from_be_bytes(duration)))
        })
    }

    /// The single edit of a list; a list that pauses, repeats or plays at another speed is left alone.
    fn edit(&mut self, start: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
        let version = self.version(start)?;
        if u32::from_be_bytes(self.read_within::<4>(start + 4, end)?) != 1 {
            return Ok(None);
        }
        let (duration, media_time) = if version == 1 {
            let entry = self.read_within::<16>(start + 8, end)?;
            let (duration, media_time) = (entry.first_chunk::<8>(), entry.last_chunk::<8>());
            (duration.map_or(0, |b| u64::from_be_bytes(*b)), media_time.map_or(-1, |b| i64::from_be_bytes(*b)))
        } else {
            let [d0, d1, d2, d3, media_time @ ..] = self.read_within::<8>(start + 8, end)?;
            (u64::from(u32::from_be_bytes([d0, d1, d2, d3])), i64::from(i32::from_be_bytes(media_time)))
        };
        Ok(u64::try_from(media_time).ok().map(|media_time| (duration, media_time)))
    }

    /// A free-form iTunes tag: reads it if it is `iTunSMPB`.
    fn itunes(&mut self, start: u64, end: u64) -> io::Result<()> {
        if end - start > 1024 {
            return Ok(());
        }
        let mut content = vec![0; (end - start) as usize];
        self.source.seek(SeekFrom::Start(start))?;
        self.source.read_exact(&mut content)?;
        self.movie.itunes = parse_itunes(&content).or(self.movie.itunes);
        Ok(())
    }

    fn version(&mut self, start: u64) -> io::Result<u8> {
        Ok(self.read::<1>(start)?[0])
    }

    fn read_within<const N: usize>(&mut self, at: u64, end: u64) -> io::Result<[u8; N]> {
        if at + N as u64 > end { Err(io::ErrorKind::UnexpectedEof.into()) } else { self.read(at) }
    }

    fn read<const N: usize>(&mut self, at: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.source.seek(SeekFrom::Start(at))?;
        self.source.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// Priming and length out of ` 00000000 00000840 000001CA 00000000003F31F6 ...`: zero, priming, padding, length.
fn parse_itunes(content: &[u8]) -> Option<(u64, u64)> {
    let text: String = content.iter().map(|&byte| char::from(byte)).collect();
    let (_, text) = text.split_once("iTunSMPB")?;
    let (_, value) = text.split_once("data")?;
    // After the kind and the locale, both binary.
    let mut numbers = value.get(8..)?.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16));
    let (_, priming, _, length) =
        (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    (length > 0).then_some((priming, length))
}

#[cfg(test)]
mod tests {
    use super::parse_itunes;

    #[test]
    fn itunes_gapless_info_is_read() {
        let mut content = b"meanmean....com.apple.iTunesnamename....iTunSMPB....data\0\0\0\x01\0\0\0\0".to_vec();
        content.extend(b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000");
        assert_eq!(parse_itunes(&content), Some((0x840, 0x3F_31F6)));
        assert_eq!(parse_itunes(b"iTunSMPB data"), None);
        assert_eq!(parse_itunes(b"iTunNORM data 00000001 00000002 00000003 00000004"), None);
    }
}
