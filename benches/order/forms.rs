//! Candidate orders of summation and weight layouts for `y = b + W x`, to be measured against each other.
//!
//! `no_std`, so that the same code is measured on a desktop (`cargo bench --bench order`) and, counted in
//! instructions, on an emulated chip (`cargo xtask bench-mcu`). The choice is in `docs/architecture.md`.

/// `slice[at..at + L]`; zeros where it does not reach.
#[inline(always)]
fn block<const L: usize>(slice: &[f32], at: usize) -> &[f32; L] {
    const { assert!(L <= 8) };
    const ZEROS: &[f32] = &[0.0; 8];
    match slice.get(at..).and_then(|slice| slice.first_chunk::<L>()) {
        Some(block) => block,
        None => match ZEROS.first_chunk::<L>() {
            Some(zeros) => zeros,
            None => unreachable!(),
        },
    }
}

/// Rows of inputs, `w[o][i]`: `L` partial sums of each output, `R` outputs at a time, then one pairwise sum.
#[inline(always)]
fn rows<const L: usize, const R: usize>(w: &[f32], b: &[f32], x: &[f32], y: &mut [f32]) {
    let inputs = x.len();
    let mut outputs = y.chunks_exact_mut(R);
    let mut biases = b.chunks_exact(R);
    let mut groups = w.chunks_exact(R * inputs);
    for ((y, b), w) in (&mut outputs).zip(&mut biases).zip(&mut groups) {
        group::<L, R>(w, b, x, y);
    }
    let rest = outputs.into_remainder().chunks_exact_mut(1);
    let rows = groups.remainder().chunks_exact(inputs);
    for ((y, b), w) in rest.zip(biases.remainder().chunks_exact(1)).zip(rows) {
        group::<L, 1>(w, b, x, y);
    }
}

/// [`rows`] for `R` outputs.
#[inline(always)]
fn group<const L: usize, const R: usize>(w: &[f32], b: &[f32], x: &[f32], y: &mut [f32]) {
    let inputs = x.len();
    let whole = inputs / L * L;
    if w.len() < R * inputs {
        return;
    }
    let rows: [&[f32]; R] = core::array::from_fn(|r| &w[r * inputs..(r + 1) * inputs]);
    let mut sums = [[0.0_f32; L]; R];
    let mut i = 0;
    while i < whole {
        let x = *block::<L>(x, i);
        for r in 0..R {
            let w = block::<L>(rows[r], i);
            for l in 0..L {
                sums[r][l] += w[l] * x[l];
            }
        }
        i += L;
    }
    for ((sums, row), (y, b)) in sums.iter_mut().zip(rows).zip(y.iter_mut().zip(b)) {
        for (sum, (w, x)) in sums.iter_mut().zip(row[whole..].iter().zip(&x[whole..])) {
            *sum += w * x;
        }
        let mut lanes = L;
        while lanes > 1 {
            lanes /= 2;
            for l in 0..lanes {
                sums[l] += sums[l + lanes];
            }
        }
        *y = b + sums[0];
    }
}

/// Rows of inputs, `w[o][i]`: one sum of each output, in the order of the inputs, `R` outputs at a time, which
/// share each block of `U` inputs.
#[inline(always)]
fn shared<const U: usize, const R: usize>(w: &[f32], b: &[f32], x: &[f32], y: &mut [f32]) {
    let inputs = x.len();
    y.copy_from_slice(b);
    let mut outputs = y.chunks_exact_mut(R);
    let mut groups = w.chunks_exact(R * inputs);
    for (y, w) in (&mut outputs).zip(&mut groups) {
        shared_group::<U, R>(w, x, y);
    }
    let rest = outputs.into_remainder().chunks_exact_mut(1);
    for (y, w) in rest.zip(groups.remainder().chunks_exact(inputs)) {
        shared_group::<U, 1>(w, x, y);
    }
}

