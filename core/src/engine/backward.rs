//! The backward pass.

use super::Trainer;
use super::work::{frozen, own_tracks, pair, parameters, scale, span, tensor, tracks_mut};
use crate::kernel::{Grad, Kernel};
use crate::network::{Backward, Gradient, Gradients, Slot, mode};
use crate::number::{View, ViewMut, cast, cast_mut};
use crate::optim::{Moved, Optimizer};

impl<'a, N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'a, N, O, USES> {
    /// Passes the gradient of layer `index`'s input on and sums that of its parameters; with `step`,
    /// the update is fused: each parameter moves as soon as its gradient is known.
    // Its room on the stack is not that of the forward pass.
    #[inline(never)]
    pub(super) fn backward(&mut self, index: usize, x: View<'_, N>, step: Option<&O::Step>) {
        let plan = self.plan;
        let Some(slot) = plan.slots().get(index).filter(|slot| slot.visited()) else {
            return;
        };
        let below = if USES & mode::BACK != 0 {
            self.output_of(slot.from)
        } else {
            index.checked_sub(1).and_then(|below| plan.slots().get(below))
        };
        if USES & mode::AGAIN != 0 && slot.again > 0 {
            self.run_again(index, slot.again.into(), x);
        }
        let source = slot
            .source
            .filter(|_| USES & mode::BACK != 0 && slot.passes_source)
            .and_then(|source| self.output_of(source));
        if let Some(source) = source.filter(|_| !slot.joins) {
            self.hand_on(slot, source, slot.clears_source);
        }
        let mut joined = N::Peak::default();
        let mut peak = self.through(slot, below, x, source.filter(|_| slot.joins), &mut joined);
        if let Some(source) = source.filter(|_| slot.joins) {
            N::follow(self.tracks.get_mut(usize::from(source.delta_track)), joined);
        }
        if let Some(below) = below.filter(|_| slot.passes) {
            if USES & mode::BACK != 0 && slot.elementwise && slot.shared {
                peak = self.hand_on(slot, below, slot.clears);
            }
            N::follow(self.tracks.get_mut(usize::from(below.delta_track)), peak);
        }
        if !slot.trains {
            return;
        }
        if slot.row != 0 {
            self.by_rows(slot, below, x, step);
        } else if USES & mode::EXTRAS != 0
            && let Some(step) = step
        {
            for tensor in (0..slot.tensors.count()).filter(|tensor| slot.tensors.trained(*tensor)) {
                let first = slot.tensors.gradients_before(tensor);
                let moved = self.fused(slot, tensor, 0..slot.tensors.elements(tensor), first, step);
                self.settle(slot, tensor, moved);
            }
        }
    }

