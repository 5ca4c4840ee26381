//! Metrics: the catalogue, one definition, a file before it is proposed, and counts of one's own.

use std::path::PathBuf;

use passage_protocol::{
    agreement::Segment,
    cells::Dimension,
    metric::{Computation, Metric, Side},
};
use passage_shell::{
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    home::Home,
    metrics::{self, FLOOR, LeftOut, MetricError, Tally, check_text, show_text},
};

/// What is asked about metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(missing_docs)] // the command line documents them
pub enum MetricCommand {
    List,
    Show { id: String },
    Check { file: PathBuf },
    Run { id: String, side: Option<String>, by: String },
}

pub(super) fn metric(
    home: &Home,
    command: &MetricCommand,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    match command {
        MetricCommand::List => list(),
        MetricCommand::Show { id } => {
            let metric = metrics::find(id)?;
            Ok(Answer { text: show_text(metric), json: definition(metric) })
        }
        MetricCommand::Check { file } => {
            let metric = metrics::from_file(file)?;
            metric.programs.iter().try_for_each(|program| metrics::plan(&metric, program))?;
            Ok(Answer { text: check_text(&metric), json: definition(&metric) })
        }
        MetricCommand::Run { id, side, by } => run(home, id, side.as_deref(), by, progress),
    }
}

fn segments(metric: &Metric) -> String {
    let names = |segments: &[passage_protocol::agreement::Segment]| {
        segments.iter().map(|segment| segment.name()).collect::<Vec<_>>().join("+")
    };
    match metric.kind {
        Computation::Linked => format!("{} -> {}", names(&metric.senders), names(&metric.receivers)),
        Computation::Own => names(&metric.holders),
    }
}

fn list() -> Result<Answer, Failure> {
    let all = Metric::builtins()?;
    let mut text = String::from("metric                            kind    whose                title");
    for metric in all {
        text.push_str(&format!(
            "\n{:<33} {:<7} {:<20} {}",
            metric.reference(),
            metric.kind.name(),
            segments(metric),
            metric.title
        ));
    }
    Ok(Answer { text, json: Value::Array(all.iter().map(definition).collect()) })
}

fn definition(metric: &Metric) -> Value {
    let programs = metric.programs.iter().map(
        |program| json!({ "side": program.side.name(), "elements": program.elements, "sql": program.sql }),
    );
    let outcomes = metric.outcomes.iter().map(|one| json!({ "name": one.name, "label": one.label }));
    let parameters = metric.parameters.iter().map(|one| {
        json!({ "name": one.name, "kind": one.kind.name(), "value": one.default, "unit": one.unit, "reason": one.reason })
    });
    json!({
        "id": metric.id,
        "version": metric.version,
        "kind": metric.kind.name(),
        "title": metric.title,
        "whose": segments(metric),
        "windows": metric.windows,
        "by": metric.dimensions.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
        "text": metric.text,
        "pseudo_code": metric.pseudo_code,
        "source": metric.source,
        "confidence": metric.confidence.word(),
        "outcomes": outcomes.collect::<Vec<_>>(),
        "parameters": parameters.collect::<Vec<_>>(),
        "pitfalls": metric.pitfalls,
        "not_comparable_with": metric.not_comparable_with,
        "programs": programs.collect::<Vec<_>>(),
        "digest": metric.digest.to_string(),
    })
}

fn run(
    home: &Home,
    id: &str,
    side: Option<&str>,
    by: &str,
    progress: ProgressSink<'_>,
) -> Result<Answer, Failure> {
    let metric = metrics::find(id)?;
    let asked = side.map(|word| Side::parse(word).ok_or_else(Failure::other_version)).transpose()?;
    let dimension = Dimension::parse(by).ok_or_else(Failure::other_version)?;
    let side = home.metric_side(metric, asked)?;
    // Which school a student is of is the student's, whatever a metric counts of him.
    let is_by_school = dimension == Dimension::School && home.segment == Segment::K12;
    if !metric.dimensions.contains(&dimension) && !is_by_school {
        return Err(MetricError::Dimension { by: metric.dimensions.clone() }.into());
    }
    let (roster, _) = home.roster()?;
    let facts = home.metric_facts(metric, side, &roster, &mut |step| {
        let what = format!("{} MiB read, {} rows", step.read_bytes >> 20, step.rows);
        progress(Progress { what, done: step.rows, total: None, detail: String::new() })
    })?;
    let tally = metrics::tally(&facts, metric, &roster, dimension)?;
    Ok(answer(metric, side, &tally, facts.left_out()))
}

fn answer(metric: &Metric, side: Side, tally: &Tally, left_out: LeftOut) -> Answer {
    let outcomes = if side == Side::Sender { &[][..] } else { metric.outcomes.as_slice() };
    let mut text = format!(
        "{}  {}\n{} side; for eyes inside this institution only\n\n",
        metric.reference(),
        metric.title,
        side.name()
    );
    let names = outcomes.iter().map(|one| format!("  {:>12}", one.name)).collect::<String>();
    text.push_str(&format!("{:<11}{:<34}{:>9}{names}\n", "cohort", tally.dimension.name(), "counted"));
    for line in &tally.lines {
        let counts = line.outcomes.iter().zip(outcomes).map(|(count, one)| {
            let width = one.name.len().max(12);
            format!("  {count:>width$}")
        });
        let mark =
            if line.is_small() { format!("  below {FLOOR}: not to be passed on") } else { String::new() };
        text.push_str(&format!(
            "{:<11}{:<34}{:>9}{}{mark}\n",
            line.cohort.to_string(),
            line.category,
            line.counted,
            counts.collect::<String>()
        ));
    }
    if tally.lines.is_empty() {
        text.push_str("nobody: no stored row fits the definition\n");
    }
    text.push_str(&format!(
        "\nleft out: {} rows of students who opted out, {} rows of numbers in no student list",
        left_out.opted_out_rows, left_out.unlisted_rows
    ));
    let rows = tally.lines.iter().map(|line| {
        let by_outcome: serde_json::Map<String, Value> = outcomes
            .iter()
            .zip(&line.outcomes)
            .map(|(one, count)| (one.name.clone(), json!(count)))
            .collect();
        json!({
            "cohort": line.cohort.to_string(),
            "category": line.category,
            "counted": line.counted,
            "outcomes": by_outcome,
            "below_floor": line.is_small(),
        })
    });
    let json = json!({
        "metric": metric.id,
        "version": metric.version,
        "digest": metric.digest.to_string(),
        "side": side.name(),
        "by": tally.dimension.name(),
        "floor": FLOOR,
        "rows": rows.collect::<Vec<_>>(),
        "opted_out_rows": left_out.opted_out_rows,
        "unlisted_rows": left_out.unlisted_rows,
    });
    Answer { text, json }
}
