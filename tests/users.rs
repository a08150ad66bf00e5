//! `kabar user`: the same whether a server runs on the data directory or not.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::path::Path;

use serde_json::{Value, json};

use support::client::texts_from;
use support::{Client, Server, Told, kabar, kabar_with};

/// `kabar user` on a data directory.
struct Keeper<'a>(&'a Path);

impl Keeper<'_> {
    fn tell(&self, args: &[&str], lang: &str, input: &str) -> Told {
        let data = self.0.to_str().unwrap();
        let args = [&["user"], args, &["--data", data]].concat();
        kabar_with(&args, &[("KABAR_LANG", lang)], input)
    }

    /// A deed that is done; what is said about it.
    #[track_caller]
    fn done(&self, args: &[&str], input: &str) -> String {
        let told = self.tell(args, "en", input);
        assert_eq!((told.code, &told.err[..]), (Some(0), ""), "{args:?}");
        told.out
    }

    /// A deed that is refused; why, in a language.
    #[track_caller]
    fn refused(&self, args: &[&str], lang: &str, input: &str) -> String {
        let told = self.tell(args, lang, input);
        assert_eq!((told.code, &told.out[..]), (Some(1), ""), "{args:?}");
        assert_eq!(told.err.lines().count(), 1, "{}", told.err);
        told.err.trim_end().to_owned()
    }

    fn list(&self) -> Value {
        serde_json::from_str(&self.done(&["list", "--json"], "")).unwrap()
    }
}

/// A data directory with `ana`, the administrator, and `budi`.
fn prepare(data: &Path) -> Server {
    let server = Server::start(data);
    Client::connect(server.address()).must("register ana rahasia Indonesia Ana_María");
    Client::connect(server.address()).must("register budi rahasia Indonesia");
    server
}

/// What holds with a server and without one.
fn accounts_are_looked_after(keeper: &Keeper<'_>) {
    let person = |username: &str, name: &str, country: Option<&str>, administrator: bool| {
        json!({
            "username": username, "name": name, "country": country,
            "administrator": administrator, "disabled": false,
        })
    };
    let [ana, budi] = [
        person("ana", "Ana María", Some("Indonesia"), true),
        person("budi", "budi", Some("Indonesia"), false),
    ];
    assert_eq!(keeper.list(), json!({ "schema": 1, "users": [ana, budi] }));

    assert_eq!(keeper.done(&["add", "Citra", "--password-stdin"], "rahasia\n"), "citra added.\n");
    let full =
        ["add", "dewi", "--admin", "--name", "Dewi K", "--country", "Jepang", "--password-stdin"];
    assert_eq!(keeper.done(&full, "rahasia"), "dewi added, as administrator.\n");
    let citra = person("citra", "citra", None, false);
    let mut dewi = person("dewi", "Dewi K", Some("Jepang"), true);
    assert_eq!(keeper.list()["users"], json!([ana, budi, citra, dewi]));

    assert_eq!(keeper.done(&["make-admin", "BUDI"], ""), "budi is administrator.\n");
    assert!(
        keeper.done(&["disable", "dewi"], "").starts_with("dewi is disabled; sessions ended: ")
    );
    dewi["disabled"] = true.into();
    let budi = person("budi", "budi", Some("Indonesia"), true);
    assert_eq!(keeper.list()["users"], json!([ana, budi, citra, dewi]));
    let table = "\
USER   NAME       COUNTRY    STATE
ana    Ana María  Indonesia  administrator
budi   budi       Indonesia  administrator
citra  citra      -          user
dewi   Dewi K     Jepang     disabled
";
    assert_eq!(keeper.done(&["list"], ""), table);
    let told = keeper.tell(&["list"], "id", "");
    assert!(told.out.starts_with("USER   NAMA       NEGARA     STATUS\n"), "{}", told.out);
    assert!(told.out.contains("pengguna\n") && told.out.ends_with("nonaktif\n"), "{}", told.out);
    assert_eq!(keeper.done(&["enable", "dewi"], ""), "dewi is enabled.\n");

    let before = keeper.list();
    let long = format!("{}\n", "x".repeat(1_025));
    for (args, input, english, indonesian) in [
        (
            &["add", "ANA", "--password-stdin"][..],
            "x\n",
            "There is an account ana already",
            "Akun ana sudah ada",
        ),
        (
            &["add", "a b", "--password-stdin"],
            "x\n",
            "a b cannot be a username",
            "a b tidak bisa menjadi username",
        ),
        (
            &["add", "a\u{1b}[2J", "--password-stdin"],
            "x\n",
            "a\\u{1b}[2J cannot be",
            "a\\u{1b}[2J tidak bisa",
        ),
        (
            &["add", "eka", "--password-stdin"],
            "\n",
            "That cannot be a password",
            "Itu tidak bisa menjadi password",
        ),
        (
            &["add", "eka", "--password-stdin"],
            &long,
            "That cannot be a password",
            "Itu tidak bisa menjadi password",
        ),
        (
            &["add", "eka", "--name", "a\nb", "--password-stdin"],
            "x\n",
            "That cannot be a name",
            "Itu tidak bisa menjadi nama",
        ),
        (
            &["add", "eka", "--country", "", "--password-stdin"],
            "x\n",
            "That cannot be a country",
            "Itu tidak bisa menjadi negara",
        ),
        (&["add", "eka"], "x\n", "No terminal to ask", "Tidak ada terminal"),
        (
            &["reset-password", "siapa", "--password-stdin"],
            "x\n",
            "There is no account siapa",
            "Tidak ada akun siapa",
        ),
        (&["disable", "siapa"], "", "There is no account siapa", "Tidak ada akun siapa"),
        (&["enable", "siapa"], "", "There is no account siapa", "Tidak ada akun siapa"),
        (&["make-admin", "siapa"], "", "There is no account siapa", "Tidak ada akun siapa"),
    ] {
        for (lang, words) in [("en", english), ("id", indonesian)] {
            let said = keeper.refused(args, lang, input);
            assert!(said.starts_with(&format!("kabar: {words}")), "{args:?}: {said}");
        }
    }
    assert_eq!(keeper.list(), before, "a refusal changes nothing");
}

