//! Pearson's test of counts against what they should be on average.

/// `Σ (observed - expected)² / expected` over cells that are all expected equally often.
pub fn statistic(observed: impl IntoIterator<Item = u32>, expected: f64) -> f64 {
    let term = |count| (f64::from(count) - expected).powi(2) / expected;
    observed.into_iter().map(term).sum()
}

/// What the statistic of true randomness exceeds once in 10,000 times, with `freedom` degrees of freedom
/// (Wilson and Hilferty, 1931).
pub fn limit(freedom: usize) -> f64 {
    const DEVIATES: f64 = 3.719;
    let k = freedom as f64;
    let spread = 2.0 / (9.0 * k);
    k * (1.0 - spread + DEVIATES * spread.sqrt()).powi(3)
}
