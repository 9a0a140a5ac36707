//! The shape of a tensor.

/// Extent of a tensor in each dimension, outermost first, innermost contiguous in memory.
///
/// The channel is always innermost: a window of a sensor's frames is a series as it arrives,
/// with no transposition, and a convolution reads contiguous runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Shape {
    rank: u8,
    dims: [u16; 4],
}

impl Shape {
    /// A vector of `length` elements.
    pub const fn vector(length: u16) -> Self {
        Self {
            rank: 1,
            dims: [length, 1, 1, 1],
        }
    }

    /// A series of `length` frames of `channels` values each: `[length][channels]` in memory.
    pub const fn series(channels: u16, length: u16) -> Self {
        Self {
            rank: 2,
            dims: [length, channels, 1, 1],
        }
    }

    /// An image of `height` × `width` pixels of `channels` values: `[height][width][channels]` in memory.
    pub const fn image(channels: u16, height: u16, width: u16) -> Self {
        Self {
            rank: 3,
            dims: [height, width, channels, 1],
        }
    }

    /// A shape from its extents, outermost first.
    pub const fn new<const RANK: usize>(extents: [u16; RANK]) -> Self {
        const { assert!(RANK >= 1 && RANK <= 4, "a shape has one to four dimensions") };
        let mut dims = [1; 4];
        let mut i = 0;
        while i < RANK {
            dims[i] = extents[i];
            i += 1;
        }
        Self {
            rank: RANK as u8,
            dims,
        }
    }

    /// Number of dimensions, 1 to 4.
    pub const fn rank(&self) -> usize {
        self.rank as usize
    }

    /// Extent of each dimension, outermost first.
    pub fn dims(&self) -> &[u16] {
        self.dims.get(..self.rank as usize).unwrap_or(&[])
    }

    /// Extent of dimension `index`; 1 past the rank.
    pub const fn dim(&self, index: usize) -> usize {
        if index < 4 { self.dims[index] as usize } else { 1 }
    }

    /// The shape with `extent` in dimension `index`.
    pub(crate) const fn with_dim(mut self, index: usize, extent: u16) -> Self {
        if index < self.dims.len() {
            self.dims[index] = extent;
        }
        self
    }

    /// Number of elements.
    pub const fn len(&self) -> usize {
        self.dims[0] as usize * self.dims[1] as usize * self.dims[2] as usize * self.dims[3] as usize
    }

    /// Whether there is no element.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values per frame or pixel: the innermost extent of a series or image, 1 for a vector.
    pub const fn channels(&self) -> usize {
        // A match, and not an index: this runs on the chip, where nothing may be able to panic.
        match self.rank {
            2 => self.dims[1] as usize,
            3 => self.dims[2] as usize,
            4 => self.dims[3] as usize,
            _ => 1,
        }
    }

    /// Frames or pixels: the elements divided by the channels.
    pub const fn positions(&self) -> usize {
        // A compiler for size does not see that a divisor was asked about before.
        match self.len().checked_div(self.channels()) {
            Some(positions) => positions,
            None => 0,
        }
    }
}
