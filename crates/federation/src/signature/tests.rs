//! Whole messages, right and wrong in every way there is.

use kabar_model::RealmName;
use proptest::prelude::*;

use super::*;
use crate::keys::{PublicKey, SecretKey};

const NOW: i64 = 1_700_000_000;

fn realm(name: &str) -> RealmName {
    RealmName::parse(name).unwrap()
}

fn asker() -> SecretKey {
    SecretKey::from_bytes(&[1; 32])
}

fn answerer() -> SecretKey {
    SecretKey::from_bytes(&[2; 32])
}

/// What both realms know of each other's keys.
fn known(realm: &RealmName, id: &KeyId) -> Option<PublicKey> {
    let key = match realm.as_str() {
        "kampus-a" => asker().public(),
        "kampus-b" => answerer().public(),
        _ => return None,
    };
    (key.id() == *id).then_some(key)
}

/// A message on its way, where each part can be changed.
#[derive(Clone, Debug)]
struct Flying {
    method: String,
    path: String,
    query: String,
    status: u16,
    content_type: Option<String>,
    from: Option<String>,
    to: Option<String>,
    digest: Option<String>,
    input: Option<String>,
    signature: Option<String>,
    body: Vec<u8>,
}

impl Flying {
    fn new(from: &str, to: &str, body: &[u8], signed: SignedHeaders) -> Self {
        Self {
            method: "POST".into(),
            path: "/realm/v1/batch".into(),
            query: "wait=30".into(),
            status: 200,
            content_type: Some("application/json".into()),
            from: Some(from.into()),
            to: Some(to.into()),
            digest: Some(signed.content_digest),
            input: Some(signed.signature_input),
            signature: Some(signed.signature),
            body: body.to_vec(),
        }
    }

    fn headers(&self) -> ReceivedHeaders<'_> {
        ReceivedHeaders {
            content_type: self.content_type.as_deref(),
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            content_digest: self.digest.as_deref(),
            signature_input: self.input.as_deref(),
            signature: self.signature.as_deref(),
        }
    }

    fn arrives_at(&self, us: &str, now: i64) -> Result<Verified, Fault> {
        let Self { method, path, query, body, .. } = self;
        let headers = self.headers();
        verify_request(
            &ReceivedRequest { method, path, query, headers, body },
            &realm(us),
            known,
            now,
        )
    }

    fn answers(&self, request: SignatureBytes, now: i64) -> Result<Verified, Fault> {
        let (from, to) = (realm("kampus-a"), realm("kampus-b"));
        let asked = Asked { from: &from, to: &to, signature_bytes: &request };
        let Self { status, body, .. } = self;
        let response = ReceivedResponse { status: *status, headers: self.headers(), body };
        verify_response(&response, &asked, known, now)
    }

    fn but(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }
}

fn signed_request(key: &SecretKey, from: &str, created: i64) -> SignedHeaders {
    let parts = RequestParts {
        method: "POST",
        path: "/realm/v1/batch",
        query: "wait=30",
        content_type: "application/json",
        body: b"{}",
        from: &realm(from),
        to: &realm("kampus-b"),
    };
    sign_request(key, &parts, created, [9; 16])
}

fn request_at(created: i64) -> Flying {
    Flying::new("kampus-a", "kampus-b", b"{}", signed_request(&asker(), "kampus-a", created))
}

fn response_at(created: i64, request: &SignatureBytes) -> Flying {
    let parts = ResponseParts {
        status: 200,
        content_type: "application/json",
        body: b"{}",
        from: &realm("kampus-b"),
        to: &realm("kampus-a"),
    };
    let signed = sign_response(&answerer(), &parts, request, created, [8; 16]);
    Flying::new("kampus-b", "kampus-a", b"{}", signed)
}

/// Replaces a part of a header.
fn swap(header: &mut Option<String>, old: &str, new: &str) {
    let text = header.as_ref().unwrap();
    assert!(text.contains(old), "{text} has no {old}");
    *header = Some(text.replace(old, new));
}

type Change = fn(&mut Flying);

