//! Items: what one realm tells another, in order and once.

use kabar_engine::store::links::{InMember, InMembers, InMessage, InPost, Inbound, Signed, Uid};
use kabar_model::{
    ConversationId, GroupName, GroupRole, RealmName, Seq, Timestamp, Username, Visibility,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::said::{INVALID, display_name};
use super::{Person, Said, To};
use crate::base64url;
use crate::keys::{KeyStatement, PublicKey, SecretKey};

/// The code of an item that its sender may not send.
pub(crate) const NOT_ALLOWED: &str = "not_allowed";
/// The code of a post that its author's realm did not sign.
pub(crate) const BAD_SIGNATURE: &str = "bad_signature";

/// What somebody is called of whom it is not said: people of ours, whose names are known here.
const DEFAULT_NAME: &str = "?";

/// What is signed of a post is none of anything else.
const POST_DOMAIN: &[u8] = b"kabar realm post 1\n";

/// An item. What each means is in `docs/realm-links.md`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Item {
    /// Somebody of the sender's wants this said at its home.
    Post(SignedPost),
    /// The home says that this was said.
    Message {
        /// Where.
        to: To,
        /// Its number.
        seq: i64,
        /// Who wrote it.
        from: Person,
        /// What they are called.
        name: String,
        /// When, in microseconds since the Unix epoch.
        at: i64,
        /// When its text was last changed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<i64>,
        /// What it says. Of what is not the home's own, only whether it is gone: the post says the rest.
        #[serde(flatten)]
        said: Said,
        /// The mark of the post that it was, where that is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uid: Option<String>,
        /// The post that it was, where the author is not of the home.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<Box<SignedPost>>,
    },
    /// The home says how a group stands.
    Members {
        /// Its number.
        group: i64,
        /// Its name.
        name: String,
        /// Whether anybody finds it.
        public: bool,
        /// Who is in it.
        members: Vec<MemberSaid>,
    },
    /// Somebody of the sender's wants to join.
    Join {
        /// Who.
        user: Person,
        /// What they are called.
        name: String,
        /// The group's name or code.
        group: String,
    },
    /// Somebody of the sender's has left.
    Leave {
        /// Who.
        user: Person,
        /// The group's number.
        group: i64,
    },
    /// Somebody of the sender's has read so far.
    Read {
        /// Who.
        user: Person,
        /// Where.
        to: To,
        /// How far.
        seq: i64,
    },
}

/// A member of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberSaid {
    /// Who.
    pub user: Person,
    /// What they are called; absent of people of the realm that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether they are an admin of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// The last number before they joined.
    pub joined: i64,
}

/// A post in the very bytes that its author's realm signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedPost {
    /// A [`PostBody`] as JSON.
    pub body: String,
    /// Who signed it.
    #[serde(flatten)]
    pub by: SignedBy,
}

/// Who signed a post, with what is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBy {
    /// The root key of the author's realm.
    pub root: PublicKey,
    /// The key that signed, as the root key states it.
    pub key: KeyStatement,
    /// The signature, in base64url.
    pub signature: String,
}

/// A post as its author's realm built it from its own data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostBody {
    /// The realm that it is said in: nobody can carry it elsewhere.
    pub home: String,
    /// Where in it.
    pub to: To,
    /// Who wrote it.
    pub from: Person,
    /// What they are called.
    pub name: String,
    /// Its own mark.
    #[serde(with = "super::uid")]
    pub uid: Uid,
    /// When, in microseconds since the Unix epoch.
    pub at: i64,
    /// What it says.
    #[serde(flatten)]
    pub said: Said,
}

impl SignedPost {
    /// Signs a post of one of ours.
    pub fn sign(
        body: &PostBody,
        root: PublicKey,
        key: KeyStatement,
        secret: &SecretKey,
    ) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_string(body)?;
        let signature = base64url::encode(&secret.sign(&signed_bytes(&body)));
        Ok(Self { body, by: SignedBy { root, key, signature } })
    }

    /// What tells its bytes from others.
    pub(crate) fn digest(body: &str) -> [u8; 32] {
        Sha256::digest(body).into()
    }

    /// As the store keeps it.
    pub fn kept(&self) -> Result<Signed, serde_json::Error> {
        Ok(Signed { bytes: self.body.as_bytes().to_vec(), by: serde_json::to_string(&self.by)? })
    }

    /// As the store kept it.
    pub fn of(signed: &Signed) -> Option<Self> {
        let body = String::from_utf8(signed.bytes.clone()).ok()?;
        Some(Self { body, by: serde_json::from_str(&signed.by).ok()? })
    }

    /// The post, if the realm of its author signed it. `root` gives that realm's root key, if it is known or this one
    /// may be taken for it.
    pub fn verified(
        &self,
        root: impl FnOnce(&RealmName, PublicKey) -> Option<PublicKey>,
        is_own: impl FnOnce(Uid, &str) -> bool,
    ) -> Result<PostBody, &'static str> {
        let body: PostBody = serde_json::from_str(&self.body).map_err(|_| INVALID)?;
        if is_own(body.uid, &self.body) {
            return Ok(body);
        }
        let author = body.from.address()?;
        let realm = author.realm().ok_or(INVALID)?;
        let root = root(&realm, self.by.root).ok_or(BAD_SIGNATURE)?;
        let is_stated = self.by.key.realm == realm && self.by.key.verify(&root);
        let signature = base64url::decode(&self.by.signature).ok_or(BAD_SIGNATURE)?;
        let is_signed = self.by.key.key.is_signature_of(&signed_bytes(&self.body), &signature);
        if is_stated && is_signed { Ok(body) } else { Err(BAD_SIGNATURE) }
    }
}

