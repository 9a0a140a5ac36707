//! A chip under test talks to the emulator by semihosting: print, end, and say so when it panics.

use core::fmt;
use core::panic::PanicInfo;
use semihosting::io::{Stdout, Write as _};

/// The emulator's standard output.
pub struct Console(Stdout);

impl Console {
    /// Opens the standard output; without it there is nothing to tell the failure to.
    pub fn open() -> Self {
        match semihosting::io::stdout() {
            Ok(out) => Self(out),
            Err(_) => semihosting::process::exit(102),
        }
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// Ends the emulator: 0 when the program ran to its end, 1 and the reason when it stopped early.
pub fn exit<E: fmt::Debug>(ran: Result<(), E>) -> ! {
    if let Err(why) = &ran {
        semihosting::println!("stopped early: {why:?}");
    }
    semihosting::process::exit(i32::from(ran.is_err()))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    semihosting::println!("{info}");
    semihosting::process::exit(101)
}
