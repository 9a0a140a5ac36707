//! Promise: the gradient of a batch is the mean of its samples', and clipping bounds it.

use kilograd::engine::{Clip, Update};
use kilograd::load::{Loader, Split, Table};
use kilograd::loss::Target;
use kilograd::number::View;
use kilograd::train::{Event, Fit, Goals, State};
use support::learner::{Learner, epochs, run, set, steps, with_trainer};

#[test]
fn a_batch_that_the_epoch_cuts_short_is_averaged_over_what_it_has() {
    let (values, labels) = set(10, 0.5);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    let goals = Goals {
        epochs: 2,
        ..Goals::default()
    };
    let (events, _) = run(&table, Split::all(10), 4, goals);
    let epochs = epochs(&events);
    assert_eq!(steps(&events).len(), 6, "4 + 4 + 2 samples, twice");
    for (epoch, steps) in epochs.iter().zip(steps(&events).chunks(3)) {
        let mean = (4.0 * steps[0].1 + 4.0 * steps[1].1 + 2.0 * steps[2].1) / 10.0;
        assert!((epoch.0 - mean).abs() < 1e-6, "{epoch:?} {mean}");
    }
}

/// Gradient of one sample, all parameters in order.
fn gradient(trainer: &Learner<'_>) -> Vec<f32> {
    let tensors = [(0, "weight"), (0, "bias"), (2, "weight"), (2, "bias")];
    tensors
        .iter()
        .flat_map(|(layer, name)| trainer.gradient(*layer, name).unwrap().data.to_vec())
        .collect()
}

#[test]
fn the_gradient_of_a_batch_is_the_mean_of_its_samples() {
    let (values, labels) = set(4, 1.0);
    let single = |index: usize| {
        with_trainer(4, Clip::None, |mut trainer| {
            let x = &values[3 * index..3 * index + 3];
            trainer
                .learn(View::plain(x), Target::Class(labels[index].into()))
                .unwrap();
            gradient(&trainer)
        })
    };
    let singles = [single(0), single(1), single(2), single(3)];
    with_trainer(4, Clip::None, |mut trainer| {
        let before = trainer.parameter_bytes().to_vec();
        for (x, label) in values.chunks(3).zip(&labels) {
            trainer
                .learn(View::plain(x), Target::Class((*label).into()))
                .unwrap();
        }
        let summed = gradient(&trainer);
        let expected: Vec<f32> = (0..summed.len())
            .map(|at| {
                singles[1..]
                    .iter()
                    .fold(singles[0][at], |sum, single| sum + single[at])
            })
            .collect();
        // One term after the other, so to the bit.
        assert_eq!(summed, expected);
        let Update::Done(norm) = trainer.update() else {
            panic!()
        };
        let mean: Vec<f32> = expected.iter().map(|g| g * 0.25).collect();
        let square: f32 = mean.iter().map(|g| g * g).sum();
        assert!((norm - square.sqrt()).abs() < 1e-6);
        let floats = |bytes: &[u8]| -> Vec<f32> {
            bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bits| f32::from_le_bytes(*bits))
                .collect()
        };
        let moved: Vec<f32> = floats(&before)
            .iter()
            .zip(&mean)
            .map(|(w, g)| w - 0.25 * g)
            .collect();
        assert_eq!(floats(trainer.parameter_bytes()), moved);
    });
}

#[test]
fn clipping_bounds_the_step_and_only_when_it_must() {
    let (values, labels) = set(4, 1.0);
    let step = |clip: Clip| {
        with_trainer(4, clip, |mut trainer| {
            let floats = |trainer: &Learner<'_>| -> Vec<f32> {
                let bytes = trainer.parameter_bytes().as_chunks::<4>().0;
                bytes.iter().map(|bits| f32::from_le_bytes(*bits)).collect()
            };
            let before = floats(&trainer);
            for (x, label) in values.chunks(3).zip(&labels) {
                trainer
                    .learn(View::plain(x), Target::Class((*label).into()))
                    .unwrap();
            }
            let Update::Done(norm) = trainer.update() else {
                panic!()
            };
            let step = before
                .iter()
                .zip(floats(&trainer))
                .map(|(w, v)| (w - v) * (w - v))
                .sum::<f32>();
            (norm, step.sqrt() / 0.25, floats(&trainer))
        })
    };
    let (norm, free, unclipped) = step(Clip::None);
    assert!((free - norm).abs() < 1e-4 && norm > 0.3, "{norm} {free}");
    for bound in [0.25, 0.1, 0.01] {
        let (reported, moved, _) = step(Clip::Norm(bound));
        assert_eq!(reported, norm, "the norm is that before clipping");
        assert!((moved - bound).abs() < bound * 1e-3, "{moved} for {bound}");
    }
    assert_eq!(step(Clip::Norm(norm * 1.01)).2, unclipped);
}

