//! The story as people read it.

use super::files::{self, FILES};
use super::model::{BUDGET, FlashPart, REGION};
use super::{News, Options, Story, run};
use crate::command::say;
use crate::complaint::Failure;
use crate::flash::Part;
use crate::report::Progress;
use serde_json::{Value, json};
use std::fmt::Write;

/// Tells the story, and leaves its files in a folder.
///
/// # Errors
/// When a promise is broken or the folder cannot be written.
pub fn tell(options: &Options) -> Result<(), Failure> {
    let begin = std::time::Instant::now();
    let bar = Progress::new(20, "factory", options.json);
    let mut told = Ok(());
    let story = run(options, &mut |news| {
        if let News::Epoch { epoch, loss, .. } = news {
            bar.at(epoch.into());
            bar.say(format!("loss {loss:.4}"));
        }
        if let Some(line) = line(&news).filter(|_| !options.json && told.is_ok()) {
            told = bar.suspend(|| say(line));
        }
    })?;
    bar.finish();
    told?;
    let folder = options.out.display();
    files::write(&story, &options.out)
        .map_err(|error| Failure::Run(format!("{folder}: {error}: name another folder with --out")))?;
    let seconds = begin.elapsed().as_secs_f64();
    if options.json {
        return say(as_json(options, &story, seconds));
    }
    say(as_table(&story))?;
    let mut text = format!("Written to {folder} in {seconds:.1} s:\n");
    for (name, what) in FILES {
        let _ = writeln!(text, "  {name:<14} {what}");
    }
    say(text.trim_end())
}

fn line(news: &News<'_>) -> Option<String> {
    Some(match news {
        News::Epoch { epoch, of, loss } => {
            if epoch == of {
                return Some(format!("  epoch {epoch:>2}: loss {loss:.4}"));
            }
            if *epoch == 1 {
                let told =
                    "In the factory: a convolutional net learns four activities from a watch's six axes.";
                return Some(format!("{told}\n  epoch  1: loss {loss:.4}"));
            }
            return (epoch % 5 == 0).then(|| format!("  epoch {epoch:>2}: loss {loss:.4}"));
        }
        News::Shipped {
            accuracy,
            held_out,
            steps,
            bytes,
        } => format!(
            "Shipped: the device boots from its factory checkpoint ({bytes} bytes, {steps} steps).\n  \
             {} of {held_out} held-out recordings right",
            percent(*accuracy)
        ),
        News::Turned { accuracy } => format!(
            "Worn turned around: x and y change their sign, of acceleration and rotation.\n  {} right\n\
             On the wrist: the device collects labelled windows and learns from the last few.",
            percent(*accuracy)
        ),
        News::Learned {
            seconds,
            windows,
            class,
            point,
        } => {
            let point = (*point)?;
            format!(
                "  {seconds:>6.1} s  window {windows:>2}, {class:<9}  step {:>4}, {} right",
                point.step,
                percent(point.accuracy)
            )
        }
        News::Cut { seconds, step } => {
            format!("  {seconds:>6.1} s  POWER CUT in the middle of a save, at step {step}")
        }
        News::Resumed { step } => format!("            boots, and goes on from step {step}, bit for bit"),
        News::Overrun { frames } => format!("            {frames} frames lost: the ring was full"),
    })
}

fn percent(share: f32) -> String {
    format!("{:5.1} %", 100.0 * share)
}

fn as_table(story: &Story) -> String {
    let Story {
        ram, life, held_out, ..
    } = story;
    let rows = [
        ("before the shift".to_owned(), percent(story.before)),
        ("after the shift".to_owned(), percent(story.shifted)),
        ("after fine-tuning on the device".to_owned(), percent(story.after)),
        (
            "the same, worn as before the shift".to_owned(),
            percent(story.unturned),
        ),
    ];
    let mut text = format!("\nAccuracy on {held_out} held-out recordings, from which no one learned\n");
    let _ = rows
        .iter()
        .try_for_each(|(name, value)| writeln!(text, "  {name:<36} {value:>8}"));
    let parts = [
        ("parameters, optimizer, activations", ram.arena),
        ("pool of 8 windows", ram.pool),
        ("one scaled sample", ram.sample),
        ("window in the making", ram.window),
        ("ring from the sensor's interrupt", ram.ring),
        ("application, with a chunk of flash", ram.application),
    ];
    let _ = writeln!(
        text,
        "RAM planned for training, in bytes (the stack comes on top)"
    );
    let _ = parts
        .iter()
        .try_for_each(|(name, bytes)| writeln!(text, "  {name:<36} {bytes:>6}"));
    let _ = writeln!(text, "  {:<36} {:>6} of {BUDGET}", "together", ram.total());
    let _ = writeln!(
        text,
        "Flash: {} with erase units of {} bytes and words of {}\n  \
         {:<36} {:>6} bytes\n  {:<36} {:>6} bytes\n  {:<36} {:>6} times, of {} promised",
        FlashPart::NAME,
        FlashPart::ERASE,
        FlashPart::WRITE,
        "region for checkpoints",
        REGION,
        "one checkpoint",
        story.product.bytes,
        "the unit erased most often",
        story.erases,
        FlashPart::ENDURANCE,
    );
    let _ = writeln!(text, "On the wrist, {:.0} simulated seconds", life.seconds);
    let counts = [
        ("windows collected", u64::from(life.windows)),
        ("steps", u64::from(story.steps)),
        (
            "steps computed again after cuts",
            life.points.len() as u64 - u64::from(story.steps),
        ),
        ("checkpoints", life.checkpoints.into()),
        ("power cuts survived", life.cuts.len() as u64),
        ("frames lost to a full ring", life.overruns.into()),
    ];
    let _ = counts
        .iter()
        .try_for_each(|(name, count)| writeln!(text, "  {name:<36} {count:>6}"));
    text
}

fn as_json(options: &Options, story: &Story, seconds: f64) -> Value {
    let Story { ram, life, .. } = story;
    json!({
        "seed": options.seed,
        "held_out": story.held_out,
        "accuracy_before": story.before,
        "accuracy_shifted": story.shifted,
        "accuracy_after": story.after,
        "accuracy_after_unturned": story.unturned,
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
        "flash_bytes_programmed": story.programmed,
        "flash_most_erases": story.erases,
        "factory_steps": story.product.steps,
        "steps": story.steps,
        "steps_computed": life.points.len(),
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
