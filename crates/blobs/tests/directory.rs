//! What a directory looks like, and what becomes of one that was damaged.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use kabar_blobs::DirectoryBlobs;
use kabar_engine::Blobs;
use kabar_model::ContentHash;
use tokio::runtime;

const HASH: ContentHash = ContentHash([0xab; 32]);

fn kept_at(dir: &Path, hash: ContentHash) -> PathBuf {
    let digits = hash.to_string();
    dir.join("sha256").join(&digits[..2]).join(digits)
}

async fn put(blobs: &DirectoryBlobs, contents: impl Into<Bytes>) {
    blobs.put(HASH, contents.into()).await.unwrap();
}

/// All of these bytes, or an error at whatever moment.
async fn read(blobs: &DirectoryBlobs, length: u64) -> kabar_engine::Result<Option<Vec<u8>>> {
    let Some(pieces) = blobs.open(HASH, 0..length).await? else { return Ok(None) };
    let pieces: Vec<Bytes> = pieces.try_collect().await?;
    Ok(Some(pieces.concat()))
}

async fn kept(blobs: &DirectoryBlobs) -> Vec<ContentHash> {
    let kept: Vec<_> = blobs.kept().await.unwrap().try_collect().await.unwrap();
    kept.into_iter().map(|(hash, _)| hash).collect()
}

fn names_in(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn contents_lie_where_their_hash_says_for_their_owner_alone() {
    let base = tempfile::tempdir().unwrap();
    for (name, exists) in [("some/where", false), ("wide open", true)] {
        let dir = base.path().join(name);
        if exists {
            fs::create_dir(&dir).unwrap();
            fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        }
        let blobs = DirectoryBlobs::open(&dir).unwrap();
        put(&blobs, "halo").await;
        assert_eq!(fs::read(kept_at(&dir, HASH)).unwrap(), b"halo");
        let incoming = dir.join("incoming");
        assert_eq!(names_in(&incoming), [""; 0].map(PathBuf::from));
        for (path, mode) in [
            (dir.clone(), if exists { 0o755 } else { 0o700 }),
            (incoming, 0o700),
            (dir.join("sha256"), 0o700),
            (dir.join("sha256/ab"), 0o700),
            (kept_at(&dir, HASH), 0o600),
        ] {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{path:?}");
        }
    }
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_never_listed_and_goes_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    put(&blobs, "halo").await;
    let incoming = dir.path().join("incoming");
    for name in ["0e6f9d5a-half", "0e6f9d5a-half#1", &ContentHash([1; 32]).to_string()] {
        fs::write(incoming.join(name), "hal").unwrap();
    }
    fs::create_dir(incoming.join("inner")).unwrap();
    assert_eq!(kept(&blobs).await, [HASH]);
    drop(blobs);

    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    assert_eq!(names_in(&incoming).len(), 0);
    assert_eq!(kept(&blobs).await, [HASH]);
    assert_eq!(read(&blobs, 4).await.unwrap().unwrap(), b"halo");
}

#[tokio::test]
async fn a_file_that_is_too_short_is_an_error_and_healed_by_the_same_contents() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    let whole = vec![7; 700_000];
    for left in [0, 1, 262_144, 699_999] {
        put(&blobs, whole.clone()).await;
        let cut = |length| {
            let file = fs::OpenOptions::new().write(true).open(kept_at(dir.path(), HASH)).unwrap();
            file.set_len(length).unwrap();
        };
        // Cut while it is being read, then found to be short.
        let pieces = blobs.open(HASH, 0..700_000).await.unwrap().unwrap();
        cut(left);
        assert!(pieces.try_collect::<Vec<Bytes>>().await.is_err(), "{left}");
        assert!(read(&blobs, 700_000).await.is_err(), "{left}");
        assert!(blobs.open(HASH, 699_999..700_000).await.is_err(), "{left}");
        assert!(blobs.open(HASH, 700_000..700_000).await.is_err(), "{left}");
        assert_eq!(read(&blobs, left).await.unwrap().unwrap().len() as u64, left);
    }
    put(&blobs, whole.clone()).await;
    assert!(read(&blobs, 700_000).await.unwrap().unwrap() == whole);
}

#[tokio::test]
async fn who_reads_already_reads_to_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    put(&blobs, vec![7; 700_000]).await;
    let mut pieces = blobs.open(HASH, 0..700_000).await.unwrap().unwrap();
    let first = pieces.try_next().await.unwrap().unwrap();
    blobs.remove(HASH).await.unwrap();
    assert_eq!(read(&blobs, 1).await.unwrap(), None);
    let rest: Vec<Bytes> = pieces.try_collect().await.unwrap();
    assert_eq!(first.len() + rest.concat().len(), 700_000);
}