/// What may happen to either kind of message.
const CHANGES: &[(Change, Fault)] = &[
    (|m| m.content_type = None, Fault::Missing("content-type")),
    (|m| m.from = None, Fault::Missing("kabar-from")),
    (|m| m.to = None, Fault::Missing("kabar-to")),
    (|m| m.digest = None, Fault::Missing("content-digest")),
    (|m| m.input = None, Fault::Missing("signature-input")),
    (|m| m.signature = None, Fault::Missing("signature")),
    (|m| m.content_type = Some("x".repeat(1025)), Fault::TooLong("content-type")),
    (|m| m.from = Some("x".repeat(1025)), Fault::TooLong("kabar-from")),
    (|m| m.to = Some("x".repeat(1025)), Fault::TooLong("kabar-to")),
    (|m| m.digest = Some("x".repeat(1025)), Fault::TooLong("content-digest")),
    (|m| m.input = Some("x".repeat(1025)), Fault::TooLong("signature-input")),
    (|m| m.signature = Some("x".repeat(1025)), Fault::TooLong("signature")),
    (|m| m.content_type = Some("text/plain".into()), Fault::Signature),
    (|m| m.content_type = Some("application/json\n".into()), Fault::Text("content-type")),
    (|m| m.content_type = Some(" application/json".into()), Fault::Text("content-type")),
    (|m| m.body = b"[]".to_vec(), Fault::Digest),
    (|m| m.body.clear(), Fault::Digest),
    (|m| m.digest = Some("sha-256=::".into()), Fault::Digest),
    (|m| swap(&mut m.digest, "sha-256", "sha-512"), Fault::Digest),
    (|m| m.digest = m.digest.as_ref().map(|d| format!("{d}, {d}")), Fault::Digest),
    // The body and its digest together.
    (
        |m| {
            m.body = b"[]".to_vec();
            m.digest = Some(form::content_digest(b"[]"));
        },
        Fault::Signature,
    ),
    (|m| m.to = Some("kampus-c".into()), Fault::Receiver),
    (|m| m.to = m.to.as_ref().map(|to| to.to_uppercase()), Fault::Receiver),
    (|m| swap(&mut m.input, "rl=", "sig1="), Fault::Label),
    (|m| swap(&mut m.signature, "rl=", "sig1="), Fault::Label),
    (|m| m.input = m.input.as_ref().map(|i| format!("{i}, {i}")), Fault::Label),
    (|m| m.input = m.input.as_ref().map(|i| format!("x=(), {i}")), Fault::Label),
    (|m| m.signature = m.signature.as_ref().map(|s| format!("{s}, x=:AA==:")), Fault::Label),
    (|m| swap(&mut m.input, "realm-link-1", "realm-link-2"), Fault::Tag),
    (|m| swap(&mut m.input, ";expires=17000003", ";expires=17000004"), Fault::Expiry),
    // One second later, in both places.
    (
        |m| {
            swap(&mut m.input, "=1700000000", "=1700000001");
            swap(&mut m.input, "=1700000300", "=1700000301");
        },
        Fault::Signature,
    ),
    (|m| swap(&mut m.signature, "=:", "=:A"), Fault::Encoding),
    (|m| m.signature = Some(form::signature(&[0; 64])), Fault::Signature),
    (|m| m.signature = Some(form::signature(&[0xff; 64])), Fault::Signature),
    // The key of the other realm.
    (
        |m| {
            let (a, b) = (asker().public().id().to_string(), answerer().public().id().to_string());
            let input = m.input.clone().unwrap();
            m.input = Some(if input.contains(&a) {
                input.replace(&a, &b)
            } else {
                input.replace(&b, &a)
            });
        },
        Fault::Key,
    ),
    (|m| swap(&mut m.input, "nonce=\"", "nonce=\"_"), Fault::Parameters),
    (|m| swap(&mut m.input, "\"content-digest\" ", ""), Fault::Components),
    (|m| swap(&mut m.input, "\"content-type\" ", ""), Fault::Components),
    (|m| swap(&mut m.input, "\"kabar-from\" ", ""), Fault::Components),
    (|m| swap(&mut m.input, " \"kabar-to\"", ""), Fault::Components),
    (|m| swap(&mut m.input, "\"kabar-to\"", "\"kabar-to\" \"date\""), Fault::Components),
];

#[test]
fn a_request_arrives() {
    let signed = signed_request(&asker(), "kampus-a", NOW);
    let keyid = asker().public().id();
    assert_eq!(
        signed.signature_input,
        format!(
            "rl=(\"@method\" \"@path\" \"@query\" \"content-type\" \"content-digest\" \"kabar-from\" \
             \"kabar-to\");created=1700000000;expires=1700000300;nonce=\"CQkJCQkJCQkJCQkJCQkJCQ\";\
             keyid=\"{keyid}\";tag=\"realm-link-1\""
        )
    );
    // Made by another implementation from the texts that the RFC prescribes.
    assert_eq!(
        signed.signature,
        "rl=:vjYQ89uhjD1m44XwxxxoZx2pKYTZnr/7WMU/7JdFm77OW9XyWGBLsHQ+69lhcUhsxF57KvI5z/jAD7bZhTADBA==:"
    );
    let expected = Verified {
        from: realm("kampus-a"),
        keyid,
        nonce: [9; 16],
        created: NOW,
        signature_bytes: signed.signature_bytes,
    };
    assert_eq!(request_at(NOW).arrives_at("kampus-b", NOW), Ok(expected));
}