/// [`shared`] for `R` outputs.
#[inline(always)]
fn shared_group<const U: usize, const R: usize>(w: &[f32], x: &[f32], y: &mut [f32]) {
    let inputs = x.len();
    if w.len() < R * inputs || y.len() < R {
        return;
    }
    let mut sums = [0.0_f32; R];
    sums.copy_from_slice(&y[..R]);
    let mut rows: [_; R] = core::array::from_fn(|r| w[r * inputs..(r + 1) * inputs].chunks_exact(U));
    let blocks = x.chunks_exact(U);
    let rest = blocks.remainder();
    for x in blocks {
        let Ok(x) = <[f32; U]>::try_from(x) else { return };
        for (sum, row) in sums.iter_mut().zip(&mut rows) {
            let Some(w) = row.next() else { return };
            for u in 0..U {
                *sum += w[u] * x[u];
            }
        }
    }
    for (sum, row) in sums.iter_mut().zip(&rows) {
        for (w, x) in row.remainder().iter().zip(rest) {
            *sum += w * x;
        }
    }
    y[..R].copy_from_slice(&sums);
}

/// Rows of outputs, `w[i][o]`: one sum of each output, in the order of the inputs, `B` outputs at a time.
#[inline(always)]
fn columns<const B: usize>(w: &[f32], b: &[f32], x: &[f32], y: &mut [f32]) {
    let outputs = y.len();
    y.copy_from_slice(b);
    let from = lanes::<B>(w, x, y, outputs, 0);
    let from = if B > 8 {
        lanes::<8>(w, x, y, outputs, from)
    } else {
        from
    };
    let from = lanes::<4>(w, x, y, outputs, from);
    let from = lanes::<2>(w, x, y, outputs, from);
    lanes::<1>(w, x, y, outputs, from);
}

#[inline(always)]
fn lanes<const B: usize>(w: &[f32], x: &[f32], y: &mut [f32], outputs: usize, mut from: usize) -> usize {
    while let Some(block) = y.get_mut(from..).and_then(|y| y.first_chunk_mut::<B>()) {
        let mut sums = *block;
        for (x, row) in x.iter().zip(w.chunks_exact(outputs)) {
            if let Some(row) = row.get(from..).and_then(|row| row.first_chunk::<B>()) {
                for (sum, w) in sums.iter_mut().zip(row) {
                    *sum += x * w;
                }
            }
        }
        *block = sums;
        from += B;
    }
    from
}

/// `y = b + W x`: weights, biases, inputs, outputs.
pub type Form = fn(&[f32], &[f32], &[f32], &mut [f32]);

macro_rules! forms {
    ($($name:ident = $form:path, $title:literal;)*) => {
        $(
            #[inline(never)]
            fn $name(w: &[f32], b: &[f32], x: &[f32], y: &mut [f32]) {
                $form(w, b, x, y);
            }
        )*

        /// Every candidate, with its name.
        pub const FORMS: &[(&core::ffi::CStr, Form)] = &[$(($title, $name)),*];
    };
}

forms! {
    rows_1_lane = shared::<8, 4>, c"w[o][i], 1 lane, 4 outputs at a time";
    rows_4_lanes = rows::<4, 1>, c"w[o][i], 4 lanes";
    rows_4_lanes_4 = rows::<4, 4>, c"w[o][i], 4 lanes, 4 outputs at a time";
    rows_8_lanes = rows::<8, 1>, c"w[o][i], 8 lanes";
    columns_4 = columns::<4>, c"w[i][o], 4 outputs at a time";
    columns_8 = columns::<8>, c"w[i][o], 8 outputs at a time";
    columns_16 = columns::<16>, c"w[i][o], 16 outputs at a time";
}

/// Inputs and outputs of the shapes measured: the layers of W1, and the convolutions of W4 at one position.
pub const SHAPES: &[(usize, usize)] = &[(64, 32), (32, 10), (30, 8), (40, 16)];
