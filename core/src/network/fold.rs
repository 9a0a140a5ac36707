//! Folding a batch normalisation into the layer before it.

use crate::kernel::EPSILON;
use crate::math::Functions;

/// The parameters of a batch normalisation that is to be folded: one value per channel each.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormParameters<'a> {
    /// Its gain, `γ`.
    pub weight: &'a [f32],
    /// Its shift, `β`.
    pub bias: &'a [f32],
    /// Its running mean, `μ`.
    pub mean: &'a [f32],
    /// Its running variance, `σ²`.
    pub variance: &'a [f32],
}

/// Folds a batch normalisation into the parameters of the dense layer or convolution right before it, so that
/// an inference needs neither the layer nor its time: the folded layer computes what both did, to rounding.
///
/// With `s[o] = γ[o] / √(σ²[o] + 10⁻⁵)`: `w[k][o] ← w[k][o] s[o]`, `b[o] ← (b[o] − μ[o]) s[o] + β[o]`. `weight` holds
/// rows as long as `bias`, input-major, as every dense layer and convolution (depthwise ones too) stores them.
/// Returns whether all lengths fit each other; if not, nothing is changed.
/// Source: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
/// inference, 2018, section 3.2.
///
/// ```
/// use kilograd::network::{BatchNormParameters, fold};
///
/// // Two inputs, two outputs.
/// let mut weight = [1.0, 2.0, 3.0, 4.0];
/// let mut bias = [0.5, 1.0];
/// let norm = BatchNormParameters {
///     weight: &[2.0, 1.0],
///     bias: &[0.0, 1.0],
///     mean: &[0.5, 3.0],
///     variance: &[4.0, 0.25],
/// };
/// assert!(fold(&mut weight, &mut bias, norm));
/// for (folded, exact) in weight.iter().zip([1.0, 4.0, 3.0, 8.0]) {
///     assert!((folded - exact).abs() < 1e-3);
/// }
/// assert_eq!(bias[0], 0.0);
/// assert!((bias[1] + 3.0).abs() < 1e-3);
/// ```
pub fn fold(weight: &mut [f32], bias: &mut [f32], norm: BatchNormParameters<'_>) -> bool {
    let outputs = bias.len();
    let parts = [norm.weight, norm.bias, norm.mean, norm.variance];
    if outputs == 0 || !weight.len().is_multiple_of(outputs) || parts.iter().any(|part| part.len() != outputs)
    {
        return false;
    }
    for (o, bias) in bias.iter_mut().enumerate() {
        let of = |part: &[f32]| part.get(o).copied().unwrap_or_default();
        let scale = of(norm.weight) / <f32 as Functions>::sqrt(of(norm.variance) + EPSILON);
        for w in weight.iter_mut().skip(o).step_by(outputs) {
            *w *= scale;
        }
        *bias = (*bias - of(norm.mean)) * scale + of(norm.bias);
    }
    true
}
