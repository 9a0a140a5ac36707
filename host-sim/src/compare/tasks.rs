//! What numbers are compared on, and what is good enough.

use super::Summary;
use crate::complaint::{Complaint, Source, listed, nearest};
use crate::run::{RunFile, ready};
use std::path::{Path, PathBuf};

/// A run and what is asked of it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// The run, whose seed and number do not matter.
    pub run: RunFile,
    /// What is good enough.
    pub goal: Goal,
}

/// Bounds of what a number may lose against `f32`; those that are not given are not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Goal {
    /// Points by which the mean accuracy may differ, in either direction.
    pub mean: Option<f64>,
    /// Points by which the mean may be worse.
    pub least: Option<f64>,
    /// Points by which any seed may be worse.
    pub seed: Option<f64>,
    /// Samples by which the number of right answers may differ, over all seeds.
    pub right: Option<i64>,
    /// Percent by which the mean loss may be higher.
    pub loss: Option<f64>,
    /// Percent by which the mean perplexity may be higher.
    pub perplexity: Option<f64>,
}

impl Goal {
    const NONE: Self = Self {
        mean: None,
        least: None,
        seed: None,
        right: None,
        loss: None,
        perplexity: None,
    };

    /// The mean within 0.3 points, no seed worse by more than 1.
    pub const SHARED: Self = Self {
        mean: Some(0.3),
        seed: Some(1.0),
        ..Self::NONE
    };

    /// Whether all of it is met.
    pub fn is_met(&self, found: &Summary) -> bool {
        let gap = |bound: Option<f64>, holds: &dyn Fn(super::Gap, f64) -> bool| {
            bound.is_none_or(|bound| found.gap.is_some_and(|gap| holds(gap, bound)))
        };
        gap(self.mean, &|gap, bound| gap.mean.abs() <= bound)
            && gap(self.least, &|gap, bound| gap.mean >= -bound)
            && gap(self.seed, &|gap, bound| gap.worst >= -bound)
            && self.right.is_none_or(|bound| found.right.abs() <= bound)
            && self.loss.is_none_or(|bound| found.loss_change <= bound)
            && self
                .perplexity
                .is_none_or(|bound| found.perplexity_change.is_some_and(|change| change <= bound))
    }

    /// In words.
    pub fn spoken(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |bound: Option<String>| parts.extend(bound);
        add(self.mean.map(|bound| format!("mean within {bound} points")));
        add(self
            .least
            .map(|bound| format!("mean at most {bound} points worse")));
        add(self.seed.map(|bound| format!("no seed {bound} points worse")));
        add(self.right.map(|bound| format!("right answers within {bound}")));
        add(self.loss.map(|bound| format!("loss at most {bound} % higher")));
        add(self
            .perplexity
            .map(|bound| format!("perplexity at most {bound} % higher")));
        parts.join(", ")
    }
}

/// Name, text and goal of the tasks that come with the program; a ready run has no text here.
const TASKS: &[(&str, Option<&str>, Goal)] = &[
    ("digits-mlp", None, Goal::SHARED),
    (
        "digits-adam",
        Some(include_str!("../../runs/compare/digits-adam.toml")),
        Goal::SHARED,
    ),
    (
        "digits-slow",
        Some(include_str!("../../runs/compare/digits-slow.toml")),
        Goal {
            least: Some(0.5),
            ..Goal::NONE
        },
    ),
    (
        "digits-cnn",
        Some(include_str!("../../runs/compare/digits-cnn.toml")),
        Goal::SHARED,
    ),
    (
        "motions-conv1d",
        None,
        Goal {
            right: Some(4),
            loss: Some(2.0),
            ..Goal::NONE
        },
    ),
    (
        "digits-gru",
        Some(include_str!("../../runs/compare/digits-gru.toml")),
        Goal {
            mean: Some(1.0),
            loss: Some(3.0),
            ..Goal::NONE
        },
    ),
    (
        "transformer",
        Some(include_str!("../../runs/compare/transformer.toml")),
        Goal {
            perplexity: Some(3.0),
            ..Goal::NONE
        },
    ),
];

/// The tasks that come with the program.
///
/// # Errors
/// A [`Complaint`] about a file that comes with the program: none, as a test shows.
pub fn table() -> Result<Vec<Task>, Complaint> {
    TASKS.iter().map(|(name, ..)| named(name)).collect()
}

/// The task called `name`, or the run file at that path, of which nothing is asked but the shared goal.
///
/// # Errors
/// A [`Complaint`] about the name or the file.
pub fn named(name: &str) -> Result<Task, Complaint> {
    if let Some((_, text, goal)) = TASKS.iter().find(|(known, ..)| *known == name) {
        let text = text.or_else(|| ready(name)).unwrap_or_default();
        return Ok(Task {
            name: name.to_owned(),
            run: parsed(format!("{name}.toml"), text.to_owned())?,
            goal: *goal,
        });
    }
    let path = Path::new(name);
    if path.exists() || path.extension().is_some() || ready(name).is_some() {
        let run = RunFile::read(path)?;
        let goal = Goal::SHARED;
        return Ok(Task {
            name: run.name(),
            run,
            goal,
        });
    }
    let names: Vec<&str> = TASKS.iter().map(|(name, ..)| *name).collect();
    let near = nearest(name, &names).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    Err(Complaint::new(
        format!("{name}: there is no such task, run or file"),
        format!(
            "{near}give a run file, a ready run, or one of the tasks {}",
            listed(&names)
        ),
    ))
}

