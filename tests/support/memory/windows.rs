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

    /// Pixels of the input that have been written over while an output still to come reads them, at the worst
    /// moment, when the outputs are written in the order of memory from the start of the input; `None` if
    /// the output is larger in some direction.
    pub fn aside(&self, input: Shape, output: Shape) -> Option<usize> {
        let ([height, width], [rows, columns]) = (extents(input), extents(output));
        if rows > height || columns > width {
            return None;
        }
        let mut last_reader = vec![0; height * width];
        for at in 0..rows * columns {
            for row in self.sources(0, at / columns, height) {
                for column in self.sources(1, at % columns, width) {
                    last_reader[row * width + column] = at;
                }
            }
        }
        let mut lost: Vec<usize> = vec![];
        let mut most = 0;
        for (at, last) in last_reader.iter().enumerate().take(rows * columns) {
            lost.push(*last);
            lost.retain(|reader| *reader > at);
            most = most.max(lost.len());
        }
        Some(most)
    }
}
