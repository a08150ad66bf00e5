//! What only a directory needs: making it, cleaning it, and syncing what must survive.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use kabar_model::{ContentHash, Timestamp};

use crate::paths::{INCOMING, KEPT, shard};

/// Directories and files are for their owner alone, whatever the directory above allows.
const DIRECTORY_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;

/// Why a directory could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct OpenError {
    /// The file or directory.
    path: PathBuf,
    /// What the operating system said.
    source: io::Error,
}

impl OpenError {
    pub(crate) fn other(path: &Path, error: object_store::Error) -> Self {
        Self { path: path.to_owned(), source: io::Error::other(error) }
    }
}

/// A directory that nobody else writes to.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    /// The shards whose own names are known to be on stable storage.
    shards: [AtomicBool; 256],
    /// A directory could not be synced. What was renamed in it may be there or not after a power cut, and to
    /// sync it once more would prove nothing: nothing is kept any more until the next start.
    is_broken: AtomicBool,
}

impl Disk {
    /// Opens the directory, and makes it if it is not there. What a crash left half written goes.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            |source| OpenError { path, source }
        };
        let is_new = !path.is_dir();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(DIRECTORY_MODE).create(path).map_err(at(path))?;
        let root = path.canonicalize().map_err(at(path))?;
        let incoming = root.join(INCOMING);
        remove_all(&incoming).map_err(at(&incoming))?;
        for inner in [incoming, root.join(KEPT)] {
            make_directory(&inner).map_err(at(&inner))?;
        }
        sync(&root).map_err(at(&root))?;
        if is_new && let Some(parent) = root.parent() {
            sync(parent).map_err(at(parent))?;
        }
        let shards = [const { AtomicBool::new(false) }; 256];
        Ok(Self { root, shards, is_broken: AtomicBool::new(false) })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What a shard keeps, and since when. What is not called like contents is somebody else's.
    pub(crate) fn kept_in_shard(&self, first: u8) -> io::Result<Vec<(ContentHash, Timestamp)>> {
        let entries = match fs::read_dir(self.root.join(KEPT).join(shard(first))) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut kept = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let hash = name.to_str().and_then(ContentHash::parse);
            let Some(hash) = hash.filter(|hash| hash.0[0] == first) else { continue };
            match entry.metadata() {
                Ok(found) if found.is_file() => kept.push((hash, moment(found.modified()?))),
                Ok(_) => {}
                // It was removed meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(kept)
    }

    /// Makes what was written at `incoming` the contents of this hash. **This is where durability stands:**
    /// the contents are synced before any name leads to them, and the name before anybody is told of it.
    /// Contents that are there already are replaced by equal ones, which heals a damaged copy.
    ///
    /// A failed sync is never repeated: contents that are sent again are another file.
    pub(crate) fn settle(&self, incoming: &Path, hash: ContentHash) -> io::Result<()> {
        if self.is_broken.load(Ordering::Acquire) {
            return Err(io::Error::other(
                "a directory could not be synced; start the server again",
            ));
        }
        let file = File::open(incoming)?;
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
        file.sync_all()?;
        drop(file);

        let kept = self.root.join(KEPT);
        let shard = kept.join(shard(hash.0[0]));
        let is_new = make_directory(&shard)?;
        fs::rename(incoming, shard.join(hash.to_string()))?;
        self.sync_for_good(&shard)?;
        // A shard that another thread made a moment ago, or a process before this one, may be in memory
        // alone: everyone syncs its name until somebody has.
        let shard_is_durable = &self.shards[usize::from(hash.0[0])];
        if is_new || !shard_is_durable.load(Ordering::Acquire) {
            self.sync_for_good(&kept)?;
            shard_is_durable.store(true, Ordering::Release);
        }
        Ok(())
    }
}

impl Disk {
    /// Syncs a directory that names were put into, or gives up keeping anything.
    fn sync_for_good(&self, directory: &Path) -> io::Result<()> {
        sync(directory).inspect_err(|_| self.is_broken.store(true, Ordering::Release))
    }
}

pub(crate) fn moment(modified: SystemTime) -> Timestamp {
    let epoch = Timestamp(0);
    match modified.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => epoch.after(since),
        Err(error) => epoch.before(error.duration()),
    }
}

/// Makes a directory if it is not there; says whether it made it.
fn make_directory(path: &Path) -> io::Result<bool> {
    match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
        Err(error) => Err(error),
    }
}

/// A directory for what is on its way elsewhere, emptied and for its owner alone.
pub(crate) fn empty(path: &Path) -> Result<PathBuf, OpenError> {
    let made = || {
        remove_all(path)?;
        DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)?;
        path.canonicalize()
    };
    made().map_err(|source| OpenError { path: path.to_owned(), source })
}

fn remove_all(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Makes the names in a directory durable.
fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}
