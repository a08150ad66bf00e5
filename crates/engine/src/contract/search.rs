//! Searching.

use kabar_model::{Body, ContentHash, ConversationId, File, FileCode, FileName, Seq, UserId};

use super::world::{Shared, at, group, group_of, message, post, room, say, users};
use crate::store::{Content, NewFile, NewMessage, SearchQuery, Store, Target};

fn words(words: &[&str]) -> SearchQuery {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    SearchQuery { words, ..SearchQuery::default() }
}

async fn found(store: &dyn Store, user: UserId, query: &SearchQuery) -> Vec<String> {
    let found = store.search(user, query, 100).await.unwrap();
    found.into_iter().map(|message| message.body).collect()
}

async fn send_file(store: &dyn Store, author: UserId, target: Target, name: &str, caption: &str) {
    let code = FileCode::new(u32::try_from(name.len()).unwrap());
    let file = File {
        code,
        name: FileName::clean(name).unwrap(),
        size: 1,
        media_type: "text/plain".into(),
        hash: ContentHash([1; 32]),
    };
    let caption = Body::parse(caption).ok();
    let content = Content::File(Box::new(NewFile { file, caption, sole: false }));
    post(store, NewMessage::new(author, vec![target], content, at(2))).await.unwrap();
}

async fn change(store: &dyn Store, author: UserId, place: ConversationId, content: Content) {
    let new = NewMessage::new(author, vec![Target::Own(place)], content, at(3));
    post(store, new).await.unwrap();
}

pub(super) async fn words_are_parts_of_a_text_in_any_case_the_latest_first(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    for text in ["Selamat pagi", "PAGI, selamat", "malam", "日本語のテキスト", "ab"] {
        say(&*store, ana, Target::Direct(budi), text).await;
    }
    for user in [ana, budi] {
        assert_eq!(
            found(&*store, user, &words(&["pagi"])).await,
            ["PAGI, selamat", "Selamat pagi"]
        );
    }
    assert_eq!(found(&*store, ana, &words(&["elama", "AGI,"])).await, ["PAGI, selamat"]);
    assert_eq!(found(&*store, ana, &words(&["selamat", "malam"])).await, [""; 0]);
    assert_eq!(found(&*store, ana, &words(&["本語の"])).await, ["日本語のテキスト"]);
    assert_eq!(found(&*store, ana, &words(&["日"])).await, ["日本語のテキスト"], "a short word");
    assert_eq!(found(&*store, ana, &words(&["A", "la"])).await.len(), 3);
    assert_eq!(found(&*store, ana, &words(&["\" OR \""])).await, [""; 0]);
}

pub(super) async fn only_what_one_may_see_is_found(store: Shared) {
    let [ana, budi, citra] = users(&*store, ["ana", "budi", "citra"]).await;
    let club = group(&*store, "club", ana).await.id;
    say(&*store, ana, Target::Group(club), "rahasia lama").await;
    store.join_group(club, budi, at(1)).await.unwrap();
    say(&*store, ana, Target::Group(club), "rahasia baru").await;
    say(&*store, ana, Target::Direct(ana), "rahasia sendiri").await;
    say(&*store, ana, Target::Room(room(&*store, "lobi").await), "rahasia umum").await;
    let query = words(&["rahasia"]);
    let all = ["rahasia sendiri", "rahasia baru", "rahasia lama"];
    assert_eq!(found(&*store, ana, &query).await, all);
    assert_eq!(found(&*store, budi, &query).await, ["rahasia baru"]);
    assert_eq!(found(&*store, citra, &query).await, [""; 0]);
    let within = SearchQuery { within: Some(club), ..query.clone() };
    assert_eq!(found(&*store, citra, &within).await, [""; 0]);
    store.leave_group(club, budi, at(2)).await.unwrap();
    assert_eq!(found(&*store, budi, &query).await, [""; 0]);
}

