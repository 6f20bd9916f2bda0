//! Files of one job that are written and checked at the same time, one a processor.
//!
//! Each has a watch of its own; the one that is least far speaks for all, and when the job is stopped or one of them
//! fails, all stop at their next occasion. Not here: what is done to a file (`deliver`).

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::watch::Watch;
use crate::{Control, Error, Progress, Stage};

/// Does the same to each item, as many at once as there are processors, and returns what came of them in their order, or
/// the first failure.
pub(crate) fn at_once<T: Sync, R: Send>(
    items: &[T],
    watch: &mut Watch<'_>,
    work: impl Fn(&T, &mut Watch<'_>) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    if threads < 2 {
        return items.iter().map(|item| work(item, watch)).collect();
    }
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut done = thread::scope(|scope| {
        let (tell, told) = channel();
        let share = |tell: Sender<(usize, Progress)>| {
            let mut done = Vec::new();
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && let Some(item) = items.get(index)
                && !stop.load(Ordering::Relaxed)
            {
                let mut observer = |progress| {
                    // Nobody listens any more when the job was stopped.
                    let heard = tell.send((index, progress)).is_ok();
                    if heard && !stop.load(Ordering::Relaxed) { Control::Continue } else { Control::Cancel }
                };
                let result = work(item, &mut Watch::start(&mut observer));
                let _ = tell.send((index, Progress::at(Stage::Check, 1.0)));
                stop.fetch_or(result.is_err(), Ordering::Relaxed);
                done.push((index, result));
            }
            done
        };
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                let tell = tell.clone();
                scope.spawn(move || share(tell))
            })
            .collect();
        drop(tell);
        let mut far = vec![Progress::at(Stage::Encode, 0.0); items.len()];
        for (index, progress) in told {
            far[index] = progress;
            if let Some(least) = far.iter().min_by(|a, b| a.fraction.total_cmp(&b.fraction))
                && watch.pass_on(*least).is_break()
            {
                stop.store(true, Ordering::Relaxed);
            }
        }
        let shares = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        shares.flatten().collect::<Vec<_>>()
    });
    watch.still_wanted()?;
    done.sort_by_key(|(index, _)| *index);
    // What was cancelled for another's failure is not what went wrong.
    let failed = done.iter().position(|(_, result)| !matches!(result, Ok(_) | Err(Error::Cancelled)));
    if let Some(failed) = failed {
        done.swap(0, failed);
    }
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn on_the_way(watch: &mut Watch<'_>, within: f32) -> Result<(), Error> {
        watch.go_on(Stage::Encode, within)
    }

    #[test]
    fn results_come_in_the_order_of_the_items_whoever_is_first() {
        let mut observer = |_: Progress| Control::Continue;
        let mut watch = Watch::start(&mut observer);
        let results = at_once(&[30, 20, 10, 0], &mut watch, |wait_ms, watch| {
            thread::sleep(Duration::from_millis(*wait_ms));
            on_the_way(watch, 1.0).map(|()| *wait_ms)
        });
        assert_eq!(results.expect("done"), [30, 20, 10, 0]);
    }

    #[test]
    fn the_bar_is_where_the_slowest_is_and_ends_at_its_end() {
        let mut seen = Vec::new();
        let mut observer = |progress: Progress| {
            seen.push(progress.fraction);
            Control::Continue
        };
        let mut watch = Watch::start(&mut observer);
        at_once(&[0.0, 1.0], &mut watch, |within, watch| on_the_way(watch, *within)).expect("done");
        assert!(seen.is_sorted(), "{seen:?}");
        assert!(seen.last().is_some_and(|last| *last > 0.99), "{seen:?}");
    }

    #[test]
    fn a_stop_reaches_all() {
        let mut observer = |_: Progress| Control::Cancel;
        let mut watch = Watch::start(&mut observer);
        let result: Result<Vec<()>, _> = at_once(&[1, 2], &mut watch, |_, watch| {
            loop {
                on_the_way(watch, 0.5)?;
            }
        });
        assert!(matches!(result, Err(Error::Cancelled)));
    }

    #[test]
    fn a_failure_stops_the_others_and_is_what_is_told() {
        let mut observer = |_: Progress| Control::Continue;
        let mut watch = Watch::start(&mut observer);
        let result: Result<Vec<()>, _> = at_once(&[true, false], &mut watch, |fails, watch| {
            if *fails {
                return Err(Error::Refused("no".to_owned()));
            }
            loop {
                on_the_way(watch, 0.5)?;
            }
        });
        assert!(matches!(&result, Err(Error::Refused(why)) if why == "no"), "{result:?}");
    }
}
