use super::*;
extern crate std;
use std::vec::Vec;

/// The first value of each frame of each complete window, for frames stamped `at` that carry their index.
fn run(length: usize, hop: usize, longest: u64, stamps: &[u64]) -> Vec<Vec<i16>> {
    let mut buffer = std::vec![0; length];
    let mut windows = Windows::<1>::new(&mut buffer, hop).unwrap().longest_step(longest);
    let frames = stamps.iter().enumerate();
    frames
        .filter_map(|(i, &at)| {
            let values = [i as i16];
            windows.push(&Frame { at, values }).map(<[i16]>::to_vec)
        })
        .collect()
}

#[test]
fn hops_shorter_equal_and_longer_than_a_window() {
    let stamps: Vec<u64> = (0..10).collect();
    assert_eq!(
        run(4, 2, 1, &stamps),
        [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7], [6, 7, 8, 9]]
    );
    assert_eq!(run(3, 3, 1, &stamps), [[0, 1, 2], [3, 4, 5], [6, 7, 8]]);
    assert_eq!(run(2, 4, 1, &stamps), [[0, 1], [4, 5], [8, 9]]);
    assert_eq!(run(3, 1, 1, &stamps[..5]), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]);
}

#[test]
fn no_window_spans_a_jump_in_time() {
    // Frame 3 comes 100 late: 0..=2 is dropped. A step back (a reboot) is a gap at any limit.
    assert_eq!(
        run(4, 2, 10, &[0, 10, 20, 120, 130, 140, 150, 160]),
        [[3, 4, 5, 6]]
    );
    assert_eq!(run(2, 2, u64::MAX, &[50, 0, 10]), [[1, 2]]);
    // A gap behind a complete window also keeps its overlap from reaching over.
    assert_eq!(run(4, 1, 10, &[0, 1, 2, 3, 99, 100, 101]), [[0, 1, 2, 3]]);
    // A gap among the frames that are left out between windows begins a window at once.
    assert_eq!(run(2, 4, 10, &[0, 1, 2, 50, 51]), [[0, 1], [3, 4]]);
    // Two frames in one tick of a coarse clock are no gap.
    assert_eq!(run(2, 2, 10, &[5, 5]), [[0, 1]]);
}

#[test]
fn an_overrun_is_a_gap_and_another_label_is_none() {
    let mut buffer = [0; 2];
    let mut windows = Windows::<1>::new(&mut buffer, 2).unwrap().longest_step(10);
    let frame = |at| Frame {
        at,
        values: [at as i16],
    };
    assert!(windows.push(&frame(0)).is_none());
    windows.gap();
    assert!(windows.push(&frame(1)).is_none());
    assert_eq!(windows.push(&frame(2)), Some(&[1, 2][..]));
    assert_eq!(windows.gaps(), 1);
    assert!(windows.push(&frame(3)).is_none());
    windows.restart();
    // A jump of the stamps there is a gap all the same.
    assert!(windows.push(&frame(900)).is_none());
    assert_eq!(windows.push(&frame(901)), Some(&[900, 901][..]));
    assert_eq!(windows.gaps(), 2);
}

#[test]
fn bad_buffers_are_refused() {
    let length = |values| Some(WindowError::Length { values, channels: 2 });
    assert_eq!(Windows::<2>::new(&mut [0; 3], 1).err(), length(3));
    assert_eq!(Windows::<2>::new(&mut [], 1).err(), length(0));
    assert_eq!(Windows::<2>::new(&mut [0; 4], 0).err(), Some(WindowError::Hop));
}

/// Cut after every frame, save, restore into fresh memory in pieces of every size: the windows that
/// follow are those of a run that was never cut.
#[test]
fn a_cut_run_gives_the_windows_of_an_uncut_one() {
    let frame = |i: u64| Frame {
        at: i * 10 + 1_000 * (i / 11) + (5 << 32),
        values: [i as i16 * 3, -(i as i16)],
    };
    for cut in 0..30 {
        let (mut one, mut two) = ([0; 10], [7; 10]);
        let mut uncut = Windows::<2>::new(&mut one, 3).unwrap().longest_step(10);
        for i in 0..cut {
            uncut.push(&frame(i));
        }
        let mut resumed = Windows::<2>::new(&mut two, 3).unwrap().longest_step(10);
        let mut bytes = std::vec![0; uncut.size()];
        uncut.read(0, &mut bytes);
        let piece = 1 + cut as usize % 13;
        for (i, data) in bytes.chunks(piece).enumerate() {
            resumed.write(i * piece, data).unwrap();
            let mut again = std::vec![1; data.len()];
            uncut.read(i * piece, &mut again);
            assert_eq!(again, data);
        }
        for i in cut..40 {
            assert_eq!(
                uncut.push(&frame(i)),
                resumed.push(&frame(i)),
                "cut {cut}, frame {i}"
            );
        }
        assert_eq!(uncut.gaps(), resumed.gaps());
    }
}

#[test]
fn a_fill_beyond_the_buffer_is_malformed() {
    let mut buffer = [0; 2];
    let mut windows = Windows::<1>::new(&mut buffer, 1).unwrap();
    let mut bytes = [0; 28];
    bytes[4] = 2;
    assert_eq!(
        windows.write(0, &bytes),
        Err(Malformed),
        "more to leave out than a hop"
    );
    bytes[..8].copy_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(windows.write(0, &bytes), Err(Malformed));
    assert!(windows.push(&Frame { at: 0, values: [1] }).is_none());
    assert_eq!(windows.push(&Frame { at: 1, values: [2] }), Some(&[1, 2][..]));
}