    /// Runs the layer's backward function.
    fn through(
        &mut self,
        slot: &Slot,
        below: Option<&Slot>,
        sample: View<'_, N>,
        joined: Option<&Slot>,
        joined_peak: &mut N::Peak,
    ) -> N::Peak {
        let fused = self.is_fused();
        // By rows, the gradient of the parameters comes later and reads the input itself.
        let reads_input = USES & mode::EXTRAS != 0 && slot.reads_input && slot.row == 0;
        let delta = span::<N>(slot.dy, slot.output);
        let input = match below {
            Some(below) if reads_input => span::<N>(below.y_again, below.output),
            _ => 0..0,
        };
        let output = if slot.reads_output {
            span::<N>(slot.y_again, slot.output)
        } else {
            0..0
        };
        let (dy, dx) = match below {
            _ if slot.elementwise => (0..0, delta),
            Some(below) if slot.passes => (delta, span::<N>(below.dy, below.output)),
            _ => (delta, 0..0),
        };
        let (input, output, dy, dx, de, kept, scratch) = if USES & mode::EXTRAS != 0 {
            let de = joined.map_or(0..0, |joined| span::<N>(joined.dy, joined.output));
            let kept = slot.kept_again.range();
            let scratch = slot.backward_scratch.range();
            match self
                .work
                .get_disjoint_mut([input, output, dy, dx, de, kept, scratch])
            {
                Ok([input, output, dy, dx, de, kept, scratch]) => (input, output, dy, dx, de, kept, scratch),
                Err(_) => return N::Peak::default(),
            }
        } else {
            let nothing = || &mut [][..];
            match self.work.get_disjoint_mut([output, dy, dx]) {
                Ok([output, dy, dx]) => (nothing(), output, dy, dx, nothing(), nothing(), nothing()),
                Err(_) => return N::Peak::default(),
            }
        };
        let tracks = &*self.tracks;
        let x = match below {
            // Also for what a layer has kept of an input that it does not read.
            Some(below) => View {
                data: cast(input),
                scale: scale::<N>(tracks, below.track),
            },
            None if reads_input => sample,
            None => View {
                data: &[],
                scale: sample.scale,
            },
        };
        let (value, delta) = (
            scale::<N>(tracks, slot.track),
            scale::<N>(tracks, slot.delta_track),
        );
        let passed = match below {
            Some(below) if !slot.elementwise || slot.rescales => scale::<N>(tracks, below.delta_track),
            _ => delta,
        };
        let (dx, de) = (cast_mut::<N::Elem>(dx), cast_mut::<N::Elem>(de));
        if slot.clears && !slot.elementwise {
            N::clear(dx);
        }
        if joined.is_some() && slot.clears_source {
            N::clear(de);
        }
        let own = own_tracks::<N>(tracks, slot);
        let de = joined.map(|joined| ViewMut {
            data: de,
            scale: scale::<N>(tracks, joined.delta_track),
        });
        let ram = self.params.get(slot.params as usize..).unwrap_or(&[]);
        let first = if fused { 0 } else { slot.gradient as usize };
        let count = if USES & mode::EXTRAS != 0 && slot.row == 0 {
            slot.tensors.gradients()
        } else {
            0
        };
        let (tracks, inner) = tracks_mut::<N>(self.tracks, slot);
        let (flash, scratch) = frozen::<N, USES>(self.plan, self.frozen, slot, scratch);
        slot.layer.backward::<N, USES>(Backward {
            input: slot.input,
            p: parameters::<N>(ram, flash, &own, slot),
            dp: Gradients {
                data: self.gradients.get_mut(first..first + count).unwrap_or(&mut []),
                tracks,
                tensors: &slot.tensors,
                fresh: fused || self.summed == 0,
            },
            x,
            y: View {
                data: cast(output),
                scale: value,
            },
            dy: View {
                data: cast(dy),
                scale: delta,
            },
            dx: (slot.elementwise || slot.passes).then_some(ViewMut {
                data: dx,
                scale: passed,
            }),
            de,
            de_peak: joined_peak,
            kept,
            scratch,
            inner,
        })
    }

    /// The gradient of the layer's parameters, tensor by tensor; with `step`, some rows of a matrix at a
    /// time, each moved at once.
    fn by_rows(&mut self, slot: &Slot, below: Option<&Slot>, sample: View<'_, N>, step: Option<&O::Step>) {
        for tensor in 0..slot.tensors.count() {
            if !slot.tensors.trained(tensor) {
                continue;
            }
            let elements = slot.tensors.elements(tensor);
            let Some(step) = step else {
                let first = slot.gradient as usize + slot.tensors.gradients_before(tensor);
                self.sum_rows(slot, below, sample, tensor, 0..elements, first);
                continue;
            };
            if tensor == 0 && slot.outer && self.fused_outer(slot, below, sample, step) {
                continue;
            }
            let row = if slot.tensors.weight(tensor) {
                usize::from(slot.row)
            } else {
                elements
            };
            let most = self.gradients.len() / row.max(1) * row;
            let (mut from, mut moved) = (0, Moved::<N>::default());
            while from < elements && most > 0 {
                let window = from..elements.min(from + most);
                from = window.end;
                self.sum_rows(slot, below, sample, tensor, window.clone(), 0);
                let [weights, state] = self.fused(slot, tensor, window, 0, step);
                moved = [N::higher(moved[0], weights), N::higher(moved[1], state)];
            }
            self.settle(slot, tensor, moved);
        }
    }