/// Every parameter in order.
fn parameters(trainer: &Learner<'_>) -> Vec<f32> {
    let bytes = trainer.parameter_bytes().as_chunks::<4>().0;
    bytes.iter().map(|bits| f32::from_le_bytes(*bits)).collect()
}

#[test]
fn clipping_by_value_bounds_every_element() {
    let (values, labels) = set(4, 1.0);
    // Samples of one update; at one the update is fused into the backward pass.
    for batch in [4, 1] {
        let samples = || values.chunks(3).zip(&labels).take(batch);
        let learn = |trainer: &mut Learner<'_>| {
            for (x, label) in samples() {
                trainer
                    .learn(View::plain(x), Target::Class((*label).into()))
                    .unwrap();
            }
        };
        let (start, gradient) = with_trainer(4, Clip::None, |mut trainer| {
            let start = parameters(&trainer);
            learn(&mut trainer);
            (start, gradient(&trainer))
        });
        let norm = |trainer: &mut Learner<'_>| match trainer.update() {
            Update::Done(norm) => norm,
            other => panic!("{other:?}"),
        };
        let free = with_trainer(batch as u16, Clip::None, |mut trainer| {
            learn(&mut trainer);
            norm(&mut trainer)
        });
        let mut clamped = 0;
        for bound in [0.1, 0.02] {
            with_trainer(batch as u16, Clip::Value(bound), |mut trainer| {
                learn(&mut trainer);
                assert_eq!(norm(&mut trainer), free, "the norm is that before clipping");
                for ((after, w), g) in parameters(&trainer).iter().zip(&start).zip(&gradient) {
                    let g = g / batch as f32;
                    clamped += usize::from(g.abs() > bound);
                    assert_eq!(
                        *after,
                        w - 0.25 * g.clamp(-bound, bound),
                        "batch {batch}, {bound}, {g}"
                    );
                }
            });
        }
        assert!(clamped > 10, "hardly anything was clipped: {clamped}");
    }
}

#[test]
fn norms_of_layers_make_the_whole_norm() {
    let (values, labels) = set(8, 1.0);
    let table = Table::new(&values, &labels, 3, ()).unwrap();
    for (batch, kept) in [(4, true), (1, false)] {
        with_trainer(batch, Clip::None, |mut trainer| {
            let loader = Loader::new(&table, Split::all(8), 0).unwrap();
            let (mut state, mut sample) = (State::beginning(9), [0.0; 3]);
            let goals = Goals::default();
            let mut fit = Fit::new(&mut trainer, loader, &mut sample, &mut state, goals);
            let mut steps = 0;
            while let Some(event) = fit.next_event().unwrap() {
                let Event::Step { norm: whole, .. } = event else {
                    continue;
                };
                let mut norms = vec![];
                fit.tell_norms(&mut |event: &Event| match *event {
                    Event::Norm { layer, norm } => norms.push((layer, norm)),
                    other => panic!("{other:?}"),
                });
                let layers: Vec<u16> = norms.iter().map(|(layer, _)| *layer).collect();
                if kept {
                    assert_eq!(layers, [0, 2], "those that train");
                    let sum: f32 = norms.iter().map(|(_, norm)| norm * norm).sum();
                    assert!((sum.sqrt() - whole).abs() < 1e-5 * whole, "{norms:?} {whole}");
                } else {
                    assert!(layers.is_empty(), "a fused update keeps no gradient: {layers:?}");
                }
                steps += 1;
            }
            assert!(steps > 10);
        });
    }
}
