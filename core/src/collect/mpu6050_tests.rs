use super::*;
use crate::collect::{Ring, Windows};
use embedded_hal::i2c::ErrorKind;
use embedded_hal_mock::eh1::delay::{CheckedDelay, NoopDelay, Transaction as Delay};
use embedded_hal_mock::eh1::i2c::{Mock, Transaction};
extern crate std;
use std::vec;
use std::vec::Vec;

const BURST: [u8; 14] = [
    0x40, 0x00, 0xff, 0xff, 0x80, 0x00, 0x12, 0x34, 0x00, 0x01, 0x7f, 0xff, 0xff, 0x00,
];
const VALUES: [i16; 6] = [16_384, -1, -32_768, 1, 32_767, -256];

fn status(bits: u8) -> Transaction {
    Transaction::write_read(0x68, vec![0x3a], vec![bits])
}

fn burst() -> Transaction {
    Transaction::write_read(0x68, vec![0x3b], BURST.to_vec())
}

fn counting() -> impl FnMut() -> u64 {
    let mut now = 0;
    move || {
        now += 10_000;
        now
    }
}

#[test]
fn start_checks_wakes_and_configures() {
    let settings = Settings {
        acceleration: Acceleration::G8,
        rotation: Rotation::Degrees1000,
        filter: Filter::Hz21,
        period: 20,
    };
    let bus = Mock::new(&[
        Transaction::write_read(0x69, vec![0x75], vec![0x68]),
        Transaction::write(0x69, vec![0x6b, 0x01]),
        Transaction::write(0x69, vec![0x1a, 4]),
        Transaction::write(0x69, vec![0x19, 19]),
        Transaction::write(0x69, vec![0x1b, 0b0001_0000]),
        Transaction::write(0x69, vec![0x1c, 0b0001_0000]),
        Transaction::write(0x69, vec![0x38, 0x01]),
    ]);
    let mut delay = CheckedDelay::new(&[Delay::delay_ms(30)]);
    let mut sensor = Mpu6050::new(bus, Mpu6050::ADDRESS_HIGH, settings, counting());
    assert_eq!(sensor.start(&mut delay), Ok(()));
    sensor.release().0.done();
    delay.done();
}

#[test]
fn another_part_is_not_configured() {
    let bus = Mock::new(&[Transaction::write_read(0x68, vec![0x75], vec![0x70])]);
    let mut sensor = Mpu6050::new(bus, Mpu6050::ADDRESS, Settings::default(), counting());
    assert_eq!(
        sensor.start(&mut NoopDelay::new()),
        Err(Mpu6050Error::Identity { found: 0x70 })
    );
    sensor.release().0.done();
}

#[test]
fn a_frame_is_read_when_it_is_ready_and_temperature_is_left_out() {
    let bus = Mock::new(&[status(0x00), status(0x01), burst()]);
    let mut sensor = Mpu6050::new(bus, Mpu6050::ADDRESS, Settings::default(), counting());
    assert_eq!(sensor.read(), Ok(None));
    assert_eq!(
        sensor.read(),
        Ok(Some(Frame {
            at: 10_000,
            values: VALUES
        }))
    );
    sensor.release().0.done();
}

/// Reading the status clears the ready flag: after an error in the burst, the frame is read again
/// without asking for a flag that is gone.
#[test]
fn a_bus_error_is_reported_and_the_stream_goes_on() {
    let bus = Mock::new(&[
        status(0x01).with_error(ErrorKind::ArbitrationLoss),
        status(0x01),
        burst().with_error(ErrorKind::Bus),
        burst(),
        status(0x01),
        burst(),
    ]);
    let mut sensor = Mpu6050::new(bus, Mpu6050::ADDRESS, Settings::default(), counting());
    assert_eq!(sensor.read(), Err(Mpu6050Error::Bus(ErrorKind::ArbitrationLoss)));
    assert_eq!(sensor.read(), Err(Mpu6050Error::Bus(ErrorKind::Bus)));
    for at in [20_000, 30_000] {
        let frame = Frame { at, values: VALUES };
        assert_eq!(sensor.read(), Ok(Some(frame)));
    }
    sensor.release().0.done();
}

#[test]
fn an_error_while_starting_can_be_tried_again() {
    let registers = [(0x6b, 1), (0x1a, 3), (0x19, 9), (0x1b, 0), (0x1c, 0), (0x38, 1)];
    let writes = |n| {
        registers[..n]
            .iter()
            .map(|&(at, value)| Transaction::write(0x68, vec![at, value]))
    };
    let identity = || Transaction::write_read(0x68, vec![0x75], vec![0x68]);
    let failed = Transaction::write(0x68, vec![0x19, 9]).with_error(ErrorKind::Other);
    let mut expected = vec![identity()];
    expected.extend(writes(2));
    expected.extend([failed, identity()]);
    expected.extend(writes(6));
    let mut sensor = Mpu6050::new(
        Mock::new(&expected),
        Mpu6050::ADDRESS,
        Settings::default(),
        counting(),
    );
    assert!(sensor.start(&mut NoopDelay::new()).is_err());
    assert!(sensor.start(&mut NoopDelay::new()).is_ok());
    sensor.release().0.done();
}

/// The whole way: a sensor with two bus errors, the ring, the windows. The frames around the errors are
/// further apart than a period, so the window that would have spanned them is dropped.
#[test]
fn an_error_becomes_a_gap_and_no_window_spans_it() {
    let mut script = Vec::new();
    for i in 0..9 {
        if i == 2 || i == 3 {
            script.push(status(0x01).with_error(ErrorKind::Bus));
        } else {
            script.extend([status(0x01), burst()]);
        }
    }
    let now = core::cell::Cell::new(0);
    let mut sensor = Mpu6050::new(Mock::new(&script), Mpu6050::ADDRESS, Settings::default(), || {
        now.get()
    });
    let mut ring = Ring::<6, 16>::new();
    let (mut feeder, mut drain) = ring.split();
    let mut failed = 0;
    for i in 0..9 {
        now.set(i * 10_000);
        failed += u32::from(feeder.pull(&mut sensor).is_err());
    }
    let mut buffer = [0; 4 * 6];
    let mut windows = Windows::<6>::new(&mut buffer, 4).unwrap().longest_step(15_000);
    let mut complete = Vec::new();
    while let Some(frame) = drain.pop() {
        if windows.push(&frame).is_some() {
            complete.push(frame.at);
        }
    }
    assert_eq!(failed, 2);
    assert_eq!(windows.gaps(), 1);
    // Frames 4..=7; the pair before the gap never became a window.
    assert_eq!(complete, [70_000]);
    sensor.release().0.done();
}
