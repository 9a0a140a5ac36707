//! Where things lie in this repository.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Tools that set-up unpacks for this repository alone.
pub fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The firmware workspace.
pub fn targets() -> PathBuf {
    root().join("targets")
}
