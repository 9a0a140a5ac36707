//! Adapters beside the matrices of recurrent layers and attention.

use super::matrices::{Chosen, Factors, TENSORS};
use super::recurrence::{follow, scales, split};
use super::{Attention, Backward, For, Forward, Gradient, Gru, InPlace, Lstm, Pass, Reads, Rnn, Room, Visit};
use crate::kernel::{Kernel, Run};
use crate::network::{Param, Params, Shape, Start};
use crate::number::{Number, Scale, View, ViewMut, cast, cast_mut};

/// [`LowRank`](super::LowRank) adapters beside a recurrent layer or attention: each product `Wᵀ x` becomes
/// `Wᵀ x + Uᵀ Dᵀ x`, with factors of its own
///
/// The base stays frozen, in flash. Input and output: those of the base. Parameters: those of the base, then for a
/// recurrent layer `input_down [C, r]`, `input_up [r, G]`, `state_down [H, r]`, `state_up [r, G]` (`G` sums of all
/// gates); for attention `in_down [C, r]`, `in_up [r, 3C]`, `out_down [C, r]`, `out_up [r, C]`. Each `down` is drawn, each
/// `up` zero. Cost: `r (K + O)` multiply-accumulates per product of `K` terms and `O` sums beside those of the base.
/// Keeps what the base keeps, and its input: `h = Dᵀ x` is computed again, a row at a time.
/// Gradients, of each product: `dU = h dyᵀ`, `dh = U dy`, `dD = x dhᵀ`, `dx = W dy + D dh`.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `W + D U` of each matrix.
/// Source: Hu et al., LoRA: low-rank adaptation of large language models, 2021 (scale 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowRankOf<B> {
    /// The frozen layer.
    pub base: B,
    /// Rank of each adapter, `r`.
    pub rank: u16,
}

/// [`Channels`](super::Channels) of the input of a recurrent layer or attention that learn: `Wᵀ x` becomes
/// `Wᵀ x + Vᵀ z`, `z` the input channels `a … a + n − 1` of each frame
///
/// The base stays frozen, in flash. Input and output: those of the base. Parameters: those of the base, then
/// `channels [n, O]`, zero at the start: what these rows of `input_weight` (of attention: `in_weight`) have moved by.
/// Cost: `T n O` multiply-accumulates beside those of the base. Keeps what the base keeps, and `z` in place of its input.
/// Gradients: `dV = z dyᵀ`, `dx = W dy`, and in the chosen channels `V dy` besides.
/// [`merged_weight`](crate::engine::Trainer::merged_weight) gives `W` with `V` added to its rows.
/// Source: Lin et al., On-device training under 256 KB memory, 2022 (sparse update).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelsOf<B> {
    /// The frozen layer.
    pub base: B,
    /// First input channel that learns, `a`.
    pub from: u16,
    /// How many learn, `n`.
    pub count: u16,
}

