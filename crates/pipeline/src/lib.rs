//! The way of a track: decode, convert the rate, analyse, decide, render, encode, and check what was delivered.
//!
//! One way for the command line, a job of the service and a preview: what is promised of a master (its loudness, its
//! ceiling, that a file appears whole or not at all) is kept here and nowhere else.
//!
//! Not here: signal code and musical decisions (`mastering`), file formats (`codec`), queues, HTTP, printing.

mod album;
mod album_tone;
mod at_once;
mod copies;
mod course;
mod decode;
mod deliver;
mod encoding;
mod error;
mod gap;
mod hold;
mod html;
mod job;
mod overview;
mod preview;
mod progress;
mod report;
mod run;
mod stopwatch;
mod watch;
mod whole_file;
mod write_back;

pub use album::{AlbumError, AlbumJob, AlbumObserver, AlbumReport, run_album};
pub use course::{Course, Holding};
pub use encoding::{BitDepth, Container, Encoding, NoSuchEncoding, UnknownEncoding};
pub use error::{Error, Failure};
pub use hold::codecs_of;
pub use html::{album_page, analysis_page, report_page};
pub use job::{Delivery, Existing, Instructions, Job, SavedPlan};
pub use overview::Overview;
pub use progress::{Control, Observer, Progress, Stage};
pub use report::{
    AnalysisReport, Courses, Decoded, Delivered, FIGURES, Figure, Input, NotMade, REPORT_JSON_SCHEMA, Report, SCHEMA,
    Spectra, Waveforms,
};
pub use run::{analyse, reference, run};
pub use stopwatch::Timings;
pub use whole_file::write_whole;

pub use dsp::parallel::take_part;

pub use codec::{Limits, Lossy, LossyCodec, NoSuchBitrate, can_encode};
pub use mastering::{
    Loudness, Measurement, Plan, Reference, Request, Sound, Style, Toward, UnknownStyle, observations, presets,
};
