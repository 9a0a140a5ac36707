//! Where a window lies on its input.

use core::ops::Range;

/// One direction of a window that is moved over an input: output `o` sees, for each tap `k`, the input
/// `o · stride + k · dilation − padding`. A tap that lies outside the input is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// Extent of the input.
    pub input: usize,
    /// Extent of the output.
    pub output: usize,
    /// Number of taps.
    pub kernel: usize,
    /// From one output to the next, in elements of the input.
    pub stride: usize,
    /// Elements outside the input, at each end, that a window may reach.
    pub padding: usize,
    /// From one tap to the next, in elements of the input.
    pub dilation: usize,
}

impl Axis {
    /// A direction in which nothing moves.
    pub const ONE: Self = Self::new(1, 1, 1, 0, 1);

    /// An axis with as many outputs as there are whole windows in the padded input.
    pub const fn new(input: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Self {
        let mut axis = Self {
            input,
            output: 0,
            kernel,
            stride,
            padding,
            dilation,
        };
        if let Some(room) = (input + 2 * padding).checked_sub(axis.reach())
            && kernel > 0
            && stride > 0
        {
            axis.output = room / stride + 1;
        }
        axis
    }

    /// Elements from a window's first tap to its last, both included.
    pub const fn reach(&self) -> usize {
        self.kernel.saturating_sub(1) * self.dilation + 1
    }

    /// The taps of output `output` that lie inside the input.
    #[inline]
    pub fn taps(&self, output: usize) -> Range<usize> {
        let begin = output * self.stride;
        let end = self.input + self.padding;
        // Most windows lie inside, and a division takes long where a chip has none.
        if begin >= self.padding && begin + self.reach() <= end {
            return 0..self.kernel;
        }
        let tap = |edge: usize| edge.saturating_sub(begin).div_ceil(self.dilation.max(1));
        let last = tap(end).min(self.kernel);
        tap(self.padding).min(last)..last
    }

    /// The outputs whose tap `tap` lies inside the input.
    #[inline]
    pub fn outputs(&self, tap: usize) -> Range<usize> {
        let begin = tap * self.dilation;
        let output = |edge: usize| edge.saturating_sub(begin).div_ceil(self.stride.max(1));
        let last = output(self.input + self.padding).min(self.output);
        output(self.padding).min(last)..last
    }

    /// The outputs all of whose taps lie inside the input.
    pub fn whole(&self) -> Range<usize> {
        let (first, last) = (self.outputs(0), self.outputs(self.kernel.saturating_sub(1)));
        let from = first.start.max(last.start);
        from..first.end.min(last.end).max(from)
    }

    /// The taps with which outputs see input `at`, and those outputs, by falling output.
    #[inline]
    pub(in crate::kernel) fn seen(&self, at: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
        let Self {
            output,
            kernel,
            stride,
            padding,
            dilation,
            ..
        } = *self;
        (0..kernel).filter_map(move |tap| {
            let from = (at + padding).checked_sub(tap * dilation)?;
            // A division takes long where a chip has none.
            let seen = match stride {
                1 => from,
                _ if from.checked_rem(stride)? != 0 => return None,
                _ => from / stride.max(1),
            };
            (seen < output).then_some((tap, seen))
        })
    }

    /// The inputs from the first to the last that output `output` sees, with those between its taps.
    pub fn sight(&self, output: usize) -> Range<usize> {
        let edge = |at: usize| at.saturating_sub(self.padding).min(self.input);
        edge(output * self.stride)..edge(output * self.stride + self.reach())
    }

    /// The input that tap `tap` of output `output` sees, if it lies inside.
    #[inline]
    pub fn at(&self, output: usize, tap: usize) -> usize {
        (output * self.stride + tap * self.dilation).saturating_sub(self.padding)
    }
}

/// A window over an image of `channels` values per pixel; a series is an image of one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From one row of the image to the next.
    pub rows: Axis,
    /// Along a row.
    pub columns: Axis,
    /// Values per pixel of the input.
    pub channels: usize,
}

impl Window {
    /// Values in a row of the input.
    pub const fn input_row(&self) -> usize {
        self.columns.input * self.channels
    }

    /// Values in a row of an output that has as many channels as the input.
    pub const fn output_row(&self) -> usize {
        self.columns.output * self.channels
    }

    /// Number of taps.
    pub const fn taps(&self) -> usize {
        self.rows.kernel * self.columns.kernel
    }

    /// Whether an output with the input's channels may be written over the input, row after row from the
    /// first, with the rows of [`overwritten`](Self::overwritten) saved before.
    pub const fn shrinks(&self) -> bool {
        self.rows.output <= self.rows.input && self.columns.output <= self.columns.input
    }

