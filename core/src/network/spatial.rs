//! Layers over series and images as entries of a model.

use super::layer::{
    AveragePool, Conv1d, Conv2d, Depthwise, Flatten, GlobalAverage, GlobalMax, Last, Layer, MaxPool, Reshape,
    Transposed, Upsample,
};
use super::{Entry, Shape};

impl Entry {
    /// Frames or pixels from one window to the next (of a transposed convolution, in its output). Of a
    /// convolution 1 unless set, of a pool its size.
    pub const fn stride(mut self, stride: u16) -> Self {
        match &mut self.layer {
            Layer::Conv1d(layer) => layer.stride = stride,
            Layer::Conv2d(layer) => layer.stride = stride,
            Layer::Depthwise1d(layer) => layer.stride = stride,
            Layer::Depthwise2d(layer) => layer.stride = stride,
            Layer::Transposed1d(layer) => layer.stride = stride,
            Layer::Transposed2d(layer) => layer.stride = stride,
            Layer::MaxPool(layer) => layer.stride = stride,
            Layer::AveragePool(layer) => layer.stride = stride,
            _ => self.fault = Some("has no stride: only convolutions and pools have one"),
        }
        self
    }

    /// Frames or pixels that a window may reach outside the input at each end (of a transposed convolution,
    /// that are left out of its output); 0 unless set.
    pub const fn padding(mut self, padding: u16) -> Self {
        match &mut self.layer {
            Layer::Conv1d(layer) => layer.padding = padding,
            Layer::Conv2d(layer) => layer.padding = [padding, padding],
            Layer::Depthwise1d(layer) => layer.padding = padding,
            Layer::Depthwise2d(layer) => layer.padding = padding,
            Layer::Transposed1d(layer) => layer.padding = padding,
            Layer::Transposed2d(layer) => layer.padding = padding,
            Layer::MaxPool(layer) => layer.padding = padding,
            Layer::AveragePool(layer) => layer.padding = padding,
            _ => self.fault = Some("has no padding: only convolutions and pools have one"),
        }
        self
    }

    /// Zero pixels above and below an image, and to its left and right, of a [`conv2d`] whose kernel is no square.
    pub const fn padding_by_side(mut self, padding: [u16; 2]) -> Self {
        match &mut self.layer {
            Layer::Conv2d(layer) => layer.padding = padding,
            _ => self.fault = Some("has one padding for all sides: only conv2d has two"),
        }
        self
    }

    /// Frames or pixels from one tap of a convolution to the next; 1 unless set.
    pub const fn dilation(mut self, dilation: u16) -> Self {
        match &mut self.layer {
            Layer::Conv1d(layer) => layer.dilation = dilation,
            Layer::Conv2d(layer) => layer.dilation = dilation,
            Layer::Depthwise1d(layer) => layer.dilation = dilation,
            Layer::Depthwise2d(layer) => layer.dilation = dilation,
            _ => self.fault = Some("has no dilation: only convolutions have one"),
        }
        self
    }
}

/// A [`Conv1d`] layer with `channels` output channels and a window of `kernel` frames.
pub const fn conv1d(channels: u16, kernel: u16) -> Entry {
    Entry::of(Layer::Conv1d(Conv1d {
        channels,
        kernel,
        stride: 1,
        padding: 0,
        dilation: 1,
    }))
}

/// A [`Conv2d`] layer with `channels` output channels and a window of `kernel[0] × kernel[1]` pixels.
pub const fn conv2d(channels: u16, kernel: [u16; 2]) -> Entry {
    Entry::of(Layer::Conv2d(Conv2d {
        channels,
        kernel,
        stride: 1,
        padding: [0, 0],
        dilation: 1,
    }))
}

/// A [`Depthwise`] layer over a series, with a window of `kernel` frames.
pub const fn depthwise1d(kernel: u16) -> Entry {
    Entry::of(Layer::Depthwise1d(depthwise([kernel])))
}

/// A [`Depthwise`] layer over an image, with a window of `kernel[0] × kernel[1]` pixels.
pub const fn depthwise2d(kernel: [u16; 2]) -> Entry {
    Entry::of(Layer::Depthwise2d(depthwise(kernel)))
}

const fn depthwise<const D: usize>(kernel: [u16; D]) -> Depthwise<D> {
    Depthwise {
        kernel,
        stride: 1,
        padding: 0,
        dilation: 1,
    }
}

/// A [`Transposed`] convolution over a series, with `channels` output channels and a window of `kernel` frames.
pub const fn transposed1d(channels: u16, kernel: u16) -> Entry {
    Entry::of(Layer::Transposed1d(transposed(channels, [kernel])))
}

/// A [`Transposed`] convolution over an image, with `channels` output channels and a window of
/// `kernel[0] × kernel[1]` pixels.
pub const fn transposed2d(channels: u16, kernel: [u16; 2]) -> Entry {
    Entry::of(Layer::Transposed2d(transposed(channels, kernel)))
}

const fn transposed<const D: usize>(channels: u16, kernel: [u16; D]) -> Transposed<D> {
    Transposed {
        channels,
        kernel,
        stride: 1,
        padding: 0,
    }
}

/// Each frame or pixel `factor` times, in each direction: an [`Upsample`] layer.
pub const fn upsample(factor: u16) -> Entry {
    Entry::of(Layer::Upsample(Upsample { factor }))
}

/// The largest of each window of `size` frames, or `size × size` pixels: a [`MaxPool`] layer.
pub const fn max_pool(size: u16) -> Entry {
    Entry::of(Layer::MaxPool(MaxPool {
        size,
        stride: size,
        padding: 0,
    }))
}

/// The mean of each window of `size` frames, or `size × size` pixels: an [`AveragePool`] layer.
pub const fn average_pool(size: u16) -> Entry {
    Entry::of(Layer::AveragePool(AveragePool {
        size,
        stride: size,
        padding: 0,
    }))
}

/// The [mean](GlobalAverage) over time or pixels.
pub const fn global_average() -> Entry {
    Entry::of(Layer::GlobalAverage(GlobalAverage))
}

/// The [largest](GlobalMax) over time or pixels.
pub const fn global_max() -> Entry {
    Entry::of(Layer::GlobalMax(GlobalMax))
}

/// The [last](Last) frame of a series.
pub const fn last() -> Entry {
    Entry::of(Layer::Last(Last))
}

/// The same elements in the shape `to`: a [`Reshape`] layer.
pub const fn reshape(to: Shape) -> Entry {
    Entry::of(Layer::Reshape(Reshape { to }))
}

/// The same elements as one vector: a [`Flatten`] layer.
pub const fn flatten() -> Entry {
    Entry::of(Layer::Flatten(Flatten))
}
