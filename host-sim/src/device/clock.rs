//! Simulated time.

use std::cell::Cell;

/// Microseconds since the simulation began. Everything on a board shares it; it goes on when the power is off.
#[derive(Debug, Default)]
pub struct SimClock(Cell<u64>);

impl SimClock {
    /// A clock at 0.
    pub const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// The time.
    pub fn now(&self) -> u64 {
        self.0.get()
    }

    /// The time in seconds.
    pub fn seconds(&self) -> f64 {
        self.now() as f64 / 1e6
    }

    /// Lets `micros` microseconds pass.
    pub fn advance(&self, micros: u64) {
        self.0.set(self.0.get() + micros);
    }

    /// Lets time pass until `moment`; none if that is over.
    pub fn sleep_until(&self, moment: u64) {
        self.0.set(self.0.get().max(moment));
    }
}
