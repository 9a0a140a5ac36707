//! One sample forward, and its gradient backward.

use super::Trainer;
use crate::kernel::Kernel;
use crate::loss::{Loss, Target};
use crate::network::{Backward, Forward, Gradient, Gradients, Parameters, Shape, Slot, Tensor, mode};
use crate::number::{Number, View, ViewMut, cast, cast_mut};
use crate::optim::Optimizer;
use core::ops::Range;

/// Where a tensor lies in the work region.
fn span<N: Number>(offset: u32, shape: Shape) -> Range<usize> {
    let from = offset as usize;
    from..from + shape.len() * size_of::<N::Elem>()
}

/// Two tensors of the work region, which the plan keeps apart: one to read, one to write.
fn pair<N: Number>(work: &mut [u8], read: Range<usize>, write: Range<usize>) -> (&[N::Elem], &mut [N::Elem]) {
    match work.get_disjoint_mut([read, write]) {
        Ok([read, write]) => (cast(read), cast_mut(write)),
        Err(_) => (&[], &mut []),
    }
}

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Runs the model on one sample and returns its output, which is there until the next call.
    ///
    /// `x` holds as many elements as the model's input; with another number the output is meaningless.
    pub fn infer<'x>(&mut self, x: impl Into<View<'x, N>>) -> Tensor<'_, N::Elem> {
        self.forward(x.into());
        self.output()
    }

    /// The output of the sample that was last run forward.
    pub fn output(&self) -> Tensor<'_, N::Elem> {
        let View { data, scale } = self.value(self.plan.slots().last());
        Tensor {
            shape: self.plan.output,
            data,
            scale,
        }
    }

    /// The loss of one sample, without learning from it. `None` if the target does not fit the loss.
    pub fn evaluate<'x>(&mut self, x: impl Into<View<'x, N>>, target: Target<'_, N>) -> Option<N::Scalar> {
        let x = x.into();
        self.forward(x);
        self.loss(x, target).map(|(loss, _)| loss)
    }

    /// Runs one sample forward and backward, and sums its gradient for the next
    /// [`update`](Self::update). Returns its loss; `None` if the target does not fit the loss, and
    /// nothing is summed then.
    pub fn learn<'x>(&mut self, x: impl Into<View<'x, N>>, target: Target<'_, N>) -> Option<N::Scalar> {
        let x = x.into();
        if USES & mode::TRAIN == 0 {
            return self.evaluate(x, target);
        }
        if N::CALIBRATES && self.steps == 0 && self.summed == 0 {
            self.once(x, target)?;
            N::turn(self.tracks, true);
        }
        let loss = self.once(x, target)?;
        self.summed = self.summed.saturating_add(1);
        self.window = self.window.saturating_add(1);
        Some(loss)
    }

    /// Forward, loss, backward. The gradients are fresh for the first sample of a batch.
    fn once(&mut self, x: View<'_, N>, target: Target<'_, N>) -> Option<N::Scalar> {
        self.forward(x);
        let (loss, peak) = self.loss(x, target)?;
        let plan = self.plan;
        if let Some(last) = plan.slots().last() {
            N::follow(self.tracks.get_mut(usize::from(last.delta_track)), peak);
        }
        for index in (0..plan.layers).rev() {
            self.backward(index, x);
        }
        Some(loss)
    }

    /// The output of a layer, or nothing.
    fn value(&self, slot: Option<&Slot>) -> View<'_, N> {
        let Some(slot) = slot else { return View::plain(&[]) };
        let data = self
            .work
            .get(span::<N>(slot.y, slot.output))
            .map_or(&[][..], cast);
        View {
            data,
            scale: N::scale(self.tracks.get(usize::from(slot.track))),
        }
    }

    fn forward(&mut self, x: View<'_, N>) {
        let plan = self.plan;
        let mut before: Option<&Slot> = None;
        for slot in plan.slots() {
            let y = span::<N>(slot.y, slot.output);
            let scale = N::scale(self.tracks.get(usize::from(slot.track)));
            let p = parameters::<N>(self.params, self.tracks, slot);
            let peak = if slot.layer.in_place() {
                if !slot.in_place {
                    match before {
                        Some(before) => {
                            let from = N::scale(self.tracks.get(usize::from(before.track)));
                            let (x, y) = pair::<N>(self.work, span::<N>(before.y, before.output), y.clone());
                            N::copy(View { data: x, scale: from }, ViewMut { data: y, scale });
                        }
                        None => {
                            let y = self.work.get_mut(y.clone()).map_or(&mut [][..], cast_mut);
                            N::copy(x, ViewMut { data: y, scale });
                        }
                    }
                }
                let source = slot
                    .source
                    .map(|source| plan.slots().get(usize::from(source).wrapping_sub(1)));
                match source {
                    Some(Some(source)) => {
                        let from = N::scale(self.tracks.get(usize::from(source.track)));
                        let (e, y) = pair::<N>(self.work, span::<N>(source.y, source.output), y);
                        let (x, y) = (View { data: e, scale: from }, ViewMut { data: y, scale });
                        slot.layer.forward::<N, USES>(Forward {
                            input: slot.input,
                            p,
                            x,
                            y,
                        })
                    }
                    other => {
                        // The model's input, or no second operand at all.
                        let x = if other.is_some() { x } else { View::plain(&[]) };
                        let y = self.work.get_mut(y).map_or(&mut [][..], cast_mut);
                        slot.layer.forward::<N, USES>(Forward {
                            input: slot.input,
                            p,
                            x,
                            y: ViewMut { data: y, scale },
                        })
                    }
                }
            } else {
                let (x, y) = match before {
                    Some(before) => {
                        let from = N::scale(self.tracks.get(usize::from(before.track)));
                        let (x, y) = pair::<N>(self.work, span::<N>(before.y, before.output), y);
                        (View { data: x, scale: from }, y)
                    }
                    None => (x, self.work.get_mut(y).map_or(&mut [][..], cast_mut)),
                };
                slot.layer.forward::<N, USES>(Forward {
                    input: slot.input,
                    p,
                    x,
                    y: ViewMut { data: y, scale },
                })
            };
            N::follow(self.tracks.get_mut(usize::from(slot.track)), peak);
            before = Some(slot);
        }
    }

    /// The loss of the output, and its gradient where the backward pass expects it.
    fn loss(&mut self, x: View<'_, N>, target: Target<'_, N>) -> Option<(N::Scalar, N::Peak)> {
        let last = self.plan.slots().last()?;
        let value = N::scale(self.tracks.get(usize::from(last.track)));
        let delta = N::scale(self.tracks.get(usize::from(last.delta_track)));
        let (y, dy) = pair::<N>(
            self.work,
            span::<N>(last.y, last.output),
            span::<N>(last.dy, last.output),
        );
        let (y, dy) = (
            View {
                data: y,
                scale: value,
            },
            ViewMut {
                data: dy,
                scale: delta,
            },
        );
        Loss::of(self.plan.uses).gradient::<N, USES>(x, y, target, dy)
    }

    /// Sums the gradient of layer `index`'s parameters and passes that of its input on.
    fn backward(&mut self, index: usize, x: View<'_, N>) {
        let plan = self.plan;
        let Some(slot) = plan.slots().get(index) else {
            return;
        };
        let below = index.checked_sub(1).and_then(|below| plan.slots().get(below));
        let delta_scale = N::scale(self.tracks.get(usize::from(slot.delta_track)));
        let delta = span::<N>(slot.dy, slot.output);
        if slot.trains {
            let x = match below {
                Some(below) => View {
                    data: self
                        .work
                        .get(span::<N>(below.y, below.output))
                        .map_or(&[][..], cast),
                    scale: N::scale(self.tracks.get(usize::from(below.track))),
                },
                None => x,
            };
            let dy = View {
                data: self.work.get(delta.clone()).map_or(&[][..], cast),
                scale: delta_scale,
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
        let Some(below) = below.filter(|_| slot.passes) else {
            return;
        };
        self.pass_to_source(slot, &delta, delta_scale);
        let p = parameters::<N>(self.params, self.tracks, slot);
        let y_scale = N::scale(self.tracks.get(usize::from(slot.track)));
        // An output that nobody reads backward may be gone by now.
        let y_span = if slot.layer.reads().output {
            span::<N>(slot.y, slot.output)
        } else {
            0..0
        };
        let below_delta = span::<N>(below.dy, below.output);
        let below_scale = N::scale(self.tracks.get(usize::from(below.delta_track)));
        let peak = if slot.layer.in_place() {
            let (y, dy) = pair::<N>(self.work, y_span, delta.clone());
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
                let (dy, dx) = pair::<N>(self.work, delta, below_delta);
                let (dy, dx) = (
                    View {
                        data: dy,
                        scale: delta_scale,
                    },
                    ViewMut {
                        data: dx,
                        scale: below_scale,
                    },
                );
                N::add(dx, dy)
            } else {
                peak
            }
        } else {
            match self.work.get_disjoint_mut([y_span, delta, below_delta]) {
                Ok([y, dy, dx]) => {
                    let dx = cast_mut::<N::Elem>(dx);
                    if slot.clears {
                        N::clear(dx);
                    }
                    slot.layer.backward::<N, USES>(Backward {
                        input: slot.input,
                        p,
                        y: View {
                            data: cast(y),
                            scale: y_scale,
                        },
                        dy: View {
                            data: cast(dy),
                            scale: delta_scale,
                        },
                        dx: ViewMut {
                            data: dx,
                            scale: below_scale,
                        },
                    })
                }
                Err(_) => N::Peak::default(),
            }
        };
        N::follow(self.tracks.get_mut(usize::from(below.delta_track)), peak);
    }

    /// Adds a layer's output gradient to that of the earlier output which the layer reads.
    fn pass_to_source(&mut self, slot: &Slot, delta: &Range<usize>, delta_scale: crate::number::Scale<N>) {
        let Some(source) = slot.source.and_then(|source| usize::from(source).checked_sub(1)) else {
            return;
        };
        let Some(reader) = self
            .plan
            .slots()
            .get(source + 1)
            .filter(|reader| reader.passes && reader.shared)
        else {
            return;
        };
        let _ = reader;
        let Some(source) = self.plan.slots().get(source) else {
            return;
        };
        let scale = N::scale(self.tracks.get(usize::from(source.delta_track)));
        let (dy, de) = pair::<N>(self.work, delta.clone(), span::<N>(source.dy, source.output));
        let (dy, de) = (
            View {
                data: dy,
                scale: delta_scale,
            },
            ViewMut { data: de, scale },
        );
        let peak = if slot.clears_source {
            N::copy(dy, de)
        } else {
            N::add(de, dy)
        };
        N::follow(self.tracks.get_mut(usize::from(source.delta_track)), peak);
    }
}

fn parameters<'a, N: Number>(params: &'a [u8], tracks: &'a [N::Track], slot: &Slot) -> Parameters<'a, N> {
    let specs = slot.specs();
    let from = slot.params as usize;
    Parameters {
        bytes: params.get(from..from + specs.bytes::<N>()).unwrap_or(&[]),
        tracks: tracks.get(usize::from(slot.track) + 2..).unwrap_or(&[]),
        specs,
    }
}
