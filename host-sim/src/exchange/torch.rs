//! What a layer's parameters are called in PyTorch, and how they lie there.
//!
//! Layer `i` is module `i` of an `nn.Sequential`; the names behind the dot are those of the module. Here weights are
//! input-major; there the outputs come first, and a convolution's kernel last. A dense layer that reads frames or pixels
//! reads them as they lie here, channels innermost: put `movedim(1, -1)` in front of PyTorch's `Flatten`.

use kilograd::network::{Layer, Param};

/// A tensor's name, and where its extents go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torch {
    /// Name within the module.
    pub name: &'static str,
    /// For each extent in PyTorch, which of ours it is; `None` for one of 1 that ours has not.
    axes: Vec<Option<usize>>,
}

/// How `param` of `layer` is called and lies in PyTorch; `None` for a part of an adapter, which is merged into its weight.
pub fn torch(layer: &Layer, param: &Param) -> Option<Torch> {
    let of = |name, axes: &[usize]| Torch {
        name,
        axes: axes.iter().copied().map(Some).collect(),
    };
    Some(match (param.name, layer.base()) {
        ("bias", _) => of("bias", &[0]),
        ("running_mean", _) => of("running_mean", &[0]),
        ("running_variance", _) => of("running_var", &[0]),
        ("in_weight", _) => of("in_proj_weight", &[1, 0]),
        ("in_bias", _) => of("in_proj_bias", &[0]),
        ("out_weight", _) => of("out_proj.weight", &[1, 0]),
        ("out_bias", _) => of("out_proj.bias", &[0]),
        ("input_weight", _) => of("weight_ih_l0", &[1, 0]),
        ("state_weight", _) => of("weight_hh_l0", &[1, 0]),
        ("input_bias", _) => of("bias_ih_l0", &[0]),
        ("state_bias", _) => of("bias_hh_l0", &[0]),
        ("weight", Layer::Dense(_)) => of("weight", &[1, 0]),
        ("weight", Layer::Conv1d(_)) => of("weight", &[2, 1, 0]),
        ("weight", Layer::Conv2d(_)) => of("weight", &[3, 2, 0, 1]),
        ("weight", Layer::Transposed1d(_)) => of("weight", &[1, 2, 0]),
        ("weight", Layer::Transposed2d(_)) => of("weight", &[2, 3, 0, 1]),
        ("weight", Layer::Depthwise1d(_)) => Torch {
            name: "weight",
            axes: vec![Some(1), None, Some(0)],
        },
        ("weight", Layer::Depthwise2d(_)) => Torch {
            name: "weight",
            axes: vec![Some(2), None, Some(0), Some(1)],
        },
        // Norms, an embedding, places.
        ("weight", _) => Torch {
            name: "weight",
            axes: (0..param.shape.rank()).map(Some).collect(),
        },
        _ => return None,
    })
}

impl Torch {
    /// The extents in PyTorch.
    pub fn shape(&self, param: &Param) -> Vec<usize> {
        self.axes
            .iter()
            .map(|axis| axis.map_or(1, |axis| param.shape.dim(axis)))
            .collect()
    }

    /// For each element as PyTorch has it, which element of ours it is.
    fn order(&self, param: &Param) -> Vec<usize> {
        let shape = self.shape(param);
        let strides: Vec<usize> = (0..param.shape.rank())
            .map(|axis| (axis + 1..4).map(|inner| param.shape.dim(inner)).product())
            .collect();
        (0..param.shape.len())
            .map(|element| {
                let (mut rest, mut ours) = (element, 0);
                for (axis, extent) in self.axes.iter().zip(&shape).rev() {
                    ours += axis.map_or(0, |axis| rest % extent * strides[axis]);
                    rest /= extent;
                }
                ours
            })
            .collect()
    }

    /// Our values in PyTorch's order.
    pub fn export(&self, param: &Param, ours: &[f32]) -> Vec<f32> {
        self.order(param).into_iter().map(|at| ours[at]).collect()
    }

    /// PyTorch's values in our order.
    pub fn import(&self, param: &Param, theirs: &[f32]) -> Vec<f32> {
        let mut ours = vec![0.0; theirs.len()];
        for (at, value) in self.order(param).into_iter().zip(theirs) {
            ours[at] = *value;
        }
        ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::network::{self, Entry, Shape};

    /// A layer, its input, and the tensors that PyTorch has of it.
    type Case<'a> = (Entry, Shape, &'a [(&'a str, &'a [usize])]);

