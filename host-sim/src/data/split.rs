//! Holding samples back, recording by recording, with the classes in proportion.

use super::Dataset;
use crate::complaint::Complaint;
use crate::run::RunFile;
use kilograd::load::Samples;
use kilograd::number::random::Pcg;
use std::collections::BTreeMap;

/// A class of which nothing can be held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneRecording {
    class: Option<String>,
}

impl OneRecording {
    pub(super) fn complain(&self, run: &RunFile, span: std::ops::Range<usize>, part: &str) -> Complaint {
        let what = match &self.class {
            Some(class) => format!("the class `{class}` comes"),
            None => "the data come".to_owned(),
        };
        let message =
            format!("{what} from one recording alone, so nothing can be held out for the {part} part");
        let help = "add more, name the recordings with `group = \"column\"`, cut windows that do not overlap \
                    (`hop` not below `window`), or set the share to 0";
        run.complain(span, message, help)
    }
}

/// Splits off about `fraction` of the recordings of every class: (the rest, what is held out).
///
/// At least one recording of each class is held out, and at least one stays. The choice depends on `key` alone.
///
/// # Errors
/// [`OneRecording`] for a class that cannot be on both sides.
pub fn hold_out(data: &Dataset, fraction: f32, key: u64) -> Result<(Dataset, Dataset), OneRecording> {
    if fraction <= 0.0 {
        return Ok((data.clone(), data.select(&[])));
    }
    // A recording that changes its class within counts for the class it begins with.
    let mut class_of = BTreeMap::new();
    for (index, recording) in data.recordings.iter().enumerate() {
        class_of
            .entry(*recording)
            .or_insert_with(|| data.labels.get(index).copied());
    }
    let mut by_class: BTreeMap<Option<u16>, Vec<u32>> = BTreeMap::new();
    for (recording, class) in class_of {
        by_class.entry(class).or_default().push(recording);
    }
    let mut random = Pcg::new(key);
    let mut held = std::collections::BTreeSet::new();
    for (class, mut recordings) in by_class {
        let count = recordings.len();
        if count < 2 {
            let class = class.and_then(|class| data.classes.get(usize::from(class)).cloned());
            return Err(OneRecording { class });
        }
        shuffle(&mut recordings, &mut random);
        let wanted = (count as f32 * fraction).round() as usize;
        held.extend(recordings.into_iter().take(wanted.clamp(1, count - 1)));
    }
    let (out, rest): (Vec<_>, Vec<_>) =
        (0..data.len()).partition(|&index| held.contains(&data.recordings[index]));
    Ok((data.select(&rest), data.select(&out)))
}

/// At most `limit` samples of `data`, drawn by `key`, in the order in which they stand.
pub(super) fn some(data: &Dataset, limit: usize, key: u64) -> Dataset {
    let mut indices: Vec<usize> = (0..data.len()).collect();
    shuffle(&mut indices, &mut Pcg::new(key ^ 0x6c69_6d74));
    indices.truncate(limit);
    indices.sort_unstable();
    data.select(&indices)
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], random: &mut Pcg) {
    for last in (1..items.len()).rev() {
        items.swap(last, random.below(last as u32 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kilograd::network::Shape;

    /// `recordings` recordings of `windows` samples each, classes in turn; the value is the recording.
    fn made(recordings: u32, windows: u32, classes: u16) -> Dataset {
        let each: Vec<u32> = (0..recordings)
            .flat_map(|r| (0..windows).map(move |_| r))
            .collect();
        Dataset {
            features: each.iter().map(|r| *r as f32).collect(),
            labels: each.iter().map(|r| (r % u32::from(classes)) as u16).collect(),
            classes: (0..classes).map(|class| format!("class {class}")).collect(),
            recordings: each,
            ..Dataset::of(Shape::vector(1))
        }
    }

    #[test]
    fn no_recording_is_on_both_sides_and_every_class_is() {
        let data = made(80, 5, 4);
        for key in 0..20 {
            let (rest, held) = hold_out(&data, 0.25, key).unwrap();
            assert_eq!((rest.len(), held.len()), (300, 100));
            assert!(held.recordings.iter().all(|r| !rest.recordings.contains(r)));
            for class in 0..4 {
                assert_eq!(held.labels.iter().filter(|label| **label == class).count(), 25);
            }
            // Values and labels went along.
            assert!((0..held.len()).all(|i| held.sample(i)[0] == held.recordings[i] as f32));
            assert!((0..held.len()).all(|i| u32::from(held.labels[i]) == held.recordings[i] % 4));
        }
    }

    #[test]
    fn the_key_decides() {
        let data = made(80, 1, 4);
        let held = |key| hold_out(&data, 0.25, key).unwrap().1.recordings;
        assert_eq!(held(7), held(7));
        assert_ne!(held(7), held(8));
    }

    #[test]
    fn small_shares_still_hold_one_of_each_class_and_large_ones_leave_one() {
        let data = made(8, 3, 4);
        assert_eq!(hold_out(&data, 0.01, 1).unwrap().1.len(), 12);
        assert_eq!(hold_out(&data, 0.99, 1).unwrap().0.len(), 12);
        assert_eq!(hold_out(&data, 0.0, 1).unwrap().1.len(), 0);
    }

    #[test]
    fn a_limit_keeps_some_of_all_classes() {
        let data = made(80, 5, 4);
        let kept = some(&data, 100, 3);
        assert_eq!(kept.len(), 100);
        assert!((0..4).all(|class| kept.labels.iter().filter(|label| **label == class).count() > 10));
        assert!((0..100).all(|i| kept.sample(i)[0] == kept.recordings[i] as f32));
        assert_ne!(kept, some(&data, 100, 4));
        assert_eq!(some(&data, 1000, 3), data);
    }

    #[test]
    fn one_recording_cannot_be_split() {
        let none = hold_out(&made(5, 3, 4), 0.2, 1).unwrap_err();
        assert_eq!(none.class.as_deref(), Some("class 1"));
    }
}
