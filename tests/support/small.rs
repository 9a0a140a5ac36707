//! A small flash for the checkpoint store, with frames in every place.

use crate::lab::Numbered;
use kilograd::checkpoint::{LoadError, Store};
use kilograd_sim::flash::{Cell, FaultFlash};

/// Words of 4 bytes, erase units of 256.
pub type Small = Cell<4, 256>;

/// Bytes of a state.
pub const SIZE: usize = 120;

/// Three segments, each with one frame of the last three states: the newest is the last number.
///
/// # Panics
/// When a save fails.
pub fn full(last: u64) -> FaultFlash<Small> {
    let mut flash = FaultFlash::new(1536, 3);
    for number in 1..=last {
        // A boot for each, so that each goes to the next segment.
        let mut store = Store::<_, 64>::new(&mut flash, 0..1536).unwrap();
        let _ = store.load(&mut Numbered::new(0, SIZE));
        store.save(&Numbered::new(number, SIZE)).unwrap();
    }
    flash
}

/// The number of the state that a boot finds.
///
/// # Errors
/// As the store's.
///
/// # Panics
/// When it is a mixture.
pub fn load(flash: &mut FaultFlash<Small>) -> Result<u64, LoadError> {
    let mut state = Numbered::new(0, SIZE);
    let end = flash.image().len() as u32;
    Store::<_, 64>::new(flash, 0..end).unwrap().load(&mut state)?;
    Ok(state.number())
}