    fn both(entry: Entry, input: Shape, index: usize) -> (Torch, Param) {
        let param = entry.layer().params(input).get(index).unwrap();
        (torch(entry.layer(), &param).unwrap(), param)
    }

    #[test]
    fn outputs_come_first_and_kernels_last() {
        let (torch, param) = both(network::dense(2), Shape::vector(3), 0);
        assert_eq!((torch.name, torch.shape(&param)), ("weight", vec![2, 3]));
        let ours: Vec<f32> = (0..6).map(|at| at as f32).collect();
        assert_eq!(torch.export(&param, &ours), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        // w[k][c][o] of conv1d(5 outputs, kernel 3) over 4 channels.
        let (torch, param) = both(network::conv1d(5, 3), Shape::series(4, 9), 0);
        assert_eq!(torch.shape(&param), [5, 4, 3]);
        let ours: Vec<f32> = (0..60).map(|at| at as f32).collect();
        let theirs = torch.export(&param, &ours);
        let (o, c, k) = (3, 2, 1);
        assert_eq!(theirs[(o * 4 + c) * 3 + k], ((k * 4 + c) * 5 + o) as f32);
        assert_eq!(torch.import(&param, &theirs), ours);
    }

    #[test]
    fn every_kind_has_pytorchs_names_and_shapes() {
        let image = Shape::image(4, 6, 5);
        let series = Shape::series(4, 9);
        let cases: &[Case<'_>] = &[
            (
                network::conv2d(3, [2, 5]),
                image,
                &[("weight", &[3, 4, 2, 5]), ("bias", &[3])],
            ),
            (
                network::depthwise1d(3),
                series,
                &[("weight", &[4, 1, 3]), ("bias", &[4])],
            ),
            (
                network::depthwise2d([2, 3]),
                image,
                &[("weight", &[4, 1, 2, 3]), ("bias", &[4])],
            ),
            (
                network::transposed1d(3, 2),
                series,
                &[("weight", &[4, 3, 2]), ("bias", &[3])],
            ),
            (
                network::transposed2d(3, [2, 5]),
                image,
                &[("weight", &[4, 3, 2, 5]), ("bias", &[3])],
            ),
            (
                network::batch_norm(),
                series,
                &[
                    ("weight", &[4]),
                    ("bias", &[4]),
                    ("running_mean", &[4]),
                    ("running_var", &[4]),
                ],
            ),
            (
                network::gru(5),
                series,
                &[
                    ("weight_ih_l0", &[15, 4]),
                    ("weight_hh_l0", &[15, 5]),
                    ("bias_ih_l0", &[15]),
                    ("bias_hh_l0", &[15]),
                ],
            ),
            (
                network::attention(2),
                series,
                &[
                    ("in_proj_weight", &[12, 4]),
                    ("in_proj_bias", &[12]),
                    ("out_proj.weight", &[4, 4]),
                    ("out_proj.bias", &[4]),
                ],
            ),
            // An adapter is called as its base is.
            (
                network::conv2d(3, [2, 5]).low_rank(2),
                image,
                &[("weight", &[3, 4, 2, 5]), ("bias", &[3])],
            ),
            (
                network::transposed1d(3, 2).channels(1, 2),
                series,
                &[("weight", &[4, 3, 2]), ("bias", &[3])],
            ),
            (
                network::gru(5).low_rank(2),
                series,
                &[
                    ("weight_ih_l0", &[15, 4]),
                    ("weight_hh_l0", &[15, 5]),
                    ("bias_ih_l0", &[15]),
                    ("bias_hh_l0", &[15]),
                ],
            ),
            (network::embedding(7, 3), Shape::vector(9), &[("weight", &[7, 3])]),
            (network::position(), series, &[("weight", &[9, 4])]),
            (network::rms_norm(), series, &[("weight", &[4])]),
        ];
        for (entry, input, expected) in cases {
            let specs = entry.layer().params(*input);
            let found: Vec<(&str, Vec<usize>)> = (0..specs.len())
                .filter_map(|index| {
                    let param = specs.get(index).unwrap();
                    let torch = torch(entry.layer(), &param)?;
                    let ours: Vec<f32> = (0..param.shape.len()).map(|at| at as f32).collect();
                    assert_eq!(torch.import(&param, &torch.export(&param, &ours)), ours);
                    Some((torch.name, torch.shape(&param)))
                })
                .collect();
            let expected: Vec<(&str, Vec<usize>)> = expected
                .iter()
                .map(|(name, shape)| (*name, shape.to_vec()))
                .collect();
            assert_eq!(found, expected, "{}", entry.layer().name());
        }
    }
}
