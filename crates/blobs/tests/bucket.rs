//! A bucket keeps what the engine asks of every place for contents, also when the object store fails.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::TryStreamExt;
use kabar_blobs::{BucketBlobs, BucketSettings, CheckError, Credentials};
use kabar_engine::{Blobs, contract};
use kabar_model::ContentHash;
use kabar_testbed::Objects;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

/// Contents that go up in three parts.
const LARGE: usize = 20 * 1024 * 1024;

/// How long an outage may last before it is told.
const PATIENCE: Duration = Duration::from_mins(1);

/// A directory of a node, and an object store.
struct World {
    objects: Objects,
    node: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self { objects: Objects::start_new(), node: tempfile::tempdir().unwrap() }
    }

    fn settings(&self, prefix: &str) -> BucketSettings {
        BucketSettings {
            url: format!("s3://{}{prefix}", Objects::BUCKET),
            endpoint: self.objects.endpoint(),
            region: String::new(),
            path_style: true,
            allow_http: false,
            credentials: Credentials::Key {
                id: Objects::KEY.into(),
                secret: Objects::SECRET.into(),
            },
            authorities: None,
            incoming: self.incoming(),
        }
    }

    fn incoming(&self) -> PathBuf {
        self.node.path().join("incoming")
    }

    fn blobs(&self) -> BucketBlobs {
        BucketBlobs::open(&self.settings("")).unwrap()
    }

    fn left_in_incoming(&self) -> usize {
        fs::read_dir(self.incoming()).unwrap().count()
    }
}