#[test]
fn a_response_arrives() {
    let request = [7; 64];
    let answer = response_at(NOW, &request);
    assert!(answer.input.as_ref().unwrap().starts_with(
        "rl=(\"@status\" \"content-type\" \"content-digest\" \"kabar-from\" \"kabar-to\" \
         \"signature\";req;key=\"rl\");created=1700000000;"
    ));
    assert_eq!(
        answer.signature.as_ref().unwrap(),
        "rl=:SEsl5OHBvKR2CZh2B47SYg+Enci64eiGTU8sshuFIjUYTXmKXohcctn3+q5hFWlrfI528SW4Cs5C4xuMJSvkDA==:"
    );
    let verified = answer.answers(request, NOW).unwrap();
    assert_eq!(verified.from, realm("kampus-b"));
    assert_eq!(verified.keyid, answerer().public().id());
}

#[test]
fn every_change_of_a_request_is_found() {
    let request = request_at(NOW);
    let others: &[(Change, Fault)] = &[
        (|m| m.method = "GET".into(), Fault::Signature),
        (|m| m.path = "/realm/v1/batches".into(), Fault::Signature),
        (|m| m.query = "wait=31".into(), Fault::Signature),
        (|m| m.query.clear(), Fault::Signature),
        (|m| m.path.push_str("?wait=30"), Fault::Signature),
        (|m| m.path.push('\n'), Fault::Text("@path")),
        (|m| m.query.push('é'), Fault::Text("@query")),
        (|m| m.method = "POST ".into(), Fault::Text("@method")),
        (|m| m.path = "/".repeat(1025), Fault::TooLong("@path")),
        (|m| m.query = "x".repeat(1025), Fault::TooLong("@query")),
        (|m| m.method = "X".repeat(1025), Fault::TooLong("@method")),
        (|m| m.from = Some("kampus-c".into()), Fault::Key),
        // Someone else's key speaks only for its own realm.
        (|m| m.from = Some("kampus-b".into()), Fault::Key),
        (|m| m.from = Some("Kampus-A".into()), Fault::Sender),
        (|m| m.from = Some("kampus a".into()), Fault::Sender),
        (|m| m.from = Some(String::new()), Fault::Sender),
        (|m| swap(&mut m.input, "\"@method\" ", ""), Fault::Components),
        (|m| swap(&mut m.input, "\"@path\" ", ""), Fault::Components),
        (|m| swap(&mut m.input, "\"@query\" ", ""), Fault::Components),
        (
            |m| swap(&mut m.input, "\"@method\" \"@path\"", "\"@path\" \"@method\""),
            Fault::Components,
        ),
    ];
    for (number, (change, fault)) in CHANGES.iter().chain(others).enumerate() {
        let changed = request.but(change);
        assert_eq!(changed.arrives_at("kampus-b", NOW), Err(*fault), "{number}: {changed:?}");
    }
    assert_eq!(request.arrives_at("kampus-c", NOW), Err(Fault::Receiver));
}

#[test]
fn every_change_of_a_response_is_found() {
    let request = [7; 64];
    let response = response_at(NOW, &request);
    let others: &[(Change, Fault)] = &[
        (|m| m.status = 409, Fault::Signature),
        (|m| m.from = Some("kampus-a".into()), Fault::Sender),
        (|m| m.from = Some("kampus-c".into()), Fault::Sender),
        (|m| swap(&mut m.input, "\"@status\" ", ""), Fault::Components),
        (|m| swap(&mut m.input, " \"signature\";req;key=\"rl\"", ""), Fault::Components),
        (|m| swap(&mut m.input, ";req;key=\"rl\"", ";req"), Fault::Components),
    ];
    for (number, (change, fault)) in CHANGES.iter().chain(others).enumerate() {
        let changed = response.but(change);
        assert_eq!(changed.answers(request, NOW), Err(*fault), "{number}: {changed:?}");
    }
    // The same answer to another request.
    assert_eq!(response.answers([6; 64], NOW), Err(Fault::Signature));
    // A request is no answer, and an answer no request.
    assert_eq!(request_at(NOW).answers(request, NOW), Err(Fault::Sender));
    assert_eq!(response.arrives_at("kampus-a", NOW), Err(Fault::Components));
}

