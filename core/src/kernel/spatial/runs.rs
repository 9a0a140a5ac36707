//! A matrix that is swept over several runs of an input at each position.

use crate::kernel::Sweep;

/// A [`Sweep`] whose sum at each position goes over several contiguous runs of the input: the rows of
/// a window over an image, or its single taps where they lie apart.
///
/// Run `(i, j)`, for `i` in `0..count[0]` and `j` in `0..count[1]`, begins `i · step[0] + j · step[1]`
/// elements after the first and uses the weights from `i · rows[0] + j · rows[1]` rows after its own.
/// The sums go from run to run with `j` innermost, and along each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs {
    /// The first run.
    pub sweep: Sweep,
    /// Number of runs, outer and inner.
    pub count: [usize; 2],
    /// Elements of `x` from one run to the next.
    pub step: [isize; 2],
    /// Rows of the weights from one run to the next.
    pub rows: [isize; 2],
}

impl Runs {
    /// A sweep alone.
    pub const fn one(sweep: Sweep) -> Self {
        Self {
            sweep,
            count: [1; 2],
            step: [0; 2],
            rows: [0; 2],
        }
    }

    /// Calls `f` with each run as a sweep of its own.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(Sweep)) {
        let mut outer = self.sweep;
        for _ in 0..self.count[0] {
            let mut sweep = outer;
            for _ in 0..self.count[1] {
                f(sweep);
                sweep.start = sweep.start.wrapping_add_signed(self.step[1]);
                sweep.first = sweep.first.wrapping_add_signed(self.rows[1]);
            }
            outer.start = outer.start.wrapping_add_signed(self.step[0]);
            outer.first = outer.first.wrapping_add_signed(self.rows[0]);
        }
    }

    /// Whether the runs use one contiguous run of the weights.
    pub fn adjoin(&self) -> bool {
        let length = self.sweep.length as isize;
        let [outer, inner] = self.count;
        (inner <= 1 || self.rows[1] == length) && (outer <= 1 || self.rows[0] == length * inner as isize)
    }

    /// Terms of each sum.
    pub fn terms(&self) -> usize {
        self.count[0] * self.count[1] * self.sweep.length
    }
}
