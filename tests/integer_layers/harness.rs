//! One model in f32 and in block fixed point, from the same start.

use kilograd::engine::{Arena, Trainer, Training, Update};
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::bfp::Exponent;
use kilograd::number::random::Pcg;
use kilograd::number::{Bfp14, Element, Scalar, Scale, View};
use kilograd::optim::{Optimizer, Sgd};
use std::ops::Range;

/// Samples of an update.
const BATCH: u16 = 4;
/// Updates whose losses are compared.
const STEPS: usize = 50;
/// Updates in which the first scales hold, of 32 samples.
const WINDOW: usize = 32 / BATCH as usize;
/// The update whose gradients are compared once more, when the scales have seen all samples.
const SETTLED: usize = 16;
/// Samples to learn from, in a circle.
const SAMPLES: usize = 24;
/// The most layers of a model here.
const LAYERS: usize = 12;
const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 1e-4,
};

/// How far apart the two may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of the output, as a share of its largest element in f32.
    pub output: f32,
    /// Of each gradient of the first sample, as a share of the largest element of its tensor in f32; of running
    /// statistics four times as much.
    pub gradient: f32,
    /// Of each gradient of a later batch, when parameters have moved.
    pub later: f32,
    /// Of the loss of each step, as a share of the f32 loss plus 0.2. In the first window, whose scales follow from one
    /// sample so that some of the others are cut off, five times as much.
    pub loss: f32,
}

/// What most kinds keep.
pub const USUAL: Bounds = Bounds {
    output: 0.008,
    gradient: 0.01,
    later: 0.1,
    loss: 0.03,
};

/// A model to try. Its output are the scores of classes.
#[derive(Debug)]
pub struct Case<'a> {
    pub input: Shape,
    pub layers: &'a [Entry],
    /// The exponent of the samples: −10 for most, 0 for tokens.
    pub scale: i16,
    /// One sample's values, each a mantissa at `scale`.
    pub sample: fn(&mut Pcg, usize) -> Vec<i16>,
    /// Whether weights that start at zero, those of adapters, have moved already, so that all gradients tell something.
    pub moved: bool,
}

impl<'a> Case<'a> {
    /// A model on samples of values within ±2.
    pub fn new(input: Shape, layers: &'a [Entry]) -> Self {
        Self {
            input,
            layers,
            scale: -10,
            sample: |random, length| (0..length).map(|_| random.below(4096) as i16 - 2048).collect(),
            moved: true,
        }
    }
}

/// A named tensor as people see it.
type Named = (String, Vec<f32>);

/// What a model computed and learned.
#[derive(Debug, Default)]
struct Seen {
    output: Vec<f32>,
    /// Of the first sample.
    gradients: Vec<Named>,
    /// Of a batch, when the scales have settled.
    sums: Vec<Named>,
    losses: Vec<f32>,
    /// After the last step; running statistics too.
    parameters: Vec<Named>,
}

