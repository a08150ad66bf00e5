//! What every place for contents must do.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use kabar_model::{ContentHash, Timestamp};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use crate::blobs::{Blobs, PIECE_BYTES_MAX};
use crate::clock::{Clock, SystemClock};

/// Two clocks in one realm may differ by this.
const CLOCKS_DIFFER: Duration = Duration::from_mins(1);

/// A test: its name, and what it does with a fresh place.
pub type Case = (&'static str, fn(Arc<dyn Blobs>) -> super::Run);

macro_rules! cases {
    ($($name:ident,)*) => { &[$((stringify!($name), |blobs| Box::pin($name(blobs))),)*] };
}

/// Every promise of a place for contents.
pub const ALL: &[Case] = cases![
    what_was_put_is_read_back_whole_and_in_ranges,
    what_is_written_in_pieces_of_any_size_is_read_back,
    a_writer_that_rested_goes_on_where_it_was,
    nothing_is_found_before_it_is_whole,
    a_dropped_writer_leaves_nothing,
    the_same_contents_are_kept_once_however_often_they_come,
    what_is_removed_is_gone_and_may_come_back,
    what_is_kept_is_listed_with_its_time,
    what_is_kept_again_is_as_new,
    contents_are_found_by_their_own_hash_alone,
    many_who_write_at_once_do_not_mix,
];

/// Runs every test, each in a place of its own, and panics with the names of those that failed.
/// `make` also returns what must live as long as the place, such as a directory.
pub async fn run_all<M, F, G>(make: M)
where
    M: Fn() -> F,
    F: Future<Output = (Arc<dyn Blobs>, G)>,
{
    let mut failed = Vec::new();
    for (name, test) in ALL {
        let (blobs, _guard) = make().await;
        if tokio::spawn(test(blobs)).await.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "broken promises of Blobs: {failed:#?}");
}

/// Contents in which no part is like another; those of another seed differ.
fn contents(seed: u8, length: usize) -> Bytes {
    let mut state = u32::from(seed) + 1;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

fn hash_of(contents: &[u8]) -> ContentHash {
    ContentHash(Sha256::digest(contents).into())
}

async fn put(blobs: &dyn Blobs, contents: &Bytes) -> ContentHash {
    let hash = hash_of(contents);
    blobs.put(hash, contents.clone()).await.unwrap();
    hash
}

async fn write(blobs: &dyn Blobs, contents: &Bytes, piece: usize) -> ContentHash {
    let mut writer = blobs.begin().await.unwrap();
    for piece in contents.chunks(piece) {
        writer.write(contents.slice_ref(piece)).await.unwrap();
    }
    let hash = hash_of(contents);
    writer.finish(hash).await.unwrap();
    hash
}

async fn read(blobs: &dyn Blobs, hash: ContentHash, range: Range<usize>) -> Option<Vec<u8>> {
    let pieces = blobs.open(hash, range.start as u64..range.end as u64).await.unwrap()?;
    let pieces: Vec<Bytes> = pieces.try_collect().await.unwrap();
    let is_piece = |piece: &Bytes| (1..=PIECE_BYTES_MAX).contains(&piece.len());
    assert!(pieces.iter().all(is_piece), "pieces have an end, and none is empty");
    Some(pieces.concat())
}

/// Whether these contents are found, whole.
async fn is_kept(blobs: &dyn Blobs, contents: &Bytes) -> bool {
    match read(blobs, hash_of(contents), 0..contents.len()).await {
        Some(found) => found == contents[..],
        None => false,
    }
}

async fn kept(blobs: &dyn Blobs) -> Vec<(ContentHash, Timestamp)> {
    let mut kept: Vec<_> = blobs.kept().await.unwrap().try_collect().await.unwrap();
    kept.sort_unstable();
    kept
}

async fn hashes(blobs: &dyn Blobs) -> Vec<ContentHash> {
    kept(blobs).await.into_iter().map(|(hash, _)| hash).collect()
}

async fn what_was_put_is_read_back_whole_and_in_ranges(blobs: Arc<dyn Blobs>) {
    const PIECE: usize = PIECE_BYTES_MAX;
    for length in [0, 1, 5_000, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
        let whole = contents(1, length);
        let hash = put(&*blobs, &whole).await;
        let middle = length / 2;
        let next = (middle + 1).min(length);
        for range in [0..length, 0..middle, middle..length, middle..next, 0..0, length..length] {
            let found = read(&*blobs, hash, range.clone()).await.expect("they are kept");
            assert!(found == whole[range.clone()], "{range:?} of {length}");
        }
    }
}

async fn what_is_written_in_pieces_of_any_size_is_read_back(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 1_500_007);
    for piece in [977, 65_536, 300_001, 1_500_007] {
        let hash = write(&*blobs, &whole, piece).await;
        assert!(is_kept(&*blobs, &whole).await, "in pieces of {piece}");
        blobs.remove(hash).await.unwrap();
    }
    let mut writer = blobs.begin().await.unwrap();
    for piece in [&whole[..0], &whole[..1], &whole[..0], &whole[1..9], &whole[..0]] {
        writer.write(whole.slice_ref(piece)).await.unwrap();
    }
    writer.finish(hash_of(&whole[..9])).await.unwrap();
    assert!(is_kept(&*blobs, &whole.slice(..9)).await);
    let empty = blobs.begin().await.unwrap();
    empty.finish(hash_of(b"")).await.unwrap();
    assert!(is_kept(&*blobs, &Bytes::new()).await);
}

async fn a_writer_that_rested_goes_on_where_it_was(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 700_007);
    let mut writer = blobs.begin().await.unwrap();
    writer.rest().await.unwrap();
    for piece in whole.chunks(150_000) {
        writer.write(whole.slice_ref(piece)).await.unwrap();
        writer.rest().await.unwrap();
        writer.rest().await.unwrap();
        assert!(!is_kept(&*blobs, &whole).await);
    }
    writer.finish(hash_of(&whole)).await.unwrap();
    assert!(is_kept(&*blobs, &whole).await);
}

