//! The image classifier of MLPerf Tiny.

use super::{batches, groups};
use crate::network::{Entry, Model, Shape, add, conv2d, dense, global_average, relu};

/// ResNet-8: 32 × 32 pixels of 3 colours, a convolution to 16 channels, three blocks of two convolutions with a way around
/// them, of 16, 32 and 64 channels, the mean over the last 8 × 8 pixels, 10 classes: 78,666 parameters, of which 480 are running
/// statistics. The second and third block halve the size, and their ways around are convolutions of one pixel.
///
/// The original pads a convolution of stride 2 after the image alone; here it is before and after, which leaves as many pixels.
///
/// Source: He et al., Deep residual learning for image recognition, 2016.
pub const RESNET_8: Model<'static> = Model::new(INPUT, &layers(batches()));

/// [`RESNET_8`] with group norms: 78,186 parameters. It learns from nothing, one sample at a time.
pub const RESNET_8_GROUPS: Model<'static> = Model::new(INPUT, &layers(groups()));

const INPUT: Shape = Shape::image(3, 32, 32);

const fn layers(norm: Entry) -> [Entry; 28] {
    [
        window(16),
        norm,
        relu(),
        // The first block's way around is its input as it is.
        window(16),
        norm,
        relu(),
        window(16),
        norm,
        add(6),
        relu(),
        // That of the second is a convolution of its input …
        window(32).stride(2),
        norm,
        relu(),
        window(32),
        norm,
        conv2d(32, [1, 1]).stride(2).from(6),
        add(2),
        relu(),
        // … and so for the third.
        window(64).stride(2),
        norm,
        relu(),
        window(64),
        norm,
        conv2d(64, [1, 1]).stride(2).from(6),
        add(2),
        relu(),
        global_average(),
        dense(10),
    ]
}

/// A convolution of 3 × 3 pixels that keeps the size, or halves it with a stride of 2.
const fn window(channels: u16) -> Entry {
    conv2d(channels, [3, 3]).padding(1)
}
