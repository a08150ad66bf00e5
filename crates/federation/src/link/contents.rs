//! Contents of files come from the realm that offers them: in parts, on from where they stopped, checked at the end.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use futures_util::TryStreamExt;
use kabar_engine::store::links::{Link, Offered, Standing};
use kabar_engine::{Error, Fetch, Result};
use kabar_model::{ContentHash, LinkId, Refusal};
use tracing::{info, warn};

use super::ask::{NoAnswer, What};
use super::lease::LOOK_EVERY;
use super::{Links, Turn};
use crate::wire;

/// How much is asked for at a time.
const PART_BYTES: u64 = 1024 * 1024;

/// Contents that are looked after at a time.
const WANTED_AT_A_TIME: usize = 16;

/// Contents that are on their way, as far as they have come. What has come is kept while the server runs.
pub(super) type Coming = parking_lot::Mutex<HashMap<(LinkId, ContentHash), Fetch>>;

impl Links {
    /// One step towards the contents that a link's messages refer to: the next part of one of them.
    pub async fn fetch(&self, id: LinkId) -> Result<Turn> {
        let Some(link) = self.link(id).await? else { return Ok(Turn::Off) };
        if link.standing != Standing::Linked || link.reach.is_none() {
            return Ok(Turn::Off);
        }
        if self.hold(id).await?.is_none() {
            return Ok(Turn::Wait(LOOK_EVERY));
        }
        let wanted = self.kept()?.wanted(id, WANTED_AT_A_TIME).await?;
        self.coming
            .lock()
            .retain(|(of, hash), _| *of != id || wanted.iter().any(|(w, _)| w == hash));
        for (hash, size) in wanted {
            if size > self.engine.settings().file_bytes_max {
                self.arrived(id, hash, false).await?;
                continue;
            }
            let known = self.coming.lock().remove(&(id, hash));
            let mut fetch = match known {
                Some(fetch) => fetch,
                None => self.engine.fetch().await?,
            };
            match self.next_part(&link, &mut fetch, hash, size).await? {
                Part::Came if fetch.size() < size => {
                    self.coming.lock().insert((id, hash), fetch);
                    return Ok(Turn::More);
                }
                Part::Came => {
                    let is_it = self.engine.fetched(fetch, hash).await?;
                    if !is_it {
                        warn!(realm = %link.own_name, %hash, "contents are not what was said");
                    }
                    self.arrived(id, hash, is_it).await?;
                    return Ok(Turn::More);
                }
                Part::Never => {
                    info!(realm = %link.own_name, %hash, "the contents of a file are nowhere");
                    self.arrived(id, hash, false).await?;
                }
                Part::NotYet => drop(self.coming.lock().insert((id, hash), fetch)),
                Part::No(no) => {
                    self.coming.lock().insert((id, hash), fetch);
                    let wait = self.failed(&link, &no).await?;
                    // The first time at once: a line that breaks is there again in a moment.
                    return Ok(if link.contact.failures == 0 { Turn::More } else { wait });
                }
            }
        }
        Ok(Turn::Idle)
    }

    /// Contents are here, or never will be.
    async fn arrived(&self, link: LinkId, hash: ContentHash, here: bool) -> Result<()> {
        let places = self.kept()?.arrived(link, hash, here).await?;
        let mut touched: Vec<_> = places.iter().map(|place| place.conversation).collect();
        touched.dedup();
        self.engine.conversations_changed(&touched).await;
        Ok(())
    }

    async fn next_part(
        &self,
        link: &Link,
        fetch: &mut Fetch,
        hash: ContentHash,
        size: u64,
    ) -> Result<Part> {
        let from = fetch.size();
        let to = size.min(from + PART_BYTES);
        if to > from {
            let query = format!("hash={hash}&from={from}&to={to}");
            let (method, path, body) = ("GET", wire::FILE, Bytes::new());
            let what = What { method, path, query, body, patience: super::ask::PATIENCE };
            let part = match self.ask(link, what).await? {
                Ok(part) if part.len() as u64 == to - from => part,
                Ok(_) => return Ok(Part::No(NoAnswer::Unreadable)),
                Err(NoAnswer::Refused(code)) if code == "file_unknown" => return Ok(Part::Never),
                Err(NoAnswer::Refused(code)) if code == "not_yet" => return Ok(Part::NotYet),
                Err(no) => return Ok(Part::No(no)),
            };
            // A line that breaks now and then, and carries something each time, is none that fails.
            self.heard_of(link).await?;
            match fetch.write(part).await {
                Ok(()) => {}
                Err(Error::Refused(Refusal::Busy)) => return Ok(Part::NotYet),
                Err(Error::Refused(_)) => return Ok(Part::Never),
                Err(error) => return Err(error),
            }
        }
        Ok(Part::Came)
    }

    /// Part of contents that are offered to a link: `Err` is a code.
    pub(super) async fn part(
        &self,
        link: &Link,
        query: &str,
    ) -> Result<std::result::Result<Bytes, &'static str>> {
        let Some((hash, range)) = asked_for(query) else { return Ok(Err("invalid")) };
        let Some(Offered { size, here }) = self.kept()?.offered(link.id, hash).await? else {
            return Ok(Err("file_unknown"));
        };
        if !here {
            return Ok(Err("not_yet"));
        }
        if range.end > size || range.start >= range.end || range.end - range.start > PART_BYTES {
            return Ok(Err("invalid"));
        }
        match self.engine.contents_of(hash, range).await? {
            Some(pieces) => {
                let pieces: Vec<Bytes> = pieces.try_collect().await?;
                Ok(Ok(pieces.concat().into()))
            }
            None => Ok(Err("not_yet")),
        }
    }
}

/// What became of asking for a part.
enum Part {
    /// It is here.
    Came,
    /// The other realm has not got it yet, or there is no room here.
    NotYet,
    /// Nobody will have it.
    Never,
    /// There was no answer that counts.
    No(NoAnswer),
}

fn asked_for(query: &str) -> Option<(ContentHash, Range<u64>)> {
    let mut fields = query.split('&');
    let hash = ContentHash::parse(fields.next()?.strip_prefix("hash=")?)?;
    let from = fields.next()?.strip_prefix("from=")?.parse().ok()?;
    let to = fields.next()?.strip_prefix("to=")?.parse().ok()?;
    fields.next().is_none().then_some((hash, from..to))
}