fn parsed(name: String, text: String) -> Result<RunFile, Complaint> {
    RunFile::parse(Source { name, text })
}

/// Images of one's own, in the format of MNIST.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Idx {
    /// Compare on these images (IDX, as MNIST) in place of the tasks
    #[arg(long, value_name = "FILE", requires = "labels")]
    images: Option<PathBuf>,
    /// Their labels
    #[arg(long, value_name = "FILE", requires = "images")]
    labels: Option<PathBuf>,
    /// Images to test on; a fifth of the others if not given
    #[arg(long, value_name = "FILE", requires = "test_labels")]
    test_images: Option<PathBuf>,
    /// Their labels
    #[arg(long, value_name = "FILE", requires = "test_images")]
    test_labels: Option<PathBuf>,
    /// Epochs on these images [default: 5]
    #[arg(long, value_name = "N", requires = "images", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
}

impl Idx {
    /// The tasks on these images: a perceptron with 128 hidden units, with momentum and with Adam, and two
    /// convolutions; `None` if there are no images.
    ///
    /// # Errors
    /// A [`Complaint`] about a file.
    pub fn tasks(&self) -> Result<Option<Vec<Task>>, Complaint> {
        let (Some(images), Some(labels)) = (&self.images, &self.labels) else {
            return Ok(None);
        };
        let [height, width] = extents(images)?;
        let classes = most(labels)? + 1;
        let quoted = |path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            toml_text(&path.display().to_string())
        };
        let mut data = format!("images = {}\nlabels = {}\n", quoted(images), quoted(labels));
        if let (Some(images), Some(labels)) = (&self.test_images, &self.test_labels) {
            data += &format!(
                "test_images = {}\ntest_labels = {}\n",
                quoted(images),
                quoted(labels)
            );
        }
        let dense = |units| format!("{{ kind = \"dense\", units = {units} }}");
        let relu = "{ kind = \"relu\" }";
        let shape = format!("{{ height = {height}, width = {width}, channels = 1 }}");
        let block = |channels| {
            format!(
                "{{ kind = \"conv2d\", channels = {channels}, kernel = 3, padding = 1 }}, {relu}, \
                 {{ kind = \"max_pool\", size = 2 }}"
            )
        };
        let perceptron = format!(
            "{{ kind = \"flatten\" }}, {}, {relu}, {}",
            dense(128),
            dense(classes)
        );
        let cnn = format!(
            "{}, {}, {{ kind = \"flatten\" }}, {}",
            block(8),
            block(16),
            dense(classes)
        );
        let momentum = "kind = \"sgd\"\nlearning_rate = 0.05\nmomentum = 0.9";
        let adam = "kind = \"adam\"\nlearning_rate = 0.001";
        let epochs = self.epochs.unwrap_or(5);
        let tasks = [
            ("images-mlp", &perceptron, momentum),
            ("images-adam", &perceptron, adam),
            ("images-cnn", &cnn, momentum),
        ];
        let made = tasks.map(|(name, layers, optimizer)| {
            let text = format!(
                "[model]\ninput = {shape}\nlayers = [{layers}]\nloss = \"cross_entropy\"\n[optimizer]\n{optimizer}\n\
                 [data]\nscale = \"unit\"\n{data}[fit]\nepochs = {epochs}\nbatch = 16\n"
            );
            Ok(Task {
                name: name.to_owned(),
                run: parsed(format!("{name}.toml"), text)?,
                goal: Goal::SHARED,
            })
        });
        made.into_iter().collect::<Result<_, _>>().map(Some)
    }
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn read(path: &Path) -> Result<Vec<u8>, Complaint> {
    std::fs::read(path).map_err(|error| Complaint::unreadable(&path.display().to_string(), &error))
}

/// Height and width of the images at `path`; what else may be wrong with the file is found when it is read whole.
fn extents(path: &Path) -> Result<[u32; 2], Complaint> {
    let bytes = read(path)?;
    let extent = |at: usize| {
        let word = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes(word.try_into().ok()?))
    };
    match (bytes.get(..4), extent(8), extent(12)) {
        (Some([0, 0, 8, 3]), Some(height), Some(width)) => Ok([height, width]),
        _ => Err(Complaint::new(
            format!("{}: not a file of images in the format of MNIST", path.display()),
            "give an uncompressed idx3-ubyte file",
        )),
    }
}

/// The largest label of the file at `path`.
fn most(path: &Path) -> Result<u8, Complaint> {
    let bytes = read(path)?;
    let labels = bytes.get(8..).filter(|_| bytes.starts_with(&[0, 0, 8, 1]));
    labels
        .and_then(|labels| labels.iter().max().copied())
        .ok_or_else(|| {
            Complaint::new(
                format!("{}: not a file of labels in the format of MNIST", path.display()),
                "give an uncompressed idx1-ubyte file",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tasks_that_come_with_the_program_can_be_read() {
        let tasks = table().unwrap();
        assert_eq!(tasks.len(), TASKS.len());
        assert!(tasks.iter().all(|task| !task.goal.spoken().is_empty()));
        let slip = named("digits-adm").unwrap_err().to_string();
        assert!(slip.contains("did you mean `digits-adam`?"), "{slip}");
    }
}
