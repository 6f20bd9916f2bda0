//! What is done to a mix before it is limited: decided, and done.
//!
//! Not here: each of its parts (those are `dynamics`, `tone`, `matching`, `width` and `saturation`), and how loud it gets
//! (that is `solve`).

use crate::analysis::Analysis;
use crate::matching::{self, Moves};
use crate::plan::{Dynamics, Equaliser, Saturation, Stereo};
use crate::render::shape;
use crate::{Audio, Progress, Request, dynamics, saturation, tone, width};

/// What is done to a mix before it is limited.
pub(crate) struct Shape {
    pub(crate) dynamics: Option<Dynamics>,
    pub(crate) equaliser: Option<Equaliser>,
    pub(crate) stereo: Option<Stereo>,
}

impl Shape {
    /// With a strength of 0 to 1 toward a reference, if there is one.
    pub(crate) fn decide(analysis: &Analysis, channels: usize, request: &Request, strength: f64) -> Self {
        let Analysis { measurement, spectrum, .. } = analysis;
        let sound = &request.sound;
        let moves = match &request.toward {
            Some(toward) => matching::decide(analysis, toward, strength),
            None => Moves {
                all: tone::needed(spectrum, sound, measurement.looks_finished()),
                side: width::bass_to_the_middle(analysis, sound),
                one_channel: false,
            },
        };
        Self {
            equaliser: tone::decide(&moves.all, spectrum, sound),
            stereo: width::decide(measurement, channels, sound, &moves),
            dynamics: match request.toward.as_ref().filter(|toward| toward.dynamics) {
                Some(toward) => dynamics::toward(analysis, &toward.reference.spreads, sound),
                None => dynamics::needed(analysis, sound),
            },
        }
    }

    /// Shapes a mix, and saturates it where that was asked for.
    pub(crate) fn apply(
        &self,
        mut mix: Audio,
        analysis: &Analysis,
        request: &Request,
        progress: Progress<'_>,
    ) -> (Audio, Option<Saturation>) {
        dynamics::apply(&mut mix, self.dynamics.as_ref(), &analysis.levels);
        shape(&mut mix, self.equaliser.as_ref(), self.stereo.as_ref(), progress);
        let saturation = saturation::decide(&mix, &request.sound);
        saturation::apply(&mut mix, saturation.as_ref());
        (mix, saturation)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.dynamics.is_none() && self.equaliser.is_none() && self.stereo.is_none()
    }
}
