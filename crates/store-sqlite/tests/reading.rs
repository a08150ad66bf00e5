//! What reads cost and refuse.

mod realm;

use kabar_engine::Store;
use kabar_engine::store::Unread;
use kabar_model::{Seq, Timestamp};
use rusqlite::Connection;

use self::realm::{file, message, open, say, up_to, user};

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_news_gives_nothing_to_write_until_much_was_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    for _ in 0..64 {
        say(&store, ana, budi, "mine").await;
    }
    assert_eq!(store.unread(ana, up_to(10, 1_000)).await.unwrap(), Unread::default());
    let last = say(&store, ana, budi, "one more").await;
    let unread = store.unread(ana, up_to(10, 1_000)).await.unwrap();
    assert_eq!(unread, Unread { messages: vec![], positions: vec![last] });
    store.mark_read(ana, &unread.positions).await.unwrap();
    assert_eq!(store.unread(ana, up_to(10, 1_000)).await.unwrap(), Unread::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_with_a_hole_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    for number in 1..=5 {
        say(&store, ana, budi, &number.to_string()).await;
        say(&store, budi, budi, "note").await;
    }
    let holed = say(&store, ana, budi, "last").await.conversation;
    store.close();
    let file = Connection::open(dir.path().join("kabar.db")).unwrap();
    file.execute("DELETE FROM message WHERE conversation_id = ?1 AND seq = 3", [holed.0]).unwrap();
    drop(file);

    let store = open(dir.path()).unwrap();
    let error = store.messages(holed, Seq::NONE, 10).await.unwrap_err();
    assert!(error.to_string().contains("from message 2 to 4"), "{error}");
    assert!(store.unread(budi, up_to(100, 1_000)).await.is_err());
    assert_eq!(
        store.messages(holed, Seq(3), 10).await.unwrap().len(),
        3,
        "what is whole is served"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_for_one_transaction_is_removed_in_several() {
    const ROWS: i64 = 25_000;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let (ana, budi) = (user(&store, "ana").await, user(&store, "budi").await);
    let note = say(&store, ana, budi, "hai").await;
    store.close();
    let file = Connection::open(dir.path().join("kabar.db")).unwrap();
    let numbers =
        "WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?1)";
    let sessions = "INSERT INTO session (account_id, token_hash, created_at, used_at)
         SELECT ?2, CAST(n AS BLOB), n, n FROM many";
    file.execute(&format!("{numbers} {sessions}"), [ROWS, ana.0]).unwrap();
    let keys = "INSERT INTO client_key (author_id, key, conversation_id, seq, sent_at)
         SELECT ?2, 'k' || n, ?3, n, n FROM many";
    file.execute(&format!("{numbers} {keys}"), [ROWS, ana.0, note.conversation.0]).unwrap();
    drop(file);

    let store = open(dir.path()).unwrap();
    let since = |n: i64| Timestamp(n);
    let begun = store.commits();
    assert_eq!(store.expire_sessions(since(ROWS)).await.unwrap(), 24_999);
    assert_eq!(store.forget_keys(since(ROWS)).await.unwrap(), 24_999);
    assert!(store.commits() - begun >= 6, "in {} transactions", store.commits() - begun);
    assert_eq!(store.expire_sessions(since(ROWS)).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_go_on_beside_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    let conversation = say(&store, ana, budi, "first").await.conversation;
    let writing = async {
        for _ in 0..200 {
            drop(store.post(message(ana, budi, "hai")).await.unwrap());
        }
    };
    let reading = async {
        let mut seen = 0;
        while seen < 201 {
            let found = store.messages(conversation, Seq::NONE, 1_000).await.unwrap();
            assert!(found.len() >= seen);
            seen = found.len();
        }
    };
    tokio::join!(writing, reading);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_file_is_gone_is_not_served_as_a_text() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let ana = user(&store, "ana").await;
    let budi = user(&store, "budi").await;
    let text = say(&store, ana, budi, "text").await;
    let new = file(ana, budi, "a.txt");
    let sent = store.post(new).await.unwrap().await.unwrap()[0];
    store.close();
    let db = Connection::open(dir.path().join("kabar.db")).unwrap();
    db.execute("DELETE FROM file", ()).unwrap();
    drop(db);

    let store = open(dir.path()).unwrap();
    assert!(store.messages(sent.place.conversation, Seq::NONE, 10).await.is_err());
    assert!(store.unread(budi, up_to(10, 1_000)).await.is_err());
    let whole = store.unread(budi, up_to(1, 1_000)).await.unwrap();
    assert_eq!(whole.positions, [text], "what is whole is served");
}
