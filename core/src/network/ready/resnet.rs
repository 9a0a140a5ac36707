//! The image classifier of MLPerf Tiny.

use super::{batches, groups, pointwise};
use crate::network::{Entry, Model, Shape, add, conv2d, dense, global_average, relu};

/// 32 × 32 pixels of 3 colours: a convolution to 16 channels, three residual blocks of two convolutions to 16, 32 and 64
/// channels, the mean over the last 8 × 8 pixels, 10 classes: 78,666 parameters, of which 480 are running statistics.
///
/// A block adds its input to what it makes of it. Where it halves the image, a convolution of one pixel with a stride
/// of 2, without a norm, brings its input to the same shape.
///
/// The original, where it halves, pads one pixel after the last alone; here it is one on either side, which leaves as many.
///
/// Source: He et al., Deep residual learning for image recognition, 2015.
pub const RESNET8: Model<'static> = Model::new(INPUT, &layers(batches()));

/// [`RESNET8`] with group norms: 78,186 parameters. It learns from nothing, one sample at a time.
///
/// Run file: `resnet.toml`.
pub const RESNET8_GROUPS: Model<'static> = Model::new(INPUT, &layers(groups()));

const INPUT: Shape = Shape::image(3, 32, 32);

/// A window of 3 × 3, which keeps the size, or halves it with a stride of 2.
const fn window(channels: u16, stride: u16) -> Entry {
    conv2d(channels, [3, 3]).padding(1).stride(stride)
}

const fn layers(norm: Entry) -> [Entry; 28] {
    [
        window(16, 1),
        norm,
        relu(),
        // A block as large as its input, which is added as it is.
        window(16, 1),
        norm,
        relu(),
        window(16, 1),
        norm,
        add(6),
        relu(),
        // A block of half the size; its input is six places above the shortcut.
        window(32, 2),
        norm,
        relu(),
        window(32, 1),
        norm,
        pointwise(32).stride(2).from(6),
        add(2),
        relu(),
        // The other.
        window(64, 2),
        norm,
        relu(),
        window(64, 1),
        norm,
        pointwise(64).stride(2).from(6),
        add(2),
        relu(),
        global_average(),
        dense(10),
    ]
}
