//! The contents of files: how do they survive a power cut in one directory, and how do many nodes share them?
//!
//! In a directory, contents are written under a name of their own, synced, and only then renamed to where their hash
//! finds them. What reads goes through `object_store`, which speaks to buckets as well; what only a
//! directory needs, syncing and cleaning, is `disk`, and writing so that a rest costs nothing is `incoming`. In an
//! object store, contents come whole to the node first, and then go up under their hash, which finds them when all of
//! it is there (`bucket`). This crate will never know what a file is called, who sent it, or who may read it.

mod bucket;
mod directory;
mod disk;
mod incoming;
mod paths;
mod reading;
mod writing;

pub use bucket::{BucketBlobs, BucketError, BucketSettings, CheckError, Credentials};
pub use directory::DirectoryBlobs;
pub use disk::OpenError;
