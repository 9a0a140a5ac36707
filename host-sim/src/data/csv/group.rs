//! What belongs together: lines of a class, of a recording, of a window.

use super::{Lines, too_wide};
use crate::complaint::Complaint;
use crate::data::{Dataset, motions};
use crate::run::{Marked, RunFile};
use kilograd::load::Samples;
use kilograd::network::Shape;
use std::collections::BTreeMap;
use std::ops::Range;

/// Names of the classes in order (as numbers if all are), and the class of each line.
pub(super) fn classes(labels: &[String]) -> (Vec<String>, Vec<u16>) {
    let mut names: Vec<&String> = labels
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect();
    let values: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
    if let Some(values) = values {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        names = order.into_iter().map(|index| names[index]).collect();
    }
    let index: BTreeMap<&String, u16> = names
        .iter()
        .zip(0..)
        .map(|(name, index)| (*name, index))
        .collect();
    let class_of = labels.iter().map(|label| index[label]).collect();
    (names.into_iter().cloned().collect(), class_of)
}

/// A number for each different text, in order of appearance.
pub(super) fn numbered(groups: &[String]) -> Vec<u32> {
    let mut seen = BTreeMap::new();
    groups
        .iter()
        .map(|group| {
            let next = seen.len() as u32;
            *seen.entry(group).or_insert(next)
        })
        .collect()
}

/// Cuts lines into windows that stay within one recording and one class.
pub(super) fn windows(
    run: &RunFile,
    name: &Marked<String>,
    lines: Lines,
    class_of: Vec<u16>,
    classes: Vec<String>,
) -> Result<Dataset, Complaint> {
    let Some(windowing) = &run.data.windowing else {
        return Err(too_wide(run, name, lines.width));
    };
    let (length, hop) = (usize::from(windowing.length.value), usize::from(windowing.hop));
    let channels = u16::try_from(lines.width).map_err(|_| too_wide(run, name, lines.width))?;
    let groups = numbered(&lines.groups);
    let kind = |line: usize| (class_of.get(line), groups.get(line));
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for line in 0..lines.count {
        match stretches.last_mut() {
            Some(stretch) if kind(stretch.start) == kind(line) => stretch.end = line + 1,
            _ => stretches.push(line..line + 1),
        }
    }
    let mut data = Dataset {
        classes,
        ..Dataset::of(Shape::series(channels, windowing.length.value))
    };
    for (number, stretch) in (0..).zip(&stretches) {
        let mut start = stretch.start;
        while start + length <= stretch.end {
            data.features
                .extend_from_slice(&lines.values[start * lines.width..(start + length) * lines.width]);
            data.labels.extend(class_of.get(start));
            // Windows without a common frame may part; windows that share one may not.
            let recording = match groups.get(start) {
                Some(group) => *group,
                None if hop >= length => data.recordings.len() as u32,
                None => number,
            };
            data.recordings.push(recording);
            start += hop;
        }
    }
    if data.is_empty() {
        let longest = stretches.iter().map(Range::len).max().unwrap_or(0);
        return Err(motions::too_long(run, Some(windowing), longest));
    }
    Ok(data)
}
