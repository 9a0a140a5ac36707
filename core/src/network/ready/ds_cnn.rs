//! The keyword spotter of MLPerf Tiny.

use super::{batches, depthwise, groups, pointwise};
use crate::network::{Entry, Model, Shape, conv2d, dense, global_average, relu};

/// 49 frames of 10 coefficients: a convolution of 10 × 4 with stride 2 to 64 channels, four times depthwise 3 × 3 and
/// pointwise, the mean over the 25 × 5 that are left, 12 classes: 24,908 parameters, of which 1,152 are running statistics.
///
/// The original pads 4 frames before and 5 after; here it is 5 on either side, which leaves as many.
///
/// Source: Zhang et al., Hello edge: keyword spotting on microcontrollers, 2017.
pub const DS_CNN: Model<'static> = Model::new(INPUT, &layers(batches()));

/// [`DS_CNN`] with group norms: 23,756 parameters. It learns from nothing, one sample at a time.
///
/// Run file: `ds-cnn.toml`.
pub const DS_CNN_GROUPS: Model<'static> = Model::new(INPUT, &layers(groups()));

const INPUT: Shape = Shape::image(1, 49, 10);

const fn layers(norm: Entry) -> [Entry; 29] {
    [
        conv2d(64, [10, 4]).stride(2).padding_by_side([5, 1]),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(64),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(64),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(64),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(64),
        norm,
        relu(),
        global_average(),
        dense(12),
    ]
}
