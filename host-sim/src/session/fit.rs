//! Training as a run file asks for it.

use super::plan::{MAX_LAYERS, Network, last_layer};
use super::score::{Score, score, target};
use crate::complaint::{Complaint, Failure};
use crate::data::Parts;
use crate::report::{Curves, Point};
use crate::run::{RunFile, Target, WithOptimizer};
use kilograd::engine::{Trainer, Update};
use kilograd::evaluate::{Gap, MeanLoss};
use kilograd::load::{Loader, Split};
use kilograd::network::PlanOf;
use kilograd::number::View;
use kilograd::optim::Optimizer;
use kilograd::persist::Fingerprint;

/// A run that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// On the training part, with the final parameters.
    pub train: Score,
    /// On the validation part, if there is one.
    pub validation: Option<Score>,
    /// On the test part, if there is one.
    pub test: Option<Score>,
    /// Updates done.
    pub steps: u32,
    /// Epochs done.
    pub epochs: u32,
    /// Whether early stopping ended the run.
    pub stopped_early: bool,
    /// Number of parameters.
    pub params: usize,
    /// Bytes of the arena.
    pub ram_bytes: usize,
    /// 64-bit FNV-1a of the parameters' bytes.
    pub params_hash: u64,
    /// One point per epoch.
    pub curves: Curves,
}

/// Trains the model of `run` on `parts`; `watch` is told the samples seen so far, and of each epoch.
///
/// # Errors
/// A complaint about the model or the data, or the step at which training diverged.
pub fn fit(
    run: &RunFile,
    parts: &Parts,
    watch: &mut dyn FnMut(u64, Option<&Point>),
) -> Result<Outcome, Failure> {
    let network = Network::new(run)?;
    run.optimizer.with(Work {
        run,
        parts,
        network: &network,
        watch,
    })
}

struct Work<'a> {
    run: &'a RunFile,
    parts: &'a Parts,
    network: &'a Network,
    watch: &'a mut dyn FnMut(u64, Option<&Point>),
}

impl WithOptimizer for Work<'_> {
    type Output = Result<Outcome, Failure>;

    fn call<O: Optimizer<f32>>(self, optimizer: O) -> Self::Output {
        let Self {
            run,
            parts,
            network,
            watch,
        } = self;
        let plan = network.plan::<O>(run, true)?;
        check_classes(run, &plan, parts)?;
        // Words of eight bytes, since an arena begins at a multiple of them.
        let mut memory = vec![0u64; plan.bytes().div_ceil(8)];
        let memory: &mut [u8] = bytemuck::cast_slice_mut(&mut memory);
        let mut trainer = Trainer::<f32, O, { u128::MAX }>::new(&plan, memory, optimizer)
            .map_err(|error| Failure::Run(error.to_string()))?;
        trainer.init(run.fit.seed);
        let (curves, stopped_early) = epochs(run, parts, &mut trainer, watch)?;
        let Some(train) = score(&mut trainer, &parts.train) else {
            return Err(Failure::Run("the training part holds no sample".into()));
        };
        Ok(Outcome {
            train,
            validation: score(&mut trainer, &parts.validation),
            test: score(&mut trainer, &parts.test),
            steps: trainer.steps(),
            epochs: curves.points.len() as u32,
            stopped_early,
            params: plan.parameters,
            ram_bytes: plan.bytes(),
            params_hash: hash(trainer.parameter_bytes()),
            curves,
        })
    }
}

/// 64-bit FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(Fingerprint::new(), |digest, byte| digest.byte(*byte))
        .value()
}

/// One output for each class, no more and no fewer.
fn check_classes(run: &RunFile, plan: &PlanOf<MAX_LAYERS>, parts: &Parts) -> Result<(), Complaint> {
    let (outputs, classes) = (plan.output.len(), parts.train.classes.len());
    if run.data.target != Target::Label || outputs == classes {
        return Ok(());
    }
    let message = format!("the model has {outputs} outputs, but the data have {classes} classes");
    let help = format!("end with `{{ kind = \"dense\", units = {classes} }}`");
    Err(run.complain(last_layer(run), message, help))
}

/// Runs the epochs.
fn epochs<O: Optimizer<f32>, const USES: u128>(
    run: &RunFile,
    parts: &Parts,
    trainer: &mut Trainer<'_, f32, O, USES>,
    watch: &mut dyn FnMut(u64, Option<&Point>),
) -> Result<(Curves, bool), Failure> {
    let mut curves = Curves::default();
    let mut gap = Gap::new();
    let mut x = vec![0.0; parts.train.shape.len()];
    let mut seen = 0;
    let split = Split::all(parts.train.recordings.len() as u32);
    let mut loader =
        Loader::new(&parts.train, split, run.fit.seed).map_err(|error| Failure::Run(error.to_string()))?;
    for epoch in 1..=run.fit.epochs {
        let (mut loss, mut norm) = (MeanLoss::new(), MeanLoss::new());
        while let Some(label) = loader.next(&mut x) {
            let last = loader.remaining() == 0;
            if let Some(sample) = trainer.learn(View::plain(&x), target(label)) {
                loss.push(sample);
            }
            if u32::from(trainer.summed()) == run.fit.batch.value || last {
                match trainer.update() {
                    Update::Done(size) => _ = norm.push(size),
                    Update::Refused => return Err(diverged(run, epoch, trainer.steps())),
                    Update::Nothing => {}
                }
            }
            seen += 1;
            watch(seen, None);
        }
        loader.next_epoch();
        let validation = score(trainer, &parts.validation);
        let train_loss = loss.value().filter(|_| loss.not_finite() == 0);
        let Some(train_loss) = train_loss else {
            return Err(diverged(run, epoch, trainer.steps()));
        };
        let point = Point {
            epoch,
            step: u64::from(trainer.steps()),
            train_loss,
            validation_loss: validation.map(|score| score.loss),
            validation_accuracy: validation.and_then(|score| score.accuracy),
            gradient_norm: norm.value(),
        };
        watch(seen, Some(&point));
        curves.points.push(point);
        if let (Some(patience), Some(validation)) = (run.fit.stop_early, validation) {
            gap.push(train_loss, validation.loss);
            if gap.since_best() >= patience {
                return Ok((curves, true));
            }
        }
    }
    Ok((curves, false))
}

fn diverged(run: &RunFile, epoch: u32, step: u32) -> Failure {
    let advice = "lower `learning_rate` in [optimizer], or scale the data (`scale = \"standard\"` in [data])";
    Failure::Run(format!(
        "{}: training diverged in epoch {epoch}, step {step}: {advice}",
        run.name()
    ))
}
