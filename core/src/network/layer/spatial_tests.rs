//! Layers over series and images: each against its formula written out over every tap, bit for bit where
//! the order of the sum is that of the formula; gradients against central differences; in place the same
//! bits as beside; a gradient taken some rows at a time the same bits as at once.

extern crate std;

use super::*;
use crate::kernel::Grad;
use crate::network::Tensors;
use crate::network::{Entry, Shape};
use crate::network::{Gradients, Parameters};
use crate::network::{
    average_pool, conv1d, conv2d, depthwise1d, depthwise2d, flatten, global_average, global_max, last,
    max_pool, reshape, transposed1d, transposed2d, upsample,
};
use crate::number::random::Pcg;
use crate::number::{View, ViewMut};
use bytemuck::{cast_slice, cast_slice_mut};
use core::ops::Range;
use std::vec::Vec;
use std::{format, vec};

const ALL: u128 = u128::MAX;

/// Numbers around zero.
fn drawn(random: &mut Pcg, length: usize) -> Vec<f64> {
    (0..length).map(|_| f64::from(random.uniform() - 0.5)).collect()
}

/// One layer, with memory.
struct Bench {
    layer: Layer,
    input: Shape,
    output: Shape,
    tensors: Tensors,
    visit: Visit,
    p: Vec<f64>,
}

impl Bench {
    fn new(entry: Entry, input: Shape, random: &mut Pcg) -> Self {
        assert_eq!(entry.fault, None);
        let layer = entry.layer;
        let params = layer.params(input);
        Self {
            layer,
            input,
            output: layer.output(input).unwrap(),
            tensors: Tensors::of(&params, u8::MAX, u8::MAX, entry.init),
            visit: Visit {
                trains: !params.is_empty(),
                weighs: !params.is_empty(),
                passes: true,
            },
            p: drawn(random, params.elements()),
        }
    }

    fn parameters<'a>(&'a self, p: &'a [f64]) -> Parameters<'a, f64> {
        Parameters {
            ram: cast_slice(p),
            flash: &[],
            tracks: &[],
            tensors: &self.tensors,
        }
    }

    /// Runs forward from `x`, or from what lies in `y` where `x` is empty.
    fn run(&self, p: &[f64], x: &[f64], y: &mut [f64], visit: Visit) -> Vec<u8> {
        let room = self.layer.room::<f64>(self.input, visit);
        let mut scratch = vec![f64::NAN; room.forward.div_ceil(8)];
        let mut kept = vec![0xa5; room.kept];
        self.layer.forward::<f64, ALL>(Forward {
            input: self.input,
            p: self.parameters(p),
            statistics: &mut [],
            x: View::plain(x),
            e: View::plain(&[]),
            y: ViewMut { data: y, scale: () },
            kept: &mut kept,
            scratch: cast_slice_mut(&mut scratch),
            pass: Pass::Learn,
            visit,
            random: &mut Pcg::new(1),
        });
        kept
    }

    fn forward(&self, p: &[f64], x: &[f64]) -> (Vec<f64>, Vec<u8>) {
        let elementwise = self.layer.in_place(self.input) == InPlace::Always;
        let (mut y, x) = if elementwise {
            (x.to_vec(), &[][..])
        } else {
            (vec![f64::NAN; self.output.len()], x)
        };
        let kept = self.run(p, x, &mut y, self.visit);
        (y, kept)
    }

    /// The gradients of input and parameters; the former is added to `dx`.
    fn backward(&self, x: &[f64], dy: &[f64], dx: &mut [f64], kept: &mut [u8]) -> Vec<f64> {
        let (mut dp, reads) = (vec![f64::NAN; self.p.len()], self.layer.reads());
        assert_eq!(reads.output, For::Nothing);
        let x = if reads.input.asked(self.visit) { x } else { &[] };
        let elementwise = self.layer.in_place(self.input) == InPlace::Always;
        self.layer.backward::<f64, ALL>(Backward {
            input: self.input,
            p: self.parameters(&self.p),
            dp: Gradients {
                data: &mut dp,
                tracks: &mut [],
                tensors: &self.tensors,
                fresh: true,
            },
            x: View::plain(x),
            y: View::plain(&[]),
            dy: View::plain(if elementwise { &[] } else { dy }),
            dx: Some(ViewMut { data: dx, scale: () }),
            de: None,
            kept,
            scratch: &mut [],
        });
        if self.layer.rows() {
            let (dw, db) = dp.split_at_mut(self.tensors.elements(0));
            let outputs = self.tensors.elements(1);
            let rows = dw.len() / outputs;
            self.gradient(0, 0..rows, dw, x, dy);
            self.gradient(1, 0..0, db, x, dy);
            for most in [1, 4] {
                let mut part = vec![f64::NAN; dw.len()];
                for (at, part) in part.chunks_mut(most * outputs).enumerate() {
                    let rows = at * most..at * most + part.len() / outputs;
                    self.gradient(0, rows, part, x, dy);
                }
                assert_eq!(part, dw, "{most} rows at a time: {:?}", self.layer);
            }
        }
        dp
    }

