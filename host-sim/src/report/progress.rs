//! A progress bar with the time left, on terminals only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of a piece of work.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over `total` steps on standard error, unless `quiet`. Where that is no terminal nothing is
    /// drawn: a log file full of carriage returns helps nobody.
    pub fn new(total: u64, what: &str, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(10)
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let template = "{prefix} [{bar:30}] {percent:>3} %  {msg}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what.to_owned());
        Self { bar }
    }

    /// Work done so far.
    pub fn at(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// What is known so far.
    pub fn say(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
    }

    /// Removes the bar.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
