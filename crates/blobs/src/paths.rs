//! What contents are called in the store.

use kabar_model::ContentHash;
use object_store::path::Path;
use uuid::Uuid;

/// What is being written. It is emptied at every start.
pub(crate) const INCOMING: &str = "incoming";

/// What is kept, by its SHA-256.
pub(crate) const KEPT: &str = "sha256";

/// A name for what is being written, which nothing else has.
pub(crate) fn incoming() -> Path {
    Path::from_iter([INCOMING, &Uuid::new_v4().to_string()])
}

/// Where contents are kept: `sha256/ab/abcd…`, so that no directory gets too long.
pub(crate) fn kept(hash: ContentHash) -> Path {
    Path::from_iter([KEPT, &shard(hash.0[0]), &hash.to_string()])
}

/// What a shard is called: the first byte of what is in it.
pub(crate) fn shard(first: u8) -> String {
    format!("{first:02x}")
}