async fn nothing_is_found_before_it_is_whole(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 2_000_000);
    let hash = hash_of(&whole);
    let mut writer = blobs.begin().await.unwrap();
    for piece in whole.chunks(500_000) {
        assert_eq!(read(&*blobs, hash, 0..1).await, None);
        assert_eq!(hashes(&*blobs).await, []);
        writer.write(whole.slice_ref(piece)).await.unwrap();
    }
    assert_eq!(read(&*blobs, hash, 0..1).await, None);
    assert_eq!(hashes(&*blobs).await, []);
    writer.finish(hash).await.unwrap();
    assert!(is_kept(&*blobs, &whole).await);
    assert_eq!(hashes(&*blobs).await, [hash]);
}

async fn a_dropped_writer_leaves_nothing(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 2_000_000);
    for taken in [0, 10, 2_000_000] {
        let mut writer = blobs.begin().await.unwrap();
        writer.write(whole.slice(..taken)).await.unwrap();
        drop(writer);
        assert_eq!(read(&*blobs, hash_of(&whole[..taken]), 0..0).await, None);
    }
    assert_eq!(hashes(&*blobs).await, []);
}

async fn the_same_contents_are_kept_once_however_often_they_come(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 400_000);
    let hash = put(&*blobs, &whole).await;
    write(&*blobs, &whole, 100_000).await;
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let (blobs, whole) = (Arc::clone(&blobs), whole.clone());
        tasks.spawn(async move {
            if number % 2 == 0 {
                put(&*blobs, &whole).await;
            } else {
                write(&*blobs, &whole, 70_000).await;
            }
            assert!(is_kept(&*blobs, &whole).await, "others who come do not take them away");
        });
    }
    tasks.join_all().await;
    assert_eq!(hashes(&*blobs).await, [hash]);
    blobs.remove(hash).await.unwrap();
    assert_eq!(hashes(&*blobs).await, []);
}

async fn what_is_removed_is_gone_and_may_come_back(blobs: Arc<dyn Blobs>) {
    let (one, other) = (contents(1, 10), contents(2, 10));
    let hash = put(&*blobs, &one).await;
    put(&*blobs, &other).await;
    for _ in 0..2 {
        blobs.remove(hash).await.unwrap();
        assert_eq!(read(&*blobs, hash, 0..10).await, None);
        assert!(is_kept(&*blobs, &other).await);
        assert_eq!(hashes(&*blobs).await, [hash_of(&other)]);
    }
    put(&*blobs, &one).await;
    assert!(is_kept(&*blobs, &one).await);
}

async fn what_is_kept_is_listed_with_its_time(blobs: Arc<dyn Blobs>) {
    assert_eq!(kept(&*blobs).await, []);
    let before = SystemClock::default().now().before(CLOCKS_DIFFER);
    let mut expected = Vec::new();
    for seed in 0..100 {
        let contents = contents(seed, 100);
        expected.push(match seed % 2 {
            0 => put(&*blobs, &contents).await,
            _ => write(&*blobs, &contents, 60).await,
        });
    }
    let after = SystemClock::default().now().after(CLOCKS_DIFFER);
    expected.sort_unstable();
    assert_eq!(hashes(&*blobs).await, expected);
    let times = kept(&*blobs).await.into_iter().map(|(_, at)| at);
    assert!(times.into_iter().all(|at| before < at && at < after));
}

async fn what_is_kept_again_is_as_new(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 100);
    put(&*blobs, &whole).await;
    let [(_, first)] = kept(&*blobs).await[..] else { panic!("one is kept") };
    // A place may know time in coarse steps, so this goes on until its clock has moved.
    let deadline = first.after(CLOCKS_DIFFER);
    loop {
        put(&*blobs, &whole).await;
        let [(_, again)] = kept(&*blobs).await[..] else { panic!("one is kept still") };
        if again > first {
            break;
        }
        assert!(SystemClock::default().now() < deadline, "it is as old as before");
    }
}

async fn contents_are_found_by_their_own_hash_alone(blobs: Arc<dyn Blobs>) {
    let whole = contents(1, 10);
    let hash = put(&*blobs, &whole).await;
    for byte in 0..hash.0.len() {
        let mut near = hash;
        near.0[byte] ^= 1;
        assert_eq!(read(&*blobs, near, 0..1).await, None);
        blobs.remove(near).await.unwrap();
    }
    assert!(is_kept(&*blobs, &whole).await);
}

async fn many_who_write_at_once_do_not_mix(blobs: Arc<dyn Blobs>) {
    let mut tasks = JoinSet::new();
    for seed in 0..16 {
        let blobs = Arc::clone(&blobs);
        tasks.spawn(async move {
            let whole = contents(seed, 600_000 + usize::from(seed));
            write(&*blobs, &whole, 50_001).await;
            whole
        });
    }
    for whole in tasks.join_all().await {
        assert!(is_kept(&*blobs, &whole).await);
    }
    assert_eq!(hashes(&*blobs).await.len(), 16);
}
