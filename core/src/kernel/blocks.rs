//! Loops over flat vectors, in blocks that fit a register file.
//!
//! A block is loaded whole, worked on, and stored whole: compilers turn that into multi-register
//! loads on a chip and into SIMD on a desktop, where an element-by-element loop gives neither.

/// `to[i] ← f(to[i], from[i])`
#[inline]
pub(crate) fn zip<F: Copy, const B: usize>(to: &mut [F], from: &[F], f: impl Fn(F, F) -> F) {
    let mut to = to.chunks_exact_mut(B);
    let mut from = from.chunks_exact(B);
    for (to, from) in (&mut to).zip(&mut from) {
        if let (Ok(to), Ok(from)) = (<&mut [F; B]>::try_from(to), <&[F; B]>::try_from(from)) {
            let (mut block, from) = (*to, *from);
            for (to, from) in block.iter_mut().zip(from) {
                *to = f(*to, from);
            }
            *to = block;
        }
    }
    for (to, from) in to.into_remainder().iter_mut().zip(from.remainder()) {
        *to = f(*to, *from);
    }
}

/// `(a[i], b[i]) ← f(a[i], b[i], from[i])`
#[inline]
pub(crate) fn zip2<F: Copy, const B: usize>(
    a: &mut [F],
    b: &mut [F],
    from: &[F],
    f: impl Fn(F, F, F) -> (F, F),
) {
    let mut a = a.chunks_exact_mut(B);
    let mut b = b.chunks_exact_mut(B);
    let mut from = from.chunks_exact(B);
    for ((a, b), from) in (&mut a).zip(&mut b).zip(&mut from) {
        let blocks = (
            <&mut [F; B]>::try_from(a),
            <&mut [F; B]>::try_from(b),
            <&[F; B]>::try_from(from),
        );
        if let (Ok(a), Ok(b), Ok(from)) = blocks {
            let (mut block_a, mut block_b, from) = (*a, *b, *from);
            for ((a, b), from) in block_a.iter_mut().zip(&mut block_b).zip(from) {
                (*a, *b) = f(*a, *b, from);
            }
            *a = block_a;
            *b = block_b;
        }
    }
    for ((a, b), from) in a
        .into_remainder()
        .iter_mut()
        .zip(b.into_remainder())
        .zip(from.remainder())
    {
        (*a, *b) = f(*a, *b, *from);
    }
}
