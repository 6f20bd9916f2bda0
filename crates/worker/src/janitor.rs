//! What has to be done now and then, whether or not there are jobs.

use crate::pool::{PoolOptions, chain};
use store::{Store, Swept};
use tokio::time::{MissedTickBehavior, interval};

/// Takes back jobs whose lease ran out, and removes what is over, until it is aborted.
pub(crate) async fn work(store: Store, options: PoolOptions) {
    let mut leases = interval(options.lease / 2);
    let mut sweeps = interval(options.sweep_every);
    leases.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = leases.tick() => match store.queue.interrupt_expired().await {
                Ok(0) => {}
                Ok(jobs) => tracing::warn!(jobs, "took back jobs whose lease had run out"),
                Err(error) => tracing::error!(error = %chain(&error), "cannot take back lost jobs"),
            },
            _ = sweeps.tick() => match store.sweep(options.retention).await {
                Ok(swept) if swept == Swept::default() => {}
                Ok(Swept { sessions, tracks, records, blobs }) => {
                    tracing::info!(sessions, tracks, records, blobs, "removed what is over");
                }
                Err(error) => tracing::error!(error = %chain(&error), "cannot remove what is over"),
            },
        }
    }
}
