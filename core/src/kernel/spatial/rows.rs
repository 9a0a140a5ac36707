//! The rows of an image, while an output is written over it or beside it.

use super::Window;

/// The rows of an input of which the first `below` may have been written over, and are saved.
#[derive(Clone, Copy)]
pub(in crate::kernel) struct Rows<'a, F> {
    saved: &'a [F],
    rest: &'a [F],
    below: usize,
    /// Rows that fit in `saved`: row `r` lies at place `r mod places`.
    places: usize,
    width: usize,
}

impl<'a, F> Rows<'a, F> {
    /// Row `index`.
    pub(in crate::kernel) fn row(&self, index: usize) -> &'a [F] {
        let (from, at) = match index.checked_sub(self.below) {
            Some(at) => (self.rest, at),
            None => (self.saved, index % self.places.max(1)),
        };
        from.get(at * self.width..(at + 1) * self.width).unwrap_or(&[])
    }
}

/// Calls `f` for each row of the output, in order, with its number, the input's rows and its place.
///
/// Where `x` is empty the input lies at the start of `y`, and the rows that are still needed go to `saved`
/// before they are written over: there must be [`Window::overwritten`] places.
pub(in crate::kernel) fn each_row<F: Copy>(
    x: &[F],
    y: &mut [F],
    saved: &mut [F],
    window: &Window,
    mut f: impl FnMut(usize, Rows<'_, F>, &mut [F]),
) {
    let (width, length) = (window.input_row(), window.output_row());
    let in_place = x.is_empty();
    let places = saved.len().checked_div(width).unwrap_or(0);
    let mut below = 0;
    for r in 0..window.rows.output {
        let (from, to) = (r * length, (r + 1) * length);
        let (rest, y) = if in_place {
            while below * width < to {
                let at = below % places.max(1) * width;
                let row = y.get(below * width..(below + 1) * width);
                if let (Some(row), Some(place)) = (row, saved.get_mut(at..at + width)) {
                    place.copy_from_slice(row);
                }
                below += 1;
            }
            match y.split_at_mut_checked(below * width) {
                Some((y, rest)) => (&*rest, y),
                None => return,
            }
        } else {
            (x, &mut *y)
        };
        let Some(y) = y.get_mut(from..to) else {
            return;
        };
        let rows = Rows {
            saved,
            rest,
            below,
            places,
            width,
        };
        f(r, rows, y);
    }
}
