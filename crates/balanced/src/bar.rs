//! A progress bar where someone looks at it; nothing in a pipe.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{Control, Progress};

use crate::outcome::one_line;

const STEPS: u64 = 1000;

/// Shows how far a file is, and hears Ctrl-C.
pub(crate) struct Bar {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Bar {
    pub(crate) fn new(input: &Path, interrupted: &Arc<AtomicBool>) -> Self {
        let visible = std::io::stderr().is_terminal();
        let target = if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{prefix}  {bar:28}  {percent:>3}%  {msg}")
            .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸ "));
        let name = input.file_name().unwrap_or(input.as_os_str()).to_string_lossy();
        let bar = ProgressBar::with_draw_target(Some(STEPS), target).with_style(style).with_prefix(one_line(&name));
        Self { bar, interrupted: Arc::clone(interrupted) }
    }

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
