//! The seam the engine reads through: an object store that holds sealed files and gives out plaintext ranges.
//!
//! It is the only store an engine knows. A path that was not registered does not exist, and nothing can be written.

use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::DateTime;
use datafusion::{
    common::{DataFusionError, Result as EngineResult},
    execution::object_store::ObjectStoreRegistry,
    object_store::{
        CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
        ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
    },
};
use futures::{StreamExt, stream, stream::BoxStream};
use url::Url;

use crate::{sealed::SealedFile, table};

/// The scheme and host of every registered file's address.
pub(super) const ADDRESS: &str = "sealed://node";

/// Registered files by their address, and how much was read of them.
pub(super) struct SealedStore {
    files: Vec<(Path, SealedFile)>,
    read_bytes: Arc<AtomicU64>,
}

impl SealedStore {
    pub(super) fn new(read_bytes: Arc<AtomicU64>) -> Self {
        Self { files: Vec::new(), read_bytes }
    }

    /// Adds a table's files, under a folder of the table's name.
    pub(super) fn add(&mut self, table: &str, files: &[SealedFile]) {
        let named = files.iter().enumerate();
        self.files
            .extend(named.map(|(at, file)| (Path::from(format!("{table}/{at}.parquet")), file.clone())));
    }

    fn find(&self, location: &Path) -> Result<(ObjectMeta, &SealedFile)> {
        let found = self.files.iter().find(|(path, _)| path == location);
        let (path, file) = found.ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "not a registered table".into(),
        })?;
        Ok((meta(path, file), file))
    }
}

fn meta(path: &Path, file: &SealedFile) -> ObjectMeta {
    ObjectMeta {
        location: path.clone(),
        // Sealed files never change; a time would only say when the engine started.
        last_modified: DateTime::UNIX_EPOCH,
        size: file.len(),
        e_tag: None,
        version: None,
    }
}

impl fmt::Display for SealedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} sealed files", self.files.len())
    }
}

impl fmt::Debug for SealedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

#[async_trait::async_trait]
impl ObjectStore for SealedStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (meta, file) = self.find(location)?;
        let range = match &options.range {
            None => 0..meta.size,
            Some(range) => range
                .as_range(meta.size)
                .map_err(|error| Error::Generic { store: "sealed", source: error.into() })?,
        };
        let content = if options.head { bytes::Bytes::new() } else { self.plain(file, &range)? };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async { Ok(content) }).boxed()),
            meta,
            range,
            attributes: Default::default(),
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let under = |path: &Path| prefix.is_none_or(|prefix| path.prefix_matches(prefix));
        let listed = self.files.iter().filter(|(path, _)| under(path));
        let listed: Vec<_> = listed.map(|(path, file)| Ok(meta(path, file))).collect();
        stream::iter(listed).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listed: Vec<_> = self.list(prefix).collect().await;
        Ok(ListResult { common_prefixes: Vec::new(), objects: listed.into_iter().collect::<Result<_>>()? })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only("put"))
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only("put"))
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::once(async { Err(read_only("delete")) }).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only("copy"))
    }
}

impl SealedStore {
    fn plain(&self, file: &SealedFile, range: &Range<u64>) -> Result<bytes::Bytes> {
        let length = range.end.saturating_sub(range.start);
        let plain = table::plain(file, range.start, length)
            .map_err(|error| Error::Generic { store: "sealed", source: Box::new(error) })?;
        self.read_bytes.fetch_add(length, Ordering::Relaxed);
        Ok(plain)
    }
}

fn read_only(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: "sealed tables".to_owned() }
}

/// Knows one store. The usual registry also opens the file system to whoever writes an address.
#[derive(Debug)]
pub(super) struct OnlySealed(pub(super) Arc<SealedStore>);

impl ObjectStoreRegistry for OnlySealed {
    fn register_store(&self, _: &Url, _: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> EngineResult<Arc<dyn ObjectStore>> {
        if url.as_str().starts_with(ADDRESS) {
            Ok(Arc::<SealedStore>::clone(&self.0))
        } else {
            Err(DataFusionError::Plan("only registered tables can be read".to_owned()))
        }
    }
}
