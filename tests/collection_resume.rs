//! Promise: a power cut while collecting costs the frames that nobody saw, and nothing else. A recording goes
//! back to its cursor and ends as if it had never been cut; after a cut, a sensor's stream is the same as one
//! that was never cut but has the same gap.

use kilograd::collect::{Frame, Pool, Recording, Ring, Source, Tally, Windows};
use kilograd::number::random::Pcg;
use kilograd::persist::{Parts, PartsMut, Persist, Record};
use kilograd::prepare::Standardizer;

const PERIOD: u64 = 10_000;
const FRAMES: u64 = 3_000;

/// The memory of a device.
struct Memory {
    window: [i16; 3 * 20],
    samples: [i16; 3 * 20 * 12],
    labels: [u8; 12],
    tallies: [Tally; 4],
}

impl Memory {
    /// What was in it before is `dirt`: a state must not depend on it.
    fn new(dirt: i16) -> Self {
        Self {
            window: [dirt; 60],
            samples: [dirt; 720],
            labels: [9; 12],
            tallies: [Tally { seen: 3, stored: 2 }; 4],
        }
    }
}

/// A device that collects: frames, windows, statistics and pool.
struct Device<'a> {
    windows: Windows<'a, 3>,
    scaler: Standardizer<3>,
    pool: Pool<'a>,
    frames: Record<u32, 6>,
}

impl<'a> Device<'a> {
    fn boot(memory: &'a mut Memory) -> Self {
        let windows = Windows::new(&mut memory.window, 15).expect("a window of 20 frames");
        let (samples, labels) = (&mut memory.samples, &mut memory.labels);
        Self {
            windows: windows.longest_step(PERIOD * 3 / 2),
            scaler: Standardizer::new(1.0),
            pool: Pool::new(samples, labels, &mut memory.tallies, 3).expect("twelve windows"),
            frames: Record::new(1, 0),
        }
    }

    fn take(&mut self, frame: &Frame<3>) {
        self.frames.value += 1;
        if let Some(window) = self.windows.push(frame) {
            self.scaler.push(window).expect("whole frames");
            // The activity changes every 4 seconds.
            let class = frame.at / 4_000_000 % 4;
            self.pool.offer(window, class as u16).expect("fits");
        }
    }

    fn save(&self) -> Vec<u8> {
        let state = Parts(&[&self.windows, &self.scaler, &self.pool, &self.frames]);
        let mut bytes = vec![0; state.size()];
        state.read(0, &mut bytes);
        bytes
    }

    fn load(&mut self, bytes: &[u8]) {
        use kilograd::persist::Restore;
        let Self {
            windows,
            scaler,
            pool,
            frames,
        } = self;
        let mut parts: [&mut dyn Restore; 4] = [windows, scaler, pool, frames];
        let mut state = PartsMut(&mut parts);
        for (i, piece) in bytes.chunks(50).enumerate() {
            state.write(50 * i, piece).expect("saved by the same program");
        }
    }
}

fn values() -> Vec<i16> {
    let mut random = Pcg::new(12);
    (0..3 * FRAMES).map(|_| random.next_u32() as i16 / 8).collect()
}

fn recording(values: &[i16]) -> Recording<'_, 3> {
    Recording::new(values, PERIOD).expect("whole frames")
}

/// Feeds frames through a ring until `end` were read from the recording.
fn feed(device: &mut Device<'_>, source: &mut Recording<'_, 3>, end: u64) {
    let mut ring = Ring::<3, 8>::new();
    let (mut feeder, mut drain) = ring.split();
    while (source.cursor() as u64) < end {
        feeder.pull(source).expect("a recording does not fail");
        while let Some(frame) = drain.pop() {
            device.take(&frame);
        }
    }
}

#[test]
fn a_recording_that_was_cut_ends_as_if_it_never_was() {
    let values = values();
    let mut memory = Memory::new(0);
    let mut uncut = Device::boot(&mut memory);
    feed(&mut uncut, &mut recording(&values), FRAMES);
    let end = uncut.save();
    let mut random = Pcg::new(1);
    for _ in 0..100 {
        let saved_at = u64::from(random.below(FRAMES as u32));
        let lost = u64::from(random.below(200));
        let mut memory = Memory::new(0);
        let mut device = Device::boot(&mut memory);
        let mut source = recording(&values);
        feed(&mut device, &mut source, saved_at);
        let bytes = device.save();
        // Work that no checkpoint holds, and the cut.
        feed(&mut device, &mut source, FRAMES.min(saved_at + lost));
        let mut memory = Memory::new(55);
        let mut device = Device::boot(&mut memory);
        device.load(&bytes);
        let mut source = recording(&values);
        source.seek(device.frames.value as usize);
        feed(&mut device, &mut source, FRAMES);
        assert_eq!(
            device.save(),
            end,
            "saved after {saved_at} frames, cut {lost} later"
        );
    }
    assert!(uncut.pool.len() == 12 && uncut.windows.gaps() == 0 && uncut.scaler.count() > 3_000);
}

#[test]
fn a_sensor_that_was_cut_leaves_the_state_of_a_stream_with_that_gap() {
    let values = values();
    let mut random = Pcg::new(2);
    for _ in 0..100 {
        let saved_at = 1 + u64::from(random.below(FRAMES as u32 - 1));
        let resumed_at = FRAMES.min(saved_at + 1 + u64::from(random.below(300)));
        let mut frames = Vec::new();
        let mut source = recording(&values);
        while let Ok(Some(frame)) = source.read() {
            frames.push(frame);
        }
        let (before, after) = (&frames[..saved_at as usize], &frames[resumed_at as usize..]);

        let mut memory = Memory::new(0);
        let mut device = Device::boot(&mut memory);
        before.iter().for_each(|frame| device.take(frame));
        let bytes = device.save();
        let mut memory = Memory::new(55);
        let mut device = Device::boot(&mut memory);
        device.load(&bytes);
        device.windows.gap();
        after.iter().for_each(|frame| device.take(frame));

        let mut memory = Memory::new(0);
        let mut never_cut = Device::boot(&mut memory);
        before.iter().for_each(|frame| never_cut.take(frame));
        if after.is_empty() {
            never_cut.windows.gap();
        }
        after.iter().for_each(|frame| never_cut.take(frame));
        assert_eq!(
            device.save(),
            never_cut.save(),
            "saved after {saved_at}, on again at {resumed_at}"
        );
        assert_eq!(device.windows.gaps(), 1);
    }
}
