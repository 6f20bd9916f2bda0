//! Two versions of a page compared: who sees which, and whether it makes a difference.
//!
//! Only visitors who agreed to `usage-stats` take part; everybody else sees the first arm, the page as it is, and nothing
//! is recorded. Which arm somebody sees follows from their number alone, so that it stays the same without being kept.

use domain::{Label, UsageEvent};
use store::ArmResult;

use super::Counted;
use super::statistics::{Interval, Share, difference};

/// An experiment: its name, and what each arm shows. The first arm is the control.
pub(crate) struct Experiment<T: 'static> {
    name: &'static str,
    arms: &'static [(&'static str, T)],
}

/// The first words on the upload page. Hoped for: an upload.
pub(crate) static LEAD: Experiment<&str> = Experiment {
    name: "upload-lead",
    arms: &[
        (
            "control",
            "Drop in a stereo mix. Moments later you have a master at the loudness you chose, and a report of what was \
             changed and why.",
        ),
        (
            "hear-it",
            "Drop in a stereo mix and hear the master beside it a moment later, both equally loud. Keep it only if you \
             like it better.",
        ),
    ],
};

impl<T> Experiment<T> {
    /// What this visitor is to see. That they saw it is recorded once.
    pub(crate) fn show(&self, counted: &Counted) -> &'static T {
        let Some(id) = counted.id() else {
            return &self.arms[0].1;
        };
        // A lot is below 1, so the number is below the count of arms.
        let (arm, shown) = &self.arms[(id.lot(self.name) * self.arms.len() as f64) as usize];
        counted.record(|| UsageEvent::Exposure { experiment: self.label(), arm: label(arm) });
        shown
    }

    /// They did what is hoped for.
    pub(crate) fn reached(&self, counted: &Counted) {
        counted.record(|| UsageEvent::Goal { experiment: self.label() });
    }

    /// Its name in the database.
    pub(crate) fn label(&self) -> Label {
        label(self.name)
    }

    /// Every arm with what became of it, the control first; an arm that nobody saw, too.
    pub(crate) fn results(&self, found: &[ArmResult]) -> Vec<Arm> {
        let of = |name: &str| {
            let arm = found.iter().find(|arm| arm.arm.as_str() == name);
            arm.map_or(Share { part: 0, of: 0 }, |arm| Share { part: arm.conversions, of: arm.visitors })
        };
        let control = of(self.arms[0].0);
        let arms = self.arms.iter().enumerate();
        arms.map(|(number, (name, _))| Arm {
            name,
            share: of(name),
            verdict: (number > 0).then(|| Verdict::of(of(name), control)),
        })
        .collect()
    }
}

fn label(name: &str) -> Label {
    name.parse().expect("names of experiments and arms are labels, as a test shows")
}

/// How an arm fares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arm {
    pub(crate) name: &'static str,
    /// Of those who saw it, who did what is hoped for.
    pub(crate) share: Share,
    /// Compared with the control; the control itself is compared with nothing.
    pub(crate) verdict: Option<Verdict>,
}

/// What can be said of an arm against the control.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// Fewer than [`Verdict::FEWEST`] saw one of the two.
    TooEarly {
        /// How many more have to see the one that fewer saw.
        missing: u64,
    },
    /// The interval of the difference holds zero.
    Open(Interval),
    /// It is better by this much.
    Better(Interval),
    /// It is worse by this much, as positive numbers.
    Worse(Interval),
}

impl Verdict {
    /// With fewer visitors in an arm nothing is said: who looks every day would see chance turn into a result.
    const FEWEST: u64 = 100;

    fn of(arm: Share, control: Share) -> Self {
        let fewest = arm.of.min(control.of);
        let Some(difference) = difference(arm, control).filter(|_| fewest >= Self::FEWEST) else {
            return Self::TooEarly { missing: Self::FEWEST.saturating_sub(fewest) };
        };
        match difference {
            Interval { low, .. } if low > 0.0 => Self::Better(difference),
            Interval { low, high } if high < 0.0 => Self::Worse(Interval { low: -high, high: -low }),
            _ => Self::Open(difference),
        }
    }

    /// In words, about the arm of this name.
    pub(crate) fn words(self, arm: &str) -> String {
        let points = |share: f64| format!("{:.1}", share.abs() * 100.0);
        match self {
            Self::TooEarly { missing } => {
                format!("Too early to say: one of the two still needs {missing} more visitors.")
            }
            Self::Open(Interval { low, high }) => format!(
                "Too early to say: \u{201c}{arm}\u{201d} may be anything from {} points worse to {} points better.",
                points(low.min(0.0)),
                points(high.max(0.0))
            ),
            Self::Better(Interval { low, high }) => {
                format!("\u{201c}{arm}\u{201d} is better by {} to {} points.", points(low), points(high))
            }
            Self::Worse(Interval { low, high }) => {
                format!("\u{201c}{arm}\u{201d} is worse by {} to {} points.", points(low), points(high))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arms: [(&str, u64, u64); 2]) -> Vec<Arm> {
        let results = arms.map(|(arm, conversions, visitors)| ArmResult { arm: label(arm), visitors, conversions });
        LEAD.results(&results)
    }

    fn said(control: (u64, u64), other: (u64, u64)) -> String {
        let arms = found([("control", control.0, control.1), ("hear-it", other.0, other.1)]);
        assert_eq!(arms[0].verdict, None);
        arms[1].verdict.expect("compared").words("hear-it")
    }

    #[test]
    fn names_are_labels() {
        LEAD.label();
        for (arm, _) in LEAD.arms {
            label(arm);
        }
    }

    #[test]
    fn a_difference_is_said_only_when_it_is_one() {
        assert!(said((1, 5), (4, 5)).contains("95 more visitors"));
        assert!(said((50, 200), (55, 200)).starts_with("Too early to say: \u{201c}hear-it\u{201d} may be anything"));
        assert_eq!(said((200, 1000), (260, 1000)), "\u{201c}hear-it\u{201d} is better by 2.3 to 9.7 points.");
        assert_eq!(said((260, 1000), (200, 1000)), "\u{201c}hear-it\u{201d} is worse by 2.3 to 9.7 points.");
    }

    #[test]
    fn an_arm_that_nobody_saw_is_there_with_nothing() {
        let arms = LEAD.results(&[]);
        assert_eq!(arms.len(), 2);
        assert_eq!(arms[1].share, Share { part: 0, of: 0 });
        assert_eq!(arms[1].verdict, Some(Verdict::TooEarly { missing: 100 }));
    }
}
