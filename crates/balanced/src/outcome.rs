//! How the program ends: exit codes are a contract, and every error is one line on standard error.

use std::error::Error;
use std::fmt::Display;

use domain::causes;

/// What the exit code says. The order is by gravity: of several files, the worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// All was done.
    Done,
    /// An input was refused: it is not something that can be mastered.
    Refused,
    /// Something went wrong that is not the input's fault.
    Failed,
    /// What was asked makes no sense.
    Usage,
}

impl Outcome {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
        }
    }
}

/// Says what makes no sense.
pub(crate) fn usage(problem: &dyn Display) -> Outcome {
    eprintln!("error: {}", one_line(&problem.to_string()));
    Outcome::Usage
}

/// Says why what was given cannot be taken.
pub(crate) fn refused(problem: &dyn Display) -> Outcome {
    eprintln!("error: {}", one_line(&problem.to_string()));
    Outcome::Refused
}

/// Says why one file was not done.
pub(crate) fn tell(input: &str, error: &pipeline::Error) -> Outcome {
    let mut line = causes(error);
    if matches!(error, pipeline::Error::Failed(pipeline::Failure::Exists { .. })) {
        line.push_str("; --force overwrites it");
    }
    eprintln!("error: {}: {}", one_line(input), one_line(&line));
    match error {
        pipeline::Error::Refused(_) => Outcome::Refused,
        pipeline::Error::Failed(_) | pipeline::Error::Cancelled => Outcome::Failed,
    }
}

/// Says why it did not work, with all causes.
pub(crate) fn failed(error: &dyn Error) -> Outcome {
    complain(&causes(error))
}

/// Says in words of one's own why it did not work.
pub(crate) fn complain(problem: &str) -> Outcome {
    eprintln!("error: {}", one_line(problem));
    Outcome::Failed
}

/// File names may hold line breaks and terminal codes; an error message may not.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_files_counts() {
        let worst = [Outcome::Refused, Outcome::Done, Outcome::Failed].into_iter().max();
        assert_eq!(worst, Some(Outcome::Failed));
        assert_eq!([Outcome::Done, Outcome::Refused].into_iter().max().map(Outcome::exit_code), Some(3));
    }

    #[test]
    fn a_file_name_cannot_write_to_the_terminal() {
        assert_eq!(one_line("a\n\u{1b}[31mb"), "a\u{fffd}\u{fffd}[31mb");
    }
}
