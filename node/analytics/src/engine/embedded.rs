//! DataFusion inside the program. The only engine today; the only file but `fault` that plans a query.

use std::{
    io,
    sync::{Arc, atomic::AtomicU64},
    thread,
};

use datafusion::{
    common::tree_node::{Transformed, TreeNode},
    datasource::{
        file_format::parquet::ParquetFormat,
        listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl},
    },
    execution::{
        context::{SQLOptions, SessionContext},
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::GreedyMemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    physical_plan::{ExecutionPlan, coop::CooperativeExec, displayable, execute_stream},
    prelude::SessionConfig,
    sql::{parser::Statement as AnyStatement, sqlparser::ast::Statement},
};
use futures::StreamExt;
use tokio::{runtime, sync::mpsc};

use super::{
    EngineError, Limits, QueryEngine, Running,
    fault::{Fault, Typed},
    running::Workers,
    store::{ADDRESS, OnlySealed, SealedStore},
};
use crate::{sealed::SealedFile, table::TableSchema};

/// Rows of a batch: large enough to keep a column's loop busy, small enough to stay in a core's cache.
const BATCH_ROWS: usize = 8192;
/// Batches that wait for a slow reader before the query waits too.
const WAITING_BATCHES: usize = 2;
/// Read from a file's end before the length of its footer is known, bytes: one sealed chunk holds most footers.
const FOOTER_BYTES: usize = 64 * 1024;
/// Stack of a worker, bytes: planning a deep expression recurses, and an unoptimised build recurses widely.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// An engine inside the program, on threads of its own.
///
/// Each query gets its own memory pool and its own view of the tables as they were when it started.
pub struct Embedded {
    workers: Arc<Workers>,
    threads: usize,
    tables: Vec<(TableSchema, Vec<SealedFile>)>,
}

impl Embedded {
    /// Starts as many threads as the machine has cores.
    ///
    /// # Errors
    ///
    /// [`EngineError::Start`] if the operating system gives no threads.
    pub fn new() -> Result<Self, EngineError> {
        let started = |error: io::Error| EngineError::Start { kind: error.kind() };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_stack_size(STACK_BYTES)
            .thread_name("query")
            .build()
            .map_err(started)?;
        Ok(Self { workers: Arc::new(Workers::new(runtime)), threads, tables: Vec::new() })
    }

    /// A context for one query: the registered tables, one memory pool, no disk, no file system.
    fn context(&self, limits: Limits, read_bytes: Arc<AtomicU64>) -> Result<SessionContext, Fault> {
        let mut store = SealedStore::new(read_bytes);
        self.tables.iter().for_each(|(table, files)| store.add(&table.name, files));
        let environment = RuntimeEnvBuilder::new()
            // One query has the pool for itself, so that a fair share would only be a smaller one.
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .with_object_store_registry(Arc::new(OnlySealed(Arc::new(store))))
            .build_arc()?;
        let config = SessionConfig::new()
            .with_target_partitions(self.threads)
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(true);
        let context = SessionContext::new_with_config_rt(config, environment);
        for (table, _) in &self.tables {
            let address = ListingTableUrl::parse(format!("{ADDRESS}/{}/", table.name))?;
            let options = ListingOptions::new(Arc::new(
                ParquetFormat::new().with_metadata_size_hint(Some(FOOTER_BYTES)),
            ));
            let schema = table.arrow().map_err(EngineError::from)?;
            let config =
                ListingTableConfig::new(address).with_listing_options(options).with_schema(Arc::new(schema));
            context.register_table(table.name.as_str(), Arc::new(ListingTable::try_new(config)?))?;
        }
        Ok(context)
    }

    /// Plans on a worker, whose stack is deep enough and whose panic does not end the caller.
    fn plan(&self, sql: &str, limits: Limits, read_bytes: Arc<AtomicU64>) -> Result<Planned, EngineError> {
        let typed = Typed::read(sql);
        let known = self.tables.iter().map(|(table, _)| table.clone()).collect::<Vec<_>>();
        let planned = self.context(limits, read_bytes).and_then(|context| {
            let planning = self.workers.spawn(planned(context, sql.to_owned(), known.clone()));
            self.workers.wait(planning).map_err(|_| EngineError::Failed { what: "its planner stopped" })?
        });
        planned.map_err(|fault| fault.while_planning(&typed, &known, limits))
    }
}

