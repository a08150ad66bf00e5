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
fn how_far_somebody_has_read_is_told_once() {
    let listeners = Arc::new(Listeners::default());
    let user = UserId(1);
    let at = |seq: i64| Place { seq: Seq(seq), ..PLACE };
    listeners.signal_read(user, at(1));
    assert!(!listeners.lacks_read(user, at(2)), "nobody listens");
    let mut listening = listening(&listeners);
    assert!(listeners.lacks_read(user, at(1)), "nobody was told");
    listeners.signal_read(user, at(2));
    listeners.signal_read(user, at(1));
    let lacks = [1, 2, 3].map(|seq| listeners.lacks_read(user, at(seq)));
    assert_eq!(lacks, [false, false, true]);
    listeners.miss();
    assert!(listeners.lacks_read(user, at(2)), "nothing is known any more");
    for seq in 0..READS_REMEMBERED * 3 {
        let conversation = ConversationId(i64::try_from(seq).unwrap());
        listeners.signal_read(user, Place { conversation, seq: Seq(1) });
        assert!(!listeners.lacks_read(user, Place { conversation, seq: Seq(1) }));
        listening.next().now_or_never().unwrap();
    }
    assert!(listeners.reads.lock().len() <= READS_REMEMBERED);
}

#[tokio::test]
async fn those_who_may_have_missed_something_are_let_go_a_few_at_a_time() {
    let listeners = Arc::new(Listeners::default());
    let record = SessionRecord {
        id: SessionId(2),
        user: UserId(2),
        token: TokenHash([1; 32]),
        created_at: Timestamp(0),
        used_at: Timestamp(0),
        purpose: Purpose::Person,
    };
    let _dialect = listeners.add(Arc::new(Session::new(&record, messi().username.clone())));
    let mut close: Vec<_> = (0..=LET_GO_TOGETHER * 2).map(|_| listening(&listeners)).collect();
    listeners.miss();
    let follows = Arc::clone(&listeners);
    tokio::spawn(async move { follows.let_go_who_missed().await });
    tokio::task::yield_now().await;
    assert_eq!(listeners.close_count(), LET_GO_TOGETHER + 1, "the others wait");
    // Who comes back has missed nothing.
    close.push(listening(&listeners));
    let began = std::time::Instant::now();
    while listeners.close_count() > 1 {
        assert!(began.elapsed() < Duration::from_secs(10), "{}", listeners.close_count());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(began.elapsed() >= LET_GO_EVERY, "{:?}", began.elapsed());
    tokio::time::sleep(LET_GO_EVERY * 2).await;
    assert_eq!((listeners.close_count(), listeners.count()), (1, 2));
    let told = close.iter_mut().map(|close| tokio::task::unconstrained(close.next()));
    let told: Vec<News> = told.filter_map(FutureExt::now_or_never).collect();
    assert!(told.iter().all(|news| matches!(news, News::Missed)));
    assert_eq!(told.len(), LET_GO_TOGETHER * 2 + 1);
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
