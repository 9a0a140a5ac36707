//! Data collection: from a sensor's interrupt to a bounded, balanced pool of labelled windows.
//!
//! A [`Source`] gives [`Frame`]s. An interrupt feeds them into a [`Ring`]; the main loop drains it into
//! [`Windows`], labels a window when it is complete, and offers it to a [`Pool`]. Nothing is lost
//! silently: overruns and gaps are counted, and no window spans one.

mod frame;
mod mpu6050;
mod pool;
mod pool_error;
mod pool_state;
mod recording;
mod ring;
mod windows;

pub use frame::{Frame, Source};
pub use mpu6050::{Acceleration, Filter, Mpu6050, Mpu6050Error, Rotation, Settings};
pub use pool::{Outcome, Pool, Tally};
pub use pool_error::{OfferError, PoolError};
pub use recording::{Recording, RecordingError};
pub use ring::{Drain, Feeder, Ring};
pub use windows::{WindowError, Windows};