    /// Whether an output of `outputs` channels may be written over the input, row after row from the first, if the
    /// rows that each one sees are set aside before, and whether that takes less room than a second map.
    ///
    /// Row `r` ends at `(r + 1)` rows of the output, and the next one sees rows that have not been set aside from
    /// `r · stride + n` on. Both are linear in `r`, so the first and the last such row decide.
    pub const fn recedes(&self, outputs: usize) -> bool {
        let Axis {
            stride,
            padding,
            input,
            output,
            ..
        } = self.rows;
        let reach = self.rows.reach();
        let ahead = if stride > reach { stride } else { reach };
        let (row, written) = (self.input_row(), self.columns.output * outputs);
        let (Some(n), Some(last)) = (ahead.checked_sub(padding), output.checked_sub(1)) else {
            return false;
        };
        if reach >= input || reach * row >= output * written || stride == 0 {
            return false;
        }
        if last == 0 || n >= input {
            return true;
        }
        let rest = (input - n).div_ceil(stride);
        let last = if rest < last { rest } else { last };
        written <= n * row && last * written <= ((last - 1) * stride + n) * row
    }

    /// Rows of the input that are written over while this row of the output or a later one still needs them.
    ///
    /// With outputs that are `q` times as wide as the input, row `r` of the output ends within the first `⌈q (r + 1)⌉`
    /// rows of the input, and needs none before `r · stride − padding`. The difference is largest at the last row
    /// that needs the first one of the input.
    pub const fn overwritten(&self) -> usize {
        let last = match self.rows.padding.checked_div(self.rows.stride) {
            Some(last) if last < self.rows.output => last,
            _ => self.rows.output.saturating_sub(1),
        };
        match ((last + 1) * self.columns.output + self.columns.input).checked_sub(1) {
            Some(values) => match values.checked_div(self.columns.input) {
                Some(rows) => rows,
                None => 0,
            },
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    /// Every helper against the definition, for every small axis.
    #[test]
    fn taps_and_outputs_are_those_inside() {
        for input in 1..8 {
            for kernel in 1..5 {
                for stride in 1..4 {
                    for padding in 0..5 {
                        for dilation in 1..4 {
                            check(Axis::new(input, kernel, stride, padding, dilation));
                        }
                    }
                }
            }
        }
        assert_eq!(Axis::ONE.output, 1);
    }

    fn check(axis: Axis) {
        let sees = |output: usize, tap: usize| {
            let at = (output * axis.stride + tap * axis.dilation) as isize - axis.padding as isize;
            (0..axis.input as isize).contains(&at).then_some(at as usize)
        };
        let whole_windows = (0..100)
            .take_while(|o| o * axis.stride + axis.reach() <= axis.input + 2 * axis.padding)
            .count();
        assert_eq!(axis.output, whole_windows, "{axis:?}");
        for at in 0..axis.input {
            let seen: std::vec::Vec<_> = axis.seen(at).collect();
            let expected: std::vec::Vec<_> = (0..axis.kernel)
                .flat_map(|tap| (0..axis.output).map(move |output| (tap, output)))
                .filter(|(tap, output)| sees(*output, *tap) == Some(at))
                .collect();
            assert_eq!(seen, expected, "{axis:?} {at}");
        }
        for output in 0..axis.output {
            for tap in 0..axis.kernel {
                let inside = sees(output, tap);
                assert_eq!(
                    axis.taps(output).contains(&tap),
                    inside.is_some(),
                    "{axis:?} {output} {tap}"
                );
                assert_eq!(
                    axis.outputs(tap).contains(&output),
                    inside.is_some(),
                    "{axis:?} {output} {tap}"
                );
                if let Some(at) = inside {
                    assert_eq!(axis.at(output, tap), at, "{axis:?} {output} {tap}");
                }
            }
            let whole = (0..axis.kernel).all(|tap| sees(output, tap).is_some());
            assert_eq!(axis.whole().contains(&output), whole, "{axis:?} {output}");
        }
    }

    /// Against a play of the rows: those that an output row sees are set aside, then it is written.
    #[test]
    fn an_output_recedes_where_no_row_is_lost() {
        let mut found = [0; 2];
        for input in 2..9 {
            for kernel in 1..4 {
                for stride in 1..4 {
                    for padding in 0..kernel {
                        for dilation in 1..3 {
                            for (channels, outputs) in [(2, 1), (2, 2), (2, 3), (1, 3), (2, 4), (1, 5)] {
                                let window = Window {
                                    rows: Axis::new(input, kernel, stride, padding, dilation),
                                    columns: Axis::new(6, 1, stride, 0, 1),
                                    channels,
                                };
                                let expected = window.rows.output > 0 && plays(&window, outputs);
                                assert_eq!(window.recedes(outputs), expected, "{window:?} {outputs}");
                                found[usize::from(expected)] += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(found[0] > 200 && found[1] > 200, "{found:?}");
    }

    fn plays(window: &Window, outputs: usize) -> bool {
        let (row, written) = (window.input_row(), window.columns.output * outputs);
        let (rows, reach) = (&window.rows, window.rows.reach());
        if reach >= rows.input || reach * row >= rows.output * written {
            return false;
        }
        let mut aside = [false; 9];
        for r in 0..rows.output {
            for at in rows.sight(r) {
                if !aside[at] && at * row < r * written {
                    return false;
                }
                aside[at] = true;
            }
        }
        true
    }
}
