//! The story as people read it.

use super::files::{self, FILES};
use super::table::{as_json, as_table, percent};
use super::{News, Options, run};
use crate::complaint::Failure;
use crate::report::Progress;
use crate::report::say;
use std::fmt::Write;

/// Tells the story, and leaves its files in a folder.
///
/// # Errors
/// When a promise is broken or the folder cannot be written.
pub fn tell(options: &Options) -> Result<(), Failure> {
    let begin = std::time::Instant::now();
    let mut told = Ok(());
    let mut stories = vec![run(options.seed, &mut |news| {
        if let Some(line) = line(&news).filter(|_| !options.json && told.is_ok()) {
            told = say(line);
        }
    })?];
    told?;
    let others = options.seeds.saturating_sub(1);
    if others > 0 && !options.json {
        say(format!(
            "The same with {others} other seeds, for mean and worst accuracy.\n"
        ))?;
    }
    let bar = Progress::new(others.into(), "other seeds", options.json);
    for other in 1..=u64::from(others) {
        stories.push(run(options.seed.wrapping_add(other), &mut |_| {})?);
        bar.at(other);
    }
    bar.finish();
    let folder = options.out.display();
    if let Some(story) = stories.first() {
        files::write(story, &options.out)
            .map_err(|error| Failure::Run(format!("{folder}: {error}: name another folder with --out")))?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    if options.json {
        return say(as_json(options, &stories, seconds));
    }
    say(as_table(options, &stories))?;
    let mut text = format!("Written to {folder} after {seconds:.1} s:\n");
    for (name, what) in FILES {
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {name:<14} {what}");
    }
    say(text.trim_end())
}

/// The line that tells the news, if it deserves one.
fn line(news: &News<'_>) -> Option<String> {
    Some(match news {
        News::Begin { base } => format!(
            "In the factory: a small convolutional net learns four activities from {base} recordings of a watch."
        ),
        News::Epoch { epoch, of, loss } if epoch % 5 == 0 || epoch == of => {
            format!("  epoch {epoch:>2} of {of}: loss {loss:.4}")
        }
        News::Epoch { .. } => return None,
        News::Shipped {
            accuracy,
            held_out,
            steps,
        } => format!(
            "Shipped: a device boots from the factory's checkpoint, step {steps}.\n  {} of {held_out} held-out recordings right",
            percent(*accuracy)
        ),
        News::Turned { accuracy } => format!(
            "Worn turned around: x and y change their signs, of acceleration and of rotation.\n  {} of the same recordings right\n\
             On the wrist: the device collects labelled windows and learns from those it keeps.",
            percent(*accuracy)
        ),
        News::Learned {
            seconds,
            windows,
            class,
            point,
        } => {
            let (step, right) = ((*point)?.step, percent(point.map_or(0.0, |point| point.accuracy)));
            format!(
                "  {seconds:6.1} s  window {windows:>2}  {class:<9}  step {step:>4}  held out: {right:>7} right"
            )
        }
        News::Cut { seconds, step } => {
            format!("  {seconds:6.1} s  POWER CUT in the middle of a save, at step {step}")
        }
        News::Resumed { seconds, step } => {
            format!("  {seconds:6.1} s  boots with nothing in RAM, goes on from step {step}, bit for bit")
        }
        News::Overrun { frames } => format!("            {frames} frames lost: the ring was full"),
    })
}
