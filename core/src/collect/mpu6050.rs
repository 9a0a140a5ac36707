//! The MPU-6050: three axes of acceleration and three of rotation over I²C.

use super::{Frame, Source};
use core::fmt;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

/// Registers. Source: InvenSense, "MPU-6000 and MPU-6050 Register Map and Descriptions",
/// RM-MPU-6000A-00, revision 4.2.
mod register {
    pub const SAMPLE_RATE_DIVIDER: u8 = 0x19;
    pub const CONFIG: u8 = 0x1a;
    pub const GYROSCOPE_CONFIG: u8 = 0x1b;
    pub const ACCELEROMETER_CONFIG: u8 = 0x1c;
    pub const INTERRUPT_ENABLE: u8 = 0x38;
    pub const INTERRUPT_STATUS: u8 = 0x3a;
    pub const ACCELERATION_X_HIGH: u8 = 0x3b;
    pub const POWER_MANAGEMENT_1: u8 = 0x6b;
    pub const WHO_AM_I: u8 = 0x75;
}

/// What WHO_AM_I holds, whatever the AD0 pin says.
const IDENTITY: u8 = 0x68;
/// DATA_RDY in INTERRUPT_ENABLE and INTERRUPT_STATUS.
const DATA_READY: u8 = 0x01;
/// Awake, clocked by the X gyroscope, as the register map recommends.
const AWAKE: u8 = 0x01;
/// The gyroscopes' start-up time (product specification PS-MPU-6000A, section 6.1).
const STARTUP_MILLISECONDS: u32 = 30;

/// Full scale of the accelerometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Acceleration {
    /// ±2 g, 16,384 counts per g.
    #[default]
    G2 = 0,
    /// ±4 g, 8,192 counts per g.
    G4 = 1,
    /// ±8 g, 4,096 counts per g.
    G8 = 2,
    /// ±16 g, 2,048 counts per g.
    G16 = 3,
}

/// Full scale of the gyroscope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Rotation {
    /// ±250 °/s, 131 counts per °/s.
    #[default]
    Degrees250 = 0,
    /// ±500 °/s, 65.5 counts per °/s.
    Degrees500 = 1,
    /// ±1000 °/s, 32.8 counts per °/s.
    Degrees1000 = 2,
    /// ±2000 °/s, 16.4 counts per °/s.
    Degrees2000 = 3,
}

/// Bandwidth of the sensor's digital low-pass filter (accelerometer / gyroscope).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Filter {
    /// 184 Hz / 188 Hz.
    Hz184 = 1,
    /// 94 Hz / 98 Hz.
    Hz94 = 2,
    /// 44 Hz / 42 Hz: below half of 100 readings a second.
    #[default]
    Hz44 = 3,
    /// 21 Hz / 20 Hz.
    Hz21 = 4,
    /// 10 Hz / 10 Hz.
    Hz10 = 5,
    /// 5 Hz / 5 Hz.
    Hz5 = 6,
}

/// How the sensor measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Full scale of the accelerometer.
    pub acceleration: Acceleration,
    /// Full scale of the gyroscope.
    pub rotation: Rotation,
    /// Low-pass filter, against aliasing.
    pub filter: Filter,
    /// Milliseconds between readings, 1 to 256: the divider of the filtered rate of 1 kHz.
    /// 0 counts as 1, more than 256 as 256.
    pub period: u16,
}

impl Default for Settings {
    /// ±2 g, ±250 °/s, 100 readings a second behind a filter of 44 Hz.
    fn default() -> Self {
        Self {
            acceleration: Acceleration::default(),
            rotation: Rotation::default(),
            filter: Filter::default(),
            period: 10,
        }
    }
}

/// Why the sensor gave nothing. `E` is the bus's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Mpu6050Error<E> {
    /// The bus failed.
    Bus(E),
    /// Another part answered.
    Identity {
        /// What its WHO_AM_I register holds; an MPU-6050 has 0x68.
        found: u8,
    },
}

impl<E: fmt::Debug> fmt::Display for Mpu6050Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(
                f,
                "the sensor's bus failed ({error:?}): check wiring and pull-ups"
            ),
            Self::Identity { found } => write!(
                f,
                "the part answers 0x{found:02x}, an MPU-6050 0x68: check the address and the part"
            ),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for Mpu6050Error<E> {}

