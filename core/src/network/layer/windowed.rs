//! What convolution and pooling have in common: how a window fits its input, and a matrix that is swept
//! over it.

use super::{Backward, Forward, Gradient, Room, Visit};
use crate::kernel::{Axis, Grad, Kernel, Runs, Sweep, Window};
use crate::network::Shape;
use crate::number::{Number, View, ViewMut, cast_mut};
use core::ops::Range;

/// The settings by which a window moves, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Motion {
    pub(super) stride: u16,
    pub(super) padding: u16,
    pub(super) dilation: u16,
}

impl Motion {
    /// All of it, for a fingerprint. A dilation of 1 leaves the number that it had before there was any.
    pub(super) const fn settings(self) -> u64 {
        (self.dilation as u64).wrapping_sub(1) << 32 | (self.stride as u64) << 16 | self.padding as u64
    }

    const fn axis(self, input: usize, kernel: u16) -> Axis {
        Axis::new(
            input,
            kernel as usize,
            self.stride as usize,
            self.padding as usize,
            self.dilation as usize,
        )
    }

    /// The window of a series along a column: one frame below the other.
    pub(super) const fn down(self, input: Shape, kernel: u16) -> Window {
        Window {
            rows: self.axis(input.dim(0), kernel),
            columns: Axis::ONE,
            channels: input.channels(),
        }
    }

    /// The window of a series along a row: its frames are one run.
    pub(super) const fn along(self, input: Shape, kernel: u16) -> Window {
        Window {
            rows: Axis::ONE,
            columns: self.axis(input.dim(0), kernel),
            channels: input.channels(),
        }
    }

    /// The window of an image.
    pub(super) const fn over(self, input: Shape, [height, width]: [u16; 2]) -> Window {
        Window {
            rows: self.axis(input.dim(0), height),
            columns: self.axis(input.dim(1), width),
            channels: input.channels(),
        }
    }

    /// The window of a series (down) or an image.
    pub(super) const fn of<const D: usize>(self, input: Shape, kernel: [u16; D]) -> Window {
        let [height, width] = both(kernel);
        if D == 1 {
            self.down(input, height)
        } else {
            self.over(input, [height, width])
        }
    }

    /// The window of a pool, as wide as it is high.
    pub(super) const fn square(self, input: Shape, size: u16) -> Window {
        match input.rank() {
            3 => self.over(input, [size, size]),
            _ => self.down(input, size),
        }
    }

    /// The shape of a pool's output, or what is wrong.
    pub(super) const fn pooled(self, input: Shape, window: &Window) -> Result<Shape, &'static str> {
        if input.rank() < 2 {
            return Err("needs a series or an image as its input");
        }
        match self.outputs(window) {
            Ok(extents) if input.rank() == 2 => Ok(shape::<1>(input.channels(), extents)),
            Ok(extents) => Ok(shape::<2>(input.channels(), extents)),
            Err(fault) => Err(fault),
        }
    }

    /// The extents of the output, or what is wrong.
    pub(super) const fn outputs(self, window: &Window) -> Result<[u16; 2], &'static str> {
        if self.stride == 0 {
            return Err("stride must be at least 1");
        }
        if self.dilation == 0 {
            return Err("dilation must be at least 1");
        }
        let mut extents = [0; 2];
        let mut i = 0;
        while i < 2 {
            let axis = if i == 0 { window.rows } else { window.columns };
            if axis.kernel == 0 || axis.padding >= axis.reach() {
                return Err("padding must be less than the kernel, and the kernel at least 1");
            }
            if axis.output == 0 {
                return Err("kernel must be 1 to the input length");
            }
            if axis.output > u16::MAX as usize {
                return Err("has an output of more than 65535 elements");
            }
            extents[i] = axis.output as u16;
            i += 1;
        }
        Ok(extents)
    }
}

/// The kernel of a series has one extent, that of an image two.
pub(super) const fn both<const D: usize>(kernel: [u16; D]) -> [u16; 2] {
    // Patterns, and no index: this runs on the chip, where nothing may be able to panic.
    match *kernel.as_slice() {
        [height, width] => [height, width],
        [length] => [length, 1],
        _ => [1, 1],
    }
}

/// A kernel's width, for a fingerprint: an area alone does not tell 2 × 3 from 3 × 2.
pub(super) const fn width<const D: usize>(kernel: [u16; D]) -> u64 {
    let [_, width] = both(kernel);
    (width as u64) << 48
}

/// Number of taps of a kernel.
pub(super) const fn taps<const D: usize>(kernel: [u16; D]) -> u32 {
    let [height, width] = both(kernel);
    height as u32 * width as u32
}