fn signed_bytes(body: &str) -> Vec<u8> {
    [POST_DOMAIN, body.as_bytes()].concat()
}

/// Between whom an item goes, and how it is looked into.
pub struct Reading<'a> {
    /// This realm.
    pub us: &'a RealmName,
    /// The realm that sent it.
    pub them: &'a RealmName,
    /// The root key that a realm is known by; of one that is not known yet, perhaps the one it shows.
    pub root: &'a dyn Fn(&RealmName, PublicKey) -> Option<PublicKey>,
    /// Whether those are the very bytes of a post that this realm has just signed, with this mark.
    pub own: &'a dyn Fn(Uid, &str) -> bool,
}

impl Reading<'_> {
    /// Reads an item as far as it can be read without looking into the store: its form, who may say it, signatures.
    pub fn read(&self, item: &str) -> Result<Inbound, &'static str> {
        match serde_json::from_str(item).map_err(|_| INVALID)? {
            Item::Post(post) => self.post(&post).map(Inbound::Post),
            Item::Message { to, seq, from, name, at, edited_at, said, uid, post } => {
                let head = (&to, seq, &from, &*name, at, edited_at);
                let uid = uid.as_deref().and_then(base64url::decode).map(Uid);
                self.message(head, &said, (uid, post.as_deref())).map(Inbound::Message)
            }
            Item::Members { group, name, public, members } => {
                self.members(group, &name, public, &members).map(Inbound::Members)
            }
            Item::Join { user, name, group } => {
                Ok(Inbound::Join { user: self.theirs(&user)?, name: display_name(&name)?, group })
            }
            Item::Leave { user, group } => {
                Ok(Inbound::Leave { user: self.theirs(&user)?, group: ConversationId(group) })
            }
            Item::Read { user, to, seq } => Ok(Inbound::Read {
                user: self.theirs(&user)?,
                conversation: to.read()?,
                seq: Seq(seq.max(0)),
            }),
        }
    }

    /// Somebody of the sender's: for others it does not speak.
    fn theirs(&self, person: &Person) -> Result<Username, &'static str> {
        let address = person.address()?;
        if address.realm().as_ref() == Some(self.them) { Ok(address) } else { Err(NOT_ALLOWED) }
    }

    fn post(&self, post: &SignedPost) -> Result<InPost, &'static str> {
        let body = post.verified(self.root, self.own)?;
        if RealmName::parse(&body.home).as_ref() != Ok(self.us) {
            return Err(NOT_ALLOWED);
        }
        let (content, reply_to) = body.said.read()?;
        Ok(InPost {
            author: self.theirs(&body.from)?,
            name: display_name(&body.name)?,
            conversation: body.to.read()?,
            uid: body.uid,
            content: content.ok_or(INVALID)?,
            reply_to,
            at: Timestamp(body.at),
            signed: post.kept().map_err(|_| INVALID)?,
        })
    }

    fn message(
        &self,
        (to, seq, from, name, at, edited_at): (&To, i64, &Person, &str, i64, Option<i64>),
        said: &Said,
        (told_uid, post): (Option<Uid>, Option<&SignedPost>),
    ) -> Result<InMessage, &'static str> {
        let author = from.address()?;
        let is_homes_own = author.realm().as_ref() == Some(self.them);
        let (mut content, mut reply_to) = said.read_or_gone(post.is_some())?;
        let (mut uid, mut edited_at) = (None, edited_at);
        if let Some(post) = post {
            let body = post.verified(self.root, self.own)?;
            let is_home = RealmName::parse(&body.home).as_ref() == Ok(self.them);
            let is_same = body.from == *from && body.to == *to && body.at == at;
            if !is_home || !is_same {
                return Err(BAD_SIGNATURE);
            }
            // What the home adds is the number; what it may take away is all of it.
            if !said.is_gone() {
                (content, reply_to) = body.said.read()?;
            }
            edited_at = None;
            if author.realm().as_ref() == Some(self.us) {
                uid = Some(body.uid);
            }
        } else if !is_homes_own && content.is_some() {
            return Err(BAD_SIGNATURE);
        } else if author.realm().as_ref() == Some(self.us) {
            // Of what is gone only the mark is left; it settles nothing but what its author sent there.
            uid = told_uid;
        }
        if seq <= 0 {
            return Err(INVALID);
        }
        Ok(InMessage {
            conversation: to.read()?,
            seq: Seq(seq),
            author: from.kept_by(self.us)?,
            name: display_name(name)?,
            uid,
            was_change: content.is_none() && said.was_change(),
            content,
            reply_to,
            at: Timestamp(at),
            edited_at: edited_at.map(Timestamp),
        })
    }

    fn members(
        &self,
        group: i64,
        name: &str,
        public: bool,
        members: &[MemberSaid],
    ) -> Result<InMembers, &'static str> {
        let members = members.iter().map(|member| {
            Ok(InMember {
                user: member.user.kept_by(self.us)?,
                name: display_name(member.name.as_deref().unwrap_or(DEFAULT_NAME))?,
                role: if member.admin { GroupRole::Admin } else { GroupRole::Member },
                joined: Seq(member.joined.max(0)),
            })
        });
        Ok(InMembers {
            group: ConversationId(group),
            name: GroupName::parse(name).map_err(|_| INVALID)?,
            visibility: if public { Visibility::Public } else { Visibility::Private },
            members: members.collect::<Result<_, &'static str>>()?,
        })
    }
}
