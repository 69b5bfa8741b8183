//! Progress, on standard error: a line that changes on a terminal, elsewhere a line now and then.

use std::{
    convert::Infallible,
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Shown;

const EVERY: Duration = Duration::from_secs(10);

/// How far a scan has come.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    is_plain: bool,
}

impl Progress {
    pub(super) fn of(shown: Shown) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let target = match shown {
            Shown::Auto if is_terminal => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style());
        Self { bar, is_plain: shown == Shown::Plain || (shown == Shown::Auto && !is_terminal) }
    }

    /// So many checks are to be made in a place.
    pub(super) fn found(&self, checks: usize, place: String) {
        self.bar.inc_length(u64::try_from(checks).unwrap_or_default());
        self.bar.set_message(place);
    }

    /// A check was made.
    pub(super) fn made(&self) {
        self.bar.inc(1);
    }

    /// Prints how far it is, again and again, where nobody watches.
    pub(super) async fn reported(&self) -> Infallible {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            if self.is_plain {
                let (made, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
                // Standard error may be closed: then nobody reads it.
                let _unread = writeln!(io::stderr(), "remedy: {made} of {all} checks  {}", self.bar.message());
            }
        }
    }

    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("  {pos} of {len} checks  {wide_msg}  {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
