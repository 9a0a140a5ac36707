//! Events as text: figures as bits, so that two boards that print alike computed alike.

use core::fmt::{self, Write};
use kilograd::train::Event;

/// Prints an event.
pub fn report(out: &mut impl Write, event: &Event) -> fmt::Result {
    match event {
        Event::Step { step, loss, norm } => {
            writeln!(
                out,
                "step {step} loss {:08x} norm {:08x}",
                loss.to_bits(),
                norm.to_bits()
            )
        }
        Event::Epoch { epoch, loss, .. } => writeln!(out, "epoch {epoch} loss {:08x}", loss.to_bits()),
        Event::Window { class, pooled } => writeln!(out, "window of class {class}, {pooled} in the pool"),
        Event::Saved { step, sequence } => writeln!(out, "saved step {step} as {sequence}"),
        Event::Alarm(alarm) => writeln!(out, "alarm {alarm:?}"),
        Event::Stopped(why) => writeln!(out, "stopped {why:?}"),
        Event::Norm { layer, norm } => writeln!(out, "layer {layer} norm {:08x}", norm.to_bits()),
    }
}
