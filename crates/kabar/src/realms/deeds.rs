//! What `kabar realm` asks for, carried out.

use kabar_engine::store::LinkStore;
use kabar_engine::store::links::{Link, Reach, Standing};
use kabar_engine::{Engine, Error, Operator, Realms, Result, Store};
use kabar_federation::address::Endpoint;
use kabar_federation::fingerprint::fingerprint;
use kabar_federation::keys::PublicKey;
use kabar_federation::link;
use kabar_model::{Field, RealmName, Refusal, Timestamp};
use kabar_wire::rfc3339;
use tracing::{info, warn};

use super::request::{Answer, Denial, Linked, Request};

/// Carries out a request with the rights of who has the data directory.
pub(crate) async fn carry_out(engine: &Engine, request: Request) -> Answer {
    let is_invite = matches!(request, Request::Invite);
    match try_carry_out(engine, request).await {
        Ok(answer) => answer,
        // Here it is our own address that is not known.
        Err(Error::Refused(Refusal::Invalid(Field::RealmAddress))) if is_invite => {
            Answer::Refused(Denial::NoAddress)
        }
        Err(Error::Refused(refusal)) => Answer::Refused(denial(&refusal)),
        Err(Error::Failed(cause)) => {
            warn!(%cause, "an operator's request failed");
            Answer::Refused(Denial::Other { reason: cause.to_string() })
        }
    }
}

async fn try_carry_out(engine: &Engine, request: Request) -> Result<Answer> {
    let realms = engine.realms(Operator::vouched())?;
    let link = match request {
        Request::List => {
            let mut all = Vec::new();
            for link in engine.links().await? {
                all.push(linked(&link, realms.fingerprint(&link).await?));
            }
            return Ok(Answer::Realms(all));
        }
        Request::Invite => {
            let invite = realms.invite().await?;
            info!("an invite for another realm was made");
            return Ok(Answer::Invite(invite));
        }
        Request::Fingerprint => {
            return Ok(Answer::Fingerprint(realms.own_fingerprint().await?));
        }
        Request::Rotate => {
            let told = realms.rotate().await?;
            info!("the realm signs with a new key");
            let told = told.into_iter().map(|(name, knows)| (name.to_string(), knows));
            return Ok(Answer::Rotated(told.collect()));
        }
        Request::Add { name, host, port } => {
            // Who has the machine may open a network of their own.
            let reach = Reach { host, port, private: true };
            realms.add(RealmName::parse(&name)?, reach).await?.link
        }
        Request::Join { invite } => realms.add_by_invite(&invite).await?.link,
        Request::Accept { name } => {
            let link = named(engine, &name).await?;
            realms.accept(link.id).await?;
            info!(realm = %link.own_name, "a link was accepted");
            named(engine, &name).await?
        }
        Request::Block { name } => {
            stopped(&*realms, named(engine, &name).await?, Standing::Blocked).await?
        }
        Request::Remove { name } => {
            stopped(&*realms, named(engine, &name).await?, Standing::Removed).await?
        }
    };
    let fingerprint = realms.fingerprint(&link).await?;
    Ok(Answer::Realm { us: engine.settings().realm.to_string(), link: linked(&link, fingerprint) })
}

async fn named(engine: &Engine, name: &str) -> Result<Link> {
    engine.link_named(&RealmName::parse(name)?).await
}

async fn stopped(realms: &dyn Realms, link: Link, standing: Standing) -> Result<Link> {
    realms.stop(link.id, standing).await?;
    info!(realm = %link.own_name, ?standing, "a link was stopped");
    Ok(Link { standing, ..link })
}

/// The links of a store that no server uses.
pub(super) async fn links_of(store: &dyn Store) -> Result<Vec<Linked>> {
    let Some(kept) = store.links() else { return Ok(Vec::new()) };
    let Some(us) = link::known(kept).await? else { return Ok(Vec::new()) };
    let mut links = LinkStore::links(kept).await?;
    links.retain(|link| link.standing != Standing::Removed);
    links.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let shown = links.iter().map(|link| {
        let theirs = PublicKey::from_bytes(link.root).map_err(Error::failed)?;
        Ok(linked(link, fingerprint(&us.root, &theirs).to_string()))
    });
    shown.collect()
}

fn denial(refusal: &Refusal) -> Denial {
    match refusal {
        Refusal::RealmUnknown => Denial::RealmUnknown,
        Refusal::RealmTaken => Denial::RealmTaken,
        Refusal::RealmUnreachable => Denial::Unreachable,
        Refusal::RealmChanged => Denial::OtherKey,
        Refusal::NotAllowed => Denial::NotAgreed,
        Refusal::InvitationUnknown => Denial::InviteUnknown,
        Refusal::Invalid(Field::RealmAddress) => Denial::BadAddress,
        Refusal::TooMany(_) => Denial::TooMany,
        other => Denial::Other { reason: other.to_string() },
    }
}

/// A link as it is shown.
pub(crate) fn linked(link: &Link, fingerprint: String) -> Linked {
    let at = |at: Option<Timestamp>| at.map(rfc3339);
    let address = link.reach.as_ref().map(|reach| {
        let endpoint = Endpoint::new(&reach.host, reach.port);
        endpoint.map_or_else(|_| format!("{}:{}", reach.host, reach.port), |e| e.to_string())
    });
    Linked {
        name: link.name.to_string(),
        own_name: link.own_name.to_string(),
        address,
        state: state(link.standing).to_owned(),
        queued: link.queued(),
        last_contact_at: at(link.contact.last_at),
        next_try_at: at(link.contact.next_at),
        error: link.contact.error.as_deref().map(|code| super::words::known(code).to_owned()),
        fingerprint,
    }
}

fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Asked => "asked",
        Standing::Waiting => "waiting",
        Standing::Linked => "linked",
        Standing::Blocked => "blocked",
        Standing::Changed => "changed",
        Standing::Removed => "removed",
    }
}