#[test]
fn another_key_under_a_known_name_is_found() {
    let stranger = SecretKey::from_bytes(&[3; 32]);
    let mut signed = signed_request(&stranger, "kampus-a", NOW);
    let message = Flying::new("kampus-a", "kampus-b", b"{}", signed.clone());
    assert_eq!(message.arrives_at("kampus-b", NOW), Err(Fault::Key));
    let [theirs, ours] = [&stranger, &asker()].map(|key| key.public().id().to_string());
    signed.signature_input = signed.signature_input.replace(&theirs, &ours);
    let message = Flying::new("kampus-a", "kampus-b", b"{}", signed);
    assert_eq!(message.arrives_at("kampus-b", NOW), Err(Fault::Signature));
}

#[test]
fn clocks_may_be_five_minutes_apart() {
    let bytes = signed_request(&asker(), "kampus-a", NOW).signature_bytes;
    for off_secs in [-301, -300, -299, 0, 299, 300, 301, 86_400] {
        let request = request_at(NOW).arrives_at("kampus-b", NOW - off_secs);
        let response = response_at(NOW, &bytes).answers(bytes, NOW - off_secs);
        if i64::abs(off_secs) <= 300 {
            assert!(request.is_ok() && response.is_ok(), "{off_secs}");
        } else {
            // What the answer with the right time is bound to comes along.
            assert_eq!(request, Err(Fault::Clock { off_secs, signature_bytes: bytes }));
            assert!(matches!(response, Err(Fault::Clock { off_secs: off, .. }) if off == off_secs));
        }
    }
    for now in [i64::MIN, i64::MAX] {
        let fault = request_at(NOW).arrives_at("kampus-b", now).unwrap_err();
        assert_eq!(fault.code(), "clock");
    }
    // Nobody is told the time who did not sign.
    let forged = request_at(NOW).but(|m| m.signature = Some(form::signature(&[1; 64])));
    assert_eq!(forged.arrives_at("kampus-b", NOW + 301), Err(Fault::Signature));
}

#[test]
fn a_message_is_taken_once() {
    let mut guard = ReplayGuard::new(NONCES_MAX);
    let verified = request_at(NOW).arrives_at("kampus-b", NOW).unwrap();
    assert_eq!(guard.admit(&verified, NOW), Ok(()));
    let again = request_at(NOW).arrives_at("kampus-b", NOW + 300).unwrap();
    assert_eq!(guard.admit(&again, NOW + 300), Err(Fault::Replayed));
}

#[test]
fn what_is_no_plain_text_is_signed_and_verifies_nowhere() {
    let parts = RequestParts {
        method: "POST",
        path: "/realm/v1/batch\n\"@query\": ?",
        query: "",
        content_type: "application/json",
        body: b"",
        from: &realm("kampus-a"),
        to: &realm("kampus-b"),
    };
    let signed = sign_request(&asker(), &parts, NOW, [9; 16]);
    let message = Flying::new("kampus-a", "kampus-b", b"", signed).but(|m| {
        m.path = parts.path.into();
        m.query.clear();
    });
    assert_eq!(message.arrives_at("kampus-b", NOW), Err(Fault::Text("@path")));
}

#[test]
fn nothing_is_looked_up_for_a_message_of_another_form() {
    let request = request_at(NOW).but(|m| m.body = b"[]".to_vec());
    let Flying { method, path, query, body, .. } = &request;
    let received = ReceivedRequest { method, path, query, headers: request.headers(), body };
    let never = |_: &RealmName, _: &KeyId| panic!("looked up");
    assert_eq!(verify_request(&received, &realm("kampus-b"), never, NOW), Err(Fault::Digest));
}

proptest! {
    #[test]
    fn no_header_breaks_the_reader_or_verifies(
        which in 0_usize..6,
        arbitrary in "(?s).{0,1100}",
        (place, insert) in (any::<prop::sample::Index>(), "[ -~]{0,3}"),
        cut in 0_usize..4,
    ) {
        let good = request_at(NOW);
        let mut changed = good.clone();
        let Flying { content_type, from, to, digest, input, signature, .. } = &mut changed;
        let header = [content_type, from, to, digest, input, signature].into_iter().nth(which).unwrap();
        let before = header.clone().unwrap();
        *header = Some(arbitrary);
        prop_assert!(changed.arrives_at("kampus-b", NOW).is_err());
        prop_assert!(changed.answers([0; 64], NOW).is_err());

        // A little change of what is right gets further into the reader.
        let start = place.index(before.len());
        let end = before.len().min(start + cut);
        let after = [&before[..start], &insert, &before[end..]].concat();
        let Flying { content_type, from, to, digest, input, signature, .. } = &mut changed;
        let header = [content_type, from, to, digest, input, signature].into_iter().nth(which).unwrap();
        *header = Some(after.clone());
        prop_assert_eq!(changed.arrives_at("kampus-b", NOW).is_ok(), after == before);
    }
}
