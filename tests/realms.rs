//! Two realms as people meet them: linked by one command with nothing configured, then written to and from every
//! dialect.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::client::texts_from;
use support::realms::{add, hear, items, link};
use support::wild::Person;
use support::{Api, Client, Server, eventually};

/// With what breaks sloppy programs.
const TEXT: &str = "apa kabar? } {\"x\": 1} & = % + \\ 😀 é";

/// Two realms, linked by messi of the first, who calls the second `b`.
fn linked() -> (Server, Server) {
    let [alfa, beta] = ["alfa", "beta"].map(Server::realm);
    add(&mut alfa.person("messi"), "b", beta.address());
    (alfa, beta)
}

#[test]
fn messages_go_both_ways_to_people_and_groups() {
    let (alfa, beta) = linked();
    let (mut messi, mut maya) = (alfa.person("messi"), beta.person("maya"));
    let told = messi.must(&format!("sendprivaterealm b maya {TEXT}"));
    assert_eq!(told["message"], "Message sent");
    assert_eq!(hear(&mut maya, "alfa", 1), [TEXT]);
    // Linked by one side, both know it.
    assert_eq!(link(&mut maya, "alfa")["state"], "linked");
    for n in 0..20 {
        assert_eq!(maya.must(&format!("send messi@alfa balas {n}"))["message"], "Message sent");
    }
    let expected: Vec<String> = (0..20).map(|n| format!("balas {n}")).collect();
    assert_eq!(hear(&mut messi, "b", 20), expected);

    maya.must("addgroup kelas satu");
    maya.must("addgroup kelas");
    let told = messi.must("sendgrouprealm b group:kelas halo kelas");
    assert_eq!(told["message"], "Message sent");
    let heard = eventually("the group's message", || {
        let inbox = maya.must("inbox");
        let items = inbox["messages"]["messi@alfa"].as_array().cloned()?;
        Some(items[0].clone())
    });
    assert_eq!((&heard["msg"], &heard["group"]), (&json!("halo kelas"), &json!("kelas")));
    maya.must("sendgroup kelas selamat datang");
    let heard = eventually("the home's message", || items(&mut messi, "b").pop());
    assert_eq!((&heard["msg"], &heard["group"]), (&json!("selamat datang"), &json!("kelas@beta")));
    // A list of people there: all of them get it.
    messi.must("sendgrouprealm b maya,nania untuk dua orang");
    assert_eq!(hear(&mut maya, "alfa", 1), ["untuk dua orang"]);
    assert_eq!(hear(&mut beta.person("nania"), "alfa", 1), ["untuk dua orang"]);
    // The link has nothing left to do.
    eventually("the queue is empty", || (link(&mut messi, "b")["queued"] == 0).then_some(()));
}

/// A file that this person was sent: its contents, once they are here.
fn fetched(client: &mut Client, realm: &str, name: &str) -> Vec<u8> {
    let item = eventually(name, || {
        items(client, realm).into_iter().find(|item| item["file_name"] == name)
    });
    let code = item["file_code"].as_str().unwrap();
    let reply = eventually("the contents", || {
        let reply = client.ask(&format!("getfile {code}"));
        (reply["status"] == "OK").then_some(reply)
    });
    STANDARD.decode(reply["file_content"].as_str().unwrap()).unwrap()
}

#[test]
fn files_go_both_ways_byte_for_byte() {
    let (alfa, beta) = linked();
    let (mut messi, mut maya) = (alfa.person("messi"), beta.person("maya"));
    let contents: Vec<u8> = (0..40_000).map(|n: usize| u8::try_from(n % 251).unwrap()).collect();
    let encoded = STANDARD.encode(&contents);
    let told = messi.must(&format!("sendfilerealm b maya lagu.bin {encoded}"));
    assert_eq!(told["message"], "File sent");
    assert_eq!(fetched(&mut maya, "alfa", "lagu.bin"), contents);
    maya.must(&format!("sendfile messi@alfa ../balas.txt {}", STANDARD.encode("halo")));
    assert_eq!(fetched(&mut messi, "b", "balas.txt"), b"halo");

    messi.must("addgroup kelompok");
    maya.must("sendgrouprealm alfa kelompok halo");
    let told =
        messi.must(&format!("sendgroupfile kelompok catatan.txt {}", STANDARD.encode("kita")));
    assert_eq!(told["message"], "File sent");
    assert_eq!(fetched(&mut maya, "alfa", "catatan.txt"), b"kita");
    let told = maya.must(&format!("sendgroupfilerealm alfa kelompok balas.bin {encoded}"));
    assert_eq!(told["message"], "File sent");
    let code = eventually("the group's file", || {
        let inbox = messi.must("inbox");
        let items = inbox["messages"]["maya@beta"].as_array().cloned()?;
        let item = items.into_iter().find(|item| item["file_name"] == "balas.bin")?;
        Some(item["file_code"].as_str().unwrap().to_owned())
    });
    let reply = eventually("the contents", || {
        let reply = messi.ask(&format!("getfile {code}"));
        (reply["status"] == "OK").then_some(reply)
    });
    assert_eq!(STANDARD.decode(reply["file_content"].as_str().unwrap()).unwrap(), contents);
}