impl<E> From<E> for Mpu6050Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// An MPU-6050 as a [`Source`] of six channels: acceleration x y z, rotation x y z.
///
/// `clock` tells the microseconds since boot. [`start`](Self::start) wakes and configures the sensor,
/// and may be called again when it lost its supply. A bus error is reported and the stream goes on with
/// the next call: the frames that were missed show as a jump of the time stamps.
///
/// ```no_run
/// # fn run<B: embedded_hal::i2c::I2c>(bus: B, mut delay: impl embedded_hal::delay::DelayNs,
/// #     clock: impl FnMut() -> u64) -> Result<(), kilograd::collect::Mpu6050Error<B::Error>> {
/// use kilograd::collect::{Mpu6050, Settings, Source};
///
/// let mut sensor = Mpu6050::new(bus, Mpu6050::ADDRESS, Settings::default(), clock);
/// sensor.start(&mut delay)?;
/// while let Some(frame) = sensor.read()? {
///     let [_ax, _ay, _az, _gx, _gy, _gz] = frame.values;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Mpu6050<I2C, T> {
    i2c: I2C,
    address: u8,
    settings: Settings,
    clock: T,
    /// The ready flag was read, which clears it, but the frame not yet.
    pending: bool,
}

impl Mpu6050<(), ()> {
    /// The address with the pin AD0 low.
    pub const ADDRESS: u8 = 0x68;
    /// The address with the pin AD0 high.
    pub const ADDRESS_HIGH: u8 = 0x69;
}

impl<I2C: I2c, T: FnMut() -> u64> Mpu6050<I2C, T> {
    /// A sensor that is not started yet.
    pub const fn new(i2c: I2C, address: u8, settings: Settings, clock: T) -> Self {
        Self {
            i2c,
            address,
            settings,
            clock,
            pending: false,
        }
    }

    /// Checks that the part is there, wakes it, sets rate, filter and ranges, and waits until the
    /// gyroscopes have started. Call it 100 ms after power-up at the earliest.
    ///
    /// # Errors
    /// [`Mpu6050Error::Bus`] when a transfer failed, [`Mpu6050Error::Identity`] when another part answers.
    pub fn start(&mut self, delay: &mut impl DelayNs) -> Result<(), Mpu6050Error<I2C::Error>> {
        self.pending = false;
        let mut identity = [0];
        self.i2c
            .write_read(self.address, &[register::WHO_AM_I], &mut identity)?;
        let [found] = identity;
        if found != IDENTITY {
            return Err(Mpu6050Error::Identity { found });
        }
        let settings = self.settings;
        let divider = settings.period.clamp(1, 256) - 1;
        for (register, value) in [
            // Awake first: asleep, it ignores the rest.
            (register::POWER_MANAGEMENT_1, AWAKE),
            (register::CONFIG, settings.filter as u8),
            (register::SAMPLE_RATE_DIVIDER, divider as u8),
            (register::GYROSCOPE_CONFIG, (settings.rotation as u8) << 3),
            (register::ACCELEROMETER_CONFIG, (settings.acceleration as u8) << 3),
            (register::INTERRUPT_ENABLE, DATA_READY),
        ] {
            self.i2c.write(self.address, &[register, value])?;
        }
        delay.delay_ms(STARTUP_MILLISECONDS);
        Ok(())
    }

    /// Gives the bus and the clock back.
    pub fn release(self) -> (I2C, T) {
        (self.i2c, self.clock)
    }
}

impl<I2C: I2c, T: FnMut() -> u64> Source<6> for Mpu6050<I2C, T> {
    type Error = Mpu6050Error<I2C::Error>;

    /// The reading that the sensor has ready, all axes from one instant; `None` before the next is due.
    fn read(&mut self) -> Result<Option<Frame<6>>, Self::Error> {
        if !self.pending {
            let mut status = [0];
            self.i2c
                .write_read(self.address, &[register::INTERRUPT_STATUS], &mut status)?;
            self.pending = status.iter().any(|status| status & DATA_READY != 0);
            if !self.pending {
                return Ok(None);
            }
        }
        let at = (self.clock)();
        // One burst: only then do all registers hold one reading. Acceleration, temperature, rotation.
        let mut bytes = [0; 14];
        self.i2c
            .write_read(self.address, &[register::ACCELERATION_X_HIGH], &mut bytes)?;
        self.pending = false;
        let [axh, axl, ayh, ayl, azh, azl, _, _, gxh, gxl, gyh, gyl, gzh, gzl] = bytes;
        let values = [
            [axh, axl],
            [ayh, ayl],
            [azh, azl],
            [gxh, gxl],
            [gyh, gyl],
            [gzh, gzl],
        ];
        Ok(Some(Frame {
            at,
            values: values.map(i16::from_be_bytes),
        }))
    }
}

#[cfg(test)]
#[path = "mpu6050_tests.rs"]
mod tests;
