//! Normalisation of groups of values by their own mean and variance.

use crate::math::Functions;

/// What is added to a variance before its root is taken, as in PyTorch.
pub(crate) const EPSILON: f32 = 1e-5;

/// Which values are normalised together.
///
/// Group `g` has `runs` runs of `width` values side by side: value `k` of run `r` is element
/// `g · width + r · step + k`, and its gain is number `g · gains + k`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Groups {
    /// Number of groups.
    pub count: usize,
    /// Runs of a group.
    pub runs: usize,
    /// Values of a run.
    pub width: usize,
    /// Elements from one run to the next of the same group.
    pub step: usize,
    /// Gains from one group to the next: 0 where all groups share them.
    pub gains: usize,
    /// Whether the mean is taken off.
    pub centred: bool,
}

impl Groups {
    pub(super) fn gains<'a, F>(&self, group: usize, gains: &'a [F]) -> &'a [F] {
        let from = group * self.gains;
        gains.get(from..from + self.width).unwrap_or(&[])
    }
}

/// Running statistics that follow the groups' own, as PyTorch's do: `μ ← (1 − m) μ + m x̄`,
/// `σ² ← (1 − m) σ² + m v n/(n − 1)`.
#[derive(Debug)]
pub struct Running<'a, F> {
    /// One mean per group.
    pub mean: &'a mut [F],
    /// One variance per group.
    pub variance: &'a mut [F],
    /// The weight of the new ones, `m`.
    pub momentum: f32,
}

impl<F: Functions> Running<'_, F> {
    fn follow(&mut self, group: usize, mean: F, variance: F, size: u32) {
        let (Some(old_mean), Some(old_variance)) = (self.mean.get_mut(group), self.variance.get_mut(group))
        else {
            return;
        };
        let m = F::from_f32(self.momentum, ());
        let unbiased = variance * F::from_count(size) / F::from_count(size.saturating_sub(1).max(1));
        let mean = (F::ONE - m) * *old_mean + m * mean;
        let variance = (F::ONE - m) * *old_variance + m * unbiased;
        replace(old_mean, old_variance, mean, variance);
    }
}

/// Statistics are stored for good, so what is not finite is not stored.
pub(super) fn replace<F: Functions>(mean: &mut F, variance: &mut F, new_mean: F, new_variance: F) {
    if new_mean.is_finite() && new_variance.is_finite() {
        *mean = new_mean;
        *variance = new_variance;
    }
}

/// `n = (x − μ) / √(v + ε)` with each group's mean `μ` and variance `v = (1/size) Σ (x − μ)²`, then
/// `y = gain · n + shift`. `y` holds `x` before.
///
/// Sums run in the order of memory. `kept` takes `n` and `inverse` each group's `1 / √(v + ε)`, where they
/// are not empty; an empty `shift` is none.
pub(crate) fn normalise<F: Functions>(
    y: &mut [F],
    (gain, shift): (&[F], &[F]),
    groups: Groups,
    (kept, inverse): (&mut [F], &mut [F]),
    mut running: Option<Running<'_, F>>,
) {
    let Groups {
        count,
        runs,
        width,
        step,
        centred,
        ..
    } = groups;
    if step == 0 {
        return;
    }
    let size = (runs * width) as u32;
    for group in 0..count {
        let from = group * width;
        let Some(y) = y.get_mut(from..) else { return };
        let mut mean = F::ZERO;
        if centred {
            for run in y.chunks(step).take(runs) {
                for x in run.iter().take(width) {
                    mean += *x;
                }
            }
            mean = mean / F::from_count(size);
        }
        let mut variance = F::ZERO;
        for run in y.chunks(step).take(runs) {
            for x in run.iter().take(width) {
                let distance = *x - mean;
                variance += distance * distance;
            }
        }
        variance = variance / F::from_count(size);
        let scale = inverse_root(variance);
        if let Some(inverse) = inverse.get_mut(group) {
            *inverse = scale;
        }
        if let Some(running) = &mut running {
            running.follow(group, mean, variance, size);
        }
        let (gain, shift) = (groups.gains(group, gain), groups.gains(group, shift));
        let mut kept = kept.get_mut(from..).unwrap_or(&mut []).chunks_mut(step);
        for run in y.chunks_mut(step).take(runs) {
            for x in run.iter_mut().take(width) {
                *x = (*x - mean) * scale;
            }
            for (kept, x) in kept.next().unwrap_or(&mut []).iter_mut().zip(&*run).take(width) {
                *kept = *x;
            }
            for (x, gain) in run.iter_mut().zip(gain) {
                *x *= *gain;
            }
            for (x, shift) in run.iter_mut().zip(shift) {
                *x += *shift;
            }
        }
    }
}

/// `1 / √(v + ε)`
pub(super) fn inverse_root<F: Functions>(variance: F) -> F {
    F::ONE / F::sqrt(variance + F::from_f32(EPSILON, ()))
}

/// With `d = gain · dy`: `dx = inverse · (d − mean(d) − n · mean(d · n))`, the means over each group.
/// Groups that are not centred have no `mean(d)`. `dx` holds `dy` before.
pub(crate) fn normalise_gradient<F: Functions>(
    dx: &mut [F],
    gain: &[F],
    groups: Groups,
    (kept, inverse): (&[F], &[F]),
) {
    let Groups {
        count,
        runs,
        width,
        step,
        centred,
        ..
    } = groups;
    if step == 0 {
        return;
    }
    let size = F::from_count((runs * width) as u32);
    for (group, scale) in inverse.iter().enumerate().take(count) {
        let from = group * width;
        let (Some(dx), Some(kept)) = (dx.get_mut(from..), kept.get(from..)) else {
            return;
        };
        let gain = groups.gains(group, gain);
        let (mut sum, mut product) = (F::ZERO, F::ZERO);
        for (run, kept) in dx.chunks(step).zip(kept.chunks(step)).take(runs) {
            for ((dy, n), gain) in run.iter().zip(kept).zip(gain) {
                let d = *dy * *gain;
                sum += d;
                product += d * *n;
            }
        }
        let mean = if centred { sum / size } else { F::ZERO };
        let slope = product / size;
        for (run, kept) in dx.chunks_mut(step).zip(kept.chunks(step)).take(runs) {
            for ((dx, n), gain) in run.iter_mut().zip(kept).zip(gain) {
                *dx = *scale * ((*dx * *gain - mean) - *n * slope);
            }
        }
    }
}

#[cfg(test)]
#[path = "groups_tests.rs"]
mod tests;
