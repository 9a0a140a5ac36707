//! The figures of a story, as a table and as JSON.

use super::model::{BUDGET, FlashPart, REGION, Ram};
use super::{Options, Story};
use crate::flash::Part;
use serde_json::{Value, json};
use std::fmt::Write;

/// One of a story's figures.
type Figure = fn(&Story) -> f32;

/// An accuracy over all seeds.
struct Spread {
    first: f32,
    mean: f32,
    worst: f32,
}

impl Spread {
    /// Of one accuracy of every story.
    fn of(stories: &[Story], accuracy: Figure) -> Self {
        let all: Vec<f32> = stories.iter().map(accuracy).collect();
        Self {
            first: all.first().copied().unwrap_or(0.0),
            mean: all.iter().sum::<f32>() / all.len().max(1) as f32,
            worst: all.iter().copied().fold(1.0, f32::min),
        }
    }
}

/// As people write it.
pub fn percent(share: f32) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// The accuracies of all `stories`, and the figures of the first.
pub fn as_table(options: &Options, stories: &[Story]) -> String {
    let Some(story) = stories.first() else {
        return String::new();
    };
    let mut text = String::new();
    accuracies(&mut text, options, stories, story.held_out);
    let Ram {
        arena,
        pool,
        sample,
        window,
        ring,
        application,
    } = story.ram;
    let ram = [
        ("parameters, optimizer, activations", arena),
        ("pool of labelled windows", pool),
        ("one scaled sample", sample),
        ("window in the making", window),
        ("ring from the sensor's interrupt", ring),
        ("application, with a chunk of flash", application),
    ];
    head(
        &mut text,
        "RAM planned for training, bytes (the stack comes on top)",
    );
    ram.iter().for_each(|(name, bytes)| row(&mut text, name, bytes));
    row(
        &mut text,
        "together",
        format!("{} of {BUDGET}", story.ram.total()),
    );

    let (name, erase, write) = (FlashPart::NAME, FlashPart::ERASE, FlashPart::WRITE);
    head(
        &mut text,
        &format!("Flash of an {name}, bytes (erase unit {erase}, write unit {write})"),
    );
    row(&mut text, "region for checkpoints", REGION);
    row(&mut text, "one checkpoint", story.product.bytes);
    row(&mut text, "written on the wrist", story.programmed);
    let endurance = FlashPart::ENDURANCE;
    row(
        &mut text,
        "erases of the busiest unit",
        format!("{} of {endurance}", story.erases),
    );

    let life = &story.life;
    head(
        &mut text,
        &format!("On the wrist, {:.0} simulated seconds", life.seconds),
    );
    row(&mut text, "windows collected", life.windows);
    row(
        &mut text,
        "training steps behind the last checkpoint",
        story.steps,
    );
    row(
        &mut text,
        "training steps that a cut made in vain",
        story.lost_steps(),
    );
    row(&mut text, "checkpoints", life.checkpoints);
    row(&mut text, "power cuts survived", life.cuts.len());
    row(&mut text, "frames lost to a full ring", life.overruns);
    text
}

fn accuracies(text: &mut String, options: &Options, stories: &[Story], held_out: usize) {
    head(
        text,
        &format!("Accuracy on {held_out} held-out recordings, from which no one learned"),
    );
    let count = stories.len();
    let columns = (
        format!("seed {}", options.seed),
        format!("mean of {count}"),
        format!("worst of {count}"),
    );
    row(
        text,
        "",
        format!("{}  {:>10}  {:>11}", columns.0, columns.1, columns.2),
    );
    let rows: [(&str, Figure); 4] = [
        ("before the shift", |story| story.before),
        ("after the shift", |story| story.shifted),
        ("after fine-tuning on the device", |story| story.after),
        ("the same, worn as before the shift", |story| story.unturned),
    ];
    for (name, accuracy) in rows {
        let Spread { first, mean, worst } = Spread::of(stories, accuracy);
        let [first, mean, worst] = [first, mean, worst].map(percent);
        row(text, name, format!("{first}  {mean:>10}  {worst:>11}"));
    }
}

fn head(text: &mut String, title: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{title}");
}

fn row(text: &mut String, name: &str, value: impl std::fmt::Display) {
    // Numbers of one column end at the same place, whatever follows them.
    let value = value.to_string();
    let end = value.find("  ").or(value.find(" of ")).unwrap_or(value.len());
    let (number, rest) = value.split_at(end);
    let _ = writeln!(text, "  {name:<42} {number:>8}{rest}");
}

/// The same for programs.
pub fn as_json(options: &Options, stories: &[Story], seconds: f64) -> Value {
    let Some(story) = stories.first() else {
        return Value::Null;
    };
    let Story { ram, life, .. } = story;
    let spread = |accuracy: Figure| {
        let Spread { first, mean, worst } = Spread::of(stories, accuracy);
        json!({ "seed": first, "mean": mean, "worst": worst })
    };
    json!({
        "seed": options.seed,
        "seeds": stories.len(),
        "held_out": story.held_out,
        "accuracy_before": spread(|story| story.before),
        "accuracy_shifted": spread(|story| story.shifted),
        "accuracy_after": spread(|story| story.after),
        "accuracy_after_unturned": spread(|story| story.unturned),
        "ram_bytes": ram.total(),
        "ram": {
            "arena": ram.arena,
            "pool": ram.pool,
            "sample": ram.sample,
            "window": ram.window,
            "ring": ram.ring,
            "application": ram.application,
        },
        "flash_part": FlashPart::NAME,
        "flash_region_bytes": REGION,
        "checkpoint_bytes": story.product.bytes,
        "flash_bytes_written": story.programmed,
        "flash_most_erases": story.erases,
        "factory_steps": story.product.steps,
        "steps": story.steps,
        "steps_in_vain": story.lost_steps(),
        "windows": life.windows,
        "checkpoints": life.checkpoints,
        "cuts_survived": life.cuts.len(),
        "overruns": life.overruns,
        "ring_fullest": life.fullest,
        "simulated_seconds": life.seconds,
        "params_hash": format!("{:016x}", story.params_hash),
        "seconds": seconds,
        "out": options.out.display().to_string(),
    })
}
