//! The built-in sets as data sets of floats.

use super::{Dataset, Enlarge, builtin};
use crate::complaint::{Complaint, listed, nearest};
use crate::run::{Marked, RunFile, Windowing};
use kilograd::network::Shape;

/// The axes of the motion recordings: acceleration in m/s², then rotation in rad/s.
pub const AXES: [&str; 6] = ["ax", "ay", "az", "gx", "gy", "gz"];

/// The digits, pixels from 0 to 16.
pub fn digits() -> Dataset {
    let raw = builtin::digits();
    let scale = raw.scale.first().copied().unwrap_or(1.0);
    Dataset {
        features: raw.values.iter().map(|pixel| f32::from(*pixel) * scale).collect(),
        labels: raw.labels.iter().map(|label| u16::from(*label)).collect(),
        recordings: (0..raw.len() as u32).collect(),
        classes: raw.classes,
        ..Dataset::of(raw.shape)
    }
}

/// The digits as images of `size` × `size` pixels, or as large as they are, every value in `channels` channels.
pub fn enlarged_digits(size: Option<u16>, channels: u16) -> Dataset {
    let from = digits();
    let side = size.unwrap_or(from.shape.dim(0) as u16);
    let to = Shape::image(channels, side, side);
    if to == from.shape {
        return from;
    }
    Dataset {
        shape: to,
        enlarge: Some(Enlarge { from: from.shape, to }),
        ..from
    }
}

/// The motions, with the axes and windows that the run asks for.
pub fn motions(run: &RunFile, channels: Option<&Marked<Vec<String>>>) -> Result<Dataset, Complaint> {
    let raw = builtin::motions();
    let chosen: Vec<usize> = match channels {
        None => (0..AXES.len()).collect(),
        Some(names) => names
            .value
            .iter()
            .map(|name| axis(run, names, name))
            .collect::<Result<_, _>>()?,
    };
    let frames = raw.shape.positions();
    let windowing = run.data.windowing.as_ref();
    let length = windowing.map_or(frames, |windowing| usize::from(windowing.length.value));
    let hop = windowing.map_or(frames, |windowing| usize::from(windowing.hop));
    if length > frames {
        return Err(too_long(run, windowing, frames));
    }
    let mut data = Dataset {
        classes: raw.classes.clone(),
        ..Dataset::of(Shape::series(chosen.len() as u16, length as u16))
    };
    for recording in 0..raw.len() {
        let Some((values, label)) = raw.sample(recording) else {
            continue;
        };
        for start in (0..=frames - length).step_by(hop) {
            for frame in values.chunks_exact(AXES.len()).skip(start).take(length) {
                data.features.extend(
                    chosen
                        .iter()
                        .map(|&axis| f32::from(frame[axis]) * raw.scale[axis]),
                );
            }
            data.labels.push(u16::from(label));
            data.recordings.push(recording as u32);
        }
    }
    Ok(data)
}

/// A window that no recording can hold.
pub(super) fn too_long(run: &RunFile, windowing: Option<&Windowing>, frames: usize) -> Complaint {
    let span = windowing.map_or(run.data.origin_span.clone(), |windowing| {
        windowing.length.span.clone()
    });
    let message = "no recording is long enough for one window";
    run.complain(
        span,
        message,
        format!("the longest has {frames} frames: write a `window` of {frames} or less"),
    )
}

/// An axis by name or index.
fn axis(run: &RunFile, names: &Marked<Vec<String>>, name: &str) -> Result<usize, Complaint> {
    let index = name.parse().ok().filter(|index| *index < AXES.len());
    AXES.iter()
        .position(|axis| *axis == name)
        .or(index)
        .ok_or_else(|| {
            let near = nearest(name, &AXES).map_or(String::new(), |near| format!("did you mean `{near}`? "));
            let help = format!("{near}the axes are {} (or 0 to 5)", listed(&AXES));
            run.complain(names.span.clone(), format!("there is no axis `{name}`"), help)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::Source;
    use kilograd::load::Samples;

    fn with(keys: &str) -> Result<Dataset, Complaint> {
        let text = format!(
            "[model]\ninput = 2\nlayers = [{{ kind = \"dense\", units = 4 }}]\nloss = \"cross_entropy\"\n\
             [optimizer]\nkind = \"adam\"\n[data]\nsource = \"motions\"\n{keys}\n"
        );
        let run = RunFile::parse(Source {
            name: "run.toml".into(),
            text,
        })?;
        let crate::run::Origin::Motions { channels } = &run.data.origin else {
            panic!()
        };
        motions(&run, channels.as_ref())
    }

    #[test]
    fn axes_and_windows_are_those_asked_for() {
        let raw = builtin::motions();
        let data = with("channels = [\"gy\", 0]\nwindow = 64\nhop = 12").unwrap();
        // Windows start at frames 0, 12, 24 and 36 of each of the 80 recordings.
        assert_eq!((data.len(), data.shape), (320, Shape::series(2, 64)));
        let (recording, window, frame) = (7, 3, 5);
        let found = &data.sample(recording * 4 + window)[frame * 2..][..2];
        let (values, label) = raw.sample(recording).unwrap();
        let from = &values[(window * 12 + frame) * 6..][..6];
        assert_eq!(
            found,
            [
                f32::from(from[4]) * raw.scale[4],
                f32::from(from[0]) * raw.scale[0]
            ]
        );
        assert_eq!(data.labels[recording * 4 + window], u16::from(label));
        assert_eq!(data.recordings[recording * 4 + window], recording as u32);
    }

    #[test]
    fn without_settings_a_recording_is_a_sample() {
        let data = with("").unwrap();
        assert_eq!((data.len(), data.shape), (80, Shape::series(6, 100)));
    }

    #[test]
    fn what_there_is_not_is_named() {
        let said = |keys: &str| with(keys).unwrap_err().to_string();
        let axis = said("channels = [\"az\", \"gxx\"]");
        assert!(
            axis.contains("no axis `gxx`") && axis.contains("did you mean `gx`?"),
            "{axis}"
        );
        assert!(said("channels = [6]").contains("no axis `6`"));
        let long = said("window = 101");
        assert!(
            long.contains("run.toml:9:10") && long.contains("100 frames"),
            "{long}"
        );
    }

    #[test]
    fn digits_are_images() {
        let data = digits();
        assert_eq!(
            (data.len(), data.shape, data.classes.len()),
            (1797, Shape::image(1, 8, 8), 10)
        );
        assert_eq!(data.sample(0)[..4], [0.0, 0.0, 5.0, 13.0]);
    }
}