    fn gradient(&self, tensor: usize, rows: Range<usize>, dw: &mut [f64], x: &[f64], dy: &[f64]) {
        self.layer.gradient::<f64, ALL>(Gradient {
            y: View::plain(&[]),
            kept: &mut [],
            input: self.input,
            x: View::plain(x),
            dy: View::plain(dy),
            tensor,
            rows,
            dw: Grad {
                data: dw,
                track: None,
            },
            fresh: true,
        });
    }

    /// Where no backward pass comes the input lies in the output's buffer; the bits are the same.
    fn in_place(&self, x: &[f64], expected: &[f64]) {
        let visit = Visit {
            trains: false,
            weighs: false,
            passes: false,
        };
        let mut beside = vec![f64::NAN; self.output.len()];
        match self.layer.in_place(self.input) {
            InPlace::Always => return,
            InPlace::Unvisited => {
                let mut y = x.to_vec();
                y.resize(x.len().max(expected.len()), f64::NAN);
                self.run(&self.p, &[], &mut y, visit);
                assert_eq!(&y[..expected.len()], expected, "in place: {:?}", self.layer);
            }
            InPlace::Never => {}
        }
        // It may run beside its input all the same, if that is still needed.
        self.run(&self.p, x, &mut beside, visit);
        assert_eq!(beside, expected, "unvisited: {:?}", self.layer);
    }
}

/// Everything that holds for any of these layers.
fn check(entry: Entry, input: Shape, formula: impl Fn(&Bench, &[f64]) -> Vec<f64>) {
    let mut random = Pcg::new(7);
    let bench = Bench::new(entry, input, &mut random);
    let x = drawn(&mut random, input.len());
    let (y, mut kept) = bench.forward(&bench.p, &x);
    let name = format!("{:?} on {input:?}", bench.layer);
    let expected = formula(&bench, &x);
    assert_eq!(y.len(), bench.output.len(), "{name}");
    assert_eq!(y, expected, "{name}");
    bench.in_place(&x, &expected);

    let dy = drawn(&mut random, y.len());
    let elementwise = bench.layer.in_place(input) == InPlace::Always;
    let before = if elementwise {
        dy.clone()
    } else {
        drawn(&mut random, x.len())
    };
    let mut dx = before.clone();
    let dp = bench.backward(&x, &dy, &mut dx, &mut kept);
    if !elementwise {
        for (dx, before) in dx.iter_mut().zip(before) {
            *dx -= before;
        }
    }
    let loss = |p: &[f64], x: &[f64]| {
        let (y, _) = bench.forward(p, x);
        y.iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
    };
    differences(&format!("{name}: dx"), &x, &dx, |x| loss(&bench.p, x));
    differences(&format!("{name}: dp"), &bench.p, &dp, |p| loss(p, &x));
}

fn differences(name: &str, at: &[f64], gradient: &[f64], loss: impl Fn(&[f64]) -> f64) {
    const STEP: f64 = 1e-5;
    // At most some forty elements of each.
    for i in (0..at.len()).step_by(1 + at.len() / 40) {
        let mut moved = at.to_vec();
        moved[i] = at[i] + STEP;
        let up = loss(&moved);
        moved[i] = at[i] - STEP;
        let slope = (up - loss(&moved)) / (2.0 * STEP);
        let error = (slope - gradient[i]).abs();
        assert!(
            error <= 1e-8 * (1.0 + slope.abs()),
            "{name}, element {i}: {slope} and {}",
            gradient[i]
        );
    }
}

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
