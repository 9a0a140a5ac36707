//! How a layer multiplies by its matrices: by themselves, or with what learns beside them.
//!
//! Kinds whose matrices are used in the middle of other work (recurrent layers, attention) are written once over
//! [`Matrices`]. [`Alone`] adds nothing to the primitives of a number.

use super::recurrence::{own, raise, seen, split};
use crate::kernel::{Kernel, Sweep};
use crate::network::{Gradients, Parameters};
use crate::number::{Scale, View, ViewMut};

/// The products of a layer with matrix number `matrix` of its parameters.
pub(super) trait Matrices<N: Kernel> {
    /// Whether the gradients of all matrices are asked for in the backward step, also of a kind that takes those of its
    /// own by rows.
    const BESIDE: bool;

    /// `y = b + W x`; `y += W x` where `b` is empty.
    fn affine(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak;

    /// `y += b + W x`.
    fn affine_more(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak;

    /// `dx += Wᵀ dy`.
    fn affine_input(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        dy: View<'_, N>,
        dx: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak;

    /// The gradient of what learns of the matrix; of `sum` the first says that the rows which the sweep has hold nothing
    /// yet, the second how many positions there are in all.
    fn affine_weights(
        &mut self,
        p: &Parameters<'_, N>,
        dp: &mut Gradients<'_, N>,
        matrix: usize,
        operands: (View<'_, N>, View<'_, N>),
        sweep: Sweep,
        sum: (bool, usize),
    );
}

/// The matrices themselves.
pub(super) struct Alone;

impl<N: Kernel> Matrices<N> for Alone {
    const BESIDE: bool = false;

    #[inline]
    fn affine(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        N::affine(p.weight(matrix), b, x, y, sweep)
    }

    #[inline]
    fn affine_more(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        N::affine_more(p.weight(matrix), b, x, y, sweep)
    }

    #[inline]
    fn affine_input(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        dy: View<'_, N>,
        dx: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        N::affine_input(p.weight(matrix), dy, dx, sweep)
    }

    #[inline]
    fn affine_weights(
        &mut self,
        _: &Parameters<'_, N>,
        dp: &mut Gradients<'_, N>,
        matrix: usize,
        (x, dy): (View<'_, N>, View<'_, N>),
        sweep: Sweep,
        (fresh, terms): (bool, usize),
    ) {
        if let Some(dw) = dp.tensor(matrix) {
            N::series_weights(x, dy, dw, sweep, fresh, terms);
        }
    }
}

/// Parameter tensors of the kinds that are written over [`Matrices`]; what learns beside them comes behind.
pub(super) const TENSORS: usize = 4;

/// Factors `down` and `up` beside each matrix: `W + D U`.
pub(super) struct Factors<'a, N: Kernel> {
    /// Rank of each product.
    pub rank: usize,
    /// Tensors from one matrix to the next.
    pub step: usize,
    /// Room for `h = Dᵀ x`, and in the backward step for `dh = U dy` behind it.
    pub room: &'a mut [N::Elem],
    /// Of `h` of each product, its scale and what was seen of it.
    pub h: [(Scale<N>, N::Peak); 2],
    /// Of `dh` of each, what its [scale](Kernel::product) is told by, and what was seen of it.
    pub dh: [(Scale<N>, N::Peak); 2],
}

/// What belongs to a product, of two.
fn of<T>([first, second]: &mut [T; 2], product: usize) -> &mut T {
    if product == 0 { first } else { second }
}

impl<N: Kernel> Factors<'_, N> {
    /// Index of `down` of a matrix; `up` comes next.
    fn down(&self, matrix: usize) -> usize {
        TENSORS + 2 * self.product(matrix)
    }

    /// Which of the two products the matrix is in.
    fn product(&self, matrix: usize) -> usize {
        matrix / self.step.max(1)
    }

    /// `D` where `sweep` has `W`.
    fn to_h(&self, sweep: Sweep) -> Sweep {
        Sweep {
            outputs: self.rank,
            target: 0,
            ..sweep
        }
    }

    /// `U` at the position that `sweep` has.
    fn of_h(&self, sweep: Sweep) -> Sweep {
        Sweep {
            positions: 1,
            start: 0,
            step: 0,
            length: self.rank,
            first: 0,
            ..sweep
        }
    }

    /// `y += Uᵀ Dᵀ x` at each position.
    fn add(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        x: View<'_, N>,
        mut y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let (down, product) = (self.down(matrix), self.product(matrix));
        let mut peak = N::Peak::default();
        for at in each(sweep) {
            let (into, from) = (self.to_h(at), self.of_h(at));
            let (scale, seen_of_h) = of(&mut self.h, product);
            let (h, _) = split(self.room, self.rank);
            N::clear(h);
            raise::<N>(seen_of_h, N::affine(p.weight(down), &[], x, own(h, *scale), into));
            let (h, y) = (seen(h, *scale), again(&mut y));
            raise::<N>(&mut peak, N::affine(p.weight(down + 1), &[], h, y, from));
        }
        peak
    }
}

/// The positions of a sweep, one by one.
fn each(sweep: Sweep) -> impl Iterator<Item = Sweep> {
    (0..sweep.positions).map(move |position| Sweep {
        positions: 1,
        start: sweep.start + position * sweep.step,
        target: sweep.target + position,
        ..sweep
    })
}

/// The same tensor once more, to write.
pub(super) fn again<'a, N: Kernel>(y: &'a mut ViewMut<'_, N>) -> ViewMut<'a, N> {
    ViewMut {
        data: &mut *y.data,
        scale: y.scale,
    }
}

impl<N: Kernel> Matrices<N> for Factors<'_, N> {
    const BESIDE: bool = true;