/// `params` with the factors of matrix number `matrix` of `base`.
const fn factors(
    params: Params,
    base: &Params,
    matrix: usize,
    names: [&'static str; 2],
    rank: u16,
) -> Params {
    let Some(weight) = base.get(matrix) else {
        return Params::NONE;
    };
    let (terms, outputs) = (weight.shape.dim(0), weight.shape.dim(1));
    let [down, up] = names;
    let up = Param {
        start: Start::Zeros,
        ..Param::weight(
            up,
            Shape::new([rank, outputs as u16]),
            rank as u32,
            outputs as u32,
        )
    };
    params
        .with(Param::weight(
            down,
            Shape::new([terms as u16, rank]),
            terms as u32,
            rank as u32,
        ))
        .with(up)
}

/// Functions of both adapters for each base, in place of a trait, whose functions could not be `const`.
macro_rules! beside {
    ($base:ident, $low_rank:literal, $channels:literal, $step:literal, $first:expr, $second:expr) => {
        impl LowRankOf<$base> {
            pub(crate) const NAME: &'static str = $low_rank;
            pub(crate) const ROWS: bool = false;
            /// Scales of its own, behind those of the base: of `h` of each product, then of `dh` of each, as a
            /// [product](Kernel::product) of `U` and `dy`.
            pub(crate) const INNER: usize = <$base>::INNER + 4;
            /// Names of the factors of each matrix.
            pub(crate) const NAMES: [[&'static str; 2]; 2] = [$first, $second];

            pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
                InPlace::Never
            }

            pub(crate) const fn reads(&self) -> Reads {
                self.base.reads()
            }

            const fn h<N: Number>(&self) -> usize {
                self.rank as usize * size_of::<N::Elem>()
            }

            pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
                let room = self.base.room::<N>(input, visit);
                Room {
                    kept: room.kept,
                    forward: room.forward + self.h::<N>(),
                    backward: if visit.any() {
                        room.backward + 2 * self.h::<N>()
                    } else {
                        0
                    },
                }
            }

            pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
                if self.rank == 0 {
                    return Err("needs a rank of at least 1");
                }
                self.base.output(input)
            }

            pub(crate) const fn params(&self, input: Shape) -> Params {
                let base = self.base.params(input);
                let [first, second] = Self::NAMES;
                let one = factors(base, &base, 0, first, self.rank);
                factors(one, &base, $step, second, self.rank)
            }

            /// The matrices of the base are used as often as the biases of their sums.
            pub(crate) const fn macs(&self, input: Shape) -> usize {
                let (base, all) = (self.base.params(input), self.params(input));
                let frames = input.dim(0) * (all.elements() - base.elements());
                self.base.macs(input) + frames
            }

            pub(crate) const fn settings(&self) -> u64 {
                self.base.settings() ^ (self.rank as u64) << 40
            }

            pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
                let (room, scratch) = ports
                    .scratch
                    .split_at_mut_checked(self.h::<N>())
                    .unwrap_or_default();
                let (inner, own) = split(ports.inner, <$base>::INNER);
                let [first, second] = scales::<N, 2>(own);
                let h = [first, second].map(|scale| (scale, N::Peak::default()));
                let m = &mut self.factors::<N>(room, h, Default::default());
                let pass = ports.pass;
                let peak = self.base.forward_by(
                    m,
                    Forward {
                        scratch,
                        inner,
                        ..ports
                    },
                );
                if pass != Pass::Infer {
                    follow::<N, 2>(own, 0, m.h.map(|(_, peak)| peak));
                }
                peak
            }

            pub(crate) fn backward<N: Kernel>(&self, mut ports: Backward<'_, N>) -> N::Peak {
                let (room, scratch) = ports
                    .scratch
                    .split_at_mut_checked(2 * self.h::<N>())
                    .unwrap_or_default();
                if ports.dp.fresh {
                    for tensor in TENSORS..2 * TENSORS {
                        if let Some(dw) = ports.dp.tensor(tensor) {
                            dw.data.fill(Default::default());
                        }
                    }
                }
                let (inner, own) = split(ports.inner, <$base>::INNER);
                let [first, second, of_first, of_second] = scales::<N, 4>(own);
                let h = [first, second].map(|scale| (scale, N::Peak::default()));
                let dh = [of_first, of_second].map(|track| (track, N::Peak::default()));
                let m = &mut self.factors::<N>(room, h, dh);
                let peak = self.base.backward_by(
                    m,
                    Backward {
                        scratch,
                        inner,
                        ..ports
                    },
                );
                follow::<N, 2>(own, 2, m.dh.map(|(_, peak)| peak));
                peak
            }

            fn factors<'a, N: Kernel>(
                &self,
                room: &'a mut [u8],
                h: [(Scale<N>, N::Peak); 2],
                dh: [(Scale<N>, N::Peak); 2],
            ) -> Factors<'a, N> {
                Factors {
                    rank: self.rank.into(),
                    step: $step,
                    room: cast_mut(room),
                    h,
                    dh,
                }
            }

            pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
        }

        impl ChannelsOf<$base> {
            pub(crate) const NAME: &'static str = $channels;
            pub(crate) const ROWS: bool = false;

            pub(crate) const fn in_place(&self, _input: Shape) -> InPlace {
                InPlace::Never
            }

            pub(crate) const fn reads(&self) -> Reads {
                Reads {
                    input: For::Nothing,
                    output: self.base.reads().output,
                }
            }

            /// Bytes of `z`.
            const fn z<N: Number>(&self, input: Shape) -> usize {
                input.dim(0) * self.count as usize * size_of::<N::Elem>()
            }

            pub(crate) const fn room<N: Number>(&self, input: Shape, visit: Visit) -> Room {
                let room = self.base.room::<N>(input, visit);
                Room {
                    kept: room.kept + if visit.trains { self.z::<N>(input) } else { 0 },
                    ..room
                }
            }

            pub(crate) const fn output(&self, input: Shape) -> Result<Shape, &'static str> {
                match self.base.output(input) {
                    Ok(output) if self.fits(input) => Ok(output),
                    Ok(_) => Err("needs at least one channel, and none beyond the input's"),
                    Err(fault) => Err(fault),
                }
            }

            const fn fits(&self, input: Shape) -> bool {
                self.count > 0 && self.from as usize + self.count as usize <= input.channels()
            }

            pub(crate) const fn params(&self, input: Shape) -> Params {
                let base = self.base.params(input);
                match base.get(0) {
                    Some(weight) => base.with(Param {
                        name: "channels",
                        shape: weight.shape.with_dim(0, self.count),
                        start: Start::Zeros,
                        ..weight
                    }),
                    None => Params::NONE,
                }
            }

            pub(crate) const fn macs(&self, input: Shape) -> usize {
                let (base, all) = (self.base.params(input), self.params(input));
                self.base.macs(input) + input.dim(0) * (all.elements() - base.elements())
            }

            pub(crate) const fn settings(&self) -> u64 {
                self.base.settings() ^ ((self.from as u64) << 46 | (self.count as u64) << 30)
            }

            pub(crate) fn forward<N: Kernel>(&self, ports: Forward<'_, N>) -> N::Peak {
                let Forward {
                    input,
                    x,
                    kept,
                    visit,
                    ..
                } = ports;
                let bytes = if visit.trains { self.z::<N>(input) } else { 0 };
                let (z, kept) = kept.split_at_mut_checked(bytes).unwrap_or_default();
                let z = cast_mut::<N::Elem>(z);
                N::clear(z);
                let run = Run {
                    width: input.channels(),
                    from: self.from.into(),
                    length: self.count.into(),
                };
                let (data, scale) = (z, x.scale);
                N::gather(x, ViewMut { data, scale }, run);
                let m = &mut self.chosen::<N>(input, View::plain(&[]));
                self.base.forward_by(m, Forward { kept, ..ports })
            }

            pub(crate) fn backward<N: Kernel>(&self, mut ports: Backward<'_, N>) -> N::Peak {
                let trained = ports.dp.tensors.trained(TENSORS);
                let bytes = if trained { self.z::<N>(ports.input) } else { 0 };
                let (z, kept) = ports.kept.split_at_mut_checked(bytes).unwrap_or_default();
                if ports.dp.fresh
                    && let Some(dw) = ports.dp.tensor(TENSORS)
                {
                    dw.data.fill(Default::default());
                }
                let z = View {
                    data: cast(z),
                    scale: ports.x.scale,
                };
                let m = &mut self.chosen::<N>(ports.input, z);
                // Only the gradient of V is made of it.
                let x = View {
                    data: &[],
                    scale: ports.x.scale,
                };
                self.base.backward_by(m, Backward { kept, x, ..ports })
            }

            fn chosen<'a, N: Kernel>(&self, input: Shape, z: View<'a, N>) -> Chosen<'a, N> {
                Chosen {
                    width: input.channels(),
                    from: self.from.into(),
                    count: self.count.into(),
                    z,
                }
            }

            pub(crate) fn gradient<N: Kernel>(&self, _: Gradient<'_, N>) {}
        }
    };
}

const INPUT: [&str; 2] = ["input_down", "input_up"];
const STATE: [&str; 2] = ["state_down", "state_up"];

beside!(Rnn, "low_rank_rnn", "channels_rnn", 1, INPUT, STATE);
beside!(Gru, "low_rank_gru", "channels_gru", 1, INPUT, STATE);
beside!(Lstm, "low_rank_lstm", "channels_lstm", 1, INPUT, STATE);
beside!(
    Attention,
    "low_rank_attention",
    "channels_attention",
    2,
    ["in_down", "in_up"],
    ["out_down", "out_up"]
);