/// Whether the input is a series, for a window of one extent, or an image, for one of two.
pub(super) const fn dimensions<const D: usize>(input: Shape) -> Result<(), &'static str> {
    if input.rank() == D + 1 {
        Ok(())
    } else if D == 1 {
        Err("needs a series as its input: Shape::series(channels, length)")
    } else {
        Err("needs an image as its input: Shape::image(channels, height, width)")
    }
}

/// A series or an image of `channels` and these extents.
pub(super) const fn shape<const D: usize>(channels: usize, [height, width]: [u16; 2]) -> Shape {
    if D == 1 {
        Shape::series(channels as u16, height)
    } else {
        Shape::image(channels as u16, height, width)
    }
}

/// Bytes for the rows that are written over too early where an output lies over its input.
pub(super) const fn saved<N: Number>(window: &Window, visit: Visit) -> usize {
    if window.shrinks() && !visit.any() {
        window.overwritten() * window.input_row() * size_of::<N::Elem>()
    } else {
        0
    }
}

/// Room for the pixel that is set aside where a window of one pixel works in place.
pub(super) const fn aside<N: Number>(window: &Window, visit: Visit) -> Room {
    Room {
        forward: if window.is_pixel() && !visit.any() {
            window.channels * size_of::<N::Elem>()
        } else {
            0
        },
        ..Room::NONE
    }
}

/// Room for the rows that are set aside where a larger window works in place.
pub(super) const fn rows_aside<N: Number>(window: &Window, outputs: usize, visit: Visit) -> Room {
    Room {
        forward: if window.recedes(outputs) && !visit.any() {
            window.rows.reach() * window.input_row() * size_of::<N::Elem>()
        } else {
            0
        },
        ..Room::NONE
    }
}

/// `y = b + W x` over the sweeps that `each` gives; without `b`, `y += W x`. `SHORT` where their runs may
/// be short.
#[inline]
pub(super) fn sweep<const SHORT: bool, N: Kernel>(
    w: View<'_, N>,
    b: &[N::Bias],
    x: View<'_, N>,
    y: &mut ViewMut<'_, N>,
    each: impl FnOnce(&mut dyn FnMut(&Runs)),
) -> N::Peak {
    let mut peak = N::Peak::default();
    each(&mut |runs| {
        let y = ViewMut {
            data: &mut *y.data,
            scale: y.scale,
        };
        peak = N::higher(peak, sums::<SHORT, N>(w, b, x, y, runs));
    });
    peak
}

/// [`sweep`] over one of them.
#[inline]
fn sums<const SHORT: bool, N: Kernel>(
    w: View<'_, N>,
    b: &[N::Bias],
    x: View<'_, N>,
    y: ViewMut<'_, N>,
    runs: &Runs,
) -> N::Peak {
    match runs.count {
        [1, 1] => N::affine(w, b, x, y, runs.sweep),
        _ if SHORT => N::affine_window(w, b, x, y, *runs),
        _ => N::affine_runs(w, b, x, y, *runs),
    }
}

/// `dx += Wᵀ dy` over the sweeps that `each` gives.
#[inline]
pub(super) fn sweep_input<N: Kernel>(
    w: View<'_, N>,
    dy: View<'_, N>,
    dx: &mut ViewMut<'_, N>,
    each: impl FnOnce(&mut dyn FnMut(&Runs)),
) -> N::Peak {
    let mut peak = N::Peak::default();
    each(&mut |runs| {
        runs.each(|sweep| {
            let dx = ViewMut {
                data: &mut *dx.data,
                scale: dx.scale,
            };
            peak = N::higher(peak, N::affine_input(w, dy, dx, sweep));
        });
    });
    peak
}

/// `dW += x dyᵀ` over the sweeps that `each` gives.
#[inline]
pub(super) fn sweep_weights<N: Kernel>(
    x: View<'_, N>,
    dy: View<'_, N>,
    dw: Grad<'_, N>,
    fresh: bool,
    each: impl FnOnce(&mut dyn FnMut(Sweep)),
) {
    // A sweep touches only some rows, so what is fresh is cleared here and then summed into.
    if fresh {
        dw.data.fill(Default::default());
    }
    let Grad { data, mut track } = dw;
    each(&mut |sweep| {
        let dw = Grad {
            data: &mut *data,
            track: track.as_deref_mut(),
        };
        N::affine_weights(x, dy, dw, sweep, false);
    });
}

