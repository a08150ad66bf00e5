//! Links to other realms: `docs/realm-links.md` says what each part means.

mod anew;
pub(crate) mod delivery;
pub(crate) mod made;
mod outbox;
mod outgoing;
pub(crate) mod receive;
mod renamed;
mod routes;
mod skipped;
mod stand_in;
mod tell;

pub(crate) use self::outbox::{Queue, queue};
pub(crate) use self::outgoing::{earlier, has_room_for, must_be_there, send};
pub(crate) use self::routes::{
    Route, can_be_told, forget_route, must_be_home, new_direct, own_name, route,
};
pub(crate) use self::skipped::skip_left;
pub(crate) use self::stand_in::stand_in;
pub(crate) use self::tell::{tell_left, tell_members, tell_members_now, tell_read};