#[test]
fn what_cannot_be_is_refused_in_the_words_of_the_table() {
    let (alfa, beta) = linked();
    let directory = tempfile::tempdir().unwrap();
    let closed = Server::start(directory.path());
    let mut messi = alfa.person("messi");
    let at = beta.address();
    let (ip, port) = (at.ip(), at.port());
    // Nobody listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let own = alfa.address().port();
    beta.person("maya").must("addgroup kelas");
    for (line, words) in [
        (format!("addrealm b {ip} {port}"), "Realm sudah ada"),
        (format!("addrealm other {ip} {port}"), "Realm sudah ada"),
        (format!("addrealm alfa {ip} {port}"), "Realm sudah ada"),
        (format!("addrealm self {ip} {own}"), "Realm sudah ada"),
        (format!("addrealm far {ip} {gone}"), "Realm Unreachable"),
        (format!("addrealm far nowhere.invalid {port}"), "Realm Unreachable"),
        ("sendprivaterealm c maya hai".to_owned(), "Realm tidak ditemukan"),
        ("sendprivaterealm b nobody hai".to_owned(), "User tidak ada"),
        ("send nobody@beta hai".to_owned(), "User tidak ada"),
        ("send maya@c hai".to_owned(), "Realm tidak ditemukan"),
        ("sendfilerealm c maya x aGFs".to_owned(), "Realm tidak ditemukan"),
        ("sendfilerealm b nobody x aGFs".to_owned(), "User tidak ada"),
        ("sendfilerealm b maya x".to_owned(), "File tidak ditemukan"),
        ("sendgrouprealm c kelas hai".to_owned(), "Realm tidak ditemukan"),
        ("sendgrouprealm b none hai".to_owned(), "Group tidak ditemukan"),
        ("sendgrouprealm b group:none hai".to_owned(), "Group tidak ditemukan"),
        ("sendgrouprealm b maya,nobody hai".to_owned(), "User tidak ada: nobody@beta"),
        ("sendgroupfilerealm c kelas x aGFs".to_owned(), "Realm tidak ditemukan"),
        ("sendgroupfilerealm b none x aGFs".to_owned(), "Group tidak ditemukan"),
        ("sendgroupfilerealm b kelas x".to_owned(), "File tidak ditemukan"),
        ("getrealminbox c".to_owned(), "Realm tidak ditemukan"),
    ] {
        assert_eq!(messi.refused(&line), words, "{line}");
    }
    let mut stranger = Client::connect(alfa.address());
    for line in [
        &*format!("addrealm x {ip} {port}"),
        "sendprivaterealm b maya hai",
        "sendfilerealm b maya x aGFs",
        "sendgrouprealm b kelas hai",
        "sendgroupfilerealm b kelas x aGFs",
        "getrealminbox b",
        "listrealm",
    ] {
        assert_eq!(stranger.refused(line), "Session tidak ditemukan", "{line}");
        // A token of nobody's is no session, either.
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let line = format!("{command} 9abf3546-137d-4fd7-9d18-1f33e82acf8d {rest}");
        assert_eq!(stranger.refused(line.trim_end()), "Session tidak ditemukan", "{line}");
    }
    // Where links are made on request, only administrators make them: here the first account's owner.
    Client::register(closed.address(), "first");
    let (mut somebody, _) = Client::register(closed.address(), "somebody");
    assert_eq!(somebody.refused(&format!("addrealm b {ip} {port}")), "Tidak diizinkan");
    // Nothing of this arrived, or is left.
    assert_eq!(items(&mut beta.person("maya"), "alfa"), [] as [Value; 0]);
    assert_eq!(link(&mut messi, "b")["queued"], 0);
    let listed = messi.must("listrealm");
    let expected =
        json!([{"name": "b", "address": at.to_string(), "state": "linked", "queued": 0}]);
    assert_eq!(listed["messages"], expected);
}

