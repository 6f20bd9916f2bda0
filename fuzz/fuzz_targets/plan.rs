//! Any text as a plan: what passes its check renders without a panic, to finite samples below its ceiling.
#![no_main]

use mastering::{Audio, Plan, render};

const RATE_HZ: u32 = 8_000;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(plan) = serde_json::from_slice::<Plan>(data) else { return };
    if plan.check().is_err() {
        return;
    }
    let channel = |phase: f32| (0..4_000).map(|n| 0.5 * (n as f32 * 0.37 + phase).sin()).collect::<Vec<f32>>();
    let audio = Audio::new(RATE_HZ, vec![channel(0.0), channel(1.0)]).expect("long enough, and finite");
    let master = render(audio, &plan, &mut |_, _| {}).expect("the plan was checked");
    let ceiling = 10f32.powf(plan.ceiling_dbtp as f32 / 20.0);
    assert!(master.channels().iter().flatten().all(|sample| sample.abs() <= ceiling), "above {ceiling}");
});
