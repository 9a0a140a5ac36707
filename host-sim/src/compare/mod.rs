//! How well numbers do against `f32`: the same runs in each, from the same start, in the same order, at the same
//! rates, paired over seeds.

mod gap;
mod tasks;

pub use gap::{Gap, Summary};
pub use tasks::{Goal, Idx, Task, named, table};

use crate::complaint::Failure;
use crate::data;
use crate::run::NumberFile;
use crate::session::{self, Score};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one run came to, on its test part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The score with the parameters of the last epoch.
    pub score: Score,
    /// Samples of the test part.
    pub samples: usize,
}

/// All runs of one task: for each number, one cell per seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The numbers, `f32` first.
    pub numbers: Vec<NumberFile>,
    /// `cells[number][seed]`.
    pub cells: Vec<Vec<Cell>>,
}

/// What is compared.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The numbers, beside `f32`.
    pub numbers: Vec<NumberFile>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Runs at the same time.
    pub threads: usize,
}

/// Runs every task in every number with every seed. `watch` is told the number of runs done, and of which task the last was.
///
/// # Errors
/// The first failure in the order of tasks; a model that a number cannot run among them.
pub fn compare(plan: &Plan, watch: &(dyn Fn(usize, &str) + Sync)) -> Vec<Result<Found, Failure>> {
    let numbers: Vec<NumberFile> = std::iter::once(NumberFile::F32)
        .chain(plan.numbers.iter().copied())
        .collect();
    let jobs: Vec<(usize, u64)> = (0..plan.tasks.len())
        .flat_map(|task| plan.seeds.iter().map(move |seed| (task, *seed)))
        .collect();
    let done = Mutex::new(jobs.iter().map(|_| None).collect::<Vec<_>>());
    let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| {
                while let Some((at, (task, seed))) = take(&jobs, &next) {
                    let task = &plan.tasks[task];
                    let cells = pair(task, seed, &numbers, &mut || {
                        watch(finished.fetch_add(1, Ordering::Relaxed) + 1, &task.name);
                    });
                    if let Ok(mut done) = done.lock() {
                        done[at] = Some(cells);
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default().into_iter();
    plan.tasks
        .iter()
        .map(|_| {
            let mut cells = vec![Vec::new(); numbers.len()];
            let mut failed = None;
            for found in done.by_ref().take(plan.seeds.len()).flatten() {
                match found {
                    Ok(found) => cells.iter_mut().zip(found).for_each(|(all, one)| all.push(one)),
                    Err(failure) => failed = failed.or(Some(failure)),
                }
            }
            let numbers = numbers.clone();
            failed.map_or(Ok(Found { numbers, cells }), Err)
        })
        .collect()
}

fn take<T: Copy>(jobs: &[T], next: &AtomicUsize) -> Option<(usize, T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    jobs.get(at).map(|job| (at, *job))
}

/// One task with one seed, in every number.
fn pair(
    task: &Task,
    seed: u64,
    numbers: &[NumberFile],
    watch: &mut dyn FnMut(),
) -> Result<Vec<Cell>, Failure> {
    let mut run = task.run.clone();
    run.fit.seed = seed;
    let parts = data::parts(&run, seed)?;
    let samples = parts.test.recordings.len();
    numbers
        .iter()
        .map(|number| {
            run.fit.number.value = *number;
            let mut options = session::Options {
                out: Path::new("."),
                resume: false,
                from: None,
                layers: None,
                watch: &mut |_, _| {},
            };
            // Nothing is kept: only what a run comes to is asked for.
            run.fit.checkpoint_every = None;
            let outcome = session::fit(&run, &parts, &mut options)?;
            watch();
            let score = outcome
                .test
                .ok_or_else(|| Failure::Run(format!("{}: there is no test part to compare on", task.name)))?;
            Ok(Cell { score, samples })
        })
        .collect()
}
