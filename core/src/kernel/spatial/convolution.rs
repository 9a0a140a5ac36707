//! The sweeps that make a convolution, and a transposed one, out of a matrix.

use super::{Axis, Runs, Window};
use crate::kernel::Sweep;
use core::ops::Range;

impl Window {
    /// The sweeps of a convolution with `outputs` channels, whose weights lie `[taps][channels][outputs]`:
    /// for each row of the output the pixels whose window lies inside at once, and each pixel at an edge
    /// alone. Together they cover every output pixel once, in order.
    pub fn convolution(self, outputs: usize) -> impl Iterator<Item = Runs> + Clone {
        let window = self.flat();
        let whole = window.columns.whole();
        (0..window.rows.output).flat_map(move |r| {
            let edge = move |column| window.sweep(outputs, r, column..column + 1);
            (0..whole.start)
                .map(edge)
                .chain(core::iter::once(window.sweep(outputs, r, whole.clone())))
                .chain((whole.end..window.columns.output).map(edge))
        })
    }

    /// The sweeps for the gradient of some rows of those weights: for each tap and each row of the output
    /// the pixels whose tap lies inside. The terms of each weight come in the order of the output.
    pub fn convolution_weights(self, outputs: usize, rows: Range<usize>) -> impl Iterator<Item = Sweep> {
        let window = self.flat();
        window.each_tap(&rows).flat_map(move |(i, j)| {
            let rows = rows.clone();
            let across = window.columns.outputs(j);
            window.rows.outputs(i).map(move |r| {
                let pixel = window.rows.at(r, i) * window.columns.input + window.columns.at(across.start, j);
                Sweep {
                    positions: across.len(),
                    start: pixel * window.channels,
                    step: window.columns.stride * window.channels,
                    length: window.channels,
                    first: (i * window.columns.kernel + j) * window.channels,
                    target: r * window.columns.output + across.start,
                    outputs,
                }
                .rows(&rows)
            })
        })
    }

    /// Row and column of each tap that has weights among the rows `rows` of all.
    fn each_tap(&self, rows: &Range<usize>) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (channels, width) = (self.channels.max(1), self.columns.kernel.max(1));
        (rows.start / channels..rows.end.div_ceil(channels)).map(move |tap| (tap / width, tap % width))
    }

    /// A window of one pixel that visits every pixel sees one long row.
    fn flat(self) -> Self {
        let (rows, columns) = (self.rows, self.columns);
        if !self.is_pixel() {
            return self;
        }
        Self {
            rows: Axis::ONE,
            columns: Axis::new(rows.input * columns.input, 1, 1, 0, 1),
            ..self
        }
    }

    /// Whether each output pixel sees the input pixel at its own place and no other.
    pub const fn is_pixel(&self) -> bool {
        self.rows.is_pixel() && self.columns.is_pixel()
    }

    /// The outputs `columns` of row `r`, which see the same taps.
    fn sweep(&self, outputs: usize, r: usize, columns: Range<usize>) -> Runs {
        let channels = self.channels;
        let (rows, along) = (self.rows.taps(r), self.columns.taps(columns.start));
        let row = self.columns.kernel * channels;
        // Taps that lie apart are runs of their own.
        let (length, runs) = match self.columns.dilation {
            1 => (along.len() * channels, 1),
            _ => (channels, along.len()),
        };
        let pixel =
            self.rows.at(r, rows.start) * self.columns.input + self.columns.at(columns.start, along.start);
        Runs {
            sweep: Sweep {
                positions: columns.len(),
                start: pixel * channels,
                step: self.columns.stride * channels,
                length,
                first: rows.start * row + along.start * channels,
                target: r * self.columns.output + columns.start,
                outputs,
            },
            count: [rows.len(), runs],
            step: [
                self.rows.dilation * self.input_row(),
                self.columns.dilation * channels,
            ]
            .map(usize::cast_signed),
            rows: [row, channels].map(usize::cast_signed),
        }
    }

    /// The sweeps of a transposed convolution with `outputs` channels, whose weights lie
    /// `[taps][channels][outputs]`. The window is that of the convolution which it transposes, from the
    /// larger image to the smaller: `rows.input × columns.input` pixels are made of
    /// `rows.output × columns.output` pixels of `channels` values. One sweep for each pixel made, in order;
    /// its sum goes over the pixels that reach it in the order in which they lie, so its taps run backward.
    pub fn transposed(self, outputs: usize) -> impl Iterator<Item = Runs> + Clone {
        let Self {
            rows,
            columns,
            channels,
        } = self;
        let row = columns.kernel * channels;
        (0..rows.input).flat_map(move |r| {
            let (above, i) = rows.reaching(r);
            (0..columns.input).map(move |column| {
                let (beside, j) = columns.reaching(column);
                Runs {
                    sweep: Sweep {
                        positions: 1,
                        start: (above.start * columns.output + beside.start) * channels,
                        step: 0,
                        length: channels,
                        first: i * row + j * channels,
                        target: r * columns.input + column,
                        outputs,
                    },
                    count: [above.len(), beside.len()],
                    step: [columns.output * channels, channels].map(usize::cast_signed),
                    rows: [rows.stride * row, columns.stride * channels].map(|step| -step.cast_signed()),
                }
            })
        })
    }

    /// The sweeps for the gradient of some rows of the weights of a transposed convolution: for each tap the
    /// pixels whose window has it inside what is made, a row of them at once where they lie side by side.
    pub fn transposed_weights(self, outputs: usize, rows: Range<usize>) -> impl Iterator<Item = Sweep> {
        let Self {
            rows: down,
            columns,
            channels,
        } = self;
        self.each_tap(&rows).flat_map(move |(i, j)| {
            let rows = rows.clone();
            let across = columns.outputs(j);
            let (positions, step) = match columns.stride {
                1 => (across.len(), across.len().max(1)),
                _ => (1, 1),
            };
            down.outputs(i).flat_map(move |r| {
                let rows = rows.clone();
                across.clone().step_by(step).map(move |column| {
                    Sweep {
                        positions,
                        start: (r * columns.output + column) * channels,
                        step: channels,
                        length: channels,
                        first: (i * columns.kernel + j) * channels,
                        target: down.at(r, i) * columns.input + columns.at(column, j),
                        outputs,
                    }
                    .rows(&rows)
                })
            })
        })
    }
}

impl Axis {
    /// The outputs that see input `at`, for a dilation of 1, and the tap with which the first one does. The
    /// next one sees it with a tap `stride` lower.
    fn reaching(&self, at: usize) -> (Range<usize>, usize) {
        let (at, stride) = (at + self.padding, self.stride.max(1));
        let from = (at + 1).saturating_sub(self.kernel).div_ceil(stride);
        let to = (at / stride + 1).min(self.output).max(from);
        (from..to, at.saturating_sub(from * stride))
    }

    /// Whether each output sees the input at its own place and no other.
    pub const fn is_pixel(&self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.padding == 0
    }
}

#[cfg(test)]
#[path = "convolution_tests.rs"]
mod tests;
