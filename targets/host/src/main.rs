//! The boards' program on this machine: what every chip must print too.

use std::fmt;

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}

fn main() -> fmt::Result {
    common::run(&mut Console)
}
