//! Other realms: linking them, and finding who and what is meant there.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use kabar_model::limits::RECIPIENTS_MAX;
use kabar_model::{
    Address, Body, ConversationId, DisplayName, Field, GroupName, LinkId, RealmName, Refusal, User,
    Username,
};
use tracing::warn;

use crate::bus::Hint;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::messages::{Inbox, Posting};
use crate::news::Signal;
use crate::operator::Operator;
use crate::sessions::Caller;
use crate::store::links::{Link, LinkStore, Reach, Standing};
use crate::store::{Conversation, Group, Place};

/// How long somebody waits for a group of another realm to let them in.
const JOIN_PATIENCE: Duration = Duration::from_secs(5);
/// How often is looked whether it has.
const JOIN_LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who may make a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// Anybody here adds realms, and a realm that comes is linked at once.
    Open,
    /// Administrators add realms; one that comes waits for them.
    #[default]
    Ask,
    /// Only an invite makes a link.
    Invite,
}

/// A link as people are shown it.
#[derive(Clone, Debug)]
pub struct ShownLink {
    /// The link.
    pub link: Link,
    /// Eight words that both sides see.
    pub fingerprint: String,
}

/// One step in finding out why a link does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `resolve`, `connect`, `tls`, `handshake`, `clock`, `echo` or `queue`.
    pub step: &'static str,
    /// Whether it is well; `None`: it was not come to.
    pub is_well: Option<bool>,
    /// What was found: a code of the catalogue, and what belongs in it.
    pub found: (&'static str, Vec<(&'static str, String)>),
}

/// Keeps the links going. It reads and writes them in the store; the engine asks it for what needs the network.
#[async_trait]
pub trait Realms: Send + Sync + 'static {
    /// Links a realm that is reached there. Refuses `RealmTaken`, `RealmUnreachable`, `RealmChanged`, and
    /// `NotAllowed` when the other realm does not want to.
    async fn add(&self, name: RealmName, reach: Reach) -> Result<ShownLink>;

    /// As [`Realms::add`], with an invite's text. Refuses `InvitationUnknown`, too.
    async fn add_by_invite(&self, invite: &str) -> Result<ShownLink>;

    /// An invite that another realm can use once.
    async fn invite(&self) -> Result<String>;

    /// Agrees to a link that waits, or takes up a blocked one again.
    async fn accept(&self, link: LinkId) -> Result<()>;

    /// Stops a link, or ends it.
    async fn stop(&self, link: LinkId, standing: Standing) -> Result<()>;

    /// The eight words of a link.
    async fn fingerprint(&self, link: &Link) -> Result<String>;

    /// Looks into a link, step by step.
    async fn look_into(&self, link: &Link) -> Result<Vec<Check>>;

    /// Eight words of this realm itself.
    async fn own_fingerprint(&self) -> Result<String> {
        Err(Refusal::NotAllowed.into())
    }

    /// A new key to sign with from now on, under the same root key. Says which realms that can be reached have taken
    /// it already; the others learn of it with the next word between the two.
    async fn rotate(&self) -> Result<Vec<(RealmName, bool)>> {
        Err(Refusal::NotAllowed.into())
    }

    /// What somebody of that name is called there, if there is somebody; `None`: it did not say in time.
    async fn has_user(&self, link: &Link, user: &Username) -> Option<Option<DisplayName>>;

    /// The name of the group of that name or code there, if anybody who says that may join; `None`: it did not say in time.
    async fn has_group(&self, link: &Link, group: &str) -> Option<Option<GroupName>>;

    /// Something waits for that link.
    fn wake(&self, link: LinkId);
}

impl Engine {
    /// Gives the engine who keeps the links going, and has the engine. Without, the realm has none. Only the first
    /// counts.
    pub fn link_by(&self, realms: &Arc<dyn Realms>) {
        if self.realms.set(Arc::downgrade(realms)).is_err() {
            warn!("the links are kept by somebody already");
        }
    }

    pub(crate) fn link_keeper(&self) -> Option<Arc<dyn Realms>> {
        self.realms.get().and_then(Weak::upgrade)
    }

    /// Something waits for a link: who keeps it going hears of it, on whatever node. Never waits.
    pub fn link_queued(&self, link: LinkId) {
        self.hint(Hint::Queued { by: self.node(), link });
    }

    pub(crate) fn link_store(&self) -> Option<&dyn LinkStore> {
        self.store.links()
    }

