//! Progress where someone looks at it, a line a file and one for all; nothing in a pipe.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{Control, Progress};

use crate::outcome::one_line;

const STEPS: u64 = 1000;

/// All lines of one call.
pub(crate) struct Bars {
    lines: MultiProgress,
    all: Option<ProgressBar>,
    interrupted: Arc<AtomicBool>,
}

impl Bars {
    /// For so many files; one alone needs no line for all of them.
    pub(crate) fn new(files: usize, interrupted: &Arc<AtomicBool>) -> Self {
        let visible = std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let lines = MultiProgress::with_draw_target(target);
        let all = (files > 1).then(|| {
            let line = ProgressBar::new(files as u64).with_style(style("{bar:28}  {pos} of {len} files"));
            lines.add(line)
        });
        Self { lines, all, interrupted: Arc::clone(interrupted) }
    }

    /// The line of one file, gone when it is dropped.
    pub(crate) fn file(&self, input: &Path) -> Bar {
        let name = input.file_name().unwrap_or(input.as_os_str()).to_string_lossy();
        let bar = ProgressBar::new(STEPS).with_style(style("{bar:28}  {percent:>3}%  {prefix}  {msg}"));
        let bar = match &self.all {
            Some(all) => self.lines.insert_before(all, bar),
            None => self.lines.add(bar),
        };
        Bar { bar: bar.with_prefix(one_line(&name)), interrupted: Arc::clone(&self.interrupted) }
    }

    /// One more is done.
    pub(crate) fn advance(&self) {
        if let Some(all) = &self.all {
            all.inc(1);
        }
    }

    /// Whether the user asked to stop.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Prints while no line is in the way.
    pub(crate) fn print(&self, print: impl FnOnce()) {
        self.lines.suspend(print);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(all) = &self.all {
            all.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ "))
}

/// Shows how far a file is, and hears Ctrl-C.
pub(crate) struct Bar {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Bar {
    pub(crate) fn hear(&self, progress: Progress) -> Control {
        self.bar.set_position((progress.fraction * STEPS as f32) as u64);
        self.bar.set_message(progress.stage.label());
        if self.interrupted.load(Ordering::Relaxed) { Control::Cancel } else { Control::Continue }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Turns Ctrl-C and a polite kill into a request to stop, so that unfinished files are tidied up.
pub(crate) fn interruption() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // Where no handler can be installed, Ctrl-C still ends the program, only less tidily.
    let _ = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    interrupted
}
