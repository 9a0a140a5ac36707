//! The forward pass.

use super::Trainer;
use super::work::{pair, parameters, scale, span, tensor_mut};
use crate::kernel::Kernel;
use crate::network::{Forward, Slot};
use crate::number::{View, ViewMut};
use crate::optim::Optimizer;

impl<N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'_, N, O, USES> {
    /// Runs every layer on the sample `x`.
    pub(super) fn forward(&mut self, x: View<'_, N>) {
        let mut before: Option<&Slot> = None;
        for slot in self.plan.slots() {
            let peak = if slot.layer.in_place() {
                if !slot.in_place {
                    // The input is read again later, so the layer works on a copy.
                    self.read(before, x, slot, N::copy);
                }
                // Its second operand is an earlier output, the model's input, or nothing.
                match slot.source {
                    Some(source) => {
                        let earlier = usize::from(source)
                            .checked_sub(1)
                            .and_then(|at| self.plan.slots().get(at));
                        self.layer(earlier, x, slot)
                    }
                    None => self.layer(None, View::plain(&[]), slot),
                }
            } else {
                self.layer(before, x, slot)
            };
            N::follow(self.tracks.get_mut(usize::from(slot.track)), peak);
            before = Some(slot);
        }
    }

    /// Runs one layer on the output of `from`, or on `x` where there is no such layer.
    fn layer(&mut self, from: Option<&Slot>, x: View<'_, N>, slot: &Slot) -> N::Peak {
        let (params, tracks) = (&*self.params, &*self.tracks);
        let p = parameters::<N>(params, tracks, slot);
        let y_scale = scale::<N>(tracks, slot.track);
        let y = span::<N>(slot.y, slot.output);
        let (x, y) = operands(self.work, tracks, from, x, y);
        let y = ViewMut {
            data: y,
            scale: y_scale,
        };
        slot.layer.forward::<N, USES>(Forward {
            input: slot.input,
            p,
            x,
            y,
        })
    }

    /// Calls `f` with the output of `from`, or `x`, and the place of `slot`'s output.
    fn read(
        &mut self,
        from: Option<&Slot>,
        x: View<'_, N>,
        slot: &Slot,
        f: impl FnOnce(View<'_, N>, ViewMut<'_, N>) -> N::Peak,
    ) {
        let y_scale = scale::<N>(self.tracks, slot.track);
        let (x, y) = operands(self.work, self.tracks, from, x, span::<N>(slot.y, slot.output));
        f(
            x,
            ViewMut {
                data: y,
                scale: y_scale,
            },
        );
    }
}

/// What a layer reads and where it writes.
fn operands<'w, N: Kernel>(
    work: &'w mut [u8],
    tracks: &[N::Track],
    from: Option<&Slot>,
    x: View<'w, N>,
    y: core::ops::Range<usize>,
) -> (View<'w, N>, &'w mut [N::Elem]) {
    match from {
        Some(from) => {
            let (data, y) = pair::<N>(work, span::<N>(from.y, from.output), y);
            (
                View {
                    data,
                    scale: scale::<N>(tracks, from.track),
                },
                y,
            )
        }
        None => (x, tensor_mut::<N>(work, y)),
    }
}
