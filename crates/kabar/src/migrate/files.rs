//! The contents of files: copied under their hashes, hashed on the way, and afterwards looked for one by one.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use kabar_catalogue::Lang;
use kabar_engine::Blobs;
use kabar_engine::blobs::Pieces;
use kabar_model::ContentHash;
use kabar_store_sql::copy::{Contents, Kept, Side};
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

use super::databases::is_same_directory;
use super::progress::Progress;
use super::words::Text;
use crate::config::Config;
use crate::realm::{self, Away};

/// Contents that are copied or looked for at the same time.
const AT_A_TIME: usize = 8;

/// Contents up to this size are kept in one go.
const WHOLE_BYTES: u64 = 256 * 1024;

/// Contents that are named when they are missing; others are counted.
const NAMED: usize = 20;

/// Where contents are, and where they shall be.
pub(super) struct Files {
    runtime: Runtime,
    from: Arc<dyn Blobs>,
    to: Arc<dyn Blobs>,
    is_same: bool,
    lang: Lang,
}

/// How contents are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Whole,
    Damaged,
    Nowhere,
}

/// Whether both settings name one place for contents.
pub(super) fn is_same(from: &Config, to: &Config) -> bool {
    let (one, other) = (&from.storage, &to.storage);
    if one.files.is_empty() && other.files.is_empty() {
        return is_same_directory(&from.server.data, &to.server.data);
    }
    one.files.trim_end_matches('/') == other.files.trim_end_matches('/')
        && one.files_endpoint.trim_end_matches('/') == other.files_endpoint.trim_end_matches('/')
}

impl Files {
    /// Opens both places.
    pub(super) fn open(from: &Config, to: &Config, lang: Lang) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let is_same = is_same(from, to);
        let opened = runtime.block_on(realm::blobs(from, Away::Refused))?;
        let there = if is_same {
            Arc::clone(&opened)
        } else {
            runtime.block_on(realm::blobs(to, Away::Refused))?
        };
        Ok(Self { runtime, from: opened, to: there, is_same, lang })
    }

    /// Copies what rows refer to and is not there yet. What is missing or damaged is named, and ends the move unless that
    /// `is_fine`.
    pub(super) fn copy(&self, rows: &dyn Side, is_fine: bool) -> Result<()> {
        if self.is_same {
            return Ok(());
        }
        let mut lost = Lost::default();
        self.each(
            rows,
            Text::Files,
            &async |contents: &Contents| self.copy_one(contents).await,
            |found| {
                lost.add(&found.0, found.1, self.lang);
            },
        )?;
        lost.judge(is_fine, Text::LostThere, self.lang)
    }

    /// Looks for all that rows refer to; says how many there are.
    pub(super) fn check(&self, rows: &dyn Side, is_fine: bool) -> Result<u64> {
        let mut missing = Lost::default();
        let look = async |contents: &Contents| {
            let found = look(&*self.to, contents).await?;
            if found == Found::Whole || !is_fine || self.is_same {
                return Ok(found);
            }
            // What is lost where the realm was cannot be here.
            let was = look(&*self.from, contents).await?;
            Ok(if was == Found::Whole { found } else { Found::Whole })
        };
        let all = self.each(rows, Text::LookingForFiles, &look, |found| {
            missing.add(&found.0, found.1, self.lang);
        })?;
        missing.judge(self.is_same && is_fine, Text::LostHere, self.lang)?;
        Ok(all)
    }

    /// Does something with all contents that rows refer to, some at a time.
    fn each(
        &self,
        rows: &dyn Side,
        label: Text,
        deed: &impl AsyncFn(&Contents) -> Result<Found>,
        mut done: impl FnMut((Contents, Found)),
    ) -> Result<u64> {
        let (mut kept, mut count) = (Kept::default(), 0);
        let all = kabar_store_sql::copy::TABLES.iter().filter(|table| table.name == "file");
        let all = all.map(|table| rows.rows_about(table)).sum::<Result<u64, _>>()?;
        let mut progress = Progress::begin(label.say(self.lang, &[]), all, self.lang);
        loop {
            let page = kept.next(rows.connection())?;
            if page.is_empty() {
                break;
            }
            let deeds = stream::iter(page)
                .map(|contents| async move {
                    let found = deed(&contents).await.with_context(|| named(&contents))?;
                    Ok::<_, anyhow::Error>((contents, found))
                })
                .buffer_unordered(AT_A_TIME);
            self.runtime.block_on(deeds.try_for_each(|found| {
                count += 1;
                progress.add(1);
                done(found);
                std::future::ready(Ok(()))
            }))?;
        }
        progress.end();
        Ok(count)
    }

    async fn copy_one(&self, contents: &Contents) -> Result<Found> {
        if look(&*self.to, contents).await? == Found::Whole {
            return Ok(Found::Whole);
        }
        let found = look(&*self.from, contents).await?;
        if found != Found::Whole {
            return Ok(found);
        }
        let hash = ContentHash(contents.hash);
        let Some(pieces) = self.from.open(hash, 0..contents.size).await? else {
            return Ok(Found::Nowhere);
        };
        let is_right = if contents.size <= WHOLE_BYTES {
            self.whole(hash, pieces).await?
        } else {
            self.pieces(hash, pieces).await?
        };
        Ok(if is_right { Found::Whole } else { Found::Damaged })
    }

    async fn whole(&self, hash: ContentHash, mut pieces: Pieces) -> Result<bool> {
        let mut all = Vec::new();
        while let Some(piece) = pieces.try_next().await? {
            all.extend_from_slice(&piece);
        }
        if Sha256::digest(&all)[..] != hash.0 {
            return Ok(false);
        }
        self.to.put(hash, Bytes::from(all)).await?;
        Ok(true)
    }

    async fn pieces(&self, hash: ContentHash, mut pieces: Pieces) -> Result<bool> {
        let (mut writer, mut sum) = (self.to.begin().await?, Sha256::new());
        while let Some(piece) = pieces.try_next().await? {
            sum.update(&piece);
            writer.write(piece).await?;
        }
        if sum.finalize()[..] != hash.0 {
            return Ok(false);
        }
        writer.finish(hash).await?;
        Ok(true)
    }
}

