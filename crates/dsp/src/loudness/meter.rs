//! Loudness of a track that arrives in blocks.

use super::energy::moves_from;
use super::grid::Grid;
use super::weighting::{KWeighting, Lanes};
use super::{KEnergy, Layout, Loudness, Rate};
use multiversion::multiversion;
use multiversion::target::target_cfg_f;

/// Measures a track block by block.
///
/// How the track is cut into blocks does not change a bit of the result. No latency; what is left after the last whole
/// 10 ms does not count. Memory grows by 800 bytes a second and channel.
///
/// ```
/// use dsp::loudness::{Layout, LoudnessMeter, Rate};
///
/// let mut meter = LoudnessMeter::new(Rate::new(44_100)?, Layout::Mono);
/// meter.push(&[&[0.0; 1024]]);
/// assert_eq!(meter.finish(), None);
/// # Ok::<(), dsp::loudness::UnsupportedRate>(())
/// ```
#[derive(Debug, Clone)]
pub struct LoudnessMeter {
    rate: Rate,
    layout: Layout,
    weighting: KWeighting,
    grid: Grid,
    pairs: Vec<Pair>,
    energies: Vec<Vec<f64>>,
    first: Option<Vec<f32>>,
    moves: bool,
    /// Samples of each channel so far.
    seen: u64,
}

/// Two channels that go through the filter side by side.
#[derive(Debug, Clone)]
struct Pair {
    lanes: Lanes<2>,
    /// Energy of the sub-block that is not yet whole.
    energy: [f64; 2],
}

impl LoudnessMeter {
    /// A meter before the first sample.
    #[must_use]
    pub fn new(rate: Rate, layout: Layout) -> Self {
        let pair = Pair { lanes: Lanes::SILENT, energy: [0.0; 2] };
        Self {
            rate,
            layout,
            weighting: KWeighting::new(rate),
            grid: Grid::ten_ms(rate),
            pairs: vec![pair; layout.channels().div_ceil(2)],
            energies: vec![Vec::new(); layout.channels()],
            first: None,
            moves: false,
            seen: 0,
        }
    }

    /// The next block, of any length: one slice a channel, full scale 1.0.
    ///
    /// # Panics
    /// When the number of slices is not that of the layout, or their lengths differ.
    pub fn push(&mut self, block: &[&[f32]]) {
        let len = self.layout.check(block);
        self.watch(block);
        let mut from = 0;
        while from < len {
            let end = self.grid.start(self.energies[0].len() + 1);
            let to = len.min(from + (end - self.seen) as usize);
            for (pair, channels) in self.pairs.iter_mut().zip(block.chunks(2)) {
                // An odd channel is its own neighbour.
                let input = [channels[0], channels[channels.len() - 1]].map(|channel| &channel[from..to]);
                add_energy(pair, &self.weighting, input);
            }
            self.seen += (to - from) as u64;
            from = to;
            if self.seen == end {
                self.close_sub_block();
            }
        }
    }

    /// Everything that was pushed so far, as energies.
    #[must_use]
    pub fn into_energy(self) -> KEnergy {
        KEnergy::from_parts(self.rate, self.layout, self.energies, self.moves)
    }

    /// The loudness of everything that was pushed; `None` when it has none. See [`measure`](super::measure).
    #[must_use]
    pub fn finish(self) -> Option<Loudness> {
        self.into_energy().loudness()
    }

    fn close_sub_block(&mut self) {
        for (pair, energies) in self.pairs.iter_mut().zip(self.energies.chunks_mut(2)) {
            for (energy, sum) in energies.iter_mut().zip(pair.energy) {
                energy.push(sum);
            }
            pair.energy = [0.0; 2];
            pair.lanes.flush_denormals();
        }
    }

    /// Notes whether any channel moves at all; costs nothing once one does.
    fn watch(&mut self, block: &[&[f32]]) {
        if self.moves || block[0].is_empty() {
            return;
        }
        let first = self.first.get_or_insert_with(|| block.iter().map(|channel| channel[0]).collect());
        self.moves = block.iter().zip(first).any(|(channel, first)| moves_from(*first, channel));
    }
}

#[multiversion(targets("x86_64+avx2+fma", "aarch64+neon"))]
fn add_energy(pair: &mut Pair, weighting: &KWeighting, input: [&[f32]; 2]) {
    pair.lanes.add_energy(weighting, input, &mut pair.energy, target_cfg_f!(target_feature = "fma"));
}
