//! The ceiling, on signals made to part true-peak meters: asserted on the delivered file as others decode and read it.

use crate::support::{ffmpeg_dbtp, job, libebur128_dbtp, signals, write_mix};
use pipeline::{Delivery, Encoding};

const CEILING_DBTP: f64 = -1.0;

#[test]
fn no_meter_reads_a_delivered_file_above_its_ceiling() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, signal) in signals() {
        let input = folder.path().join("mix.wav");
        write_mix(&input, signal);
        for loudness_lufs in [-14.0, -8.0] {
            let deliveries: Vec<Delivery> = Encoding::LOSSLESS
                .iter()
                .enumerate()
                .map(|(index, encoding)| Delivery { path: folder.path().join(format!("{index}")), encoding: *encoding })
                .collect();
            let report = crate::support::run(&job(&input, loudness_lufs, CEILING_DBTP, deliveries.clone()));
            for (delivery, delivered) in deliveries.iter().zip(&report.outputs) {
                let what = format!("{name} at {loudness_lufs} LUFS, {:?}", delivery.encoding);
                assert!(delivered.after.true_peak_dbtp <= CEILING_DBTP, "{what}: {}", delivered.after.true_peak_dbtp);
                let (theirs, ffmpeg) = (libebur128_dbtp(&delivery.path), ffmpeg_dbtp(&delivery.path));
                assert!(theirs <= CEILING_DBTP, "{what}: libebur128 reads {theirs}");
                assert!(ffmpeg <= CEILING_DBTP, "{what}: FFmpeg reads {ffmpeg}");
            }
        }
    }
}
