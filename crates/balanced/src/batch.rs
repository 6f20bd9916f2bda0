//! Many files at once: as many workers as the machine has cores and memory for, results in the order of the inputs.
//!
//! Not here: what is done with one file (`pipeline`), and what is printed (`table`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Of the memory that is free, the share that may be used.
const SHARE_OF_MEMORY: f64 = 0.7;
/// Copies of the samples that are in memory at once, as floats.
const COPIES: u64 = 3;
/// The largest number that `--jobs` takes: beyond any core count, and far below what a machine has of threads.
pub(crate) const MOST_JOBS: usize = 256;

/// How many files are worked on at once when nobody says: by cores, and by memory for the largest of them.
pub(crate) fn jobs(inputs: &[impl AsRef<Path>]) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let largest = inputs.iter().map(|input| samples_bytes(input.as_ref())).max().unwrap_or(0);
    let fit = match free_memory_bytes() {
        Some(free) if largest > 0 => (free as f64 * SHARE_OF_MEMORY / (COPIES * largest) as f64) as usize,
        _ => cores,
    };
    cores.min(fit).min(inputs.len()).clamp(1, MOST_JOBS)
}

/// What the samples of a file will take as floats, at a guess from its size and name.
fn samples_bytes(input: &Path) -> u64 {
    let size = fs::metadata(input).map_or(0, |meta| meta.len());
    let ending = input.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    size.saturating_mul(match ending.as_deref() {
        Some("wav" | "wave" | "aif" | "aiff" | "aifc") => 2,
        Some("flac") => 5,
        _ => 30,
    })
}

/// Memory that can be had without swapping, where the system says.
fn free_memory_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Works on `count` things with `jobs` workers; `done` hears each result in order, as soon as it and all before it
/// are there.
pub(crate) fn in_parallel<T: Send>(
    count: usize,
    jobs: usize,
    work: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, T),
) {
    if jobs.min(count) <= 1 {
        // On this thread, which takes part in what one file is divided into.
        return (0..count).for_each(|index| done(index, work(index)));
    }
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(count) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    // The receiver lives as long as the scope does.
                    if index >= count || sender.send((index, work(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut expected = 0;
        for (index, result) in receiver {
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&expected) {
                done(expected, result);
                expected += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_once_and_told_in_order_whoever_is_first() {
        for jobs in [1, 3, 16] {
            let mut told = Vec::new();
            let work = |index: usize| {
                // Later ones are quicker.
                thread::sleep(std::time::Duration::from_millis(10 - index as u64));
                index * index
            };
            in_parallel(10, jobs, work, |index, result| told.push((index, result)));
            assert_eq!(told, (0..10).map(|index| (index, index * index)).collect::<Vec<_>>());
        }
        in_parallel(0, 4, |index| index, |_, _| unreachable!());
    }

    #[test]
    fn there_is_always_a_worker_and_never_more_than_files() {
        assert_eq!(jobs(&["missing.wav"]), 1);
        assert!(jobs(&["a.wav"; 300]) >= 1);
        assert_eq!(jobs(&[] as &[&str]), 1);
    }
}
