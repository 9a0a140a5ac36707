//! The loss: how far an output is from what it should be, and in which direction to move it.

use crate::kernel::Kernel;
use crate::network::mode;
use crate::number::{View, ViewMut};

/// Which loss a model is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Loss {
    /// Softmax cross-entropy of logits against a class: `L = ln Σ_o e^z[o] − z[c]`,
    /// `dz = softmax(z) − onehot(c)`. Source: Bridle, 1990.
    CrossEntropy,
    /// Mean squared error against values: `L = (1/n) Σ (y − t)²`, `dy = (2/n) (y − t)`.
    MeanSquaredError,
}

/// What a sample's output should be.
#[derive(Debug)]
pub enum Target<'a, N: Kernel> {
    /// This class.
    Class(usize),
    /// These values.
    Values(View<'a, N>),
    /// The input itself: an autoencoder needs no label.
    Itself,
}

impl<N: Kernel> Clone for Target<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Kernel> Copy for Target<'_, N> {}

impl Loss {
    /// The loss's bit in a [plan's](crate::network::Plan) mask.
    pub const fn bit(self) -> u128 {
        1 << (mode::LOSS + self as u32)
    }

    /// The loss that a plan's mask holds.
    pub(crate) const fn of(uses: u128) -> Self {
        if uses & Self::MeanSquaredError.bit() != 0 {
            Self::MeanSquaredError
        } else {
            Self::CrossEntropy
        }
    }

    /// The loss, and its gradient by the output, in `dy`.
    ///
    /// `x` is the sample, which is its own target for [`Target::Itself`]. A target that does not fit
    /// the loss gives no loss and no gradient (`None`). Losses outside `USES` are not compiled in.
    pub fn gradient<N: Kernel, const USES: u128>(
        self,
        x: View<'_, N>,
        y: View<'_, N>,
        target: Target<'_, N>,
        dy: ViewMut<'_, N>,
    ) -> Option<(N::Scalar, N::Peak)> {
        match self {
            Self::CrossEntropy if USES & Self::CrossEntropy.bit() != 0 => match target {
                Target::Class(class) if class < y.data.len() => Some(N::softmax_cross_entropy(y, class, dy)),
                _ => None,
            },
            Self::MeanSquaredError if USES & Self::MeanSquaredError.bit() != 0 => {
                let target = match target {
                    Target::Itself => x,
                    Target::Values(values) => values,
                    Target::Class(_) => return None,
                };
                (target.data.len() == y.data.len()).then(|| N::mean_squared_error(y, target, dy))
            }
            _ => None,
        }
    }
}
