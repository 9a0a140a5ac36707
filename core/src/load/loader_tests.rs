use super::*;
use crate::load::Table;
extern crate std;
use std::vec::Vec;

/// A set whose samples carry their own index.
struct Indices(usize);

impl Samples<f32> for Indices {
    fn len(&self) -> usize {
        self.0
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        let [value] = into else { return None };
        *value = index as f32;
        (index < self.0).then_some(Label::Class(index as u16))
    }
}

fn epoch(loader: &mut Loader<'_, f32, Indices>) -> Vec<u32> {
    let mut x = [0.0];
    core::iter::from_fn(|| loader.next(&mut x).map(|_| x[0] as u32)).collect()
}

#[test]
fn every_epoch_reads_the_training_part_once_in_another_order() {
    let set = Indices(50);
    let split = Split::new(50, 10, 5);
    let mut loader = Loader::new(&set, split, 5).unwrap();
    let mut part: Vec<u32> = (0..40).map(|i| split.training(i).unwrap()).collect();
    part.sort();
    let mut orders = Vec::new();
    for number in 0..20 {
        assert_eq!(loader.cursor().epoch, number);
        let order = epoch(&mut loader);
        assert_eq!(loader.remaining(), 0);
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, part);
        assert!(!orders.contains(&order));
        orders.push(order);
        loader.next_epoch();
    }
}

#[test]
fn a_cursor_goes_on_exactly_from_any_place() {
    let set = Indices(23);
    let mut uncut = Loader::new(&set, Split::new(23, 5, 1), 77).unwrap();
    let mut x = [0.0];
    for step in 0..100 {
        // Another key: the cursor's own must win.
        let mut resumed = Loader::new(&set, Split::new(23, 5, 1), 0).unwrap();
        resumed.seek(saved(uncut.cursor()));
        assert_eq!(resumed.cursor(), uncut.cursor());
        assert_eq!(epoch(&mut resumed), epoch(&mut uncut.clone()), "step {step}");
        if uncut.next(&mut x).is_none() {
            uncut.next_epoch();
        }
    }
}

/// A cursor as it comes back from its bytes.
fn saved(cursor: Cursor) -> Cursor {
    let mut bytes = [0; 32];
    let used = postcard::to_slice(&cursor, &mut bytes).unwrap();
    postcard::from_bytes(used).unwrap()
}

#[test]
fn a_wrong_buffer_moves_nothing() {
    let set = Indices(3);
    let mut loader = Loader::new(&set, Split::all(3), 1).unwrap();
    assert_eq!(loader.next(&mut [0.0; 2]), None);
    assert_eq!(loader.remaining(), 3);
    assert!(loader.next(&mut [0.0; 1]).is_some());
    assert_eq!(loader.remaining(), 2);
}

#[test]
fn a_cursor_past_the_end_is_the_end() {
    let set = Indices(3);
    let mut loader = Loader::new(&set, Split::all(3), 1).unwrap();
    loader.seek(Cursor {
        key: 1,
        epoch: 4,
        next: 9,
    });
    assert_eq!(loader.next(&mut [0.0; 1]), None);
    assert_eq!(loader.remaining(), 0);
    loader.next_epoch();
    assert_eq!(epoch(&mut loader).len(), 3);
}

#[test]
fn a_foreign_split_is_refused_and_an_empty_set_is_an_empty_epoch() {
    let set = Indices(3);
    let error = LoaderError::Length { samples: 3, split: 4 };
    assert_eq!(Loader::new(&set, Split::all(4), 1).err(), Some(error));
    let table = Table::new(&[], &[], 1, ()).unwrap();
    let mut loader = Loader::<f32, _>::new(&table, Split::all(0), 1).unwrap();
    assert_eq!(loader.next(&mut [0.0]), None);
    assert_eq!(loader.validation(0, &mut [0.0]), None);
}

#[test]
fn validation_reads_what_was_held_out() {
    let set = Indices(30);
    let split = Split::new(30, 10, 2);
    let loader = Loader::new(&set, split, 3).unwrap();
    let mut x = [0.0];
    for i in 0..10 {
        assert!(loader.validation(i, &mut x).is_some());
        assert_eq!(Some(x[0] as u32), split.validation(i));
    }
    assert_eq!(loader.validation(10, &mut x), None);
}