/// [`sweep`] with a layer's weight and bias.
#[inline]
pub(super) fn forward<const SHORT: bool, N: Kernel>(
    ports: Forward<'_, N>,
    each: impl FnOnce(&mut dyn FnMut(&Runs)),
) -> N::Peak {
    let Forward { p, x, mut y, .. } = ports;
    sweep::<SHORT, N>(p.weight(0), p.bias(1), x, &mut y, each)
}

/// [`sweep_input`] with a layer's weight.
#[inline]
pub(super) fn backward<N: Kernel>(
    ports: Backward<'_, N>,
    each: impl FnOnce(&mut dyn FnMut(&Runs)),
) -> N::Peak {
    let Backward { p, dy, dx, .. } = ports;
    match dx {
        Some(mut dx) => sweep_input(p.weight(0), dy, &mut dx, each),
        None => N::Peak::default(),
    }
}

/// [`sweep_weights`] for the rows asked for, or `db += Σ dy`.
#[inline]
pub(super) fn gradient<N: Kernel>(
    ports: Gradient<'_, N>,
    each: impl FnOnce(&Range<usize>, &mut dyn FnMut(Sweep)),
) {
    let Gradient { x, dy, dw, fresh, .. } = ports;
    if ports.tensor != 0 {
        return N::affine_bias(dy, dw, fresh);
    }
    sweep_weights(x, dy, dw, fresh, |f| each(&ports.rows, f));
}

/// `y[p] = b + W x[p]` for a window of one pixel, over the input itself: one pixel at a time is set
/// aside before its place is written over. Where a pixel grows, the last one goes first.
#[inline(never)]
pub(super) fn pixel_by_pixel<N: Kernel>(ports: Forward<'_, N>, outputs: usize) -> N::Peak {
    let Forward {
        input,
        p,
        x,
        y,
        scratch,
        ..
    } = ports;
    let from = x.scale;
    let (inputs, positions) = (input.channels(), input.positions());
    let mut peak = N::Peak::default();
    let Some(aside) = cast_mut::<N::Elem>(scratch).get_mut(..inputs) else {
        return peak;
    };
    for at in 0..positions {
        let at = if outputs > inputs { positions - 1 - at } else { at };
        let Some(x) = y.data.get(at * inputs..(at + 1) * inputs) else {
            return peak;
        };
        aside.copy_from_slice(x);
        let (x, y) = (
            View {
                data: &*aside,
                scale: from,
            },
            ViewMut {
                data: &mut *y.data,
                scale: y.scale,
            },
        );
        let sweep = Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: inputs,
            first: 0,
            target: at,
            outputs,
        };
        peak = N::higher(peak, N::affine(p.weight(0), p.bias(1), x, y, sweep));
    }
    peak
}

/// `y[p] = b + W x[p]` for a window of any size, over the input itself: the rows of the input that a row of the output
/// sees are set aside before it is written. Only where the window [recedes](Window::recedes).
#[inline(never)]
pub(super) fn row_by_row<N: Kernel>(ports: Forward<'_, N>, window: Window, outputs: usize) -> N::Peak {
    let Forward { p, x, y, scratch, .. } = ports;
    let (aside, row) = (cast_mut::<N::Elem>(scratch), window.input_row());
    let mut held = 0..0;
    let mut peak = N::Peak::default();
    window.convolution(outputs, |runs| {
        let seen = window
            .rows
            .sight(runs.sweep.target / window.columns.output.max(1));
        if seen != held {
            // Rows that the row before has seen too move up, the next ones come from the map.
            let shared = seen.start.min(held.end)..held.end;
            let from = (shared.start - held.start.min(shared.start)) * row;
            let length = shared.len() * row;
            // Not `copy_within`, which can panic.
            for at in 0..length {
                if let Some(x) = aside.get(from + at).copied()
                    && let Some(to) = aside.get_mut(at)
                {
                    *to = x;
                }
            }
            let fresh = seen.start.max(held.end) * row..seen.end * row;
            let rest = aside.get_mut(length..).unwrap_or(&mut []);
            for (to, x) in rest.iter_mut().zip(y.data.get(fresh).unwrap_or(&[])) {
                *to = *x;
            }
            held = seen.clone();
        }
        let mut runs = *runs;
        runs.sweep.start = runs.sweep.start.saturating_sub(seen.start * row);
        let (x, y) = (
            View {
                data: &*aside,
                scale: x.scale,
            },
            ViewMut {
                data: &mut *y.data,
                scale: y.scale,
            },
        );
        peak = N::higher(peak, sums::<true, N>(p.weight(0), p.bias(1), x, y, &runs));
    });
    peak
}