#[test]
fn accounts_are_looked_after_while_the_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    let server = prepare(directory.path());
    accounts_are_looked_after(&Keeper(directory.path()));
    Client::login(server.address(), "citra", "rahasia");
    Client::login(server.address(), "dewi", "rahasia");
}

#[test]
fn accounts_are_looked_after_while_no_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(prepare(directory.path()).stop(), Some(0));
    accounts_are_looked_after(&Keeper(directory.path()));
    let server = Server::start(directory.path());
    Client::login(server.address(), "citra", "rahasia");
    Client::login(server.address(), "dewi", "rahasia");
}

#[test]
fn after_a_crash_the_directory_can_be_looked_after_at_once() {
    let directory = tempfile::tempdir().unwrap();
    prepare(directory.path()).kill();
    let keeper = Keeper(directory.path());
    assert!(directory.path().join("control.sock").exists(), "the socket of the one that is gone");
    keeper.done(&["reset-password", "ana", "--password-stdin"], "baru\n");
    let server = Server::start(directory.path());
    Client::login(server.address(), "ana", "baru");
}

#[test]
fn another_password_ends_the_sessions_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = prepare(directory.path());
    let keeper = Keeper(directory.path());
    let (mut here, token) = Client::login(server.address(), "ana", "rahasia");
    let (mut budi, _) = Client::login(server.address(), "budi", "rahasia");
    // Registering began a session, too.
    let said = keeper.done(&["reset-password", "ana", "--password-stdin"], "kata baru\r\n");
    assert_eq!(said, "ana has another password; sessions ended: 2.\n");
    assert!(!said.contains("kata baru"));
    for line in ["inbox".to_owned(), format!("inbox {token}"), format!("send {token} budi hai")] {
        assert_eq!(here.refused(&line), "Session tidak ditemukan", "{line}");
    }
    assert_eq!(here.refused("auth ana rahasia"), "Password salah");
    assert_eq!(budi.must("inbox")["messages"], json!({}));
    // A password with a space cannot be typed in this dialect; the next one can.
    keeper.done(&["reset-password", "ana", "--password-stdin"], "katabaru\n");
    here.must("auth ana katabaru");
    here.must("send budi hai");
    assert_eq!(texts_from(&budi.must("inbox"), "ana"), ["hai"]);
}

#[test]
fn a_disabled_account_is_out_at_once_and_what_it_wrote_stays() {
    let directory = tempfile::tempdir().unwrap();
    let server = prepare(directory.path());
    let keeper = Keeper(directory.path());
    let (mut budi, token) = Client::login(server.address(), "budi", "rahasia");
    let (mut ana, _) = Client::login(server.address(), "ana", "rahasia");
    budi.must("send ana dulu");
    assert_eq!(keeper.done(&["disable", "budi"], ""), "budi is disabled; sessions ended: 2.\n");
    for line in ["inbox".to_owned(), format!("inbox {token}"), "send ana lagi".to_owned()] {
        assert_eq!(budi.refused(&line), "Session tidak ditemukan", "{line}");
    }
    assert_eq!(budi.refused("auth budi rahasia"), "Tidak diizinkan");
    assert_eq!(budi.refused("auth budi salah"), "Password salah", "only the owner learns of it");
    assert_eq!(ana.must("list")["messages"], json!(["ana"]));
    assert_eq!(texts_from(&ana.must("inbox"), "budi"), ["dulu"]);

    keeper.done(&["enable", "budi"], "");
    assert_eq!(
        budi.refused(&format!("inbox {token}")),
        "Session tidak ditemukan",
        "ended is ended"
    );
    budi.must("auth budi rahasia");
    budi.must("send ana lagi");
}

#[test]
fn a_realm_that_wants_longer_passwords_gets_them() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().to_str().unwrap();
    let eight = [("KABAR_ACCOUNTS__MIN_PASSWORD_LENGTH", "8")];
    let server = Server::with(&["--data", data, "--listen", "127.0.0.1:0"], &eight);
    let add = ["user", "add", "ana", "--password-stdin", "--data", data];
    let told = kabar_with(&add, &[], "tujuh77\n");
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("at least 8 characters"), "{}", told.err);
    assert_eq!(kabar_with(&add, &[], "delapan8\n").code, Some(0));
    let mut client = Client::connect(server.address());
    assert!(client.refused("register budi tujuh77 Indonesia").contains("paling sedikit 8"));
    client.must("register budi delapan8 Indonesia");
}

#[test]
fn a_directory_that_is_none_of_ours_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("nowhere");
    for data in [&nowhere, &directory.path().to_owned()] {
        let keeper = Keeper(data);
        let said = keeper.refused(&["list"], "en", "");
        assert!(said.contains(data.to_str().unwrap()) && said.contains("--data"), "{said}");
        let said = keeper.refused(&["add", "ana", "--password-stdin"], "id", "rahasia\n");
        assert!(said.contains("bukan direktori data kabar"), "{said}");
    }
    assert!(!nowhere.exists() && directory.path().read_dir().unwrap().next().is_none());
    assert_eq!(kabar(&["user", "lst"]).code, Some(2));
}
