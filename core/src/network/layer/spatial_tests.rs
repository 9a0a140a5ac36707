//! Layers over series and images: each against its formula written out over every tap, bit for bit where
//! the order of the sum is that of the formula; gradients against central differences; in place the same
//! bits as beside; a gradient taken some rows at a time the same bits as at once.

extern crate std;

use super::spatial_case::{Bench, check};
use super::*;
use crate::network::{Entry, Shape};
use crate::network::{
    average_pool, conv1d, conv2d, depthwise1d, depthwise2d, flatten, global_average, global_max, last,
    max_pool, reshape, transposed1d, transposed2d, upsample,
};
use std::vec;
use std::vec::Vec;

/// Rows, columns and channels; a series is one column.
fn image(shape: Shape) -> [usize; 3] {
    match shape.rank() {
        3 => [shape.dim(0), shape.dim(1), shape.dim(2)],
        _ => [shape.dim(0), 1, shape.dim(1)],
    }
}

/// A window as its settings say: kernel, stride, padding and dilation, down and across.
#[derive(Clone, Copy)]
struct Settings {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

impl Settings {
    /// The pixels that output pixel `(r, q)` sees, with the taps.
    fn seen(self, [height, width, _]: [usize; 3], r: usize, q: usize) -> Vec<(usize, usize)> {
        let mut seen = vec![];
        for i in 0..self.kernel[0] {
            for j in 0..self.kernel[1] {
                let at = |axis: usize, o: usize, k: usize| {
                    (o * self.stride[axis] + k * self.dilation[axis]) as isize - self.padding[axis] as isize
                };
                let (a, b) = (at(0, r, i), at(1, q, j));
                if (0..height as isize).contains(&a) && (0..width as isize).contains(&b) {
                    seen.push((i * self.kernel[1] + j, a as usize * width + b as usize));
                }
            }
        }
        seen
    }
}

/// Settings for both directions of an image, or for a series, whose one column does not move.
fn settings(series: bool, kernel: [u16; 2], stride: u16, padding: u16, dilation: u16) -> Settings {
    let still = |value: u16, one: usize| if series { one } else { value.into() };
    Settings {
        kernel: [kernel[0].into(), still(kernel[1], 1)],
        stride: [stride.into(), still(stride, 1)],
        padding: [padding.into(), still(padding, 0)],
        dilation: [dilation.into(), still(dilation, 1)],
    }
}

fn convolved(bench: &Bench, x: &[f64], settings: Settings) -> Vec<f64> {
    let ([.., c], out) = (image(bench.input), image(bench.output));
    let (w, b) = bench.p.split_at(bench.tensors.elements(0));
    let mut y = vec![];
    for pixel in 0..out[0] * out[1] {
        let seen = settings.seen(image(bench.input), pixel / out[1], pixel % out[1]);
        for o in 0..out[2] {
            let mut sum = b[o];
            for (tap, at) in &seen {
                for c_in in 0..c {
                    sum += x[at * c + c_in] * w[(tap * c + c_in) * out[2] + o];
                }
            }
            y.push(sum);
        }
    }
    y
}

/// Kernel, stride, padding, dilation, input.
type Case = ([u16; 2], u16, u16, u16, [u16; 2]);

/// Windows that differ in every direction.
const CASES: [Case; 9] = [
    ([3, 3], 1, 1, 1, [5, 7]),
    ([3, 2], 2, 1, 1, [6, 9]),
    ([1, 1], 1, 0, 1, [4, 5]),
    ([1, 1], 2, 0, 1, [5, 4]),
    ([2, 3], 1, 0, 2, [7, 8]),
    ([3, 4], 3, 2, 1, [8, 10]),
    ([3, 3], 1, 2, 2, [5, 5]),
    ([4, 4], 1, 3, 1, [3, 4]),
    ([2, 2], 3, 1, 3, [9, 4]),
];

#[test]
fn convolutions_are_their_formulas() {
    for (kernel, stride, padding, dilation, [height, width]) in CASES {
        for (channels, outputs) in [(1, 8), (3, 5), (5, 3), (17, 4)] {
            let entry = conv2d(outputs, kernel)
                .stride(stride)
                .padding(padding)
                .dilation(dilation);
            check(entry, Shape::image(channels, height, width), |bench, x| {
                convolved(bench, x, settings(false, kernel, stride, padding, dilation))
            });
            let entry = conv1d(outputs, kernel[0])
                .stride(stride)
                .padding(padding)
                .dilation(dilation);
            check(entry, Shape::series(channels, height), |bench, x| {
                convolved(bench, x, settings(true, kernel, stride, padding, dilation))
            });
        }
    }
}

fn depthwise(bench: &Bench, x: &[f64], settings: Settings) -> Vec<f64> {
    let out = image(bench.output);
    let (w, b) = bench.p.split_at(bench.tensors.elements(0));
    let mut y = vec![];
    for pixel in 0..out[0] * out[1] {
        for c in 0..out[2] {
            let mut sum = b[c];
            for (tap, at) in settings.seen(image(bench.input), pixel / out[1], pixel % out[1]) {
                sum += x[at * out[2] + c] * w[tap * out[2] + c];
            }
            y.push(sum);
        }
    }
    y
}

#[test]
fn depthwise_convolutions_are_their_formulas() {
    for (kernel, stride, padding, dilation, [height, width]) in CASES {
        for channels in [1, 3, 21] {
            let entry = depthwise2d(kernel)
                .stride(stride)
                .padding(padding)
                .dilation(dilation);
            check(entry, Shape::image(channels, height, width), |bench, x| {
                depthwise(bench, x, settings(false, kernel, stride, padding, dilation))
            });
            let entry = depthwise1d(kernel[0])
                .stride(stride)
                .padding(padding)
                .dilation(dilation);
            check(entry, Shape::series(channels, height), |bench, x| {
                depthwise(bench, x, settings(true, kernel, stride, padding, dilation))
            });
        }
    }
}

/// Input after input, each of whose taps reaches one output.
fn scattered(bench: &Bench, x: &[f64], settings: Settings) -> Vec<f64> {
    let ([.., c], [height, width, outputs]) = (image(bench.input), image(bench.output));
    let (w, b) = bench.p.split_at(bench.tensors.elements(0));
    let mut y: Vec<f64> = b.iter().cycle().take(bench.output.len()).copied().collect();
    let input = image(bench.input);
    for pixel in 0..input[0] * input[1] {
        // The outputs that an input reaches are what its convolution would see.
        for (tap, at) in settings.seen([height, width, outputs], pixel / input[1], pixel % input[1]) {
            for c_in in 0..c {
                for o in 0..outputs {
                    y[at * outputs + o] += x[pixel * c + c_in] * w[(tap * c + c_in) * outputs + o];
                }
            }
        }
    }
    y
}

#[test]
fn transposed_convolutions_are_their_formulas() {
    for (kernel, stride, padding, dilation, [height, width]) in CASES {
        if dilation != 1 {
            continue;
        }
        for (channels, outputs) in [(1, 8), (3, 5), (17, 4)] {
            let entry = transposed2d(outputs, kernel)
                .stride(stride)
                .padding(padding.min(2));
            if padding.min(2) < kernel[0].min(kernel[1]) {
                check(entry, Shape::image(channels, height, width), |bench, x| {
                    let expected = |n: u16, k: u16| usize::from((n - 1) * stride + k - 2 * padding.min(2));
                    let [h, w, _] = image(bench.output);
                    assert_eq!([h, w], [expected(height, kernel[0]), expected(width, kernel[1])]);
                    scattered(bench, x, settings(false, kernel, stride, padding.min(2), 1))
                });
            }
            let entry = transposed1d(outputs, kernel[0])
                .stride(stride)
                .padding(padding.min(2));
            check(entry, Shape::series(channels, height), |bench, x| {
                scattered(bench, x, settings(true, kernel, stride, padding.min(2), 1))
            });
        }
    }
}

/// Size, stride, padding, input.
const POOLS: [(u16, u16, u16, [u16; 2]); 6] = [
    (2, 2, 0, [6, 8]),
    (3, 2, 1, [7, 5]),
    (2, 1, 1, [4, 5]),
    (3, 3, 0, [8, 9]),
    (1, 2, 0, [5, 4]),
    (4, 1, 2, [4, 6]),
];

fn pooled(bench: &Bench, x: &[f64], settings: Settings, f: fn(&[f64], usize) -> f64) -> Vec<f64> {
    let out = image(bench.output);
    let mut y = vec![];
    for pixel in 0..out[0] * out[1] {
        let seen = settings.seen(image(bench.input), pixel / out[1], pixel % out[1]);
        for c in 0..out[2] {
            let values: Vec<_> = seen.iter().map(|(_, at)| x[at * out[2] + c]).collect();
            y.push(f(&values, settings.kernel[0] * settings.kernel[1]));
        }
    }
    y
}

#[test]
fn pools_are_their_formulas() {
    let largest = |values: &[f64], _: usize| values.iter().copied().fold(f64::MIN, f64::max);
    let mean = |values: &[f64], taps: usize| values.iter().fold(0.0, |sum, x| sum + x) / taps as f64;
    for (size, stride, padding, [height, width]) in POOLS {
        for channels in [1, 5, 13] {
            for series in [false, true] {
                let input = if series {
                    Shape::series(channels, height)
                } else {
                    Shape::image(channels, height, width)
                };
                let settings = settings(series, [size; 2], stride, padding, 1);
                let (max, average) = (max_pool(size), average_pool(size));
                check(max.stride(stride).padding(padding), input, |bench, x| {
                    pooled(bench, x, settings, largest)
                });
                check(average.stride(stride).padding(padding), input, |bench, x| {
                    pooled(bench, x, settings, mean)
                });
            }
        }
    }
    // Its own size is the stride of a pool that has none set.
    check(max_pool(3), Shape::series(2, 10), |bench, x| {
        pooled(bench, x, settings(true, [3; 2], 3, 0, 1), largest)
    });
    let whole = |bench: &Bench, x: &[f64], f: &dyn Fn(&[f64]) -> f64| {
        let channels = bench.input.channels();
        (0..channels)
            .map(|c| f(&x.iter().skip(c).step_by(channels).copied().collect::<Vec<_>>()))
            .collect::<Vec<_>>()
    };
    for input in [Shape::series(3, 1), Shape::image(5, 4, 3), Shape::series(2, 300)] {
        check(global_max(), input, |bench, x| {
            whole(bench, x, &|x| largest(x, 0))
        });
        check(global_average(), input, |bench, x| {
            whole(bench, x, &|x| mean(x, x.len()))
        });
        assert_eq!(
            Layer::GlobalMax(GlobalMax)
                .room::<f64>(
                    input,
                    Visit {
                        trains: false,
                        weighs: false,
                        passes: true
                    }
                )
                .kept,
            input.channels() * if input.positions() > 256 { 2 } else { 1 }
        );
    }
}

#[test]
fn elements_move_where_they_should() {
    for factor in [1, 2, 3] {
        for input in [Shape::series(3, 4), Shape::image(2, 3, 4)] {
            check(upsample(factor), input, |bench, x| {
                let ([_, width, c], [rows, columns, _]) = (image(bench.input), image(bench.output));
                let factor = usize::from(factor);
                let across = if bench.input.rank() == 3 { factor } else { 1 };
                assert_eq!(rows * columns, bench.input.positions() * factor * across);
                (0..rows * columns * c)
                    .map(|at| {
                        let (pixel, c_in) = (at / c, at % c);
                        let (r, q) = (pixel / columns / factor, pixel % columns / across);
                        x[(r * width + q) * c + c_in]
                    })
                    .collect()
            });
        }
    }
    check(last(), Shape::series(3, 5), |_, x| x[12..].to_vec());
    check(flatten(), Shape::image(2, 3, 4), |bench, x| {
        assert_eq!(bench.output, Shape::vector(24));
        x.to_vec()
    });
    check(reshape(Shape::series(6, 4)), Shape::image(2, 3, 4), |bench, x| {
        assert_eq!(bench.output, Shape::series(6, 4));
        x.to_vec()
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |entry: Entry, input: Shape| entry.layer.output(input).err();
    let (series, picture) = (Shape::series(2, 8), Shape::image(2, 8, 6));
    let kernel = Some("padding must be less than the kernel, and the kernel at least 1");
    let length = Some("kernel must be 1 to the input length");
    let half = Some("padding must be at most half of the window");
    for (entry, input, text) in [
        (
            conv2d(4, [3, 3]),
            series,
            Some("needs an image as its input: Shape::image(channels, height, width)"),
        ),
        (
            depthwise1d(3),
            picture,
            Some("needs a series as its input: Shape::series(channels, length)"),
        ),
        (
            conv2d(0, [3, 3]),
            picture,
            Some("needs at least one output channel"),
        ),
        (conv2d(4, [3, 0]), picture, kernel),
        (conv2d(4, [3, 2]).padding(2), picture, kernel),
        (conv2d(4, [3, 2]).padding(2).dilation(2), picture, None),
        (conv2d(4, [9, 3]), picture, length),
        (conv2d(4, [5, 3]).dilation(2), picture, length),
        (
            conv1d(4, 3).dilation(0),
            series,
            Some("dilation must be at least 1"),
        ),
        (
            depthwise2d([3, 3]).stride(0),
            picture,
            Some("stride must be at least 1"),
        ),
        (
            transposed1d(4, 3).stride(0),
            series,
            Some("stride must be at least 1"),
        ),
        (transposed1d(4, 3).padding(3), series, kernel),
        (
            transposed2d(4, [3, 3]).padding(2),
            Shape::image(2, 1, 8),
            Some("padding leaves nothing of the output"),
        ),
        (
            max_pool(16),
            Shape::image(1, 20, 20),
            Some("has a window of more than 255 frames or pixels"),
        ),
        (max_pool(255), Shape::series(1, 255), None),
        (max_pool(3).padding(2), series, half),
        (average_pool(0), series, Some("size must be at least 1")),
        (average_pool(3).padding(2), series, half),
        (
            average_pool(2),
            Shape::vector(8),
            Some("needs a series or an image as its input"),
        ),
        (upsample(0), series, Some("factor must be at least 1")),
        (
            last(),
            picture,
            Some("needs a series as its input: Shape::series(channels, length)"),
        ),
        (
            reshape(Shape::vector(3)),
            series,
            Some("needs a shape of as many elements as its input has"),
        ),
        (
            upsample(9000),
            series,
            Some("has an output of more than 65535 elements"),
        ),
    ] {
        assert_eq!(refused(entry, input), text, "{entry:?}");
    }
    assert!(last().stride(2).fault.is_some());
    assert!(last().padding(2).fault.is_some());
    assert!(max_pool(2).dilation(2).fault.is_some());
}
