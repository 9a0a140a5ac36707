//! What can go wrong, one enum per operation, and what to do about it.

use core::fmt;

/// Why a region cannot hold a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RegionError {
    /// The region does not begin and end on erase units.
    Unaligned {
        /// Bytes of an erase unit.
        erase_size: u32,
    },
    /// The region is empty, reversed, or ends after the flash.
    Outside {
        /// Bytes of the flash.
        capacity: u32,
    },
}

/// Why no state was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LoadError {
    /// No save was ever completed here: the region is blank, but for what a cut first save may have left in
    /// its first segment.
    Empty,
    /// There are complete frames, but the chunks of none are intact.
    Damaged {
        /// How many.
        frames: u32,
    },
    /// There is something in the region, and it is not a checkpoint.
    Unknown,
    /// The newest frame is of another model, number format, optimizer or schema.
    Incompatible {
        /// Fingerprint of the frame.
        found: u64,
        /// Fingerprint of the state to restore.
        expected: u64,
    },
    /// The newest frame has the right fingerprint but another length.
    WrongSize {
        /// Bytes of its payload.
        found: u32,
        /// Bytes of the state to restore.
        expected: u32,
    },
    /// The newest frame was written with other chunks, another write size or other segments.
    OtherLayout {
        /// Its chunk size.
        chunk: u16,
        /// Its write size.
        write_size: u16,
        /// Its segment size.
        segment: u32,
    },
    /// The region is too small for two segments of this state.
    TooSmall {
        /// Bytes that the region must have.
        needed: u32,
    },
    /// The bytes are intact but do not decode. The state may be half written: initialise it.
    Malformed,
    /// The flash read differently a second time. The state may be half written: initialise it or load again.
    Flash,
}

/// Why a state was not saved. The last saved state is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SaveError {
    /// The region holds something that this save would, sooner or later, wipe.
    Occupied(LoadError),
    /// The region is too small for two segments of this state.
    TooSmall {
        /// Bytes that the region must have.
        needed: u32,
    },
    /// A part of the state cannot be put into bytes now: a record whose value outgrew it.
    Unencodable,
    /// `step` was called with no save begun, or with a state of another size.
    NotBegun,
    /// Every segment was tried and none took the frame.
    WornOut,
}

/// Why a region was not formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FormatError {
    /// This erase unit did not erase.
    WornOut {
        /// Its address.
        address: u32,
    },
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unaligned { erase_size } => {
                write!(f, "region must begin and end on multiples of {erase_size}")
            }
            Self::Outside { capacity } => write!(f, "region must lie inside the {capacity} bytes of flash"),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no checkpoint yet: initialise the state"),
            Self::Damaged { frames } => write!(
                f,
                "all {frames} checkpoints are damaged: dump the region, then format it"
            ),
            Self::Unknown => {
                f.write_str("region holds something that is no checkpoint: check its address, or format it")
            }
            Self::Incompatible { found, expected } => write!(
                f,
                "checkpoint is of model {found:016x}, this one is {expected:016x}: load it with the firmware that wrote it, or format"
            ),
            Self::WrongSize { found, expected } => {
                write!(
                    f,
                    "checkpoint has {found} bytes of state, this model has {expected}: format to start afresh"
                )
            }
            Self::OtherLayout {
                chunk,
                write_size,
                segment,
            } => write!(
                f,
                "checkpoint has chunks of {chunk}, write size {write_size} and segments of {segment} bytes: use the same, or format"
            ),
            Self::TooSmall { needed } => write!(f, "region is too small: give it at least {needed} bytes"),
            Self::Malformed => f.write_str("checkpoint is intact but does not decode: initialise the state"),
            Self::Flash => {
                f.write_str("flash does not read the same twice: initialise the state or load again")
            }
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(cause) => write!(f, "not saved over what is there: {cause}"),
            Self::TooSmall { needed } => write!(f, "region is too small: give it at least {needed} bytes"),
            Self::Unencodable => {
                f.write_str("a record has too little room for its value: give it more bytes")
            }
            Self::NotBegun => f.write_str("no save of this state is under way: call begin first"),
            Self::WornOut => f.write_str("flash takes no more checkpoints; the last one stays readable"),
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::WornOut { address } = self;
        write!(f, "flash at {address:#x} does not erase: move the region")
    }
}

impl core::error::Error for RegionError {}
impl core::error::Error for LoadError {}
impl core::error::Error for SaveError {}
impl core::error::Error for FormatError {}
