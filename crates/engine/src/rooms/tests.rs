//! What only threads that run against each other bring about.

use std::sync::Barrier;

use kabar_model::{DisplayName, Role, Timestamp, Username};

use super::*;
use crate::news::News;
use crate::sessions::Session;
use crate::store::{Purpose, SessionRecord, TokenHash};

const ROOM: ConversationId = ConversationId(1);

/// Fewer than are left out for somebody slow.
const ROUNDS: usize = 60;

fn user(id: i64, name: &str) -> Arc<User> {
    let username = Username::parse(name).unwrap();
    let name = DisplayName::of(&username);
    Arc::new(User {
        id: UserId(id),
        name,
        username,
        country: None,
        role: Role::User,
        disabled: false,
    })
}

fn listening(listeners: &Arc<Listeners>, id: i64, user: &User) -> Listening {
    let record = SessionRecord {
        id: SessionId(id),
        user: user.id,
        token: TokenHash([0; 32]),
        created_at: Timestamp(0),
        used_at: Timestamp(0),
        purpose: Purpose::Person,
    };
    listeners.add(Arc::new(Session::new(&record, user.username.clone())))
}

#[tokio::test]
async fn comings_and_goings_of_one_person_are_told_in_their_order() {
    let listeners = Arc::new(Listeners::default());
    let rooms = Rooms::new(Arc::clone(&listeners), false);
    let lobby = RoomName::parse("lobby").unwrap();
    let (ana, budi) = (user(1, "ana"), user(2, "budi"));
    // They are told first, which takes a while.
    let others: Vec<_> = (100..400).map(|id| (id, listening(&listeners, id, &ana))).collect();
    for (id, ear) in &others {
        rooms.enter(ROOM, &lobby, (Arc::clone(&ana), SessionId(*id), ear.who().1), None).unwrap();
    }
    let mut at_ana = listening(&listeners, 1, &ana);
    rooms.enter(ROOM, &lobby, (ana, SessionId(1), at_ana.who().1), None).unwrap();
    for _ in 0..60 {
        let start = Barrier::new(2);
        std::thread::scope(|threads| {
            for session in [2, 3] {
                let (rooms, lobby, budi, listeners, start) =
                    (&rooms, &lobby, &budi, &listeners, &start);
                threads.spawn(move || {
                    let ear = listening(listeners, session, budi);
                    start.wait();
                    for _ in 0..ROUNDS {
                        let who = (Arc::clone(budi), SessionId(session), ear.who().1);
                        rooms.enter(ROOM, lobby, who, None).unwrap();
                        rooms.leave(SessionId(session), None);
                    }
                });
            }
        });
        let mut is_there = false;
        while let Some(news) = futures_util::FutureExt::now_or_never(at_ana.next()) {
            let comes = matches!(news, News::Entered(_));
            assert!(comes || matches!(news, News::Left(_)), "{news:?}");
            assert_ne!(is_there, comes, "{news:?}");
            is_there = comes;
        }
        assert!(!is_there);
    }
}
