//! What the story leaves in a folder.

use super::{Point, Story};
use crate::report::plot::{Line, Mark, Panel, Picture};
use std::io;
use std::path::Path;

/// Updates that one point of the drawn loss is the mean of: each update learns from a single window.
const MEAN: usize = 16;

/// Files and what is in them, in the order in which a reader wants them.
pub const FILES: [(&str, &str); 6] = [
    (
        "device.svg",
        "loss and held-out accuracy on the device, power cuts marked",
    ),
    ("device.csv", "the same as a table, one line per update"),
    ("factory.svg", "loss in the factory"),
    ("factory.csv", "the same as a table, one line per epoch"),
    ("confusion.csv", "truth and answer after fine-tuning"),
    ("flash.bin", "the checkpoints on the device's flash"),
];

/// Writes all of [`FILES`] into `folder`, which is made.
///
/// # Errors
/// When a file cannot be written.
pub fn write(story: &Story, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let [
        device_picture,
        device_table,
        factory_picture,
        factory_table,
        confusion,
        flash,
    ] = FILES.map(|(name, _)| folder.join(name));
    device(story).write_svg(&device_picture)?;
    factory(story).write_svg(&factory_picture)?;
    let header = ["update", "step", "seconds", "loss", "held_out_accuracy"];
    let points = story.life.points.iter().map(|point| {
        let seconds = format!("{:.3}", point.seconds);
        let numbers = [point.update.to_string(), point.step.to_string(), seconds];
        numbers
            .into_iter()
            .chain([point.loss, point.accuracy].map(|value| value.to_string()))
            .collect()
    });
    table(&device_table, header.map(String::from).into(), points)?;
    let losses = story.product.losses.iter().zip(1..);
    let losses = losses.map(|(loss, epoch): (_, u32)| vec![epoch.to_string(), loss.to_string()]);
    table(&factory_table, ["epoch", "loss"].map(String::from).into(), losses)?;
    let header = std::iter::once("truth".to_owned())
        .chain(story.classes.iter().cloned())
        .collect();
    let rows = story
        .classes
        .iter()
        .zip(story.confusion.counts())
        .map(|(class, row)| {
            std::iter::once(class.clone())
                .chain(row.map(|count| count.to_string()))
                .collect()
        });
    table(&confusion, header, rows)?;
    std::fs::write(flash, &story.image)
}

fn table(path: &Path, header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    let mut writer = csv::Writer::from_path(path)?;
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

fn factory(story: &Story) -> Picture {
    let losses = story.product.losses.iter().zip(1..);
    let points = losses.map(|(loss, epoch)| (f64::from(epoch), f64::from(*loss)));
    Picture {
        title: "In the factory: training the model".into(),
        panels: vec![panel("epoch", "loss", vec![line("training", points.collect())])],
        marks: vec![],
    }
}

fn device(story: &Story) -> Picture {
    let points = &story.life.points;
    let x = |point: &Point| f64::from(point.update);
    let share = |share: f32| 100.0 * f64::from(share);
    let loss = points.windows(MEAN).filter_map(|some| {
        let sum: f64 = some.iter().map(|point| f64::from(point.loss)).sum();
        Some((x(some.last()?), sum / MEAN as f64))
    });
    let turned = points.iter().map(|point| (x(point), share(point.accuracy)));
    let turned = std::iter::once((0.0, share(story.shifted)))
        .chain(turned)
        .collect();
    let before = [0.0, points.last().map_or(0.0, x)].map(|x| (x, share(story.before)));
    let marks = story.life.cuts.iter().zip(1..).map(|(cut, number)| Mark {
        x: f64::from(cut.update),
        text: format!("cut {number}"),
    });
    let updates = "updates computed on the device, also those that a cut made in vain";
    let accuracy = vec![line("turned", turned), line("before the shift", before.into())];
    let loss_name = format!("loss, mean of {MEAN} updates");
    Picture {
        title: "On the device: fine-tuning after the watch was turned, with power cuts".into(),
        panels: vec![
            panel(updates, &loss_name, vec![line("training", loss.collect())]),
            panel(updates, "held-out accuracy in %", accuracy),
        ],
        marks: marks.collect(),
    }
}

fn line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line {
        name: name.into(),
        points,
    }
}

fn panel(x: &str, y: &str, lines: Vec<Line>) -> Panel {
    Panel {
        x_label: x.into(),
        y_label: y.into(),
        lines,
    }
}
