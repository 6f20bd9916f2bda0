//! The same bits, however many processors work on them.

use crate::support::{RATE_HZ, job, write_mix};
use pipeline::{Delivery, Encoding};

/// Drums, a chord and hiss: enough for tone, limiter and cancellation to have work.
fn music(n: usize) -> f64 {
    let t = n as f64 / f64::from(RATE_HZ);
    let beat = t % 0.5;
    let hiss = ((n as u32).wrapping_mul(2_654_435_761) >> 8) as f64 / 8_388_608.0 - 1.0;
    0.6 * (-beat * 14.0).exp() * (320.0 * beat).sin()
        + 0.2 * (-(t % 0.25) * 50.0).exp() * hiss
        + 0.1 * (900.0 * t).sin()
}

#[test]
fn one_thread_two_and_five_give_the_same_file() {
    let folder = tempfile::tempdir().expect("folder");
    let input = folder.path().join("mix.wav");
    write_mix(&input, music);
    let master = |threads: usize| {
        let path = folder.path().join(format!("{threads}.wav"));
        let job = job(&input, -9.0, -1.0, vec![Delivery { path: path.clone(), encoding: Encoding::Wav24 }]);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| crate::support::run(&job));
        std::fs::read(path).expect("there")
    };
    let one = master(1);
    assert!(one == master(2), "two threads gave other bits");
    assert!(one == master(5), "five threads gave other bits");
}
