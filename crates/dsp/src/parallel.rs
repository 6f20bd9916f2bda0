//! Two pieces of work at once, where there are two processors and the feature `threads`; elsewhere one after the other.
//!
//! The pieces share nothing that changes, so that the result is the same to the bit either way.
//! Not here: what is worth a thread (a tenth of a millisecond at least), and queues of any kind.

/// Makes the thread that calls this one of those that the work is divided among, so that it takes other pieces of its own
/// work where it would wait; for programs whose first thread does the work. Without effect where any work was divided before.
pub fn take_part() {
    #[cfg(feature = "threads")]
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
}

/// Does both; the first stays on this thread.
pub fn both<A, B: Send>(first: impl FnOnce() -> A, second: impl FnOnce() -> B + Send) -> (A, B) {
    #[cfg(feature = "threads")]
    if rayon::current_num_threads() > 1 {
        let mut done = None;
        let first = rayon::in_place_scope(|scope| {
            scope.spawn(|_| done = Some(second()));
            first()
        });
        if let Some(second) = done {
            return (first, second);
        }
        unreachable!("a scope ends when all that it spawned has");
    }
    (first(), second())
}

/// Does the same to both halves of two equally long channels: what it does to a sample must not depend on others.
///
/// # Panics
/// When their lengths differ.
pub fn halves<T: Send>(left: &mut [T], right: &mut [T], work: impl Fn(&mut [T], &mut [T]) + Sync) {
    assert_eq!(left.len(), right.len(), "equally long channels");
    let half = left.len() / 2;
    let ((left, left_rest), (right, right_rest)) = (left.split_at_mut(half), right.split_at_mut(half));
    both(|| work(left, right), || work(left_rest, right_rest));
}

/// Does the same to each of one or two channels, or to more of them one after the other.
pub fn each<T: Send>(channels: &mut [T], work: impl Fn(&mut T) + Sync) {
    match channels {
        [left, right] => {
            both(|| work(left), || work(right));
        }
        channels => channels.iter_mut().for_each(work),
    }
}

/// The same of each of one or two channels, in their order, or of more of them one after the other.
pub fn map<T: Sync, R: Send>(channels: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    match channels {
        [left, right] => <[R; 2]>::from(both(|| work(left), || work(right))).into(),
        channels => channels.iter().map(work).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_done_and_each_gives_its_own() {
        let (mut left, mut right) = (1, 2);
        let sums = both(
            || {
                left += 10;
                left
            },
            || {
                right += 20;
                right
            },
        );
        assert_eq!((sums, left, right), ((11, 22), 11, 22));
    }

    #[test]
    fn halves_are_a_whole_together() {
        let (mut left, mut right) = ([1, 2, 3, 4, 5], [10, 20, 30, 40, 50]);
        halves(&mut left, &mut right, |left, right| left.iter_mut().zip(right).for_each(|(l, r)| *l += *r));
        assert_eq!(left, [11, 22, 33, 44, 55]);
    }

    #[test]
    fn each_channel_is_worked_on_however_many_there_are() {
        for count in 0..4 {
            let mut channels: Vec<usize> = (0..count).collect();
            each(&mut channels, |value| *value += 1);
            assert_eq!(channels, (1..=count).collect::<Vec<_>>());
            assert_eq!(map(&channels, |value| value * 2), channels.iter().map(|value| value * 2).collect::<Vec<_>>());
        }
    }
}