pub(super) async fn a_search_is_narrowed(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let club = group_of(&*store, "club", &[ana, budi]).await;
    for (author, secs, text) in [(ana, 10, "rapat satu"), (budi, 20, "rapat dua")] {
        let new = message(author, &[Target::Group(club)], text);
        post(&*store, NewMessage { at: at(secs), ..new }).await.unwrap();
    }
    let late = message(ana, &[Target::Direct(budi)], "rapat tiga");
    post(&*store, NewMessage { at: at(30), ..late }).await.unwrap();
    let rapat = || words(&["rapat"]);
    let from = SearchQuery { from: Some(budi), ..rapat() };
    assert_eq!(found(&*store, ana, &from).await, ["rapat dua"]);
    let within = SearchQuery { within: Some(club), ..rapat() };
    assert_eq!(found(&*store, ana, &within).await, ["rapat dua", "rapat satu"]);
    let since = SearchQuery { since: Some(at(20)), ..rapat() };
    assert_eq!(found(&*store, ana, &since).await, ["rapat tiga", "rapat dua"]);
    let until = SearchQuery { until: Some(at(20)), ..rapat() };
    assert_eq!(found(&*store, ana, &until).await, ["rapat satu"]);
    say(&*store, budi, Target::Direct(ana), "lihat https://kabar.id/1 ya").await;
    say(&*store, budi, Target::Direct(ana), "itu mailto:a@b dan ftp://c").await;
    let link = SearchQuery { has_link: true, ..SearchQuery::default() };
    assert_eq!(found(&*store, ana, &link).await, ["lihat https://kabar.id/1 ya"]);
    let both = SearchQuery { has_link: true, ..words(&["ya", "/1"]) };
    assert_eq!(found(&*store, ana, &both).await.len(), 1, "with short words, too");
    let nothing = SearchQuery { from: Some(budi), ..SearchQuery::default() };
    assert_eq!(found(&*store, ana, &nothing).await.len(), 3, "no word is needed");
    let page = store.search(ana, &rapat(), 2).await.unwrap();
    assert_eq!(page.len(), 2);
    let rest = SearchQuery { before: Some(page[1].arrival), ..rapat() };
    assert_eq!(found(&*store, ana, &rest).await, ["rapat satu"]);
}

pub(super) async fn files_are_found_by_name_and_by_what_is_said_beside_them(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    say(&*store, ana, Target::Direct(budi), "laporan segera").await;
    send_file(&*store, ana, Target::Direct(budi), "Laporan-Akhir.pdf", "untuk besok").await;
    send_file(&*store, budi, Target::Direct(ana), "foto.png", "").await;
    let has_file = |query| SearchQuery { has_file: true, ..query };
    assert_eq!(found(&*store, budi, &words(&["laporan"])).await, ["untuk besok", "laporan segera"]);
    let files = has_file(words(&["laporan"]));
    assert_eq!(found(&*store, budi, &files).await, ["untuk besok"]);
    assert_eq!(found(&*store, budi, &words(&["besok", ".PDF"])).await, ["untuk besok"]);
    assert_eq!(found(&*store, budi, &words(&["besoklap"])).await, [""; 0], "not across the two");
    let all = has_file(SearchQuery::default());
    assert_eq!(store.search(ana, &all, 10).await.unwrap().len(), 2);
}

pub(super) async fn what_was_changed_is_found_as_it_stands_now(store: Shared) {
    let [ana, budi] = users(&*store, ["ana", "budi"]).await;
    let place = say(&*store, ana, Target::Direct(budi), "kucing hitam").await;
    let gone = say(&*store, ana, Target::Direct(budi), "kucing putih").await;
    let id = place.conversation;
    let text = Body::parse("anjing hitam").unwrap();
    change(&*store, ana, id, Content::Edit { of: place.seq, text }).await;
    change(&*store, ana, id, Content::Deletion { of: gone.seq }).await;
    assert_eq!(found(&*store, budi, &words(&["kucing"])).await, [""; 0]);
    assert_eq!(found(&*store, budi, &words(&["anjing"])).await, ["anjing hitam"]);
    let hit = store.search(budi, &words(&["hitam"]), 10).await.unwrap();
    assert_eq!(hit.len(), 1, "the edit itself is not found");
    assert_eq!((hit[0].place.seq, hit[0].edited_at), (Seq(1), Some(at(3))));
}
