//! Members of a pair or triplet learnt one after the other.

use super::{Loss, Target, Vec, View, pair_loss, triplet_loss};
use crate::engine::{Arena, Trainer, Training};
use crate::network::{Model, PlanOf, Shape, dense, tanh};
use crate::optim::Sgd;

/// Learning both members of a pair, or all of a triplet, sums the gradient of the joint loss.
#[test]
fn the_members_gradients_make_the_whole() {
    const NET: Model<'static> = Model::new(Shape::vector(3), &[dense(5), tanh(), dense(2)]);
    const PAIR: PlanOf<3> = NET.plan(Training::<f64, Sgd>::new(Loss::Pair { margin: 5.0 }).batch(3));
    const TRIPLET: PlanOf<3> = NET.plan(Training::<f64, Sgd>::new(Loss::Triplet { margin: 2.0 }).batch(3));
    const USES: u128 = PAIR.uses() | TRIPLET.uses();
    type Learner<'a> = Trainer<'a, f64, Sgd, USES>;
    /// Learns every member, given the embeddings of all.
    type Learn = fn(&mut Learner<'_>, &[[f64; 3]], &[[f64; 2]]);

    fn embed(trainer: &mut Learner<'_>, x: &[f64; 3]) -> [f64; 2] {
        trainer.infer(View::plain(x)).data.try_into().unwrap()
    }

    fn weights(trainer: &Learner<'_>) -> Vec<f64> {
        bytemuck::cast_slice(trainer.parameter_bytes()).to_vec()
    }

    /// Central differences of `joint` by every parameter, against the step that an update of rate 1 made.
    fn check(mut trainer: Learner<'_>, xs: &[[f64; 3]], learn: Learn, joint: fn(&[[f64; 2]]) -> f64) {
        trainer.init(5);
        let before = weights(&trainer);
        let embeddings: Vec<[f64; 2]> = xs.iter().map(|x| embed(&mut trainer, x)).collect();
        assert!(joint(&embeddings) > 0.1);
        learn(&mut trainer, xs, &embeddings);
        let calls = f64::from(trainer.summed());
        trainer.update();
        let step: Vec<f64> = before.iter().zip(weights(&trainer)).map(|(a, b)| a - b).collect();
        let tensors = [(0, "weight"), (0, "bias"), (2, "weight"), (2, "bias")];
        let mut at = 0;
        let loss_at = |index: usize, by: f64, trainer: &mut Learner<'_>| {
            let mut nudged = before.clone();
            nudged[index] += by;
            let mut from = 0;
            for (layer, name) in tensors {
                use crate::engine::ParameterMut::{Bias, Weight};
                let (Weight(tensor) | Bias(tensor)) = trainer.parameter_mut(layer, name).unwrap();
                let count = tensor.data.len();
                tensor.data.copy_from_slice(&nudged[from..from + count]);
                from += count;
            }
            let embeddings: Vec<[f64; 2]> = xs.iter().map(|x| embed(trainer, x)).collect();
            joint(&embeddings)
        };
        while at < before.len() {
            let slope = (loss_at(at, 1e-5, &mut trainer) - loss_at(at, -1e-5, &mut trainer)) / 2e-5;
            let found = step[at] * calls;
            assert!((found - slope).abs() < 1e-8, "{at}: {found} is not {slope}");
            at += 1;
        }
    }

    let optimizer = Sgd {
        learning_rate: 1.0,
        weight_decay: 0.0,
    };
    let xs = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.5], [-1.0, 0.75, 0.5]];
    let mut arena = Arena::<{ PAIR.bytes() }>::ZERO;
    check(
        Trainer::new(&PAIR, &mut arena, optimizer).unwrap(),
        &xs[..2],
        |trainer, xs, e| {
            for (x, other) in [(&xs[0], &e[1]), (&xs[1], &e[0])] {
                let other = View::plain(&other[..]);
                trainer
                    .learn(View::plain(x), Target::Pair { other, same: false })
                    .unwrap();
            }
        },
        |e| pair_loss(&e[0], &e[1], false, 5.0),
    );
    let mut arena = Arena::<{ TRIPLET.bytes() }>::ZERO;
    check(
        Trainer::new(&TRIPLET, &mut arena, optimizer).unwrap(),
        &xs,
        |trainer, xs, e| {
            let [anchor, positive, negative] = [0, 1, 2].map(|i: usize| View::plain(&e[i][..]));
            let targets = [
                Target::Triplet { positive, negative },
                Target::Positive { anchor, negative },
                Target::Negative { anchor, positive },
            ];
            for (x, target) in xs.iter().zip(targets) {
                trainer.learn(View::plain(x), target).unwrap();
            }
        },
        |e| triplet_loss(&e[0], &e[1], &e[2], 2.0),
    );
}
