//! The network of the visual wake words of MLPerf Tiny.

use super::{batches, depthwise, groups, pointwise};
use crate::network::{Entry, Model, Shape, conv2d, dense, global_average, relu};

/// MobileNetV1 at a quarter of its width: 96 × 96 pixels of 3 colours, a convolution to 8 channels, thirteen times depthwise
/// 3 × 3 and pointwise up to 256 channels, the mean over the last 3 × 3 pixels, 10 classes: 223,850 parameters, of which
/// 5,472 are running statistics.
///
/// (The visual wake words have two classes: end with `dense(2)`.)
///
/// Source: Howard et al., MobileNets, 2017.
pub const MOBILENET: Model<'static> = Model::new(INPUT, &layers(batches()));

/// [`MOBILENET`] with group norms: 218,378 parameters. It learns from nothing, one sample at a time.
///
/// Run file: `mobilenet.toml`.
pub const MOBILENET_GROUPS: Model<'static> = Model::new(INPUT, &layers(groups()));

const INPUT: Shape = Shape::image(3, 96, 96);

const fn layers(norm: Entry) -> [Entry; 83] {
    [
        conv2d(8, [3, 3]).padding(1).stride(2),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(16),
        norm,
        relu(),
        depthwise(2),
        norm,
        relu(),
        pointwise(32),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(32),
        norm,
        relu(),
        depthwise(2),
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
        depthwise(2),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(128),
        norm,
        relu(),
        depthwise(2),
        norm,
        relu(),
        pointwise(256),
        norm,
        relu(),
        depthwise(1),
        norm,
        relu(),
        pointwise(256),
        norm,
        relu(),
        global_average(),
        dense(10),
    ]
}
