//! Standard output.

use crate::complaint::Failure;

/// Writes a line to standard output. A reader that went away (`kilograd plan … | head`) is no error.
pub(crate) fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    use std::io::{ErrorKind, Write};
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Run(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
