//! `kilograd compare`: how well numbers do against `f32`.

use crate::compare::{self, Idx, Plan, Summary, Task};
use crate::complaint::Failure;
use crate::report::{Progress, say};
use crate::run::NumberFile;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  kilograd compare
  kilograd compare digits-mlp motions-conv1d --seeds 3
  kilograd compare my-run.toml --number bfp14
  kilograd compare --images train-images-idx3-ubyte --labels train-labels-idx1-ubyte --seeds 3

Each run is made in f32 and in each number from the same start, in the same order, at the same rates. A gap is
accuracy less that of f32, in points, seed by seed; after ± stands the standard error of its mean.";

/// What `kilograd compare` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Tasks, ready runs or run files [default: all tasks]
    #[arg(value_name = "TASK", conflicts_with = "images")]
    tasks: Vec<String>,
    /// Seeds of split, start and order: 1 to N
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The numbers; may be given several times [default: all but f32]
    #[arg(long, value_name = "NUMBER")]
    number: Vec<NumberFile>,
    /// Images of one's own.
    #[command(flatten)]
    idx: Idx,
    /// Runs at the same time [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When a task is wrong, or a run fails.
pub fn run(options: &Options) -> Result<(), Failure> {
    let tasks = match options.idx.tasks()? {
        Some(tasks) => tasks,
        None if options.tasks.is_empty() => compare::table()?,
        None => {
            let named = options.tasks.iter().map(|name| compare::named(name));
            named.collect::<Result<_, _>>()?
        }
    };
    let mut numbers: Vec<NumberFile> = NumberFile::ALL.into();
    if !options.number.is_empty() {
        numbers.retain(|number| options.number.contains(number));
    }
    numbers.retain(|number| *number != NumberFile::F32);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        seeds: (1..=options.seeds).collect(),
        threads: options.threads.unwrap_or(cores),
        tasks,
        numbers,
    };
    let total = plan.tasks.len() * plan.seeds.len() * (plan.numbers.len() + 1);
    let progress = Progress::new(total as u64, "compare", options.json);
    let found = compare::compare(&plan, &|done, name| {
        progress.at(done as u64);
        progress.say(name);
    });
    progress.finish();
    let mut all = Vec::new();
    for (task, found) in plan.tasks.iter().zip(found) {
        let summaries = found.map(|found| {
            let count = found.numbers.len();
            let of = |index| Summary::of(&found, index, task.goal);
            (0..count).filter_map(of).collect::<Vec<_>>()
        });
        all.push((task, summaries));
    }
    if options.json {
        say(as_json(&plan, &all))?;
    } else {
        say(as_text(&plan, &all))?;
    }
    // What cannot be run is told after what can.
    let failed = all.into_iter().find_map(|(_, summaries)| summaries.err());
    failed.map_or(Ok(()), Err)
}

type Rows<'a> = [(&'a Task, Result<Vec<Summary>, Failure>)];

fn as_json(plan: &Plan, all: &Rows<'_>) -> Value {
    let tasks: Vec<Value> = all
        .iter()
        .map(|(task, summaries)| {
            let rows = summaries.as_ref().map_or(&[][..], Vec::as_slice);
            let rows: Vec<Value> = rows
                .iter()
                .map(|row| {
                    json!({
                        "number": row.number.name(),
                        "accuracy": row.accuracy,
                        "gap": row.gap.map(|gap| gap.mean),
                        "gap_error": row.gap.map(|gap| gap.error),
                        "worst_seed": row.gap.map(|gap| gap.worst),
                        "right": row.right,
                        "loss": row.loss,
                        "loss_change": row.loss_change,
                        "perplexity_change": row.perplexity_change,
                        "met": row.met,
                    })
                })
                .collect();
            json!({
                "task": task.name,
                "optimizer": task.run.optimizer.name(),
                "goal": task.goal.spoken(),
                "numbers": rows,
                "failure": summaries.as_ref().err().map(ToString::to_string),
            })
        })
        .collect();
    json!({ "seeds": plan.seeds.len(), "tasks": tasks })
}

fn as_text(plan: &Plan, all: &Rows<'_>) -> String {
    let seeds = plan.seeds.len();
    let mut text = format!(
        "Gap to f32 in points of accuracy, paired over {seeds} seed{}, ± standard error; loss on the test part.\n\n",
        if seeds == 1 { "" } else { "s" }
    );
    text += &format!(
        "{:<15} {:<11} {:>8}  {:>13} {:>7} {:>6} {:>8} {:>8}  goal\n",
        "task", "number", "accuracy", "gap", "worst", "right", "loss", "change"
    );
    for (task, summaries) in all {
        let rows = match summaries {
            Ok(rows) => rows,
            Err(failure) => {
                let line = failure.to_string();
                let line = line.lines().next().unwrap_or_default();
                text += &format!("{:<15} {line}\n", task.name);
                continue;
            }
        };
        for (index, row) in rows.iter().enumerate() {
            let name = if index == 0 { task.name.as_str() } else { "" };
            text += &line(name, row, index == 0, task);
        }
    }
    text.trim_end().to_owned()
}

fn line(name: &str, row: &Summary, float: bool, task: &Task) -> String {
    let accuracy = row
        .accuracy
        .map_or("-".into(), |accuracy| format!("{accuracy:.2}"));
    let number = row.number.name();
    if float {
        return format!(
            "{name:<15} {number:<11} {accuracy:>8}  {:>13} {:>7} {:>6} {:>8.4} {:>8}  {}\n",
            "",
            "",
            "",
            row.loss,
            "",
            task.goal.spoken()
        );
    }
    let gap = row.gap.map_or(["-".into(), "-".into()], |gap| {
        [
            format!("{:+.2} ± {:.2}", gap.mean, gap.error),
            format!("{:+.2}", gap.worst),
        ]
    });
    let right = if row.gap.is_some() {
        format!("{:+}", row.right)
    } else {
        "-".into()
    };
    let change = match row.perplexity_change {
        Some(change) => format!("{change:+.1} %p"),
        None => format!("{:+.1} %", row.loss_change),
    };
    let met = if row.met { "met" } else { "missed" };
    let [gap, worst] = gap;
    format!(
        "{name:<15} {number:<11} {accuracy:>8}  {gap:>13} {worst:>7} {right:>6} {:>8.4} {change:>8}  {met}\n",
        row.loss
    )
}