/// Runs both and compares them; the mean loss at the end of each.
///
/// # Panics
/// Where they are further apart than `bounds`.
pub fn compare(what: &str, case: &Case<'_>, bounds: Bounds) -> [f32; 2] {
    let float = run::<f32>(case, ());
    let fixed = run::<Bfp14>(case, Exponent(case.scale));
    let output = far(&float.output, &fixed.output);
    let worst = farthest(&float.gradients, &fixed.gradients, !case.moved);
    let late = farthest(&float.sums, &fixed.sums, false);
    let apart = |steps: Range<usize>| {
        let pairs = float.losses[steps.clone()].iter().zip(&fixed.losses[steps]);
        pairs.map(|(a, b)| (a - b).abs() / (a + 0.2)).fold(0.0, f32::max)
    };
    let (early, loss) = (apart(0..WINDOW), apart(WINDOW..STEPS));
    let statistics = float.parameters.iter().zip(&fixed.parameters);
    let statistics = statistics
        .filter(|((name, _), _)| name.contains("running"))
        .map(|((_, a), (_, b))| far(a, b))
        .fold(0.0, f32::max);
    println!(
        "{what}: output {output:.5}, gradient {worst:.5?}, later {late:.5?}, losses {early:.5} {loss:.5}, statistics {statistics:.5}"
    );
    // Each circle over the samples is so many steps.
    let circle = SAMPLES / usize::from(BATCH);
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (first, last) = (
        mean(&float.losses[..circle]),
        mean(&float.losses[STEPS - circle..]),
    );
    assert!(last < 0.98 * first, "{what}: it learns in f32: {first} {last}");
    assert!(output <= bounds.output, "{what}: outputs are {output} apart");
    assert!(
        worst.0 <= bounds.gradient,
        "{what}: gradients are {} apart, of {}",
        worst.0,
        worst.1
    );
    assert!(
        late.0 <= bounds.later,
        "{what}: gradients of a batch are {} apart, of {}",
        late.0,
        late.1
    );
    assert!(
        loss <= bounds.loss && early <= 5.0 * bounds.loss,
        "{what}: losses are {early} and {loss} apart: {:?}\n{:?}",
        float.losses,
        fixed.losses
    );
    assert!(
        statistics <= 4.0 * bounds.gradient,
        "{what}: statistics are {statistics} apart"
    );
    [last, mean(&fixed.losses[STEPS - circle..])]
}

/// The largest distance of any tensor, and its name. What is a tenth of the largest gradient counts as that: some are
/// differences of larger ones, and 0 but for rounding. With `zeros`, some may be nothing but zeros, in both.
fn farthest<'a>(a: &'a [Named], b: &[Named], zeros: bool) -> (f32, &'a str) {
    assert_eq!(a.len(), b.len());
    let floor = a.iter().map(|(_, a)| largest(a)).fold(0.0, f32::max) / 10.0;
    let told = |a: &Named, b: &Named| !zeros || largest(&a.1).max(largest(&b.1)) > 0.0;
    let both = a.iter().zip(b).filter(|(a, b)| told(a, b));
    let far = both.map(|((name, a), (_, b))| {
        let share = largest(a) / largest(a).max(floor);
        (far(a, b) * share, &**name)
    });
    far.fold(
        (0.0, "nothing"),
        |far, this| if this.0 <= far.0 { far } else { this },
    )
}

fn largest(a: &[f32]) -> f32 {
    a.iter().fold(0.0, |largest: f32, a| largest.max(a.abs()))
}

/// The largest distance, as a share of the largest element of `a`.
fn far(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = largest(a);
    assert!(largest > 0.0, "nothing but zeros: {a:?}");
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    far.fold(0.0, |far: f32, this| if this <= far { far } else { this }) / largest
}

