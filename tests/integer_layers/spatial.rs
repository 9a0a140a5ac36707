//! Convolution, pooling, joins.

use crate::harness::{Case, USUAL, compare};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, View};
use kilograd::optim::Sgd;

/// Much that is the same in all samples and a little that is not: scales that fit the first one fit the others, for
/// what is compared here are sums and not the search for scales. Layers stand beside one another without a rectifier,
/// whose slope at a rounded zero is another.
fn steady(random: &mut Pcg, length: usize) -> Vec<i16> {
    let alike = &mut Pcg::new(1);
    let mut draw = || alike.below(2048) as i16 + random.below(1024) as i16 - 1024;
    (0..length).map(|_| draw()).collect()
}

fn learns(what: &str, input: Shape, layers: &[Entry], scale: i16) {
    let mut all = layers.to_vec();
    all.push(dense(3));
    let case = Case {
        sample: steady,
        scale,
        ..Case::new(input, &all)
    };
    compare(what, &case, USUAL);
}

/// The layers, on a series of 20 frames of 5 channels; then a dense layer.
fn series(what: &str, layers: &[Entry]) {
    learns(what, Shape::series(5, 20), layers, -10);
}

/// The same on an image of 9 × 8 pixels of 3 channels.
fn image(what: &str, layers: &[Entry]) {
    learns(what, Shape::image(3, 9, 8), layers, -10);
}

#[test]
fn convolutions_over_time() {
    series("conv1d", &[conv1d(6, 5).stride(2), flatten()]);
    series("conv1d of one frame", &[conv1d(6, 1), conv1d(7, 3), flatten()]);
    series(
        "conv1d, dilated and padded",
        &[conv1d(6, 3), conv1d(5, 3).dilation(2).padding(2), flatten()],
    );
}

#[test]
fn convolutions_over_images() {
    image(
        "conv2d",
        &[
            conv2d(6, [3, 3]).padding(1),
            conv2d(5, [3, 2]).stride(2),
            flatten(),
        ],
    );
    image(
        "conv2d of one pixel",
        &[conv2d(6, [3, 3]), conv2d(8, [1, 1]), flatten()],
    );
    image(
        "conv2d, dilated",
        &[
            conv2d(6, [1, 1]),
            conv2d(5, [3, 3]).dilation(2).padding(2),
            flatten(),
        ],
    );
}

#[test]
fn means_over_positions() {
    // Values of up to 8: less is left of a mean to tell samples apart by.
    learns(
        "global average",
        Shape::series(5, 20),
        &[conv1d(24, 5), global_average()],
        -8,
    );
    learns(
        "average_pool",
        Shape::series(5, 20),
        &[conv1d(12, 3), average_pool(3).stride(2).padding(1), flatten()],
        -9,
    );
    learns(
        "average_pool of an image",
        Shape::image(3, 9, 8),
        &[conv2d(4, [2, 2]), average_pool(2), flatten()],
        -9,
    );
}

#[test]
fn joins() {
    series(
        "add",
        &[
            conv1d(6, 3).padding(1),
            conv1d(6, 3).padding(1),
            add(2),
            flatten(),
        ],
    );
    series(
        "concat",
        &[
            conv1d(3, 3).padding(1),
            conv1d(2, 3).padding(1),
            concat(2),
            flatten(),
        ],
    );
}

#[test]
fn shapes() {
    series("last", &[conv1d(6, 5), last()]);
    series("upsample", &[conv1d(6, 5), upsample(2), conv1d(4, 3), flatten()]);
    image(
        "upsample of an image",
        &[
            conv2d(6, [3, 3]).stride(2),
            upsample(2),
            conv2d(4, [3, 3]),
            flatten(),
        ],
    );
    image(
        "reshape",
        &[reshape(Shape::series(24, 9)), conv1d(6, 3), flatten()],
    );
}

#[test]
fn each_channel_by_itself() {
    series(
        "depthwise1d",
        &[depthwise1d(3).stride(2).padding(1), conv1d(4, 1), flatten()],
    );
    image(
        "depthwise2d",
        &[conv2d(6, [1, 1]), depthwise2d([3, 3]).padding(1), flatten()],
    );
    image(
        "depthwise2d, dilated",
        &[depthwise2d([3, 2]).dilation(2), conv2d(4, [1, 1]), flatten()],
    );
}

#[test]
fn transposed_convolutions() {
    series(
        "transposed1d",
        &[conv1d(12, 5).stride(3), transposed1d(9, 4).stride(2), flatten()],
    );
    image(
        "transposed2d",
        &[
            conv2d(4, [3, 3]).stride(2),
            transposed2d(3, [3, 3]).stride(2).padding(1),
            flatten(),
        ],
    );
}

#[test]
fn pools() {
    series(
        "max_pool",
        &[max_pool(3).stride(2).padding(1), conv1d(4, 3), flatten()],
    );
    image(
        "max_pool of an image",
        &[max_pool(2), conv2d(4, [2, 2]), flatten()],
    );
    series("global_max", &[conv1d(24, 3), global_max()]);
}

/// Output of a planned model after it has found its scales, and the bytes of its work region.
fn inferred(model: &Model<'_>, training: &Training<Bfp14, Sgd>) -> (Vec<i16>, usize) {
    let plan: PlanOf<8> = model.try_plan(training).unwrap();
    let plan: &Plan = &plan;
    let mut memory = Box::new(Arena::<{ 1 << 16 }>::ZERO);
    memory.fill(0xA5);
    let sgd = Sgd {
        learning_rate: 0.1,
        weight_decay: 0.0,
    };
    let memory = &mut memory[..plan.bytes()];
    let mut trainer = Trainer::<Bfp14, Sgd, { u128::MAX }>::new(plan, memory, sgd).unwrap();
    trainer.init(5);
    let data = steady(&mut Pcg::new(3), model.input.len());
    let x = || View {
        data: &data,
        scale: Exponent(-10),
    };
    trainer.calibrate(x());
    (trainer.infer(x()).data.to_vec(), plan.regions.work)
}

/// Written over its input, at another scale, an output has the same bits.
#[test]
fn in_place() {
    let image = Shape::image(3, 9, 8);
    let same = conv2d(3, [3, 3]).padding(1);
    for (what, layer) in [
        ("conv2d of one pixel", conv2d(5, [1, 1])),
        ("conv2d of one pixel to fewer channels", conv2d(2, [1, 1])),
        ("conv2d", conv2d(3, [3, 3]).padding(1)),
        ("depthwise2d", depthwise2d([3, 3]).padding(1)),
        ("max_pool", max_pool(3).stride(2).padding(1)),
        ("average_pool", average_pool(3).stride(2).padding(1)),
    ] {
        let layers = [same, layer, flatten(), dense(3)];
        let model = Model::new(image, &layers);
        let training = Training::new(Loss::CrossEntropy);
        let (beside, larger) = inferred(&model, &training);
        let (over, smaller) = inferred(&model, &training.inference());
        assert_eq!(beside, over, "{what}");
        assert!(smaller < larger, "{what}: {smaller} and {larger}");
        assert!(over.iter().any(|y| *y != 0), "{what}");
    }
}
