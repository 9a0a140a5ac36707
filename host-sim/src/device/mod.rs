//! A simulated board: a clock, a flash that takes its time, a sensor that does not wait, and power that fails.
//!
//! The application sees a [`Board`](kilograd::app::Board) and a
//! [`NorFlash`](embedded_storage::nor_flash::NorFlash), as on a chip. Time is simulated: it moves when the
//! processor learns, when the flash is busy and when the board sleeps. The sensor goes on meanwhile, and an
//! interrupt feeds its frames into the ring.

mod board;
mod clock;
mod flash;
mod sensor;

pub use board::{Costs, SimBoard};
pub use clock::SimClock;
pub use flash::TimedFlash;
pub use sensor::{Script, Sensor};
