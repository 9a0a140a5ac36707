//! The sweeps that make a convolution, and a transposed one, out of a matrix.

use super::{Axis, Runs, Window};
use crate::kernel::Sweep;
use core::ops::Range;

impl Window {
    /// Calls `f` with the sweeps of a convolution with `outputs` channels, whose weights lie
    /// `[taps][channels][outputs]`: for each row of the output the pixels whose window lies inside at once, and
    /// each pixel at an edge alone. Together they cover every output pixel once, in order.
    #[inline]
    pub fn convolution(self, outputs: usize, mut f: impl FnMut(&Runs)) {
        let window = self.flat();
        let whole = window.columns.whole();
        for r in 0..window.rows.output {
            let mut column = 0;
            while column < window.columns.output {
                let next = if whole.contains(&column) {
                    whole.end
                } else {
                    column + 1
                };
                f(&window.sweep(outputs, r, column..next));
                column = next;
            }
        }
    }

    /// Calls `f` with the sweeps for the gradient of some rows of those weights: for each tap and each row
    /// of the output the pixels whose tap lies inside. The terms of each weight come in the order of the
    /// output.
    #[inline]
    pub fn convolution_weights(self, outputs: usize, rows: &Range<usize>, mut f: impl FnMut(Sweep)) {
        let window = self.flat();
        for tap in window.taps_of(rows) {
            let (i, j) = window.place(tap);
            let across = window.columns.outputs(j);
            let mut sweep = Sweep {
                positions: across.len(),
                start: 0,
                step: window.columns.stride * window.channels,
                length: window.channels,
                first: tap * window.channels,
                target: 0,
                outputs,
            };
            for r in window.rows.outputs(i) {
                let pixel = window.rows.at(r, i) * window.columns.input + window.columns.at(across.start, j);
                sweep.start = pixel * window.channels;
                sweep.target = r * window.columns.output + across.start;
                f(sweep.rows(rows));
            }
        }
    }

    /// The taps that have weights among the rows `rows` of all.
    fn taps_of(&self, rows: &Range<usize>) -> Range<usize> {
        let channels = self.channels.max(1);
        rows.start / channels..rows.end.div_ceil(channels)
    }

    /// Row and column of a tap.
    fn place(&self, tap: usize) -> (usize, usize) {
        let width = self.columns.kernel.max(1);
        (tap / width, tap % width)
    }

    /// A window of one pixel that visits every pixel sees one long row.
    #[inline]
    fn flat(mut self) -> Self {
        if self.is_pixel() {
            self.columns.input *= self.rows.input;
            self.columns.output *= self.rows.output;
            self.rows = Axis::ONE;
        }
        self
    }

    /// Whether each output pixel sees the input pixel at its own place and no other.
    pub const fn is_pixel(&self) -> bool {
        self.rows.is_pixel() && self.columns.is_pixel()
    }

    /// The outputs `columns` of row `r`, which see the same taps.
    #[inline(never)]
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

    /// Calls `f` with the sweeps of a transposed convolution with `outputs` channels, whose weights lie
    /// `[taps][channels][outputs]`. The window is that of the convolution which it transposes, from the
    /// larger image to the smaller: `rows.input × columns.input` pixels are made of
    /// `rows.output × columns.output` pixels of `channels` values. One sweep for each pixel made, in order;
    /// its sum goes over the pixels that reach it in the order in which they lie, so its taps run backward.
    #[inline]
    pub fn transposed(&self, outputs: usize, mut f: impl FnMut(&Runs)) {
        let (rows, columns, channels) = (&self.rows, &self.columns, self.channels);
        let row = columns.kernel * channels;
        for r in 0..rows.input {
            let (above, i) = rows.reaching(r);
            for column in 0..columns.input {
                let (beside, j) = columns.reaching(column);
                f(&Runs {
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
                });
            }
        }
    }

    /// Calls `f` with the sweeps for the gradient of some rows of those weights: for each tap the pixels
    /// whose window has it inside what is made, a row of them at once where they lie side by side.
    #[inline]
    pub fn transposed_weights(&self, outputs: usize, rows: &Range<usize>, mut f: impl FnMut(Sweep)) {
        let (down, columns, channels) = (&self.rows, &self.columns, self.channels);
        for tap in self.taps_of(rows) {
            let (i, j) = self.place(tap);
            let across = columns.outputs(j);
            let positions = if columns.stride == 1 { across.len() } else { 1 };
            for r in down.outputs(i) {
                for column in across.clone().step_by(positions.max(1)) {
                    let sweep = Sweep {
                        positions,
                        start: (r * columns.output + column) * channels,
                        step: channels,
                        length: channels,
                        first: tap * channels,
                        target: down.at(r, i) * columns.input + columns.at(column, j),
                        outputs,
                    };
                    f(sweep.rows(rows));
                }
            }
        }
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
