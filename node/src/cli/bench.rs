//! `bench`: what a round costs on this machine. No state folder, no daemon, no student.

use clap::Args;
use passage_shell::{
    bench::{Request, Size, run},
    control::{Answer, Progress},
    failure::Failure,
};

/// What to measure.
#[derive(Args, Debug)]
pub struct Bench {
    /// The round that is played here, with made-up people: at most 5 members.
    #[arg(long, value_name = "MEMBERSxROWSxKEYS", default_value = "2x20000x7", value_parser = Size::parse)]
    size: Size,
    /// Tables of that round.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    tables: u8,
    /// Rows of each list that are the same people, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=100))]
    overlap: u8,
    /// Rounds of your own sizes whose time, memory and bytes are worked out from what was measured; may be given several times.
    #[arg(long, value_name = "MEMBERSxROWSxKEYS", default_values = ["3x100000x7", "2x1000000x7"], value_parser = Size::parse)]
    forecast: Vec<Size>,
}

impl Bench {
    /// Measures; `show` takes progress.
    ///
    /// # Errors
    ///
    /// [`Failure`] if a round of made-up people is refused, which it cannot be.
    pub fn answer(self, show: &dyn Fn(Progress)) -> Result<Answer, Failure> {
        let (tables, overlap_percent) = (self.tables.into(), self.overlap.into());
        let size = Size { tables, overlap_percent, ..self.size };
        let progress = |what: &str, done: u64| {
            show(Progress { what: what.to_owned(), done, total: None, detail: String::new() });
        };
        Ok(run(&Request { size, forecasts: self.forecast }, &progress)?)
    }
}
