//! A conversation of the demo's opening.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use kabar_engine::store::Place;
use kabar_engine::{Engine, NewPost};
use kabar_model::{Address, Body, ConversationId, Emoji, FileName, GroupName, Seq, Visibility};
use serde::Deserialize;

use super::Cast;

/// Who talks, and what is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Talk {
    /// The group's name; absent: two people.
    group: Option<String>,
    /// Whether anyone may join the group.
    #[serde(default)]
    public: bool,
    /// Who is in it; the first makes the group.
    members: Vec<String>,
    lines: Vec<Line>,
    /// How many of the last lines somebody has not read.
    #[serde(default)]
    unread: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    from: String,
    text: String,
    /// The number of the line that this answers, from 1.
    reply_to: Option<usize>,
    /// What it says after an edit.
    edit: Option<String>,
    /// The name of a file that goes with it.
    file: Option<String>,
    #[serde(default)]
    contents: String,
    /// Who reacts, by emoji.
    #[serde(default)]
    reactions: BTreeMap<String, Vec<String>>,
}

impl Talk {
    /// Has it held.
    pub(super) async fn hold(&self, engine: &Engine, cast: &Cast) -> Result<()> {
        let conversation = self.begin(engine, cast).await?;
        let mut places: Vec<Place> = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let place = line.say(engine, cast, conversation, &places).await?;
            places.push(place);
        }
        for name in &self.members {
            let caller = cast.of(name)?;
            let unread = self.unread.get(name).copied().unwrap_or_default();
            let read = match places.len().checked_sub(unread).map(|at| places.get(at)) {
                None => bail!("the demo's {name} has more unread than was said"),
                Some(Some(first_unread)) => Seq(first_unread.seq.0 - 1),
                Some(None) => engine.conversation(caller, conversation).await?.overview.last,
            };
            engine.read_up_to(caller, Place { conversation, seq: read }).await?;
        }
        Ok(())
    }

    async fn begin(&self, engine: &Engine, cast: &Cast) -> Result<ConversationId> {
        let (maker, others) = self.members.split_first().context("the demo talks to nobody")?;
        let maker = cast.of(maker)?;
        if let Some(name) = &self.group {
            let visibility = if self.public { Visibility::Public } else { Visibility::Private };
            let group = engine.create_group(maker, GroupName::parse(name)?, visibility).await?;
            engine.invite(maker, &group.code.to_string(), others).await?;
            return Ok(group.id);
        }
        let [other] = others else { bail!("the demo's people talk in pairs or in groups") };
        let other = Address::parse(other)?;
        Ok(engine.open_direct(maker, &other).await?)
    }
}

impl Line {
    async fn say(
        &self,
        engine: &Engine,
        cast: &Cast,
        conversation: ConversationId,
        earlier: &[Place],
    ) -> Result<Place> {
        let caller = cast.of(&self.from)?;
        let upload = match &self.file {
            Some(name) => {
                let mut upload = engine.upload(Some(caller));
                upload.write(Bytes::copy_from_slice(self.contents.as_bytes())).await?;
                Some((upload, FileName::clean(name)?))
            }
            None => None,
        };
        let answered = self
            .reply_to
            .map(|number| earlier.get(number - 1).context("the demo answers what was not said"));
        let reply_to = answered.transpose()?.map(|place| place.seq);
        let post = NewPost { text: Some(Body::parse(&self.text)?), upload, reply_to, key: None };
        let said = engine.post_in(caller, conversation, post).await?.stored();
        let place = said.context("the demo speaks to another realm")?.message.place;
        if let Some(text) = &self.edit {
            engine.edit(caller, place, Body::parse(text)?).await?;
        }
        for (emoji, people) in &self.reactions {
            for name in people {
                engine.react(cast.of(name)?, place, Emoji::parse(emoji)?, true).await?;
            }
        }
        Ok(place)
    }
}
