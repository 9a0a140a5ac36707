//! The forward pass.

use super::Trainer;
use super::work::{frozen, own_tracks, pair, parameters, scale, span, tensor_mut, tracks_mut};
use crate::kernel::Kernel;
use crate::network::{Forward, Pass, Slot, mode};
use crate::number::{View, ViewMut, cast, cast_mut};
use crate::optim::Optimizer;
use core::ops::Range;

impl<'a, N: Kernel, O: Optimizer<N>, const USES: u128> Trainer<'a, N, O, USES> {
    /// Runs every layer on the sample `x`.
    pub(super) fn forward(&mut self, x: View<'_, N>, pass: Pass) {
        let mut above: Option<&Slot> = None;
        for slot in self.plan.slots() {
            let below = if USES & mode::BACK != 0 {
                self.output_of(slot.from)
            } else {
                above
            };
            self.run_layer(below, x, slot, pass);
            above = Some(slot);
        }
    }

    /// Computes the `count` layers right below layer `index` again, where the backward pass finds them.
    pub(super) fn run_again(&mut self, index: usize, count: usize, x: View<'_, N>) {
        for at in index.saturating_sub(count)..index {
            if let Some(slot) = self.plan.slots().get(at) {
                self.run_layer(self.output_of(slot.from), x, slot, Pass::Again);
            }
        }
    }

    /// Runs one layer, on a copy of its input if that is changed and needed later.
    fn run_layer(&mut self, below: Option<&Slot>, x: View<'_, N>, slot: &Slot, pass: Pass) {
        let copied = if slot.elementwise && !slot.in_place {
            self.copy_input(below, x, slot, pass)
        } else {
            N::Peak::default()
        };
        let peak = N::higher(copied, self.run(below, x, slot, pass));
        // What is only asked for does not change the scales that learning goes by.
        if pass != Pass::Infer {
            N::follow(self.tracks.get_mut(usize::from(slot.track)), peak);
        }
    }

    /// The layer that `place` names, which is its index plus 1; `None` for the model's input.
    pub(super) fn output_of(&self, place: u16) -> Option<&'a Slot> {
        let at = usize::from(place).checked_sub(1)?;
        self.plan.slots().get(at)
    }

    /// Where a pass finds or puts the output of a layer.
    pub(super) fn place(slot: &Slot, pass: Pass) -> u32 {
        if USES & mode::AGAIN != 0 && pass == Pass::Again {
            slot.y_again
        } else {
            slot.y
        }
    }

    /// Runs one layer.
    fn run(&mut self, below: Option<&Slot>, sample: View<'_, N>, slot: &Slot, pass: Pass) -> N::Peak {
        let earlier = slot
            .source
            .filter(|_| USES & mode::BACK != 0)
            .and_then(|source| self.output_of(source));
        let lies =
            |slot: Option<&Slot>| slot.map_or(0..0, |slot| span::<N>(Self::place(slot, pass), slot.output));
        let mut output = span::<N>(Self::place(slot, pass), slot.output);
        let mut input = lies(below);
        if slot.elementwise {
            input = 0..0;
        } else if USES & mode::EXTRAS != 0 && slot.in_place {
            // In place, the input lies at the start of the output's buffer, which is as long as the larger.
            output.end = output.end.max(span::<N>(Self::place(slot, pass), slot.input).end);
            input = 0..0;
        }
        // What is joined with the rest, and what a layer keeps, only some models have.
        let (kept, scratch) = if USES & mode::AGAIN != 0 && pass == Pass::Again {
            (slot.kept_again, slot.scratch_again)
        } else {
            (slot.kept, slot.scratch)
        };
        let (input, joined, y, kept, scratch) = if USES & mode::EXTRAS != 0 {
            let pieces = [input, lies(earlier), output, kept.range(), scratch.range()];
            match self.work.get_disjoint_mut(pieces) {
                Ok([input, joined, y, kept, scratch]) => (&*input, &*joined, y, kept, scratch),
                Err(_) => return N::Peak::default(),
            }
        } else {
            let read = if slot.elementwise { lies(earlier) } else { input };
            match self.work.get_disjoint_mut([read, output]) {
                Ok([read, y]) => (&*read, &*read, y, &mut [][..], &mut [][..]),
                Err(_) => return N::Peak::default(),
            }
        };
        let tracks = &*self.tracks;
        let at = |data, slot: &Slot| View {
            data: cast(data),
            scale: scale::<N>(tracks, slot.track),
        };
        let nothing = View::plain(&[]);
        let x = match below {
            // In place, `x` has but a scale: that at which the input is found in `y`.
            _ if slot.elementwise && !slot.rescales => at(&[], slot),
            Some(below) if slot.elementwise || slot.in_place => at(&[], below),
            None if slot.elementwise || slot.in_place => View {
                data: &[],
                scale: sample.scale,
            },
            Some(below) => at(input, below),
            None => sample,
        };
        let e = match (slot.source, earlier) {
            (None, _) => nothing,
            (Some(_), Some(earlier)) => at(joined, earlier),
            (Some(_), None) => sample,
        };
        let y = ViewMut {
            data: cast_mut(y),
            scale: scale::<N>(tracks, slot.track),
        };
        let own = own_tracks::<N>(tracks, slot);
        let ram = self.params.get_mut(slot.params as usize..).unwrap_or(&mut []);
        let (ram, statistics) = if USES & mode::EXTRAS != 0 {
            let Range { start, end } = slot.tensors.statistics_span::<N>();
            let (ram, rest) = ram.split_at_mut(if end > start {
                start.min(ram.len())
            } else {
                ram.len()
            });
            (&*ram, rest.get_mut(..end - start).unwrap_or(&mut []))
        } else {
            (&*ram, &mut [][..])
        };
        let (flash, scratch) = frozen::<N, USES>(self.plan, self.frozen, slot, scratch);
        slot.layer.forward::<N, USES>(Forward {
            input: slot.input,
            p: parameters::<N>(ram, flash, &own, slot),
            statistics: cast_mut(statistics),
            x,
            e,
            y,
            kept,
            scratch,
            inner: tracks_mut::<N>(self.tracks, slot).1,
            pass,
            visit: slot.visit(),
            random: &mut self.random,
        })
    }

    /// Copies the layer's input, or `x` where nothing is below, to the place of its output.
    /// Returns the copy's peak, for it has a scale of its own and some layers leave it as it is.
    fn copy_input(&mut self, below: Option<&Slot>, x: View<'_, N>, slot: &Slot, pass: Pass) -> N::Peak {
        let y_scale = if !slot.rescales {
            scale::<N>(self.tracks, slot.track)
        } else if let Some(below) = below {
            scale::<N>(self.tracks, below.track)
        } else {
            x.scale
        };
        let y = span::<N>(Self::place(slot, pass), slot.output);
        let (x, y) = match below {
            Some(below) => {
                let (data, y) = pair::<N>(self.work, span::<N>(Self::place(below, pass), below.output), y);
                let scale = scale::<N>(self.tracks, below.track);
                (View { data, scale }, y)
            }
            None => (x, tensor_mut::<N>(self.work, y)),
        };
        let peak = N::copy(
            x,
            ViewMut {
                data: y,
                scale: y_scale,
            },
        );
        // What is at the scale of the layer's input says nothing of its output.
        if slot.rescales { N::Peak::default() } else { peak }
    }
}
