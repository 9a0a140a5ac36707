//! How much of its input a window must set aside to write its output over it.

use kilograd::network::Shape;

/// A window that slides over rows and columns, channel by channel.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: usize,
    pub padding: [usize; 2],
    pub dilation: usize,
}

/// Rows and columns; the frames of a series are rows of one pixel.
fn extents(shape: Shape) -> [usize; 2] {
    match *shape.dims() {
        [rows, _] => [rows.into(), 1],
        [rows, columns, _] => [rows.into(), columns.into()],
        _ => [1, 1],
    }
}

/// Values of a position.
fn channels(shape: Shape) -> usize {
    shape.dims().last().copied().unwrap_or(1).into()
}

impl Window {
    /// Which rows (axis 0) or columns (axis 1) of an input of `extent` the output `at` reads.
    fn sources(&self, axis: usize, at: usize, extent: usize) -> impl Iterator<Item = usize> + use<> {
        let Self {
            kernel,
            stride,
            padding,
            dilation,
        } = *self;
        (0..kernel[axis])
            .filter_map(move |tap| (at * stride + tap * dilation).checked_sub(padding[axis]))
            .filter(move |source| *source < extent)
    }

    /// Pixels of the input that must be set aside when the outputs are written in the order of memory from the start of the input; `None` if
    /// the output is larger in some direction.
    pub fn aside(&self, input: Shape, output: Shape) -> Option<usize> {
        let ([height, width], [rows, columns]) = (extents(input), extents(output));
        if rows > height || columns > width {
            return None;
        }
        Some(self.lost(input, output))
    }

    /// The same for a matrix at each position of an image, whose output has channels of its own; `None` unless each row
    /// of the output can be written when the rows that it reads have been set aside, and these are less than
    /// either map.
    pub fn rows_aside(&self, input: Shape, output: Shape) -> Option<usize> {
        let ([height, width], [rows, columns]) = (extents(input), extents(output));
        let (row, written) = (width * channels(input), columns * channels(output));
        // From the first to the last, with those between the taps.
        let reads = |at: usize| {
            let from = (at * self.stride).saturating_sub(self.padding[0]);
            let reach = (self.kernel[0] - 1) * self.dilation + 1;
            from..(at * self.stride + reach)
                .saturating_sub(self.padding[0])
                .min(height)
        };
        let most = (self.kernel[0] - 1) * self.dilation + 1;
        if most >= height || most * row >= rows * written {
            return None;
        }
        let mut set_aside = 0;
        for at in 0..rows {
            // What has been written by now ends before the first row that is still to be set aside.
            let next = reads(at).start.max(set_aside);
            if next < reads(at).end && at * written > next * row {
                return None;
            }
            set_aside = set_aside.max(reads(at).end);
        }
        Some(self.lost(input, output))
    }

    /// Pixels of the input that have been written over while an output still to come reads them, at the worst moment.
    fn lost(&self, input: Shape, output: Shape) -> usize {
        let ([height, width], [rows, columns]) = (extents(input), extents(output));
        let (inputs, outputs) = (channels(input), channels(output));
        let mut last_reader = vec![0; height * width];
        for at in 0..rows * columns {
            for row in self.sources(0, at / columns, height) {
                for column in self.sources(1, at % columns, width) {
                    last_reader[row * width + column] = at;
                }
            }
        }
        let mut lost: Vec<usize> = vec![];
        let (mut most, mut next) = (0, 0);
        for at in 0..rows * columns {
            while next < last_reader.len() && next * inputs < (at + 1) * outputs {
                lost.push(last_reader[next]);
                next += 1;
            }
            lost.retain(|reader| *reader > at);
            most = most.max(lost.len());
        }
        most
    }
}