/// Whether contents are there, with their length.
async fn look(blobs: &dyn Blobs, contents: &Contents) -> Result<Found> {
    let (hash, size) = (ContentHash(contents.hash), contents.size);
    match blobs.open(hash, size..size).await {
        Ok(Some(_)) => Ok(Found::Whole),
        Ok(None) => Ok(Found::Nowhere),
        // Too short, or out of reach: then this fails, too.
        Err(_) => match blobs.open(hash, 0..0).await? {
            Some(_) => Ok(Found::Damaged),
            None => Ok(Found::Nowhere),
        },
    }
}

fn named(contents: &Contents) -> String {
    format!("{} ({})", ContentHash(contents.hash), contents.name.escape_debug())
}

/// Contents that are not where they should be.
#[derive(Debug, Default)]
struct Lost {
    count: usize,
    said: Vec<String>,
}

impl Lost {
    fn add(&mut self, contents: &Contents, found: Found, lang: Lang) {
        let text = match found {
            Found::Whole => return,
            Found::Damaged => Text::FileDamaged,
            Found::Nowhere => Text::FileMissing,
        };
        self.count += 1;
        if self.said.len() < NAMED {
            self.said.push(text.say(lang, &[("file", &named(contents))]));
        }
    }

    /// Names what is lost; that is an error unless it `is_fine`.
    fn judge(self, is_fine: bool, error: Text, lang: Lang) -> Result<()> {
        for line in &self.said {
            eprintln!("{line}");
        }
        if self.count == 0 || is_fine {
            return Ok(());
        }
        bail!(error.say(lang, &[("count", &self.count.to_string())]))
    }
}
