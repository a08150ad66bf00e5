//! Realms on this machine, and links between them.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use super::{Client, Server, eventually};

/// The form in which a realm that lasts is configured as a demo is.
const SETTINGS: &str = "[realms]\naccept = \"open\"\nprivate = true\n";

impl Server {
    /// A realm of that name with the seeds' accounts and nothing configured: one port for everything, and one each for
    /// the dialects form and keyword.
    pub(crate) fn realm(name: &str) -> Self {
        Self::realm_with(name, &[])
    }

    /// The same with these settings.
    pub(crate) fn realm_with(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut args = vec!["--demo=accounts", "--realm", name];
        for address in ["127.0.0.1:0", "127.0.0.1:0/form", "127.0.0.1:0/keyword"] {
            args.extend(["--listen", address]);
        }
        Self::with(&args, variables)
    }

    /// A realm on that data directory that anybody may link, and that is reached at that address.
    pub(crate) fn lasting_realm(name: &str, data: &Path, reached_at: SocketAddr) -> Self {
        let settings = data.with_extension("toml");
        std::fs::write(&settings, format!("{SETTINGS}address = \"{reached_at}\"\n")).unwrap();
        let [data, settings] = [data, &settings].map(|path| path.to_str().unwrap());
        let places = ["--data", data, "--config", settings];
        Self::with(&[&places[..], &["--realm", name, "--listen", "127.0.0.1:0"]].concat(), &[])
    }

    /// Somebody of the seeds, with the profile `realm` of dialect line.
    pub(crate) fn person(&self, user: &str) -> Client {
        Client::login(self.address(), user, "surabaya").0
    }
}

/// Links a realm that is reached there, from where that client is.
#[track_caller]
pub(crate) fn add(client: &mut Client, name: &str, address: SocketAddr) {
    let reply = client.must(&format!("addrealm {name} {} {}", address.ip(), address.port()));
    assert_eq!(reply["message"], "Realm added");
}

/// How it stands with the link of that name.
#[track_caller]
pub(crate) fn link(client: &mut Client, name: &str) -> Value {
    let all = client.must("listrealm")["messages"].as_array().unwrap().clone();
    let found = all.iter().find(|link| link["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {all:?}")).clone()
}

/// The texts from a realm that this person has not read, once there are so many.
#[track_caller]
pub(crate) fn hear(client: &mut Client, realm: &str, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    eventually("messages of a realm", || {
        texts.extend(items(client, realm).iter().map(|i| i["msg"].as_str().unwrap().to_owned()));
        (texts.len() >= count).then_some(())
    });
    texts
}

/// What this person has not read from a realm.
#[track_caller]
pub(crate) fn items(client: &mut Client, realm: &str) -> Vec<Value> {
    client.must(&format!("getrealminbox {realm}"))["messages"].as_array().unwrap().clone()
}
