//! How far a long run is, on a terminal and nowhere else.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How the bar over numbers looks.
const NUMBERS: &str = "{wide_bar} {percent:>3}%  {pos} of {len} numbers, {per_sec}, {eta} left";

/// A bar on standard error, with rate and time left. Where that is no terminal nothing is shown.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for reading files; where their length is not known beforehand it tells how much was read.
    pub fn of_files(files: &[PathBuf]) -> Self {
        let length =
            |file: &PathBuf| std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|data| data.len());
        let whole: Option<u64> = files.iter().map(length).sum();
        // Standard error is left alone for what takes a moment: it is redrawn four times a second, from the first on.
        let bar = ProgressBar::with_draw_target(whole, ProgressDrawTarget::stderr_with_hz(4));
        let template = match whole {
            Some(_) => "{wide_bar} {percent:>3}%  {msg}, {binary_bytes_per_sec}, {eta} left",
            None => "{spinner} {binary_bytes} read  {msg}, {binary_bytes_per_sec}",
        };
        // A template that cannot be read would leave the usual bar; a test reads these.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar }
    }

    /// A bar for working out so many numbers of the schedule.
    pub fn of_numbers(all: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr_with_hz(4));
        if let Ok(style) = ProgressStyle::with_template(NUMBERS) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Tells how many numbers are done.
    pub fn numbers(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// Tells how many lines and bytes are done.
    pub fn told(&self, lines: u64, bytes: u64) {
        self.bar.set_position(bytes);
        let seconds = self.bar.elapsed().as_millis().max(1);
        let rate = u128::from(lines).saturating_mul(1_000) / seconds;
        self.bar.set_message(format!("{lines} lines, {rate} a second"));
    }

    /// Removes the bar.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_read() {
        for template in [
            "{wide_bar} {percent:>3}%  {msg}, {binary_bytes_per_sec}, {eta} left",
            "{spinner} {binary_bytes} read  {msg}, {binary_bytes_per_sec}",
            NUMBERS,
        ] {
            ProgressStyle::with_template(template).unwrap();
        }
        let progress = Progress::of_files(&[]);
        progress.told(10, 100);
        assert!(progress.bar.is_hidden() || progress.bar.position() == 100);
    }
}