impl QueryEngine for Embedded {
    fn register(&mut self, table: TableSchema, files: Vec<SealedFile>) -> Result<(), EngineError> {
        table.arrow()?;
        self.tables.retain(|(known, _)| known.name != table.name);
        self.tables.push((table, files));
        self.tables.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        Ok(())
    }

    fn query(&self, sql: &str, limits: Limits) -> Result<Running, EngineError> {
        let read_bytes = Arc::new(AtomicU64::new(0));
        let Planned { context, plan, .. } = self.plan(sql, limits, Arc::clone(&read_bytes))?;
        let schema = plan.schema();
        let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
        let pump = async move {
            let mut stream = match execute_stream(plan, context.task_ctx()) {
                Ok(stream) => stream,
                Err(error) => {
                    let _ = sender.send(Err(Fault::from(error).while_running(limits))).await;
                    return;
                }
            };
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(|error| Fault::from(error).while_running(limits));
                let last = batch.is_err();
                // A receiver that is gone has cancelled the query.
                if sender.send(batch).await.is_err() || last {
                    return;
                }
            }
        };
        Ok(Running::new(Arc::clone(&self.workers), pump, receiver, schema, read_bytes))
    }

    fn explain(&self, sql: &str) -> Result<String, EngineError> {
        let planned = self.plan(sql, Limits::default(), Arc::new(AtomicU64::new(0)))?;
        Ok(format!("{}\n\n{}", planned.logical, displayable(planned.plan.as_ref()).indent(false)))
    }
}

/// A query ready to run.
struct Planned {
    context: SessionContext,
    /// The plan as the optimiser left it, in words.
    logical: String,
    plan: Arc<dyn ExecutionPlan>,
}

async fn planned(context: SessionContext, sql: String, known: Vec<TableSchema>) -> Result<Planned, Fault> {
    let state = context.state();
    let dialect = state.config_options().sql_parser.dialect;
    let statement = state.sql_to_statement(&sql, &dialect)?;
    if !asks_only(&statement) {
        return Err(EngineError::NotAQuery.into());
    }
    for table in state.resolve_table_references(&statement)? {
        let is_catalogue = table.schema() == Some("information_schema");
        // `generate_series` and `range`, which stand where a table may: they make rows of numbers and read nothing.
        let is_function = state.table_functions().contains_key(table.table());
        if !is_catalogue && !is_function && !known.iter().any(|one| one.name == table.table()) {
            return Err(Fault::Table(table.table().to_owned()));
        }
    }
    let plan = state.statement_to_plan(statement).await?;
    // The list of statements above is what we allow; this is what DataFusion knows to change something.
    let read_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    read_only.verify_plan(&plan).map_err(|_| EngineError::NotAQuery)?;
    let plan = state.optimize(&plan)?;
    let logical = plan.display_indent().to_string();
    let plan = yielding(state.query_planner().create_physical_plan(&plan, &state).await?)?;
    Ok(Planned { context, logical, plan })
}

/// Lets every join give way now and then: out of two batches it can make a million without asking its inputs, which give way by
/// themselves. A query that was stopped would otherwise keep its worker until it is done.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, Fault> {
    let wrapped = plan.transform_up(|node| {
        let joins = node.children().len() > 1;
        Ok(match joins {
            true => Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>),
            false => Transformed::no(node),
        })
    });
    Ok(wrapped?.data)
}

/// Whether a statement asks and does nothing else.
fn asks_only(statement: &AnyStatement) -> bool {
    match statement {
        AnyStatement::Statement(statement) => matches!(
            **statement,
            Statement::Query(_)
                | Statement::ExplainTable { .. }
                | Statement::ShowTables { .. }
                | Statement::ShowColumns { .. }
                | Statement::ShowFunctions { .. }
        ),
        AnyStatement::Explain(explain) => asks_only(&explain.statement),
        AnyStatement::CopyTo(_) | AnyStatement::CreateExternalTable(_) | AnyStatement::Reset(_) => false,
    }
}
