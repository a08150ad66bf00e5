//! What a slow listener's queue takes and what it leaves out.

use futures_util::FutureExt;
use kabar_model::{
    Arrival, ConversationId, DisplayName, Role, RoomName, Seq, Timestamp, User, Username,
};

use super::*;
use crate::news::{MessageNews, RoomNews, Whereto};
use crate::store::{Place, Purpose, SessionRecord, TokenHash};

const PLACE: Place = Place { conversation: ConversationId(1), seq: Seq(1) };

fn messi() -> Arc<User> {
    let username = Username::parse("messi").unwrap();
    let name = DisplayName::of(&username);
    Arc::new(User {
        id: UserId(1),
        name,
        username,
        country: None,
        role: Role::User,
        disabled: false,
    })
}

fn listening(listeners: &Arc<Listeners>) -> Listening {
    let record = SessionRecord {
        id: SessionId(1),
        user: UserId(1),
        token: TokenHash([0; 32]),
        created_at: Timestamp(0),
        used_at: Timestamp(0),
        purpose: Purpose::Person,
    };
    listeners.add_close(Arc::new(Session::new(&record, messi().username.clone())))
}

fn message() -> News {
    News::Message(Arc::new(MessageNews {
        place: PLACE,
        whereto: Whereto::Direct(messi()),
        from: messi(),
        session: None,
        body: "halo".into(),
        file: None,
        at: Timestamp(0),
        arrival: Arrival(1),
        change: None,
        reply_to: None,
        key: None,
    }))
}

fn passing() -> [News; 4] {
    let user = messi();
    let room = RoomName::parse("lobby").unwrap();
    let moved = Arc::new(RoomNews { id: PLACE.conversation, room, user: Arc::clone(&user) });
    let typing = Signal::Typing { conversation: PLACE.conversation, user: Arc::clone(&user) };
    let presence = Signal::Presence { user, active: true };
    let signals = [typing, presence].map(|signal| News::Signal(Arc::new(signal)));
    let [typing, presence] = signals;
    [typing, presence, News::Entered(Arc::clone(&moved)), News::Left(moved)]
}

#[test]
fn what_passes_makes_no_queue_run_over() {
    for news in passing() {
        let listeners = Arc::new(Listeners::default());
        let mut listening = listening(&listeners);
        for _ in 0..NEWS_QUEUED_MAX * 2 {
            listeners.tell(&[UserId(1)], &news);
        }
        // What others must pay for still fits.
        for _ in PASSING_QUEUED_MAX..NEWS_QUEUED_MAX {
            listeners.tell(&[UserId(1)], &message());
        }
        let is_move = matches!(news, News::Entered(_) | News::Left(_));
        assert!(!listening.has_missed_moves(), "not before all was heard");
        let (mut passed, mut messages) = (0, 0);
        while let Some(news) = listening.next().now_or_never() {
            match news {
                News::Message(_) => messages += 1,
                News::Missed => panic!("let go"),
                _ => passed += 1,
            }
        }
        assert_eq!((passed, messages), (PASSING_QUEUED_MAX, NEWS_QUEUED_MAX - PASSING_QUEUED_MAX));
        assert_eq!((listening.has_missed_moves(), listening.has_missed_moves()), (is_move, false));
    }
}

#[test]
fn too_many_messages_and_other_signals_do() {
    for news in [message(), News::Signal(Arc::new(Signal::Read(PLACE)))] {
        let listeners = Arc::new(Listeners::default());
        let _listening = listening(&listeners);
        for _ in 0..NEWS_QUEUED_MAX {
            listeners.tell(&[UserId(1)], &news);
        }
        assert_eq!(listeners.count(), 1);
        listeners.tell(&[UserId(1)], &news);
        assert_eq!((listeners.count(), listeners.close_count()), (0, 0));
    }
}
