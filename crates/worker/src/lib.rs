//! The work: takes jobs from the queue, sends them down the pipeline, keeps the results, tells how far they are.
//!
//! A [`Pool`] runs inside the service's process, as many jobs at a time as there are cores, which bounds memory, too.
//! How a job is done is an [`Engine`]'s business: [`Mastering`] is the pipeline; tests of the pool bring others.
//!
//! Not here: what a master is (`pipeline`), what may follow what (`domain`), how things are kept (`store`), HTTP.

mod attempt;
mod engine;
mod janitor;
mod mastering;
mod pool;

pub use engine::{Engine, Made, Order};
pub use mastering::{Mastering, makeable};
pub use pool::{Pool, PoolOptions};
