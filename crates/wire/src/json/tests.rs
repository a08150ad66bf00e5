use super::*;
use proptest::prelude::*;
use serde_json::Value;

#[track_caller]
fn check(fill: impl FnOnce(&mut Object<'_>), expected: &str) {
    let mut out = Vec::new();
    object(&mut out, fill);
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn objects_and_lists_are_compact_and_keep_their_order() {
    check(|_| (), "{}");
    check(
        |reply| {
            reply.text("status", "OK");
            reply.number("size", 5_u64);
            reply.number("lowest", i64::MIN);
            reply.number("highest", u64::MAX);
            reply.number("count", [1, 2].len());
            reply.boolean("joined", true);
            reply.boolean("left", false);
            reply.null("x");
            reply.list("messages", |list| {
                list.text("a");
                list.number(-1);
                list.boolean(true);
                list.null();
                list.list(|_| ());
                list.object(|item| item.text("k", "v"));
            });
            reply.object("k", |_| ());
        },
        concat!(
            r#"{"status":"OK","size":5,"lowest":-9223372036854775808,"#,
            r#""highest":18446744073709551615,"count":2,"joined":true,"left":false,"x":null,"#,
            r#""messages":["a",-1,true,null,[],{"k":"v"}],"k":{}}"#
        ),
    );
}

#[test]
fn text_cannot_leave_its_quotes() {
    let hostile = "\"\\\r\n\t\u{8}\u{c}\0\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{202e}é😀/ ~";
    check(
        |reply| reply.text("t", hostile),
        concat!(
            r#"{"t":"\"\\\r\n\t\b\f\u0000\u001b\u007f\u0085\u009b"#,
            r#"\u2028\u202e\u00e9\ud83d\ude00/ ~"}"#
        ),
    );
    check(|reply| reply.null("a\"\r\n"), r#"{"a\"\r\n":null}"#);
}

fn write_member(object: &mut Object<'_>, key: &str, value: &Value) {
    match value {
        Value::Null => object.null(key),
        Value::Bool(value) => object.boolean(key, *value),
        Value::Number(value) => match value.as_u64() {
            Some(value) => object.number(key, value),
            None => object.number(key, value.as_i64().unwrap()),
        },
        Value::String(value) => object.text(key, value),
        Value::Array(items) => object.list(key, |list| write_items(list, items)),
        Value::Object(members) => object.object(key, |object| {
            members.iter().for_each(|(key, value)| write_member(object, key, value));
        }),
    }
}

fn write_items(list: &mut List<'_>, items: &[Value]) {
    for item in items {
        match item {
            Value::Null => list.null(),
            Value::Bool(value) => list.boolean(*value),
            Value::Number(value) => match value.as_u64() {
                Some(value) => list.number(value),
                None => list.number(value.as_i64().unwrap()),
            },
            Value::String(value) => list.text(value),
            Value::Array(items) => list.list(|list| write_items(list, items)),
            Value::Object(members) => list.object(|object| {
                members.iter().for_each(|(key, value)| write_member(object, key, value));
            }),
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        proptest::collection::vec(any::<char>(), 0..12)
            .prop_map(|characters| characters.into_iter().collect())
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any_text(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same_and_is_printable_ascii(
        members in proptest::collection::btree_map(any_text(), any_value(), 0..6),
    ) {
        let value = Value::Object(members.into_iter().collect());
        let mut out = Vec::new();
        object(&mut out, |object| {
            for (key, member) in value.as_object().unwrap() {
                write_member(object, key, member);
            }
        });
        prop_assert!(out.iter().all(|byte| (0x20..=0x7E).contains(byte)));
        prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
    }
}