fn run<N: Kernel>(case: &Case<'_>, scale: Scale<N>) -> Seen
where
    Sgd: Optimizer<N>,
{
    let model = Model::new(case.input, case.layers);
    let training = Training::<N, Sgd>::new(Loss::CrossEntropy)
        .batch(BATCH)
        .keep_gradients();
    let plan: PlanOf<LAYERS> = model
        .try_plan(&training)
        .unwrap_or_else(|error| panic!("{error}"));
    let plan: &Plan = &plan;
    let mut image = noise();
    let image = &mut image[..plan.frozen];
    frozen(case, &training, plan, image);
    let mut memory = noise();
    let mut trainer =
        AnyTrainer::<N>::with_frozen(plan, &mut memory[..plan.bytes()], SGD, image).expect("planned for it");
    begin(case, &mut trainer);
    let random = &mut Pcg::new(3);
    let samples: Vec<Vec<N::Elem>> = (0..SAMPLES)
        .map(|_| {
            let mantissas = (case.sample)(random, case.input.len());
            let values = mantissas.into_iter().map(|m| m.to_f32(Exponent(case.scale)));
            values.map(|value| N::Elem::from_f32(value, scale)).collect()
        })
        .collect();
    let classes = plan.slots().last().map_or(1, |slot| slot.output.len());
    let mut seen = Seen::default();
    for step in 0..STEPS {
        let mut sum = N::Scalar::default();
        for at in step * usize::from(BATCH)..(step + 1) * usize::from(BATCH) {
            let data = &samples[at % SAMPLES];
            let loss = trainer.learn(View { data, scale }, Target::Class(at % SAMPLES % classes));
            sum = sum.plus(loss.expect("fits"));
            // Until the scales have seen more, those of the others may be cut off.
            if at == 0 {
                seen.gradients = gradients(&trainer);
            }
        }
        if step == SETTLED {
            seen.sums = gradients(&trainer);
        }
        if step == 0 {
            let output = trainer.infer(View {
                data: &samples[0],
                scale,
            });
            seen.output = output.values().collect();
        }
        assert!(matches!(trainer.update(), Update::Done(norm) if norm.to_f32() > 0.0));
        seen.losses.push(sum.over(BATCH.into()).to_f32());
    }
    for (layer, param) in params(plan) {
        let tensor = trainer.parameter(layer, param.name).expect("planned");
        seen.parameters.push((
            format!("{} of layer {layer}", param.name),
            tensor.values().collect(),
        ));
    }
    seen
}

/// A trainer that can run every kind of layer.
type AnyTrainer<'a, N> = Trainer<'a, N, Sgd, { u128::MAX }>;

/// Memory after a reset holds anything.
fn noise() -> Box<Arena<{ 1 << 18 }>> {
    let mut memory = Box::new(Arena::ZERO);
    memory.fill(0xA5);
    memory
}

/// The image of what `plan` freezes, from a trainer of the same layers that may move all of it.
fn frozen<N: Kernel>(case: &Case<'_>, training: &Training<N, Sgd>, plan: &Plan, image: &mut [u8])
where
    Sgd: Optimizer<N>,
{
    let thawed: Vec<Entry> = case.layers.iter().map(|entry| entry.trained()).collect();
    let whole: PlanOf<LAYERS> = Model::new(case.input, &thawed)
        .try_plan(training)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut memory = noise();
    let mut whole = AnyTrainer::<N>::new(&whole, &mut memory[..], SGD).expect("planned for it");
    begin(case, &mut whole);
    assert!(whole.write_frozen(plan, image));
}

/// The parameters at the start. A gain of 1, a shift of 0 and statistics of a beginner would hide faults.
fn begin<N: Kernel>(case: &Case<'_>, trainer: &mut AnyTrainer<'_, N>)
where
    Sgd: Optimizer<N>,
{
    trainer.init(5);
    let random = &mut Pcg::new(7);
    for (layer, param) in params(trainer.plan()).collect::<Vec<_>>() {
        let draw = |random: &mut Pcg| (random.below(1024) as f32 - 512.0) / 1024.0;
        let values: Vec<f32> = match (param.role, param.start) {
            (Role::Weight, Start::Zeros) if case.moved => {
                (0..param.shape.len()).map(|_| draw(random) / 2.0).collect()
            }
            (Role::Weight, _) => continue,
            (_, Start::Ones) => (0..param.shape.len()).map(|_| 1.0 + draw(random)).collect(),
            _ => (0..param.shape.len()).map(|_| draw(random) / 4.0).collect(),
        };
        let frozen = trainer.parameter_mut(layer, param.name).is_none();
        assert!(frozen || trainer.set_parameter(layer, param.name, values.into_iter()));
    }
}

/// The gradient of each trained tensor.
fn gradients<N: Kernel>(trainer: &AnyTrainer<'_, N>) -> Vec<Named>
where
    Sgd: Optimizer<N>,
{
    let named = |(layer, param): (usize, Param)| {
        let gradient = trainer.gradient(layer, param.name)?;
        Some((
            format!("{} of layer {layer}", param.name),
            gradient.values().collect(),
        ))
    };
    params(trainer.plan()).filter_map(named).collect()
}

/// Layer and specification of each parameter tensor.
fn params(plan: &Plan) -> impl Iterator<Item = (usize, Param)> + '_ {
    let slots = plan.slots().iter().enumerate();
    slots.flat_map(|(layer, slot)| {
        let specs = slot.specs();
        (0..specs.len()).filter_map(move |index| Some((layer, specs.get(index)?)))
    })
}