fn contents(length: usize) -> Bytes {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

fn hash_of(contents: &[u8]) -> ContentHash {
    ContentHash(Sha256::digest(contents).into())
}

/// Where an object lies in the directory of the object store.
fn object(bucket: &Path, hash: ContentHash) -> PathBuf {
    let digits = hash.to_string();
    bucket.join("sha256").join(&digits[..2]).join(digits)
}

async fn write(blobs: &BucketBlobs, contents: &Bytes) -> kabar_engine::Result<ContentHash> {
    let hash = hash_of(contents);
    let mut writer = blobs.begin().await?;
    for piece in contents.chunks(300_000) {
        writer.write(contents.slice_ref(piece)).await?;
    }
    writer.finish(hash).await.map(|()| hash)
}

/// All of these contents, or an error at whatever moment.
async fn read(blobs: &BucketBlobs, whole: &Bytes) -> kabar_engine::Result<Option<Vec<u8>>> {
    let opened = blobs.open(hash_of(whole), 0..whole.len() as u64).await?;
    let Some(pieces) = opened else { return Ok(None) };
    let pieces: Vec<Bytes> = pieces.try_collect().await?;
    Ok(Some(pieces.concat()))
}

async fn kept(blobs: &BucketBlobs) -> Vec<ContentHash> {
    let kept: Vec<_> = blobs.kept().await.unwrap().try_collect().await.unwrap();
    kept.into_iter().map(|(hash, _)| hash).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_in_a_bucket_keep_the_contract() {
    for prefix in ["", "/realms/c"] {
        contract::blobs::run_all(async || {
            let world = World::new();
            let blobs = BucketBlobs::open_resending(&world.settings(prefix)).unwrap();
            (Arc::new(blobs) as Arc<dyn Blobs>, world)
        })
        .await;
    }
}

#[tokio::test]
async fn large_contents_go_up_in_parts_and_come_back_in_ranges() {
    let world = World::new();
    let blobs = world.blobs();
    let whole = contents(LARGE);
    let hash = hash_of(&whole);
    let before = world.objects.requests();
    write(&blobs, &whole).await.unwrap();
    // Whether they are there, the beginning, three parts, the end.
    assert_eq!(world.objects.requests() - before, 6);
    assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole);
    for (start, end) in [(0, 1), (8_388_607, 8_388_609), (LARGE - 1, LARGE), (5, 9_000_000)] {
        let pieces = blobs.open(hash, start as u64..end as u64).await.unwrap().unwrap();
        let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
        assert!(pieces.concat() == whole[start..end], "{start}..{end}");
    }
    assert_eq!(world.left_in_incoming(), 0);
    let put = contents(LARGE + 1);
    blobs.put(hash_of(&put), put.clone()).await.unwrap();
    assert!(read(&blobs, &put).await.unwrap().unwrap() == put);
}

#[tokio::test]
async fn nodes_share_a_bucket_and_realms_with_prefixes_do_not() {
    let world = World::new();
    let (one, other) = (contents(10), contents(20));
    let node = tempfile::tempdir().unwrap();
    let open = |prefix: &str, incoming: &str| {
        let incoming = node.path().join(incoming);
        BucketBlobs::open(&BucketSettings { incoming, ..world.settings(prefix) }).unwrap()
    };
    let (here, there, elsewhere) = (open("/c", "1"), open("/c", "2"), open("/d", "3"));
    let hash = write(&here, &one).await.unwrap();
    assert!(read(&there, &one).await.unwrap().unwrap() == one);
    assert_eq!(kept(&there).await, [hash]);
    assert_eq!(read(&elsewhere, &one).await.unwrap(), None);
    assert_eq!(kept(&elsewhere).await, []);
    elsewhere.remove(hash).await.unwrap();
    there.put(hash_of(&other), other.clone()).await.unwrap();
    assert_eq!(kept(&here).await.len(), 2);
    assert!(object(&world.objects.bucket().join("c"), hash).is_file());
    there.remove(hash).await.unwrap();
    assert_eq!(read(&here, &one).await.unwrap(), None);
}

#[tokio::test]
async fn contents_that_are_there_are_sent_again_only_when_they_are_old() {
    let world = World::new();
    let blobs = world.blobs();
    let whole = contents(LARGE);
    let hash = write(&blobs, &whole).await.unwrap();
    let path = object(&world.objects.bucket(), hash);
    let age = |hours| {
        let at = SystemTime::now() - Duration::from_hours(hours);
        File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    };
    let is_young = || {
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        modified.elapsed().unwrap() < Duration::from_mins(5)
    };
    age(5);
    let before = world.objects.requests();
    write(&blobs, &whole).await.unwrap();
    assert_eq!(world.objects.requests() - before, 1, "only whether they are there");
    assert!(!is_young());
    age(7);
    write(&blobs, &whole).await.unwrap();
    assert!(is_young());
    // A copy of another length is damaged.
    File::options().write(true).open(&path).unwrap().set_len(9_000_000).unwrap();
    assert!(read(&blobs, &whole).await.is_err());
    write(&blobs, &whole).await.unwrap();
    assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole);
    assert_eq!(world.left_in_incoming(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_that_breaks_in_the_middle_keeps_all_or_nothing() {
    let world = World::new();
    let blobs = world.blobs();
    let whole = contents(LARGE);
    let mut failed = 0;
    for requests in 0..7 {
        world.objects.break_after(requests);
        let outcome = timeout(PATIENCE, write(&blobs, &whole)).await.expect("it ends");
        assert_eq!(world.left_in_incoming(), 0);
        world.objects.kill();
        world.objects.start();
        if let Err(error) = outcome {
            failed += 1;
            let text = error.to_string();
            assert!(text.starts_with("failed: the object store: "), "{text}");
        } else {
            assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole, "{requests}");
        }
        // Of what was not said to be there, all or nothing is.
        match read(&blobs, &whole).await.unwrap() {
            Some(found) => assert!(found == whole, "{requests}"),
            None => assert_eq!(kept(&blobs).await, []),
        }
        blobs.remove(hash_of(&whole)).await.unwrap();
    }
    assert!((5..=6).contains(&failed), "{failed}");
    write(&blobs, &whole).await.unwrap();
    assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_is_cut_is_an_error_and_never_short() {
    let world = World::new();
    let blobs = world.blobs();
    let whole = contents(2 * LARGE);
    let hash = write(&blobs, &whole).await.unwrap();
    let mut pieces = blobs.open(hash, 0..whole.len() as u64).await.unwrap().unwrap();
    assert!(pieces.try_next().await.unwrap().is_some());
    world.objects.kill();
    let rest = timeout(PATIENCE, pieces.try_collect::<Vec<Bytes>>()).await.expect("it ends");
    assert!(rest.is_err());
    let error = timeout(PATIENCE, blobs.open(hash, 0..1)).await.expect("it ends").err();
    let text = error.expect("nobody is there").to_string();
    assert!(text.starts_with("failed: the object store: ") && !text.contains('\n'), "{text}");
    world.objects.start();
    assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole);
}

#[tokio::test]
async fn what_is_refused_for_a_moment_is_asked_again() {
    let world = World::new();
    let blobs = world.blobs();
    let whole = contents(100);
    world.objects.slow(Duration::from_millis(20));
    world.objects.refuse(2);
    blobs.put(hash_of(&whole), whole.clone()).await.unwrap();
    world.objects.refuse(2);
    assert!(read(&blobs, &whole).await.unwrap().unwrap() == whole);
    world.objects.refuse(u64::MAX);
    let outcome = timeout(PATIENCE, blobs.put(hash_of(&whole), whole.clone())).await;
    assert!(outcome.expect("it ends").is_err());
    world.objects.refuse(0);
    blobs.check().await.unwrap();
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_told_at_the_start() {
    let world = World::new();
    world.blobs().check().await.unwrap();
    let another = Credentials::Key { id: Objects::KEY.into(), secret: "another".into() };
    let stranger = BucketSettings { credentials: another, ..world.settings("") };
    let nowhere = BucketSettings { url: "s3://no-such-bucket".into(), ..world.settings("") };
    let whole = contents(10);
    for (settings, code) in [(&stranger, "SignatureDoesNotMatch"), (&nowhere, "NoSuchBucket")] {
        let blobs = BucketBlobs::open(settings).unwrap();
        let error = blobs.check().await.unwrap_err();
        assert!(matches!(error, CheckError::Refused(_)), "{error:?}");
        let error = error.to_string();
        assert!(error.starts_with("failed: the object store: ") && error.contains(code), "{error}");
    }
    let stranger = BucketBlobs::open(&stranger).unwrap();
    assert!(stranger.put(hash_of(&whole), whole.clone()).await.is_err());
    assert!(stranger.open(hash_of(&whole), 0..1).await.is_err());
    assert_eq!(kept(&world.blobs()).await, []);
}

#[tokio::test]
async fn a_bucket_that_may_be_back_later_is_told_from_one_that_cannot_be_used() {
    let world = World::new();
    let blobs = world.blobs();
    let away = async || timeout(PATIENCE, blobs.check()).await.expect("it ends");
    world.objects.refuse(u64::MAX);
    assert!(matches!(away().await, Err(CheckError::Away(_))), "what stands before it answers");
    world.objects.kill();
    assert!(matches!(away().await, Err(CheckError::Away(_))), "nobody is there");
    world.objects.refuse(0);
    world.objects.start();
    away().await.unwrap();
}

#[tokio::test]
async fn what_others_put_there_is_not_listed() {
    let world = World::new();
    let blobs = world.blobs();
    let hash = write(&blobs, &contents(10)).await.unwrap();
    let path = object(&world.objects.bucket(), hash);
    fs::write(path.with_file_name("notes.txt"), "").unwrap();
    let elsewhere = object(&world.objects.bucket(), ContentHash([1; 32]));
    fs::write(path.with_file_name(elsewhere.file_name().unwrap()), "").unwrap();
    assert_eq!(kept(&blobs).await, [hash]);
}

#[tokio::test]
async fn what_a_crash_left_on_the_node_goes_at_the_next_start() {
    let world = World::new();
    let blobs = world.blobs();
    let mut writer = blobs.begin().await.unwrap();
    writer.write(contents(1_000_000)).await.unwrap();
    assert_eq!(world.left_in_incoming(), 1);
    let _ = world.blobs();
    assert_eq!(world.left_in_incoming(), 0);
    assert!(writer.finish(hash_of(&contents(1_000_000))).await.is_err());
    assert_eq!(kept(&blobs).await, []);
}
