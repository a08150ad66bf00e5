//! Realm links as a store knows them. What each item means, and when it is refused, is in `docs/realm-links.md`.

mod said;

use std::sync::Arc;

use async_trait::async_trait;
use kabar_model::{
    ContentHash, ConversationId, DisplayName, GroupRole, LinkId, OutgoingId, RealmName, Seq,
    Timestamp, User, UserId, Username,
};

use super::Place;
use super::nodes::Token;
use crate::error::Result;

pub use said::{
    Batch, Behind, Carried, Contact, Delivery, InMember, InMembers, InMessage, InPost, Inbound,
    Link, LinkChange, NewLink, Offered, Outgoing, Queued, Reach, Received, Route, SenderChange,
    Signed, Standing, Taken, Told, Where,
};

/// A number that is given once, at random: an item's, or a message's of a realm that is not its home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Uid(pub [u8; 16]);

/// Keeps the links of a realm to others. Everything that [`Store`](super::Store) says of durability holds here, too.
#[async_trait]
pub trait LinkStore: Send + Sync + 'static {
    // --- This realm

    /// What this realm proves itself with, as it was kept; the store does not read it.
    async fn identity(&self) -> Result<Option<String>>;

    /// Keeps it, and what this realm calls itself, in place of what was read before: `was`, or `None` when there was
    /// nothing. Says whether that was still so; otherwise nothing changes.
    async fn replace_identity(
        &self,
        was: Option<String>,
        identity: String,
        name: RealmName,
    ) -> Result<bool>;

    /// As [`LinkStore::replace_identity`], in place of whatever is there.
    async fn keep_identity(&self, identity: String, name: RealmName) -> Result<()> {
        loop {
            let was = self.identity().await?;
            if self.replace_identity(was, identity.clone(), name.clone()).await? {
                return Ok(());
            }
        }
    }

    /// Notes a secret with which one link may be made until `expires_at`.
    async fn add_link_invite(&self, secret: [u8; 32], expires_at: Timestamp) -> Result<()>;

    // --- Links

    /// All links, those that were removed, too.
    async fn links(&self) -> Result<Vec<Link>>;

    /// Makes a link, or takes up again one of that [`own_name`](Link::own_name) that was removed: it then begins anew.
    /// With an invite's secret (hashed) the link is made only if that is good, and it is then used up. Refuses
    /// `RealmTaken` when one of its names is one of another link's, and `InvitationUnknown`.
    async fn add_link(&self, new: NewLink) -> Result<Link>;

    /// Changes a link. Refuses `RealmUnknown`, and `RealmTaken` as above. Blocking and removing it fail all that
    /// waits for it, as `link_removed`.
    async fn change_link(&self, id: LinkId, change: LinkChange) -> Result<Link>;

    /// The account that stands for somebody of another realm; made if there is none, and called `name` from now on if
    /// that is given. Refuses `TooMany(Recipients)` when there are [`limits::REALM_PEOPLE_MAX`](kabar_model::limits).
    async fn stand_in(
        &self,
        username: &Username,
        name: Option<&DisplayName>,
        at: Timestamp,
    ) -> Result<User>;

    // --- Sending

    /// What waits for a link, from the lowest number: at most `limit` items.
    async fn outbox(&self, link: LinkId, limit: usize) -> Result<Vec<Queued>>;

    /// Messages of these places, in any order; those that are not there are left out.
    async fn messages_at(&self, places: &[Place]) -> Result<Vec<Carried>>;

    /// Messages on their way to their home, of these numbers; others are left out.
    async fn outgoing(&self, ids: &[OutgoingId]) -> Result<Vec<Outgoing>>;

    /// The peer has everything up to this number; of these it refused what they stand for. Passed over when the
    /// epoch is another by now. Says in which conversations something waits no longer.
    async fn acknowledge(&self, link: LinkId, received: Received) -> Result<Vec<ConversationId>>;

    /// Begins a new epoch: what waits is numbered anew from 1.
    async fn begin_epoch(&self, link: LinkId, epoch: i64) -> Result<()>;

    /// Fails, as `expired`, what has waited since before `before`, some thousands at most; says in which conversations.
    async fn expire(&self, link: LinkId, before: Timestamp) -> Result<Vec<ConversationId>>;

    /// Changes what waits for a link, as who keeps it going. With a token nothing is changed and the answer is `None` when
    /// another token of its lease ([`link_lease`](super::nodes::link_lease)) has been given since, in the same transaction. A store without nodes
    /// gives no tokens and looks at none.
    async fn change_as_sender(
        &self,
        link: LinkId,
        _token: Option<Token>,
        change: SenderChange,
    ) -> Result<Option<Vec<ConversationId>>> {
        let changed = match change {
            SenderChange::Acknowledge(received) => self.acknowledge(link, received).await?,
            SenderChange::BeginEpoch(epoch) => {
                self.begin_epoch(link, epoch).await?;
                Vec::new()
            }
            SenderChange::Expire(before) => self.expire(link, before).await?,
        };
        Ok(Some(changed))
    }

    /// Asks a group's home to let somebody in; `group` is a name or code there. Refuses `LinkFull`.
    async fn ask_to_join(
        &self,
        link: LinkId,
        user: UserId,
        group: &str,
        at: Timestamp,
    ) -> Result<()>;

    /// Says from now on for which links something began to wait, once that is durable. Called on the store's own thread:
    /// it must not wait.
    fn on_queued(&self, told: Arc<dyn Fn(LinkId) + Send + Sync>);

    // --- Receiving

    /// Takes a batch in: items and position in one transaction. A batch that is not the next is answered as
    /// `docs/realm-links.md` says, and nothing of it is stored.
    async fn receive(&self, link: LinkId, batch: Batch) -> Result<Taken>;

    /// What was refused of this link's items, as far as the sender is not known to know.
    async fn refusals(&self, link: LinkId) -> Result<Vec<(u64, String)>>;

    /// Mirrors of this link that are behind their home, and the last number they have of it.
    async fn behind(&self, link: LinkId) -> Result<Vec<Behind>>;

    /// Adds what was read on from the home, in order; with `whole` the mirror is no longer behind. Says what changed, as
    /// [`Taken::Stored`] does.
    async fn catch_up(
        &self,
        link: LinkId,
        mirror: ConversationId,
        messages: Vec<InMessage>,
        whole: bool,
    ) -> Result<Vec<ConversationId>>;

    /// Messages of a conversation whose home is here, after a number, as the people of that link may see them, in order,
    /// at most `limit`. Refuses `NotMember` when none of them is in it.
    async fn read_on(
        &self,
        link: LinkId,
        conversation: &Where,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Carried>>;

    // --- Files

    /// Contents that messages of this link refer to and that are not here yet, with their sizes; at most `limit`.
    async fn wanted(&self, link: LinkId, limit: usize) -> Result<Vec<(ContentHash, u64)>>;

    /// Those that were to come from this link are here now, or never will be (`false`: it does not have them).
    async fn arrived(&self, link: LinkId, hash: ContentHash, here: bool) -> Result<Vec<Place>>;

    /// Whether contents go with a message that the people of that link may see, or that waits for it.
    async fn offered(&self, link: LinkId, hash: ContentHash) -> Result<Option<Offered>>;

    // --- What authors see

    /// Somebody's own messages in a conversation whose home has not numbered them, the oldest first: those that wait
    /// and those that failed.
    async fn waiting(&self, user: UserId, conversation: ConversationId) -> Result<Vec<Outgoing>>;

    /// Forgets one of them that failed; `false` if there is none.
    async fn forget_failed(&self, user: UserId, id: OutgoingId) -> Result<bool>;

    /// How it stands with messages of a conversation that were written here, where somebody of another realm is to have
    /// them: for each number of the range that waits or failed, the worst. Those not named have been delivered.
    async fn undelivered(
        &self,
        conversation: ConversationId,
        from: Seq,
        to: Seq,
    ) -> Result<Vec<(Seq, Delivery)>>;

    /// Who is in a group whose home is here, what they may do, and the last number before they joined.
    async fn standing_of_members(
        &self,
        group: ConversationId,
    ) -> Result<Vec<(User, GroupRole, Seq)>>;

    /// A place in a conversation that another realm takes part in, as the two name it to each other and its home numbers
    /// it; `None` when no other realm does.
    async fn whereabouts(&self, place: Place) -> Result<Option<(Where, Seq)>>;

    /// The links that take part in these conversations. Of a mirror that is its home alone.
    async fn routes(&self, conversations: &[ConversationId]) -> Result<Vec<Route>>;
}