#[tokio::test]
async fn what_others_put_there_is_not_listed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    put(&blobs, "halo").await;
    let shard = dir.path().join("sha256/ab");
    let digits = HASH.to_string();
    for name in ["notes.txt", "a\nb", &digits[1..], &digits.to_uppercase(), &format!("{digits}#1")]
    {
        fs::write(shard.join(name), "").unwrap();
    }
    fs::write(shard.join(OsStr::from_bytes(b"\xff\xfe")), "").unwrap();
    let in_another_shard = ContentHash([0xac; 32]).to_string();
    fs::write(shard.join(in_another_shard), "").unwrap();
    fs::create_dir(shard.join(format!("ab{}", "0".repeat(62)))).unwrap();
    fs::write(dir.path().join("sha256").join(&digits), "").unwrap();
    fs::create_dir(dir.path().join("sha256/lost+found")).unwrap();
    assert_eq!(kept(&blobs).await, [HASH]);
}

#[test]
fn what_a_dropped_writer_wrote_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    // With one thread that may block, what blocks is done in order.
    let mut builder = runtime::Builder::new_current_thread();
    let runtime = builder.max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let blobs = DirectoryBlobs::open(dir.path()).unwrap();
        let mut writer = blobs.begin().await.unwrap();
        writer.write(vec![7; 1_000_000].into()).await.unwrap();
        let incoming = dir.path().join("incoming");
        let written = names_in(&incoming);
        assert!(fs::metadata(&written[0]).unwrap().len() > 700_000, "it does not grow in memory");
        let (release, released) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || released.recv());
        drop(writer);
        assert_eq!(names_in(&incoming), written, "nobody waits for the disk to remove it");
        drop(release);
        let after = tokio::task::spawn_blocking(move || names_in(&incoming));
        assert_eq!(after.await.unwrap().len(), 0);
    });
}

#[tokio::test]
async fn a_writer_that_rests_has_written_all_and_holds_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    let incoming = dir.path().join("incoming").canonicalize().unwrap();
    let open = || {
        let all = fs::read_dir("/proc/self/fd").unwrap();
        let paths = all.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        paths.filter(|path| path.starts_with(&incoming)).count()
    };
    let mut writer = blobs.begin().await.unwrap();
    for rests in 1..=3 {
        writer.write(vec![7; 300_000].into()).await.unwrap();
        assert_eq!(open(), 1);
        writer.rest().await.unwrap();
        assert_eq!(open(), 0);
        let written = fs::metadata(&names_in(&incoming)[0]).unwrap();
        assert_eq!(written.len(), rests * 300_000, "nothing is left in memory");
        assert_eq!(written.permissions().mode() & 0o777, 0o600);
    }
    writer.finish(HASH).await.unwrap();
    assert!(read(&blobs, 900_000).await.unwrap().unwrap() == vec![7; 900_000]);
}

#[tokio::test]
async fn contents_that_cannot_be_put_in_their_place_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = DirectoryBlobs::open(dir.path()).unwrap();
    // A file where a directory must be.
    fs::write(dir.path().join("sha256/ab"), "").unwrap();
    assert!(blobs.put(HASH, "halo".into()).await.is_err());
    let mut writer = blobs.begin().await.unwrap();
    writer.write("halo".into()).await.unwrap();
    assert!(writer.finish(HASH).await.is_err());
    assert_eq!(names_in(&dir.path().join("incoming")).len(), 0);

    fs::remove_file(dir.path().join("sha256/ab")).unwrap();
    put(&blobs, "halo").await;
    assert_eq!(read(&blobs, 4).await.unwrap().unwrap(), b"halo");
}

#[tokio::test]
async fn the_directory_may_be_called_anything() {
    let base = tempfile::tempdir().unwrap();
    for name in ["a b", "é", "x#1", "50%", "a\nb", "a?b"] {
        let dir = base.path().join(name);
        let blobs = DirectoryBlobs::open(&dir).unwrap();
        put(&blobs, "halo").await;
        assert_eq!(read(&blobs, 4).await.unwrap().unwrap(), b"halo", "{name:?}");
        assert_eq!(kept(&blobs).await, [HASH], "{name:?}");
    }
}

#[test]
fn what_is_no_directory_is_said_to_be_none() {
    let base = tempfile::tempdir().unwrap();
    let path = base.path().join("file");
    fs::write(&path, "").unwrap();
    let error = DirectoryBlobs::open(&path).unwrap_err().to_string();
    assert!(error.starts_with(path.to_str().unwrap()), "{error}");
}