    /// Who keeps the links going, for an administrator. Refuses `NotAllowed` where nobody does.
    pub fn realms(&self, _by: Operator) -> Result<Arc<dyn Realms>> {
        self.link_keeper().ok_or_else(|| Refusal::NotAllowed.into())
    }

    /// Links a realm, as [`Realms::add`] does. Refuses `NotAllowed` to who may not.
    pub async fn add_realm(
        &self,
        caller: &Caller,
        name: RealmName,
        host: &str,
        port: u16,
    ) -> Result<ShownLink> {
        caller.may_write()?;
        let is_open = self.settings.realms.accept == Accept::Open;
        // A network of one's own is for an administrator to open.
        let private = match self.administer(caller).await {
            Ok(_) => true,
            Err(_) if is_open => self.settings.realms.private,
            Err(error) => return Err(error),
        };
        let realms = self.link_keeper().ok_or(Refusal::NotAllowed)?;
        realms.add(name, Reach { host: host.to_owned(), port, private }).await
    }

    /// All links that were not removed, in the order of their names.
    pub async fn links(&self) -> Result<Vec<Link>> {
        let mut links = match self.link_store() {
            Some(store) => store.links().await?,
            None => Vec::new(),
        };
        if !links.is_empty() {
            self.linked.learn();
        }
        links.retain(|link| link.standing != Standing::Removed);
        links.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(links)
    }

    /// These links as anybody here is shown them.
    pub async fn shown_links(&self, _caller: &Caller) -> Result<Vec<ShownLink>> {
        let Some(realms) = self.link_keeper() else { return Ok(Vec::new()) };
        let mut shown = Vec::new();
        for link in self.links().await? {
            let fingerprint = realms.fingerprint(&link).await?;
            shown.push(ShownLink { link, fingerprint });
        }
        Ok(shown)
    }

