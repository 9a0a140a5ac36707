//! The backward pass.

use super::Trainer;
use super::work::{pair, parameters, scale, span, tensor};
use crate::kernel::Kernel;
use crate::network::{Backward, Gradient, Gradients, Slot};
use crate::number::{View, ViewMut, cast, cast_mut};
use crate::optim::Optimizer;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Sums the gradient of layer `index`'s parameters and passes that of its input on.
    pub(super) fn backward(&mut self, index: usize, x: View<'_, N>) {
        let plan = self.plan;
        let Some(slot) = plan.slots().get(index) else {
            return;
        };
        let below = index.checked_sub(1).and_then(|below| plan.slots().get(below));
        if slot.trains {
            self.sum_gradient(slot, below, x);
        }
        let Some(below) = below.filter(|_| slot.passes) else {
            return;
        };
        self.pass_to_source(slot);
        let peak = if slot.layer.in_place() {
            self.pass_in_place(slot, below)
        } else {
            self.pass_down(slot, below)
        };
        N::follow(self.tracks.get_mut(usize::from(below.delta_track)), peak);
    }

    /// The gradient of the layer's parameters.
    fn sum_gradient(&mut self, slot: &Slot, below: Option<&Slot>, x: View<'_, N>) {
        let x = match below {
            Some(below) => View {
                data: tensor::<N>(self.work, span::<N>(below.y, below.output)),
                scale: scale::<N>(self.tracks, below.track),
            },
            None => x,
        };
        let dy = View {
            data: tensor::<N>(self.work, span::<N>(slot.dy, slot.output)),
            scale: scale::<N>(self.tracks, slot.delta_track),
        };
        let specs = slot.specs();
        let from = slot.gradient as usize;
        let data = self
            .gradients
            .get_mut(from..from + specs.elements())
            .unwrap_or(&mut []);
        let tracks = self
            .tracks
            .get_mut(usize::from(slot.track) + 2..)
            .unwrap_or(&mut []);
        let dp = Gradients {
            data,
            tracks,
            specs,
            fresh: self.summed == 0,
        };
        slot.layer.gradient::<N, USES>(Gradient {
            input: slot.input,
            x,
            dy,
            dp,
        });
    }

    /// Adds the layer's output gradient to that of the earlier output which the layer reads.
    fn pass_to_source(&mut self, slot: &Slot) {
        let Some(source) = slot.source.and_then(|source| usize::from(source).checked_sub(1)) else {
            return;
        };
        // Nobody needs it unless something trains at or below the earlier output.
        let reader = self.plan.slots().get(source + 1);
        if !reader.is_some_and(|reader| reader.passes && reader.shared) {
            return;
        }
        let Some(source) = self.plan.slots().get(source) else {
            return;
        };
        self.hand_on(slot, source, slot.clears_source);
    }

    /// An in-place layer changes the gradient where it lies.
    fn pass_in_place(&mut self, slot: &Slot, below: &Slot) -> N::Peak {
        let p = parameters::<N>(self.params, self.tracks, slot);
        let y_scale = scale::<N>(self.tracks, slot.track);
        let delta_scale = scale::<N>(self.tracks, slot.delta_track);
        let (y, dy) = pair::<N>(self.work, kept_output::<N>(slot), span::<N>(slot.dy, slot.output));
        let peak = slot.layer.backward::<N, USES>(Backward {
            input: slot.input,
            p,
            y: View {
                data: y,
                scale: y_scale,
            },
            dy: View::plain(&[]),
            dx: ViewMut {
                data: dy,
                scale: delta_scale,
            },
        });
        if slot.shared {
            self.hand_on(slot, below, false)
        } else {
            peak
        }
    }

    /// Other layers add to the gradient of their input.
    fn pass_down(&mut self, slot: &Slot, below: &Slot) -> N::Peak {
        let (params, tracks) = (&*self.params, &*self.tracks);
        let p = parameters::<N>(params, tracks, slot);
        let spans = [
            kept_output::<N>(slot),
            span::<N>(slot.dy, slot.output),
            span::<N>(below.dy, below.output),
        ];
        let Ok([y, dy, dx]) = self.work.get_disjoint_mut(spans) else {
            return N::Peak::default();
        };
        let dx = cast_mut::<N::Elem>(dx);
        if slot.clears {
            N::clear(dx);
        }
        slot.layer.backward::<N, USES>(Backward {
            input: slot.input,
            p,
            y: View {
                data: cast(y),
                scale: scale::<N>(tracks, slot.track),
            },
            dy: View {
                data: cast(dy),
                scale: scale::<N>(tracks, slot.delta_track),
            },
            dx: ViewMut {
                data: dx,
                scale: scale::<N>(tracks, below.delta_track),
            },
        })
    }

    /// Copies or adds the gradient of `from`'s output to that of `to`'s.
    fn hand_on(&mut self, from: &Slot, to: &Slot, copy: bool) -> N::Peak {
        let scales = (
            scale::<N>(self.tracks, from.delta_track),
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

/// Where the layer's output lies, if the layer reads it backward; it may be gone otherwise.
fn kept_output<N: Kernel>(slot: &Slot) -> core::ops::Range<usize> {
    if slot.layer.reads().output {
        span::<N>(slot.y, slot.output)
    } else {
        0..0
    }
}