#[test]
fn an_address_works_in_every_dialect() {
    let (alfa, beta) = linked();
    let mut form = Person::come("form", alfa.speaking("form"), "izza");
    let mut keyword = Person::come("keyword", beta.speaking("keyword"), "henderson");
    let wait = |person: &mut Person, from: &str| {
        eventually(from, || Some(person.read(from)).filter(|texts| !texts.is_empty()))
    };
    form.send("henderson@beta", TEXT);
    assert_eq!(wait(&mut keyword, "izza@alfa"), [TEXT]);
    keyword.send("izza@alfa", TEXT);
    assert_eq!(wait(&mut form, "henderson@beta"), [TEXT]);
    form.send_file("henderson@beta", "x.bin", b"\0\x01isi");
    let said = wait(&mut keyword, "izza@alfa");
    let code = said[0].strip_prefix("[x.bin], file_code: ").unwrap_or_else(|| panic!("{said:?}"));
    let wish = json!({"COMMAND": "FILE-GET-PRIVATE", "p_username": "izza@alfa", "file_code": code});
    eventually("the contents", || {
        let reply = keyword.ask_until(wish.clone());
        (reply["file_size"] == 5).then_some(())
    });
    let mut keyword = Person::come("keyword", beta.speaking("keyword"), "henderson");
    keyword.send("izza@alfa", "sudah");
    assert_eq!(wait(&mut form, "henderson@beta"), ["sudah"]);

    // Groups, by their address.
    let mut maya = beta.person("maya");
    maya.must("addgroup kelas");
    let api = Api::login(alfa.address(), "nania");
    let joined = api.must("POST /groups/join", &json!({"group": "kelas@beta"}));
    let conversation = joined["id"].as_str().unwrap();
    api.say(conversation, "dari API");
    let heard = eventually("the group's message", || {
        Some(texts_from(&maya.must("inbox"), "nania@alfa")).filter(|texts| !texts.is_empty())
    });
    assert_eq!(heard, ["dari API"]);
    let mut keyword = Person::come("keyword", alfa.speaking("keyword"), "lineker");
    keyword.ask_object(json!({"COMMAND": "GROUP-JOIN", "code": "kelas@beta"}));
    keyword
        .ask_object(json!({"COMMAND": "CHAT-GROUP-SEND", "code": "kelas@beta", "message": "hai"}));
    let heard = eventually("the group's message", || {
        Some(texts_from(&maya.must("inbox"), "lineker@alfa")).filter(|texts| !texts.is_empty())
    });
    assert_eq!(heard, ["hai"]);
    let direct = api.direct("maya@beta");
    api.say(&direct, "langsung");
    assert_eq!(hear(&mut maya, "alfa", 1), ["langsung"]);
}

#[test]
fn edits_deletions_and_reactions_cross_in_both_directions() {
    let (alfa, beta) = linked();
    let (messi, maya) = (Api::login(alfa.address(), "messi"), Api::login(beta.address(), "maya"));
    let group = maya.must("POST /groups", &json!({"name": "kelas"}));
    messi.must("POST /groups/join", &json!({"group": "kelas@beta"}));
    // Of the direct conversation the home is alfa, of the group it is beta; each is written to from both.
    let direct = (messi.direct("maya@beta"), maya.direct("messi@alfa"));
    let group = (messi.group("kelas@beta"), group["id"].as_str().unwrap().to_owned());
    for (of_messi, of_maya) in [direct, group] {
        for (author, own, other, theirs) in
            [(&messi, &of_messi, &maya, &of_maya), (&maya, &of_maya, &messi, &of_messi)]
        {
            let text = |n: &str| format!("{n} {own}");
            let [changed, taken, liked] = ["ubah", "hapus", "suka"].map(|n| {
                author.say(own, &text(n));
                let seq = author.message(own, &text(n))["seq"].as_i64().unwrap();
                let there = other.message(theirs, &text(n));
                (seq, there["seq"].as_i64().unwrap())
            });
            author.must(
                &format!("PATCH /conversations/{own}/messages/{}", changed.0),
                &json!({"text": text("diubah")}),
            );
            author.must(&format!("DELETE /conversations/{own}/messages/{}", taken.0), &Value::Null);
            for (who, talk, seq) in [(author, own, liked.0), (other, theirs, liked.1)] {
                let path = format!("/conversations/{talk}/messages/{seq}/reactions/%F0%9F%91%8D");
                who.must(&format!("PUT {path}"), &Value::Null);
            }
            let at = |api: &Api, talk: &str, seq: i64| {
                let all = api.messages(talk);
                all.into_iter().find(|message| message["seq"] == seq).unwrap()
            };
            for (api, talk, of) in [(author, own, 0), (other, theirs, 1)] {
                let seq = |pair: (i64, i64)| if of == 0 { pair.0 } else { pair.1 };
                eventually("the edit", || {
                    let message = at(api, talk, seq(changed));
                    let is_edited = message["text"] == text("diubah");
                    (is_edited && !message["edited_at"].is_null()).then_some(())
                });
                eventually("the deletion", || {
                    let message = at(api, talk, seq(taken));
                    (message["deleted"] == true && message["text"] == "").then_some(())
                });
                eventually("both reactions", || {
                    let reactions = at(api, talk, seq(liked))["reactions"].clone();
                    let users = reactions[0]["users"].as_array().cloned().unwrap_or_default();
                    (users.len() == 2).then_some(())
                });
            }
            let path = format!("/conversations/{own}/messages/{}/reactions/%F0%9F%91%8D", liked.0);
            author.must(&format!("DELETE {path}"), &Value::Null);
            eventually("the reaction is taken back", || {
                let reactions = at(other, theirs, liked.1)["reactions"].clone();
                (reactions[0]["users"].as_array()?.len() == 1).then_some(())
            });
        }
        // The two copies say the same, and nothing waits or failed.
        for (api, talk) in [(&messi, &of_messi), (&maya, &of_maya)] {
            assert_eq!(api.waiting(talk), [] as [Value; 0]);
        }
        let said = |api: &Api, talk: &str| -> Vec<Value> {
            let all = api.messages(talk).into_iter();
            all.map(|message| json!([message["text"], message["deleted"]])).collect()
        };
        assert_eq!(said(&messi, &of_messi), said(&maya, &of_maya));
    }
}
