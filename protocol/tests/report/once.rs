//! The sample reports, made once for all tests: what to withhold in tables of several receivers takes seconds to plan.

use std::sync::LazyLock;

use passage_protocol::report::Report;

use crate::sample_report;

static SAMPLE: LazyLock<Report> = LazyLock::new(sample_report::sample);
static CUT: LazyLock<Report> = LazyLock::new(sample_report::cut_sample);

pub(crate) fn sample() -> Report {
    SAMPLE.clone()
}

pub(crate) fn cut_sample() -> Report {
    CUT.clone()
}
