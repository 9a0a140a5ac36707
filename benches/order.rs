//! Which order of summation and which weight layout a desktop likes: `cargo bench --bench order`.
//!
//! Compare within one run; machines are noisy. The chip's side is counted by `cargo xtask bench-mcu`.

#[path = "order/forms.rs"]
mod forms;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use forms::{FORMS, SHAPES};
use std::hint::black_box;

fn order(criterion: &mut Criterion) {
    for &(inputs, outputs) in SHAPES {
        let w: Vec<f32> = (0..inputs * outputs).map(|i| (i % 7) as f32 * 0.1).collect();
        let (b, x) = (vec![0.1; outputs], vec![0.5; inputs]);
        let mut y = vec![0.0; outputs];
        let mut group = criterion.benchmark_group(format!("{inputs} inputs, {outputs} outputs"));
        group.throughput(Throughput::Elements((inputs * outputs) as u64));
        for (name, form) in FORMS {
            let name = name.to_string_lossy().into_owned();
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| form(black_box(&w), black_box(&b), black_box(&x), &mut y));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, order);
criterion_main!(benches);
