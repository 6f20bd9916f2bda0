//! From flags over time to stretches of time.

use super::Place;

/// Stretches in which `flags` hold, gaps of up to `gap` steps bridged, and none shorter than `shortest` steps.
/// Steps are `step_s` long.
pub(super) fn spans(flags: impl Iterator<Item = bool>, step_s: f64, gap: usize, shortest: usize) -> Vec<Place> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in flags.enumerate().filter(|(_, flag)| *flag) {
        match found.last_mut() {
            Some((_, end)) if at <= *end + gap => *end = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found.retain(|(from, to)| to - from >= shortest);
    found.iter().map(|(from, to)| Place { from_s: *from as f64 * step_s, to_s: *to as f64 * step_s }).collect()
}

/// Places that lie within `gap_s` of each other, as one.
pub(super) fn merged(places: &[Place], gap_s: f64) -> Vec<Place> {
    let mut sorted = places.to_vec();
    sorted.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    let mut found: Vec<Place> = Vec::new();
    for place in sorted {
        match found.last_mut() {
            Some(last) if place.from_s <= last.to_s + gap_s => last.to_s = last.to_s.max(place.to_s),
            _ => found.push(place),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_gaps_are_bridged_and_short_stretches_dropped() {
        let flags = "..##.##.....#....".chars().map(|c| c == '#');
        assert_eq!(spans(flags, 0.5, 1, 2), [Place { from_s: 1.0, to_s: 3.5 }]);
    }

    #[test]
    fn places_close_together_are_one_whichever_came_first() {
        let place = |from_s, to_s| Place { from_s, to_s };
        let places = [place(3.0, 3.1), place(0.0, 0.1), place(3.3, 3.4)];
        assert_eq!(merged(&places, 0.5), [place(0.0, 0.1), place(3.0, 3.4)]);
    }
}
