//! Somebody who makes every link, but for those that a name or an address says must fail.

use async_trait::async_trait;
use kabar_engine::store::links::{Contact, Link, Reach, Standing, Uid};
use kabar_engine::{Check, Realms, Result, ShownLink};
use kabar_model::{DisplayName, Field, GroupName, LinkId, RealmName, Refusal, Timestamp, Username};

/// Refuses the name `taken`, the hosts `nowhere.example` and `changed.example`, and what is no host.
pub(crate) struct FakeRealms;

#[async_trait]
impl Realms for FakeRealms {
    async fn add(&self, name: RealmName, reach: Reach) -> Result<ShownLink> {
        match (name.as_str(), reach.host.as_str()) {
            ("taken", _) => return Err(Refusal::RealmTaken.into()),
            (_, "nowhere.example") => return Err(Refusal::RealmUnreachable.into()),
            (_, "changed.example") => return Err(Refusal::RealmChanged.into()),
            (_, host) if host.contains('/') => {
                return Err(Refusal::Invalid(Field::RealmAddress).into());
            }
            _ => {}
        }
        let link = Link {
            id: LinkId(1),
            own_name: name.clone(),
            name,
            reach: Some(reach),
            root: [0; 32],
            keys: String::new(),
            standing: Standing::Linked,
            made_at: Timestamp(0),
            contact: Contact::default(),
            epoch: 1,
            last: 0,
            acknowledged: 0,
            acknowledged_uid: Uid::default(),
            peer_epoch: 0,
            received: 0,
        };
        Ok(ShownLink { link, fingerprint: String::new() })
    }

    async fn add_by_invite(&self, _invite: &str) -> Result<ShownLink> {
        Err(Refusal::InvitationUnknown.into())
    }

    async fn invite(&self) -> Result<String> {
        Err(Refusal::NotAllowed.into())
    }

    async fn accept(&self, _link: LinkId) -> Result<()> {
        Err(Refusal::RealmUnknown.into())
    }

    async fn stop(&self, _link: LinkId, _standing: Standing) -> Result<()> {
        Err(Refusal::RealmUnknown.into())
    }

    async fn fingerprint(&self, _link: &Link) -> Result<String> {
        Err(Refusal::RealmUnknown.into())
    }

    async fn look_into(&self, _link: &Link) -> Result<Vec<Check>> {
        Ok(Vec::new())
    }

    async fn has_user(&self, _link: &Link, _user: &Username) -> Option<Option<DisplayName>> {
        None
    }

    async fn has_group(&self, _link: &Link, _group: &str) -> Option<Option<GroupName>> {
        None
    }

    fn wake(&self, _link: LinkId) {}
}
