//! Being in a room on this connection, and hearing what happens there.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt;
use kabar_engine::{Caller, Connected, Engine, Error, Listening, News, Stay, Whereto};
use kabar_model::{RoomName, User};

use crate::push;

/// News of the room that may wait while somebody joins it again; with more, some was missed.
const EARLIER_NEWS_MAX: usize = 1_000;

/// A connection's stay in a room. It ends when this is dropped.
pub(crate) struct InRoom {
    caller: Caller,
    name: RoomName,
    /// Heard before the same room was joined again, and not said yet.
    earlier: VecDeque<News>,
    listening: Listening,
    _stay: Stay,
    _connected: Connected,
}

/// Something that concerns who is in the room.
pub(crate) enum Told {
    /// An object to be sent.
    Push(Vec<u8>),
    /// Some was missed, and nothing more comes; or the session has ended.
    NoMore,
}

impl InRoom {
    /// Goes into a room; also says who is there. `before` is where this connection was until now; it stays as
    /// it is if the room is refused.
    pub(crate) async fn enter(
        engine: &Engine,
        caller: Caller,
        name: RoomName,
        before: &mut Option<Self>,
    ) -> Result<Vec<Arc<User>>, Error> {
        let listening = engine.listen(&caller);
        let (stay, people) = engine.enter_room(&caller, &listening, &name).await?;
        let connected = engine.connected(&caller);
        let again = before.as_mut().filter(|room| room.is_of(&caller) && room.is_named(&name));
        let earlier = again.map(Self::unsaid).unwrap_or_default();
        // The engine tells the new listener from now on. To drop the former stay ends nothing but the stay of
        // another session.
        *before =
            Some(Self { caller, name, earlier, listening, _stay: stay, _connected: connected });
        Ok(people)
    }

    /// Whether this session is the one in the room.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        self.caller.session() == caller.session()
    }

    /// Whether the session is still in a room. Another connection of it may have left.
    pub(crate) fn lasts(&self, engine: &Engine) -> bool {
        engine.still(&self.caller).is_ok() && engine.room_of(&self.caller).is_ok()
    }

    /// Waits for the next thing that concerns the room. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            let news = match self.earlier.pop_front() {
                Some(news) => news,
                None => self.listening.next().await,
            };
            let object = match &news {
                News::Message(news) => match &news.whereto {
                    Whereto::Room(room) if self.is_named(room) => push::message(news),
                    Whereto::Room(_) | Whereto::Direct(_) | Whereto::Group(_) => continue,
                },
                News::Entered(news) if self.is_named(&news.room) => push::joined(news),
                News::Left(news) if self.is_named(&news.room) => push::left(news),
                News::Entered(_) | News::Left(_) | News::Signal(_) => continue,
                News::Missed => return Told::NoMore,
            };
            return Told::Push(object);
        }
    }

    fn is_named(&self, name: &RoomName) -> bool {
        // Nearly always the same text, and a key is made anew each time.
        self.name.as_str() == name.as_str() || self.name.key() == name.key()
    }

    /// Takes what was heard and is still to be said.
    fn unsaid(&mut self) -> VecDeque<News> {
        let mut unsaid = std::mem::take(&mut self.earlier);
        while let Some(news) = self.listening.next().now_or_never() {
            let missed = matches!(news, News::Missed) || unsaid.len() >= EARLIER_NEWS_MAX;
            unsaid.push_back(if missed { News::Missed } else { news });
            if missed {
                break;
            }
        }
        unsaid
    }
}
