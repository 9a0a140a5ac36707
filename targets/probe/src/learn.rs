//! A small classification that can be learned by heart: what a program whose size is measured must really do.

use core::hint::black_box;
use kilograd::engine::Trainer;
use kilograd::loss::Target;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Optimizer;

/// Samples, each of a class of its own.
const SAMPLES: usize = 4;

/// Learns as many random samples of `INPUT` values as there are classes; returns the loss of the last epoch.
pub fn by_heart<O: Optimizer<f32>, const INPUT: usize, const USES: u128>(
    trainer: &mut Trainer<'_, f32, O, USES>,
    epochs: u32,
) -> f32 {
    trainer.init(1);
    let mut random = Pcg::new(2);
    let samples: [[f32; INPUT]; SAMPLES] =
        core::array::from_fn(|_| core::array::from_fn(|_| random.uniform()));
    let mut last = f32::INFINITY;
    for _ in 0..epochs {
        last = 0.0;
        for (class, sample) in samples.iter().enumerate() {
            last += trainer
                .learn(View::plain(black_box(sample)), Target::Class(class))
                .unwrap_or(f32::INFINITY);
            trainer.update();
        }
    }
    last
}
