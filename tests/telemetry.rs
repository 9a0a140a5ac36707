//! Promise: events go over the wire as `docs/formats.md` says, and a reader that joins in the middle is
//! in step at the next zero.

use embedded_io::{ErrorKind, ErrorType, Write};
use kilograd::number::random::Pcg;
use kilograd::train::{Alarm, Event, Observer, Stop, Telemetry, decode};

/// A wire that takes `room` bytes, refuses `stalls` calls, and takes everything from then on.
struct Wire {
    bytes: Vec<u8>,
    room: usize,
    stalls: u32,
}

impl Wire {
    fn new(room: usize, stalls: u32) -> Self {
        Self {
            bytes: vec![],
            room,
            stalls,
        }
    }
}

impl ErrorType for Wire {
    type Error = ErrorKind;
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let room = self.room - self.bytes.len().min(self.room);
        if self.stalls > 0 && room == 0 {
            self.stalls -= 1;
            return Err(ErrorKind::TimedOut);
        }
        let taken = if self.stalls > 0 {
            bytes.len().min(room)
        } else {
            bytes.len()
        };
        self.bytes.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// Events of every kind, in the order of `docs/formats.md`.
#[rustfmt::skip]
const EVENTS: [Event; 18] = [
    Event::Step { step: 1, loss: 0.5, norm: 2.0 },
    Event::Step { step: 300, loss: 1.5, norm: 0.1 },
    Event::Epoch { epoch: 7, loss: 0.25, validation: None, accuracy: None },
    Event::Epoch { epoch: 8, loss: 0.25, validation: Some(1.0), accuracy: Some(0.75) },
    Event::Window { class: 3, pooled: 200 },
    Event::Window { class: u16::MAX, pooled: u16::MAX },
    Event::Saved { step: 5, sequence: 1 },
    Event::Saved { step: 128, sequence: u64::MAX },
    Event::Alarm(Alarm::NotFinite { step: 9 }),
    Event::Alarm(Alarm::Overrun { frames: 2 }),
    Event::Alarm(Alarm::Sensor),
    Event::Alarm(Alarm::Saturated { layer: 2, share: 25 }),
    Event::Alarm(Alarm::Stalled { layer: 0, share: 900 }),
    Event::Stopped(Stop::Epochs),
    Event::Stopped(Stop::Patience),
    Event::Stopped(Stop::NoSamples),
    Event::Stopped(Stop::Label),
    Event::Norm { layer: 2, norm: 0.5 },
];

/// Events and their frames as they are written down: `event  bytes`.
fn documented() -> Vec<(&'static str, Vec<u8>)> {
    let text = include_str!("../docs/formats.md");
    let (_, section) = text.split_once("## Telemetry").unwrap();
    let table = section.split("```").nth(1).unwrap();
    let lines = table.lines().filter_map(|line| line.split_once("  "));
    let byte = |text| u8::from_str_radix(text, 16).unwrap();
    lines
        .map(|(event, frame)| (event, frame.trim().split(' ').map(byte).collect()))
        .collect()
}

#[test]
fn every_event_has_the_bytes_that_are_written_down() {
    let documented = documented();
    assert_eq!(documented.len(), EVENTS.len());
    for (event, (name, frame)) in EVENTS.into_iter().zip(documented) {
        assert_eq!(format!("{event:?}"), name);
        let mut telemetry = Telemetry::new(Wire::new(0, 0));
        telemetry.on(&event);
        assert_eq!(telemetry.dropped(), 0);
        let mut found = telemetry.release().bytes;
        assert_eq!(found, frame, "{name}: {found:02x?}");
        assert_eq!(decode(&mut found), Some(event));
        let mut open = frame[..frame.len() - 1].to_vec();
        assert_eq!(decode(&mut open), Some(event), "without its zero");
    }
}

/// Events with figures of every size.
fn any_event(dice: &mut Pcg) -> Event {
    let shift = dice.below(32);
    let count = dice.next_u32() >> shift;
    let mut figure = || f32::from_bits(dice.next_u32() & 0xff7f_ffff);
    match count % 7 {
        0 | 1 => Event::Step {
            step: count,
            loss: figure(),
            norm: figure(),
        },
        2 => Event::Epoch {
            epoch: count,
            loss: figure(),
            validation: Some(figure()),
            accuracy: Some(figure()),
        },
        3 => Event::Window {
            class: count as u16,
            pooled: dice.next_u32() as u16,
        },
        4 => Event::Saved {
            step: count,
            sequence: dice.next_u64(),
        },
        5 if count.is_multiple_of(2) => Event::Alarm(Alarm::Saturated {
            layer: count as u16,
            share: dice.next_u32() as u16,
        }),
        5 => Event::Alarm(Alarm::Overrun { frames: count }),
        _ => Event::Stopped(Stop::Patience),
    }
}

#[test]
fn a_reader_that_joins_in_the_middle_is_in_step_at_the_next_zero() {
    let mut dice = Pcg::new(1);
    let events: Vec<Event> = (0..200).map(|_| any_event(&mut dice)).collect();
    let mut telemetry = Telemetry::new(Wire::new(0, 0));
    for event in &events {
        telemetry.on(event);
    }
    let wire = telemetry.release().bytes;
    assert!(wire.len() < 200 * 32);
    for joined in 0..wire.len() {
        let mut heard = wire[joined..].to_vec();
        let behind = heard.iter().position(|byte| *byte == 0).unwrap() + 1;
        let before = wire[..joined + behind].iter().filter(|byte| **byte == 0).count();
        // What is left of the first frame is noise, or by chance an event: an observer skips it.
        decode(&mut heard[..behind]);
        let frames = heard[behind..].split_mut(|byte| *byte == 0);
        let decoded: Vec<Event> = frames
            .filter(|frame| !frame.is_empty())
            .map(|f| decode(f).unwrap())
            .collect();
        assert_eq!(decoded, events[before..], "joined at byte {joined}");
    }
}

#[test]
fn a_wire_that_stalls_loses_whole_events_and_says_how_many() {
    let events = [EVENTS, EVENTS].concat();
    for stall in 0..100 {
        let mut telemetry = Telemetry::new(Wire::new(stall, 3));
        let mut sent = vec![];
        for event in &events {
            let before = telemetry.dropped();
            telemetry.on(event);
            if telemetry.dropped() == before {
                sent.push(*event);
            }
        }
        assert_eq!((telemetry.dropped(), sent.len()), (3, events.len() - 3));
        let mut wire = telemetry.release().bytes;
        let mut decoded: Vec<Event> = wire.split_mut(|byte| *byte == 0).filter_map(decode).collect();
        if decoded.len() == sent.len() + 1 {
            // Of one event the stream took all but the closing zero, and got it later.
            let whole = decoded
                .iter()
                .zip(&sent)
                .position(|(a, b)| a != b)
                .unwrap_or(sent.len());
            assert!(events.contains(&decoded.remove(whole)));
        }
        assert_eq!(decoded, sent, "stalled after {stall} bytes");
    }
}

#[test]
fn noise_is_no_event_and_no_panic() {
    let mut dice = Pcg::new(2);
    let mut events = 0;
    for _ in 0..300_000 {
        let mut noise: Vec<u8> = (0..dice.below(48)).map(|_| dice.next_u32() as u8).collect();
        if dice.below(2) == 0 {
            noise.iter_mut().for_each(|byte| *byte &= 7);
        }
        events += u32::from(decode(&mut noise).is_some());
    }
    println!("{events} of 300000 noises are events");
    // A frame of the right form is an event: telemetry has no checksum.
    assert!(events < 30_000);
    // A frame with one byte changed is some event or none.
    for (_, whole) in documented() {
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut frame = whole.clone();
                frame[at] = value;
                decode(&mut frame);
            }
        }
    }
}