    /// Sums the gradient of the elements `window` of parameter tensor `tensor`, whole rows of it.
    fn sum_rows(
        &mut self,
        slot: &Slot,
        below: Option<&Slot>,
        sample: View<'_, N>,
        tensor: usize,
        window: core::ops::Range<usize>,
        first: usize,
    ) {
        let row = usize::from(slot.row).max(1);
        let fresh = self.is_fused() || self.summed == 0;
        let Some(data) = self.gradients.get_mut(first..first + window.len()) else {
            return;
        };
        let (mut y, mut kept) = (View::plain(&[]), &mut [][..]);
        let (x, dy) = if USES & mode::EXTRAS != 0 && slot.kept.bytes > 0 {
            let input = below.map_or(0..0, |below| span::<N>(below.y_again, below.output));
            let pieces = [
                if slot.reads_input { input } else { 0..0 },
                if slot.reads_output {
                    span::<N>(slot.y_again, slot.output)
                } else {
                    0..0
                },
                span::<N>(slot.dy, slot.output),
                slot.kept_again.range(),
            ];
            let Ok([input, output, delta, own]) = self.work.get_disjoint_mut(pieces) else {
                return;
            };
            let tracks = &*self.tracks;
            let at = |data, track| View {
                data: cast(data),
                scale: scale::<N>(tracks, track),
            };
            (y, kept) = (at(output, slot.track), own);
            let x = below.map_or(sample, |below| at(input, below.track));
            (x, at(delta, slot.delta_track))
        } else {
            operands::<N>(self.work, self.tracks, slot, below, sample)
        };
        let (tracks, inner) = tracks_mut::<N>(self.tracks, slot);
        slot.layer.gradient::<N, USES>(Gradient {
            input: slot.input,
            x,
            y,
            dy,
            kept,
            inner,
            tensor,
            rows: window.start / row..window.end / row,
            dw: Grad {
                data,
                track: tracks.get_mut(tensor),
            },
            fresh,
        });
    }

    /// Copies or adds the gradient of `from`'s output to that of `to`'s.
    fn hand_on(&mut self, from: &Slot, to: &Slot, copy: bool) -> N::Peak {
        // What rescales has left the gradient at the scale of the one below.
        let found = if from.rescales { to } else { from };
        let scales = (
            scale::<N>(self.tracks, found.delta_track),
            scale::<N>(self.tracks, to.delta_track),
        );
        let (dy, dx) = pair::<N>(
            self.work,
            span::<N>(from.dy, from.output),
            span::<N>(to.dy, to.output),
        );
        let (dy, dx) = (
            View {
                data: dy,
                scale: scales.0,
            },
            ViewMut {
                data: dx,
                scale: scales.1,
            },
        );
        let peak = if copy { N::copy(dy, dx) } else { N::add(dx, dy) };
        N::follow(self.tracks.get_mut(usize::from(to.delta_track)), peak);
        peak
    }
}

/// What the gradient of a layer's parameters is made of: its input, and the gradient of its output.
pub(super) fn operands<'w, N: Kernel>(
    work: &'w [u8],
    tracks: &[N::Track],
    slot: &Slot,
    below: Option<&Slot>,
    sample: View<'w, N>,
) -> (View<'w, N>, View<'w, N>) {
    let x = match below {
        Some(below) => View {
            data: tensor::<N>(work, span::<N>(below.y_again, below.output)),
            scale: scale::<N>(tracks, below.track),
        },
        None => sample,
    };
    let dy = View {
        data: tensor::<N>(work, span::<N>(slot.dy, slot.output)),
        scale: scale::<N>(tracks, slot.delta_track),
    };
    (x, dy)
}
