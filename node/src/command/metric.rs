//! Metrics: the catalogue, one definition, a file before it is proposed, and counts of one's own.

use std::path::PathBuf;

use passage_analytics::engine;
use passage_protocol::{
    agreement::Segment,
    cells::Dimension,
    grouping::GroupingDefinition,
    metric::{Computation, Metric, Side},
};
use passage_shell::{
    config,
    control::{Answer, Progress, ProgressSink},
    failure::Failure,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    home::Home,
    metrics::{self, FLOOR, LeftOut, MetricError, Tally, TallyBy, check_text, grouping_text, show_text},
};

/// What is asked about metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(missing_docs)] // the command line documents them
pub enum MetricCommand {
    List,
    Show { id: String },
    Check { file: PathBuf },
    Groupings { id: Option<String> },
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
        MetricCommand::Groupings { id: None } => groupings(),
        MetricCommand::Groupings { id: Some(id) } => grouping(id),
        MetricCommand::Run { id, side, by } => run(home, id, side.as_deref(), by, progress),
    }
}

fn groupings() -> Result<Answer, Failure> {
    let all = GroupingDefinition::builtins()?;
    let mut text = String::from("grouping               whose      categories  title");
    for one in all {
        let (name, whose) = (one.grouping.name(), names(&one.holders));
        text.push_str(&format!(
            "\n{name:<22} {whose:<10} {:>10}  {}",
            one.grouping.labels().len(),
            one.title
        ));
    }
    Ok(Answer { text, json: Value::Array(all.iter().map(grouping_definition).collect()) })
}

fn grouping(id: &str) -> Result<Answer, Failure> {
    let all = GroupingDefinition::builtins()?;
    let names: Vec<&str> = all.iter().map(|one| one.grouping.name()).collect();
    let nearest = || config::nearest(id, &names).map(str::to_owned);
    let found = all.iter().find(|one| one.grouping.name() == id);
    let found = found.ok_or_else(|| MetricError::Unknown { what: "grouping", nearest: nearest() })?;
    Ok(Answer { text: grouping_text(found), json: grouping_definition(found) })
}

fn grouping_definition(one: &GroupingDefinition) -> Value {
    json!({
        "id": one.grouping.name(),
        "title": one.title,
        "whose": names(&one.holders),
        "categories": one.grouping.labels(),
        "text": one.text,
        "source": one.source,
        "confidence": one.confidence.word(),
        "pitfalls": one.pitfalls,
        "elements": one.program.elements,
        "sql": one.program.sql,
        "digest": one.digest.to_string(),
    })
}

fn names(segments: &[Segment]) -> String {
    segments.iter().map(|segment| segment.name()).collect::<Vec<_>>().join("+")
}

fn segments(metric: &Metric) -> String {
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
    // Which school and which group a student is of is the student's, whatever a metric counts of him.
    let is_students = match dimension {
        Dimension::School => home.segment == Segment::K12,
        Dimension::Group(grouping) => GroupingDefinition::of(grouping)?.holders.contains(&home.segment),
        Dimension::All | Dimension::Ethnicity | Dimension::Gender => false,
    };
    if !metric.dimensions.contains(&dimension) && !is_students {
        return Err(MetricError::Dimension { by: metric.dimensions.clone() }.into());
    }
    let (roster, _) = home.roster()?;
    let mut told = |step: engine::Progress| {
        let what = format!("{} MiB read, {} rows", step.read_bytes >> 20, step.rows);
        progress(Progress { what, done: step.rows, total: None, detail: String::new() })
    };
    let facts = home.metric_facts(metric, side, &roster, &mut told)?;
    let groups = match dimension {
        Dimension::Group(grouping) => Some(home.group_facts(grouping, &roster, &mut told)?),
        Dimension::All | Dimension::Ethnicity | Dimension::Gender | Dimension::School => None,
    };
    let by = groups.as_ref().map_or(TallyBy::Of(dimension), TallyBy::Group);
    let tally = metrics::tally(&facts, metric, &roster, by)?;
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