    /// Whether somebody may add a realm by its address.
    pub async fn may_add_realm(&self, caller: &Caller) -> Result<bool> {
        if self.link_keeper().is_none() || !caller.writes() {
            return Ok(false);
        }
        match self.administer(caller).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(_)) => Ok(self.settings.realms.accept == Accept::Open),
            Err(error) => Err(error),
        }
    }

    /// The link that is meant by a name. Refuses `RealmUnknown`.
    pub async fn link_named(&self, name: &RealmName) -> Result<Link> {
        let mut links = self.links().await?.into_iter();
        let found = links.find(|link| link.name == *name || link.own_name == *name);
        found.ok_or_else(|| Refusal::RealmUnknown.into())
    }

    /// A link that messages may be given to. Refuses `RealmUnknown`.
    pub(crate) async fn open_link(&self, name: &RealmName) -> Result<Link> {
        let link = self.link_named(name).await?;
        if link.standing.takes() { Ok(link) } else { Err(Refusal::RealmUnknown.into()) }
    }

    fn is_here(&self, realm: Option<&RealmName>) -> bool {
        realm.is_none_or(|realm| *realm == self.settings.realm)
    }

    /// The account that an address means; for somebody of another realm the one that stands for them, made if the
    /// other realm knows them, or does not answer. `None`: there is nobody. Refuses `RealmUnknown`.
    pub(crate) async fn somebody(&self, address: &Address) -> Result<Option<Arc<User>>> {
        let Some(realm) = address.realm.as_ref().filter(|realm| !self.is_here(Some(realm))) else {
            return self.directory.user_named(&address.username).await;
        };
        let link = self.open_link(realm).await?;
        let known_as = address.username.at(&link.own_name);
        if let Some(user) = self.directory.user_named(&known_as).await? {
            return Ok(Some(user));
        }
        let (Some(realms), Some(store)) = (self.link_keeper(), self.link_store()) else {
            return Err(Refusal::RealmUnknown.into());
        };
        let name = match realms.has_user(&link, &address.username).await {
            Some(None) => return Ok(None),
            Some(Some(name)) => Some(name),
            None => None,
        };
        let user = store.stand_in(&known_as, name.as_ref(), self.clock.now()).await?;
        Ok(Some(Arc::new(user)))
    }

    /// As they are kept here: `name@realm` with the realm's own name, whatever it was called by. A group of this realm
    /// is called by its name alone. Refuses `RealmUnknown`.
    pub(crate) async fn group_kept_as(&self, typed: &str) -> Result<(String, Option<Link>)> {
        let Some((group, realm)) = typed.rsplit_once('@') else {
            return Ok((typed.to_owned(), None));
        };
        let group = group.trim();
        let realm = RealmName::parse(realm.trim()).map_err(|_| Refusal::RealmUnknown)?;
        if self.is_here(Some(&realm)) {
            return Ok((group.to_owned(), None));
        }
        let name = GroupName::parse(group).map_err(|_| Refusal::GroupUnknown)?;
        match self.link_named(&realm).await {
            Ok(link) => Ok((name.at(&link.own_name).as_str().to_owned(), Some(link))),
            Err(error) => {
                // A link that has ended leaves its groups behind: they can still be read, and left.
                let kept_as = name.at(&realm).as_str().to_owned();
                let stands = self.directory.group(&kept_as).await?.is_some();
                if stands { Ok((kept_as, None)) } else { Err(error) }
            }
        }
    }

    /// Joins a group of another realm: asks its home and waits until it says yes. Refuses `GroupUnknown`,
    /// `AlreadyMember`, `RealmUnreachable` when it does not answer, and `Busy` when it has not said yet; then one may be
    /// in a little later.
    pub(crate) async fn join_there(
        &self,
        caller: &Caller,
        typed: &str,
        link: &Link,
    ) -> Result<Arc<Group>> {
        let (kept_as, _) = self.group_kept_as(typed).await?;
        if let Some(group) = self.directory.group(&kept_as).await?
            && self.is_member(caller, &group).await?
        {
            return Err(Refusal::AlreadyMember.into());
        }
        let (Some(realms), Some(store)) = (self.link_keeper(), self.link_store()) else {
            return Err(Refusal::RealmUnknown.into());
        };
        if !link.standing.takes() {
            return Err(Refusal::RealmUnknown.into());
        }
        let there = typed.rsplit_once('@').map_or(typed, |(group, _)| group).trim();
        let name = match realms.has_group(link, there).await {
            None => return Err(Refusal::RealmUnreachable.into()),
            Some(None) => return Err(Refusal::GroupUnknown.into()),
            Some(Some(name)) => name.at(&link.own_name),
        };
        // It may have been called by its code there.
        if let Some(group) = self.directory.group(name.as_str()).await?
            && self.is_member(caller, &group).await?
        {
            return Err(Refusal::AlreadyMember.into());
        }
        store.ask_to_join(link.id, caller.user(), there, self.clock.now()).await?;
        realms.wake(link.id);
        let until = tokio::time::Instant::now() + JOIN_PATIENCE;
        while tokio::time::Instant::now() < until {
            tokio::time::sleep(JOIN_LOOK_EVERY).await;
            let groups = self.store.joined_groups(caller.user()).await?;
            if let Some(group) = groups.into_iter().find(|group| group.name == name) {
                return Ok(Arc::new(group));
            }
        }
        Err(Refusal::Busy.into())
    }

    /// Sends a text to a group of another realm, or to people there, named with commas between. Who is not in a group
    /// that anybody may join joins it first. Refuses as [`Engine::send`] and [`Engine::join_group`] do.
    pub async fn send_to_group_there(
        &self,
        caller: &Caller,
        realm: &RealmName,
        group: &str,
        body: Body,
    ) -> Result<Posting> {
        let link = self.open_link(realm).await?;
        match self.there(caller, &link, group).await? {
            There::People(people) => self.send(caller, &people, body).await,
            There::Group(group) => self.send_to_group(caller, &group, body).await,
        }
    }

    /// What `group:NAME`, a name, a code or a list of people means there.
    pub async fn there(&self, caller: &Caller, link: &Link, group: &str) -> Result<There> {
        let named = group.strip_prefix("group:").unwrap_or(group);
        if group == named && group.contains(',') {
            let given = group.split(',').filter(|name| !name.trim().is_empty());
            let people = given.map(|name| {
                let username = Username::parse(name.trim())
                    .map_err(|_| Refusal::ReceiverUnknown(vec![name.trim().to_owned()]))?;
                Ok(Address { username, realm: Some(link.own_name.clone()) })
            });
            let people = people.collect::<Result<Vec<_>>>()?;
            if people.len() > RECIPIENTS_MAX {
                return Err(Refusal::TooMany(Field::Recipients).into());
            }
            return Ok(There::People(people));
        }
        // The code of a group of that realm is another one here than there; either will do.
        let by_code = self.directory.group(named).await?.filter(|group| is_of(group, link));
        let address = match &by_code {
            Some(group) => group.name.as_str().to_owned(),
            None => format!("{named}@{}", link.own_name),
        };
        let kept_as = self.group_kept_as(&address).await?.0;
        if let Some(group) = self.directory.group(&kept_as).await?
            && self.is_member(caller, &group).await?
        {
            return Ok(There::Group(kept_as));
        }
        match self.join_group(caller, &address).await {
            Ok(group) => Ok(There::Group(group.name.as_str().to_owned())),
            Err(Error::Refused(Refusal::AlreadyMember)) => {
                let realms = self.link_keeper().ok_or(Refusal::RealmUnknown)?;
                let name = realms.has_group(link, named).await.flatten();
                let name = name.ok_or(Refusal::GroupUnknown)?;
                Ok(There::Group(name.at(&link.own_name).as_str().to_owned()))
            }
            // It does not answer: who is in it already may write all the same.
            Err(Error::Refused(Refusal::RealmUnreachable | Refusal::Busy)) => {
                Err(Refusal::GroupUnknown.into())
            }
            Err(error) => Err(error),
        }
    }

    /// What somebody has not read of what comes from a realm: from its people, and in its groups. Refuses
    /// `RealmUnknown`.
    pub async fn unread_of_realm(&self, caller: &Caller, realm: &RealmName) -> Result<Inbox> {
        let link = self.link_named(realm).await?;
        let (portion, file_bytes) = (self.portions.take(), self.settings.file_inline_bytes_max);
        let mut left = portion.part(file_bytes);
        let (mut messages, mut positions): (Vec<_>, Vec<Place>) = (Vec::new(), Vec::new());
        for shown in self.conversations(caller).await? {
            let is_of_realm = match (&shown.overview.conversation, &shown.with) {
                (Conversation::Direct(_), Some(with)) => {
                    with.username.realm().as_ref() == Some(&link.own_name)
                }
                (Conversation::Group(group), _) => is_of(group, &link),
                _ => false,
            };
            if !is_of_realm || shown.overview.read >= shown.overview.last {
                continue;
            }
            let id = shown.overview.conversation.id();
            let unread = self.store.unread_in(caller.user(), id, left).await?;
            let said = unread.messages.iter().map(|message| message.said_bytes(file_bytes));
            let said: usize = said.sum();
            left.messages = left.messages.saturating_sub(unread.messages.len());
            left.bytes = left.bytes.saturating_sub(said);
            messages.extend(unread.messages);
            positions.extend(unread.positions);
            if left.messages == 0 || left.bytes == 0 {
                break;
            }
        }
        messages.sort_by_key(|message| message.arrival);
        self.inbox_of(caller, messages, positions, portion, file_bytes).await
    }

    /// What people of other realms are called was told: who was known by another name is asked of the store again.
    pub fn people_told(&self, told: &[(Username, DisplayName)]) {
        for (username, name) in told.iter().filter(|(username, _)| username.realm().is_some()) {
            if let Some(user) = self.directory.remembered(username)
                && user.name != *name
            {
                self.directory.forget_user(user.id);
                self.bus.publish(Hint::UserChanged(user.id));
            }
        }
    }

    /// The group with that number. Refuses `GroupUnknown`.
    pub async fn group_numbered(&self, id: ConversationId) -> Result<Group> {
        match self.directory.conversations(&[id]).await?.remove(&id).as_deref() {
            Some(Conversation::Group(group)) => Ok(group.clone()),
            _ => Err(Refusal::GroupUnknown.into()),
        }
    }

    /// What the keeper of the links tells after something came or went: these conversations are not as they were.
    pub async fn conversations_changed(&self, ids: &[ConversationId]) {
        for &id in ids {
            self.directory.forget_group(id);
            self.bus.publish(Hint::GroupChanged(id));
            self.signals.deliveries(id);
            if self.listeners.close_count() == 0 {
                continue;
            }
            match self.directory.members(id).await {
                Ok(members) => {
                    self.listeners.signal(&members, &Signal::Conversation(id));
                    self.listeners.signal(&members, &Signal::Delivery(id));
                }
                Err(error) => warn!(%error, "cannot tell that a conversation changed"),
            }
        }
    }
}

/// Whether a group's home is at that link.
fn is_of(group: &Group, link: &Link) -> bool {
    let realm = group.name.as_str().split_once('@').map(|(_, realm)| realm);
    realm == Some(link.own_name.as_str())
}

/// Whom or what somebody means in another realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// These people.
    People(Vec<Address>),
    /// The group that is called so here.
    Group(String),
}
