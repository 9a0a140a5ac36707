//! Promise: the weights of any saved state can be taken into a model whose layers match: bit for bit in the same number,
//! rounded once from a float to another; what does not match is refused with what was found, and nothing moves.

use kilograd::checkpoint::{Contents, Store, Taken, Weights, WeightsError};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Element, View};
use kilograd::optim::{Adam, Optimizer, Sgd};
use kilograd::persist::{Parts, PartsMut, Persist, Record};
use kilograd_sim::flash::{Cell, FaultFlash};

type Flash = FaultFlash<Cell<4, 1024>>;
type Any<N, O> = Trainer<'static, N, O, { u128::MAX }>;

const REGION: u32 = 64 * 1024;
const INPUT: Shape = Shape::series(2, 8);

const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 0.0,
};

const ADAM: Adam = Adam {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
};

/// A base of every storage (weights, biases, statistics, two matrices) and a head.
fn layers(classes: u16) -> Vec<Entry> {
    vec![conv1d(4, 3), batch_norm(), relu(), gru(5), last(), dense(classes)]
}

/// What block fixed point has had from the beginning.
fn plain(classes: u16) -> Vec<Entry> {
    vec![dense(8), relu(), dense(6), relu(), dense(classes)]
}

/// A trainer whose plan and memory live as long as the test.
fn trainer<N: Kernel, O: Optimizer<N>>(layers: &[Entry], optimizer: O, seed: u64) -> Any<N, O> {
    let training = Training::<N, O>::new(Loss::CrossEntropy);
    let plan: PlanOf<16> = Model::new(INPUT, layers).try_plan(&training).unwrap();
    let plan: &'static Plan = Box::leak(Box::new(plan));
    let memory: &'static mut Arena<{ 1 << 16 }> = Box::leak(Box::new(Arena::ZERO));
    let mut trainer = Trainer::new(plan, memory.get_mut(..plan.bytes()).unwrap(), optimizer).unwrap();
    trainer.init(seed);
    trainer
}

/// Some steps, so that statistics, scales and optimizer state are not what they began as.
fn learn<N: Kernel, O: Optimizer<N>>(trainer: &mut Any<N, O>, steps: u32) {
    let mut dice = Pcg::new(3);
    for step in 0..steps {
        let x: Vec<N::Elem> = (0..INPUT.len())
            .map(|_| N::Elem::from_f32(dice.uniform() - 0.5, N::scale(None)))
            .collect();
        let view = View {
            data: &x,
            scale: N::scale(None),
        };
        assert!(trainer.learn(view, Target::Class((step % 3) as usize)).is_some());
        trainer.update();
    }
}

/// A flash with the state `[trainer, 300, contents]`, saved twice.
fn saved<N: Kernel, O: Optimizer<N>>(trainer: &Any<N, O>) -> Flash {
    let mut flash = Flash::new(REGION as usize, 1);
    let contents = Contents::<N>::new(trainer.plan());
    let record = Record::<u32, 8>::new(1, 300);
    let mut store = Store::<_, 256>::new(&mut flash, 0..REGION).unwrap();
    for _ in 0..2 {
        store.save(&Parts(&[trainer, &record, &contents])).unwrap();
    }
    flash
}