    fn affine(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        mut y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let peak = N::affine(p.weight(matrix), b, x, again(&mut y), sweep);
        N::higher(peak, self.add(p, matrix, x, y, sweep))
    }

    fn affine_more(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        mut y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let peak = N::affine_more(p.weight(matrix), b, x, again(&mut y), sweep);
        N::higher(peak, self.add(p, matrix, x, y, sweep))
    }

    fn affine_input(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        dy: View<'_, N>,
        mut dx: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let (down, product) = (self.down(matrix), self.product(matrix));
        let (track, mut seen_of_dh) = *of(&mut self.dh, product);
        let scale = N::product(track, p.weight(down + 1), dy.scale);
        let mut peak = N::affine_input(p.weight(matrix), dy, again(&mut dx), sweep);
        for at in each(sweep) {
            let (into, from) = (self.to_h(at), self.of_h(at));
            let (dh, _) = split(self.room, self.rank);
            N::clear(dh);
            raise::<N>(
                &mut seen_of_dh,
                N::affine_input(p.weight(down + 1), dy, own(dh, scale), from),
            );
            let here = N::affine_input(p.weight(down), seen(dh, scale), again(&mut dx), into);
            raise::<N>(&mut peak, here);
        }
        of(&mut self.dh, product).1 = seen_of_dh;
        peak
    }

    /// Whoever has the factors clears their gradients first: every part of a matrix adds to both of them.
    fn affine_weights(
        &mut self,
        p: &Parameters<'_, N>,
        dp: &mut Gradients<'_, N>,
        matrix: usize,
        (x, dy): (View<'_, N>, View<'_, N>),
        sweep: Sweep,
        (_, terms): (bool, usize),
    ) {
        let (down, product) = (self.down(matrix), self.product(matrix));
        let (of_h, _) = *of(&mut self.h, product);
        let (track, mut seen_of_dh) = *of(&mut self.dh, product);
        let of_dh = N::product(track, p.weight(down + 1), dy.scale);
        for at in each(sweep) {
            let (into, from) = (self.to_h(at), self.of_h(at));
            let (h, dh) = split(self.room, self.rank);
            N::clear(h);
            N::affine(p.weight(down), &[], x, own(h, of_h), into);
            N::clear(dh);
            // The layer below may not have asked for it.
            raise::<N>(
                &mut seen_of_dh,
                N::affine_input(p.weight(down + 1), dy, own(dh, of_dh), from),
            );
            if let Some(dw) = dp.tensor(down) {
                N::series_weights(x, seen(dh, of_dh), dw, into, false, terms);
            }
            if let Some(dw) = dp.tensor(down + 1) {
                N::series_weights(seen(h, of_h), dy, dw, from, false, terms);
            }
        }
        of(&mut self.dh, product).1 = seen_of_dh;
    }
}

/// Some rows of the first matrix learn, those of the chosen input channels: `W + V`.
pub(super) struct Chosen<'a, N: Kernel> {
    /// Channels of the input.
    pub width: usize,
    /// First of those that learn.
    pub from: usize,
    /// How many.
    pub count: usize,
    /// These channels of each frame of the input, for the backward step.
    pub z: View<'a, N>,
}

impl<N: Kernel> Chosen<'_, N> {
    /// `V` where `sweep` has `W`.
    fn rows(&self, sweep: Sweep) -> Sweep {
        Sweep {
            start: sweep.start + self.from,
            length: self.count,
            first: 0,
            ..sweep
        }
    }
}

impl<N: Kernel> Matrices<N> for Chosen<'_, N> {
    const BESIDE: bool = true;

    fn affine(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        mut y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let peak = N::affine(p.weight(matrix), b, x, again(&mut y), sweep);
        if matrix != 0 {
            return peak;
        }
        N::higher(peak, N::affine(p.weight(TENSORS), &[], x, y, self.rows(sweep)))
    }

    fn affine_more(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        b: &[N::Bias],
        x: View<'_, N>,
        y: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        // Of no kind's first matrix.
        N::affine_more(p.weight(matrix), b, x, y, sweep)
    }

    fn affine_input(
        &mut self,
        p: &Parameters<'_, N>,
        matrix: usize,
        dy: View<'_, N>,
        mut dx: ViewMut<'_, N>,
        sweep: Sweep,
    ) -> N::Peak {
        let peak = N::affine_input(p.weight(matrix), dy, again(&mut dx), sweep);
        if matrix != 0 {
            return peak;
        }
        N::higher(peak, N::affine_input(p.weight(TENSORS), dy, dx, self.rows(sweep)))
    }

    fn affine_weights(
        &mut self,
        _: &Parameters<'_, N>,
        dp: &mut Gradients<'_, N>,
        matrix: usize,
        (_, dy): (View<'_, N>, View<'_, N>),
        sweep: Sweep,
        (_, terms): (bool, usize),
    ) {
        if matrix == 0
            && let Some(dw) = dp.tensor(TENSORS)
        {
            let frames = |elements: usize| elements / self.width.max(1) * self.count;
            let sweep = Sweep {
                start: frames(sweep.start),
                step: frames(sweep.step),
                length: self.count,
                first: 0,
                ..sweep
            };
            N::series_weights(self.z, dy, dw, sweep, false, terms);
        }
    }
}
