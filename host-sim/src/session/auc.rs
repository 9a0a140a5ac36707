//! How well a figure tells odd samples from usual ones.

/// Area under the receiver operating characteristic: the chance that an odd sample has a higher figure than a usual
/// one, `(#{odd > usual} + ½ #{odd = usual}) / (odd · usual)` over all pairs. ½ is chance, 1 is perfect.
///
/// `None` without a sample of either kind, or with a figure that is not a number.
/// Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982.
pub fn auc(figures: &[(f64, bool)]) -> Option<f32> {
    let odd = figures.iter().filter(|(_, odd)| *odd).count();
    let usual = figures.len() - odd;
    if odd == 0 || usual == 0 || figures.iter().any(|(figure, _)| figure.is_nan()) {
        return None;
    }
    let mut sorted = figures.to_vec();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    // Twice the pairs won, so that a tie is a whole number.
    let (mut won, mut below) = (0u64, 0u64);
    for equal in sorted.chunk_by(|(a, _), (b, _)| a == b) {
        let odd = equal.iter().filter(|(_, odd)| *odd).count() as u64;
        let usual = equal.len() as u64 - odd;
        won += odd * (2 * below + usual);
        below += usual;
    }
    Some((won as f64 / (2 * odd as u64 * usual as u64) as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::number::random::Pcg;

    #[test]
    fn it_counts_the_pairs() {
        let mut random = Pcg::new(4);
        for _ in 0..50 {
            let figures: Vec<(f64, bool)> = (0..40)
                .map(|_| (f64::from(random.below(12)), random.below(3) == 0))
                .collect();
            let of = |kind| figures.iter().filter(move |(_, odd)| *odd == kind);
            let (mut won, mut pairs) = (0.0, 0.0);
            for (a, _) in of(true) {
                for (b, _) in of(false) {
                    pairs += 1.0;
                    won += if a > b {
                        1.0
                    } else if a == b {
                        0.5
                    } else {
                        0.0
                    };
                }
            }
            assert!((f64::from(auc(&figures).unwrap()) - won / pairs).abs() < 1e-6);
        }
    }

    #[test]
    fn the_ends_are_as_they_should_be() {
        assert_eq!(auc(&[(1.0, false), (2.0, true)]), Some(1.0));
        assert_eq!(auc(&[(2.0, false), (1.0, true)]), Some(0.0));
        assert_eq!(auc(&[(1.0, false), (1.0, true)]), Some(0.5));
        assert_eq!(auc(&[(1.0, true)]), None);
        assert_eq!(auc(&[(f64::NAN, true), (1.0, false)]), None);
    }
}