/// Every parameter of a layer's tensors, as `f32`.
fn values<N: Kernel, O: Optimizer<N>>(trainer: &Any<N, O>, layer: usize) -> Vec<f32> {
    let specs = trainer.plan().slots()[layer].specs();
    (0..specs.len())
        .flat_map(|index| {
            let name = specs.get(index).unwrap().name;
            trainer
                .parameter(layer, name)
                .unwrap()
                .values()
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn a_new_head_on_an_old_base() {
    let mut old: Any<f32, Sgd> = trainer(&layers(3), SGD, 1);
    learn(&mut old, 20);
    let mut flash = saved(&old);
    // Another optimizer, another head, and a dropout that the old model had not.
    let mut with_dropout = layers(7);
    with_dropout.insert(3, dropout(0.2));
    let mut new: Any<f32, Adam> = trainer(&with_dropout, ADAM, 2);
    let (head, state) = (values(&new, 6), new.steps());
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    assert_eq!((weights.frame().mark.sequence, weights.number()), (2, 1));
    assert_eq!((weights.layers(), weights.tensors()), (6, 2 + 4 + 4 + 2));
    assert_eq!(weights.trainer_bytes() as usize, old.size());
    assert_eq!(weights.matching(&mut flash, new.plan()), Ok(6));
    let taken = weights.take(&mut flash, &mut new, 6);
    let parameters = (2 * 3 * 4 + 4) + 4 * 4 + (4 * 15 + 5 * 15 + 30);
    let expected = Taken {
        layers: 3,
        tensors: 10,
        parameters,
        frozen: 0,
        left: 1,
        unused: 1,
    };
    assert_eq!(taken, Ok(expected));
    for (to, from) in [(0, 0), (1, 1), (4, 3)] {
        assert_eq!(values(&new, to), values(&old, from), "layer {from}");
    }
    assert_eq!(
        (values(&new, 6), new.steps()),
        (head, state),
        "what was not taken is as it was"
    );
    learn(&mut new, 5);
}

#[test]
fn the_same_number_keeps_every_bit() {
    let mut old: Any<Bfp14, Sgd> = trainer(&plain(3), SGD, 1);
    learn(&mut old, 20);
    let mut flash = saved(&old);
    let mut new: Any<Bfp14, Sgd> = trainer(&plain(3), SGD, 2);
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    let taken = weights.take(&mut flash, &mut new, 5).unwrap();
    assert_eq!((taken.layers, taken.left, taken.unused), (3, 0, 0));
    // Both planes of a weight, not only the one that is multiplied with.
    assert_eq!(new.parameter_bytes(), old.parameter_bytes());
    for layer in [0, 2, 4] {
        assert_eq!(values(&new, layer), values(&old, layer));
    }
}

#[test]
fn a_float_is_rounded_once_into_block_fixed_point_and_not_the_other_way() {
    let mut old: Any<f32, Sgd> = trainer(&plain(3), SGD, 1);
    learn(&mut old, 20);
    let mut flash = saved(&old);
    let mut new: Any<Bfp14, Sgd> = trainer(&plain(3), SGD, 2);
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    weights.take(&mut flash, &mut new, 5).unwrap();
    // The same as if it had been set from a slice.
    let mut other: Any<Bfp14, Sgd> = trainer(&plain(3), SGD, 3);
    for layer in [0, 2, 4] {
        for name in ["weight", "bias"] {
            let from: Vec<f32> = old.parameter(layer, name).unwrap().values().collect();
            assert!(other.set_parameter(layer, name, from.iter().copied()));
        }
    }
    assert_eq!(new.parameter_bytes(), other.parameter_bytes());
    let mut flash = saved(&new);
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    let before = old.parameter_bytes().to_vec();
    let refused = WeightsError::Number {
        found: 16,
        expected: 1,
    };
    assert_eq!(weights.take(&mut flash, &mut old, 5), Err(refused));
    assert_eq!(old.parameter_bytes(), before);
}

#[test]
fn double_precision_is_rounded_once() {
    let mut old: Any<f64, Sgd> = trainer(&layers(3), SGD, 1);
    learn(&mut old, 5);
    let mut flash = saved(&old);
    let mut new: Any<f32, Sgd> = trainer(&layers(3), SGD, 2);
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    weights.take(&mut flash, &mut new, 6).unwrap();
    for layer in [0, 1, 3, 5] {
        assert_eq!(values(&new, layer), values(&old, layer));
    }
}

#[test]
fn what_does_not_match_is_refused_with_what_was_found_and_nothing_moves() {
    let mut old: Any<f32, Sgd> = trainer(&layers(3), SGD, 1);
    learn(&mut old, 3);
    let mut flash = saved(&old);
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    let mut refuse = |layers: &[Entry], expected: WeightsError, matching: usize| {
        let mut new: Any<f32, Sgd> = trainer(layers, SGD, 2);
        let before = new.parameter_bytes().to_vec();
        assert_eq!(weights.take(&mut flash, &mut new, layers.len()), Err(expected));
        assert_eq!(new.parameter_bytes(), before);
        assert_eq!(weights.matching(&mut flash, new.plan()), Ok(matching));
        println!("{expected}");
    };
    let shape = |layer, tensor, found, expected| WeightsError::Shape {
        layer,
        tensor,
        found,
        expected,
    };
    let head = shape(5, 0, Shape::new([5, 3]), Shape::new([5, 4]));
    refuse(&layers(4), head, 5);
    let mut others = layers(3);
    others[0] = conv1d(4, 5);
    let kernel = shape(0, 0, Shape::new([3, 2, 4]), Shape::new([5, 2, 4]));
    refuse(&others, kernel, 0);
    others = layers(3);
    others[3] = lstm(5);
    let kind = WeightsError::Kind {
        layer: 3,
        found: 31,
        expected: 32,
    };
    refuse(&others, kind, 3);
    others = layers(3);
    others.push(dense(3));
    let missing = WeightsError::Missing {
        layer: 6,
        expected: 0,
    };
    refuse(&others, missing, 6);
    // Frozen there, so not in the checkpoint; wanted here.
    let mut image: Any<f32, Sgd> = trainer(&layers(3), SGD, 1);
    let mut frozen = layers(3);
    frozen[0] = frozen[0].frozen();
    let plan: PlanOf<16> = Model::new(INPUT, &frozen)
        .try_plan(&Training::<f32, Sgd>::new(Loss::CrossEntropy))
        .unwrap();
    let (mut flat, mut memory) = (Box::new(Arena::<4096>::ZERO), Box::new(Arena::<65536>::ZERO));
    let flat = &mut flat[..plan.frozen];
    assert!(image.write_frozen(&plan, flat));
    let small =
        Trainer::<f32, Sgd, { u128::MAX }>::with_frozen(&plan, &mut memory[..plan.bytes()], SGD, flat);
    let small = small.unwrap();
    let mut flash = Flash::new(REGION as usize, 1);
    let contents = Contents::<f32>::new(&plan);
    let mut store = Store::<_, 256>::new(&mut flash, 0..REGION).unwrap();
    store.save(&Parts(&[&small, &contents])).unwrap();
    let weights = Weights::newest(&mut flash, 0..REGION).unwrap();
    let refused = WeightsError::Frozen { layer: 0, tensor: 0 };
    assert_eq!(weights.take(&mut flash, &mut image, 6), Err(refused));
}

#[test]
fn a_state_is_restored_whole_with_its_list_and_told_apart_from_one_without() {
    let mut old: Any<f32, Sgd> = trainer(&layers(3), SGD, 1);
    learn(&mut old, 3);
    let mut flash = saved(&old);
    let mut new: Any<f32, Sgd> = trainer(&layers(3), SGD, 9);
    let mut record = Record::<u32, 8>::new(1, 0);
    let mut contents = Contents::<f32>::new(new.plan());
    let mut store = Store::<_, 256>::new(&mut flash, 0..REGION).unwrap();
    let mut parts: [&mut dyn kilograd::persist::Restore; 3] = [&mut new, &mut record, &mut contents];
    assert!(store.load(&mut PartsMut(&mut parts)).is_ok());
    assert_eq!(
        (record.value, new.parameter_bytes()),
        (300, old.parameter_bytes())
    );
    let mut flash = Flash::new(REGION as usize, 1);
    assert_eq!(Weights::newest(&mut flash, 0..REGION), Err(WeightsError::NoFrame));
    let mut store = Store::<_, 256>::new(&mut flash, 0..REGION).unwrap();
    store.save(&Parts(&[&old])).unwrap();
    assert_eq!(
        Weights::newest(&mut flash, 0..REGION),
        Err(WeightsError::Unlisted)
    );
}

#[test]
fn the_list_reads_the_same_from_any_offset() {
    let trainer: Any<Bfp14, Sgd> = trainer(&plain(3), SGD, 1);
    let contents = Contents::<Bfp14>::new(trainer.plan());
    let mut whole = vec![0; contents.size()];
    contents.read(0, &mut whole);
    for offset in 0..whole.len() + 3 {
        for length in [0, 1, 7, 36, 50, 300] {
            let mut piece = vec![9; length];
            contents.read(offset, &mut piece);
            for (i, byte) in piece.iter().enumerate() {
                assert_eq!(*byte, whole.get(offset + i).copied().unwrap_or(0));
            }
        }
    }
}
