//! The integer sums of this chip against their definition: groups of 32 products, each rounded by 8 bits.

use kilograd::kernel::{Kernel, Sweep};
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, View, ViewMut};

/// Most inputs and outputs.
const INPUTS: usize = 70;
const OUTPUTS: usize = 35;
/// Elements in front, so that rows also begin between two words.
const SHIFT: usize = 1;

/// Room for one case.
pub struct Integers {
    w: [i16; SHIFT + INPUTS * OUTPUTS],
    x: [i16; SHIFT + INPUTS],
    y: [i16; OUTPUTS + 1],
    b: [core::num::Saturating<i32>; OUTPUTS],
}

impl Integers {
    pub const ZERO: Self = Self {
        w: [0; SHIFT + INPUTS * OUTPUTS],
        x: [0; SHIFT + INPUTS],
        y: [0; OUTPUTS + 1],
        b: [core::num::Saturating(0); OUTPUTS],
    };

    /// One layer of random numbers, its largest mantissas among them, a third of its inputs 0; whether each output is
    /// right, and nothing behind the last was written.
    pub fn case(&mut self, random: &mut Pcg, inputs: usize, outputs: usize, shift: usize) -> bool {
        let mut draw = |zeros: bool| match random.below(12) {
            0 => 8191,
            1 => -8191,
            2..=5 if zeros => 0,
            _ => random.below(16_383) as i16 - 8191,
        };
        self.w.fill_with(|| draw(false));
        self.x.fill_with(|| draw(true));
        self.b
            .fill_with(|| core::num::Saturating(i32::from(draw(false)) << 9));
        self.y.fill(-7);
        let (w, x) = (&self.w[shift..], &self.x[shift..]);
        let scale = Exponent(-13);
        let sweep = Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: inputs,
            first: 0,
            target: 0,
            outputs,
        };
        <Bfp14>::affine(
            View {
                data: &w[..inputs * outputs],
                scale,
            },
            &self.b[..outputs],
            View {
                data: &x[..inputs],
                scale,
            },
            ViewMut {
                data: &mut self.y[..outputs],
                scale,
            },
            sweep,
        );
        let right = (0..outputs).all(|o| {
            let mut sum = 0_i64;
            for (group, x) in x[..inputs].chunks(32).enumerate() {
                let products = x
                    .iter()
                    .enumerate()
                    .map(|(k, x)| i64::from(*x) * i64::from(w[(32 * group + k) * outputs + o]));
                sum += (products.sum::<i64>() + 128) >> 8;
            }
            // Sums have 18 fraction bits, a bias 24, an output 13.
            sum += (i64::from(self.b[o].0) + 32) >> 6;
            let exact = ((sum + 16) >> 5).clamp(-8191, 8191);
            i64::from(self.y[o]) == exact
        });
        right && self.y[outputs] == -7
    }
}

/// Every number of inputs and outputs up to the most, aligned to words and not.
pub fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..=INPUTS).flat_map(|inputs| {
        (1..=OUTPUTS).flat_map(move |outputs| (0..=SHIFT).map(move |shift| (inputs, outputs, shift)))
    })
}
