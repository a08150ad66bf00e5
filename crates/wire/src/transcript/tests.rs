use super::template::{Escapes, Template};
use super::*;

/// Answers each line with the words of a small language of its own, so that a transcript says both
/// sides: `echo a b` gives `a b`, `lines a b` gives `a` and `b`, `bytes …` shows what arrived.
#[derive(Default)]
struct Echo {
    directed: Vec<Vec<String>>,
}

impl Stage for Echo {
    async fn direct(&mut self, words: &[&str]) -> Result<(), String> {
        tokio::task::yield_now().await;
        if words == ["fail"] {
            return Err("told to fail".to_owned());
        }
        self.directed.push(words.iter().map(|word| (*word).to_owned()).collect());
        Ok(())
    }

    async fn say(&mut self, who: &str, line: &[u8]) -> Vec<String> {
        tokio::task::yield_now().await;
        let text = String::from_utf8_lossy(line);
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("echo", rest) => vec![rest.to_owned()],
            ("lines", rest) => rest.split(' ').map(str::to_owned).collect(),
            ("bytes", _) => vec![line[6..].escape_ascii().to_string()],
            ("who", _) => vec![who.to_owned()],
            ("quit", _) => vec!["bye".to_owned(), "(closed)".to_owned()],
            _ => Vec::new(),
        }
    }
}

async fn played(text: &str, on_difference: OnDifference) -> Result<String, String> {
    let played = play(text, &mut Echo::default(), on_difference).await;
    played.map_err(|(line, error)| format!("{line}: {error}"))
}

/// Plays `text`, which must go through as it stands.
async fn passes(text: &str) {
    assert_eq!(played(text, OnDifference::Fail).await.as_deref(), Ok(text));
    assert_eq!(played(text, OnDifference::Record).await.as_deref(), Ok(text));
}

async fn fails(text: &str, expected: &str) {
    assert_eq!(played(text, OnDifference::Fail).await, Err(expected.to_owned()));
}

async fn records(text: &str, expected: &str) {
    assert!(played(text, OnDifference::Fail).await.is_err());
    assert_eq!(played(text, OnDifference::Record).await.as_deref(), Ok(expected));
    passes(expected).await;
}

#[tokio::test]
async fn a_conversation_that_goes_as_written_passes() {
    passes("# a comment\n\n! start server\nana> echo hai\nana< hai\nbudi> who\nbudi< budi\n").await;
    passes("ana> silent\nana> lines a b\nana< a\nana< b\nana> quit\nana< bye\nana< (closed)\n")
        .await;
    passes("ana> echo  two spaces\nana<  two spaces\nana> echo\nana<\n").await;
}

#[tokio::test]
async fn directives_reach_the_stage_in_words() {
    let mut stage = Echo::default();
    play("!  users ana  budi \n! clock +1s\n", &mut stage, OnDifference::Fail).await.unwrap();
    assert_eq!(stage.directed, [vec!["users", "ana", "budi"], vec!["clock", "+1s"]]);
    fails("\n! fail\n", "2: told to fail").await;
}

#[tokio::test]
async fn a_placeholder_is_bound_once_and_equal_ever_after() {
    passes("ana> echo {\"t\":\"9f-a:b.c+d_e\"}\nana< {\"t\":\"<t>\"}\nana> echo <t>\nana< 9f-a:b.c+d_e\n")
        .await;
    passes("ana> echo 1 2 1\nana< <a> <b> <a>\n").await;
    passes("ana> echo 1.2.\nana< <version>.\n").await;
    passes("ana> echo ab-cd-x!\nana< <id>-x!\n").await;
    fails(
        "ana> echo 1\nana< <a>\nana> echo 2\nana< <a>\n",
        "3: other replies than expected\n    ana> echo 2\n  - ana< <a>\n  + ana< 2",
    )
    .await;
    fails(
        "ana> echo 1 2\nana< <a> <a>\n",
        "1: other replies than expected\n    ana> echo 1 2\n  - ana< <a> <a>\n  + ana< 1 2",
    )
    .await;
}

#[tokio::test]
async fn a_placeholder_takes_one_value_and_nothing_else() {
    for (actual, expected) in
        [("a b", "<x>"), ("é", "<x>"), ("\"\"", "\"<x>\""), ("a/b", "<x>"), ("ab", "a<x>c")]
    {
        let text = format!("ana> echo {actual}\nana< {expected}\n");
        assert!(played(&text, OnDifference::Fail).await.is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_missing_reply_and_one_too_many_are_differences() {
    fails(
        "\nana> lines a b\nana< a\n",
        "2: other replies than expected\n    ana> lines a b\n    ana< a\n  + ana< b",
    )
    .await;
    fails("ana> silent\nana< a\n", "1: other replies than expected\n    ana> silent\n  - ana< a")
        .await;
}

#[tokio::test]
async fn strange_bytes_can_be_sent_and_a_literal_less_than_written() {
    passes("ana> bytes \\r\\n\\t\\\\\\x00\\xff\\u{e9}<<b> \nana< \\r\\n\\t\\\\\\x00\\xff\\xc3\\xa9<<b> \n")
        .await;
}

#[tokio::test]
async fn an_unbound_placeholder_cannot_be_sent() {
    fails("ana> echo <token>\n", "1: `<token>` has no value yet").await;
}

#[test]
fn what_is_no_transcript_is_refused_with_its_line() {
    let refused = |text: &str, line: &str| {
        let error = check(text).unwrap_err();
        assert!(error.starts_with(line), "{text:?}: {error}");
    };
    assert_eq!(check("# c\n\n! d\nana> a\nana< b\n"), Ok(()));
    refused("ana\n", "1: neither");
    refused("# c\na b> c\n", "2: neither");
    refused("> c\n", "1: neither");
    refused("!\n", "1: a directive without words");
    refused("ana< b\n", "1: no line sent by `ana`");
    refused("ana> a\nbudi< b\n", "2: no line sent by `budi`");
    refused("ana> a\n# c\nana< b\n", "3: no line sent by `ana`");
    for bad in ["<", "a < b", "<a b>", "<>", "<é>", "\\", "\\q", "\\x1", "\\x+1", "\\xé"] {
        refused(&format!("ana> {bad}\n"), "1: ");
    }
    for bad in ["\\u", "\\u{}", "\\u{d800}", "\\u{110000}", "\\u{+1}", "\\u{1"] {
        refused(&format!("ana> {bad}\n"), "1: ");
    }
    assert_eq!(check("ana> a\nana< \\q \\u00e9\n"), Ok(()), "a backslash in a reply is itself");
}

#[tokio::test]
async fn recording_writes_what_came_and_keeps_the_rest() {
    records("# c\n\n! d\nana> lines a b", "# c\n\n! d\nana> lines a b\nana< a\nana< b\n").await;
    records("ana> silent\nana< gone\n", "ana> silent\n").await;
    records("ana> echo a<<b\n", "ana> echo a<<b\nana< a<<b\n").await;
    records("ana> echo \nana< x\n", "ana> echo \nana<\n").await;
}

#[tokio::test]
async fn recording_keeps_the_placeholders_that_still_fit() {
    records(
        "ana> echo 11\nana< <id>\nana> echo new 11 111\nana< old <id>\n",
        "ana> echo 11\nana< <id>\nana> echo new 11 111\nana< new <id> 111\n",
    )
    .await;
    // A value first seen in a line that changed is found behind the same key.
    records(
        "ana> echo {\"s\":\"OK\",\"t\":\"9f\"}\nana< {\"t\":\"<t>\"}\nana> echo <t>\nana< <t>\n",
        "ana> echo {\"s\":\"OK\",\"t\":\"9f\"}\nana< {\"s\":\"OK\",\"t\":\"<t>\"}\nana> echo <t>\nana< <t>\n",
    )
    .await;
}

#[tokio::test]
async fn a_reply_that_does_not_match_binds_nothing() {
    let text = "ana> echo 1 1xz\nana< <a> <a>x\nana> echo <a>\n";
    let outcome = played(text, OnDifference::Record).await;
    assert_eq!(outcome, Err("3: `<a>` has no value yet".to_owned()));
}

#[tokio::test]
async fn a_reply_with_a_line_break_is_never_recorded() {
    let played = played("ana> echo a\\nb\n", OnDifference::Record).await;
    assert_eq!(played, Err("1: a reply holds a line break".to_owned()));
}

#[tokio::test]
async fn a_file_is_named_with_its_line_and_rewritten_only_to_record() {
    let path = std::env::temp_dir().join(format!("kabar-transcript-{}.txt", std::process::id()));
    let written = "ana> echo a\nana< b\n";
    std::fs::write(&path, written).unwrap();

    let failed = replay_file(&path, &mut Echo::default(), OnDifference::Fail).await.unwrap_err();
    assert!(failed.starts_with(&format!("{}:1: other replies", path.display())), "{failed}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);

    replay_file(&path, &mut Echo::default(), OnDifference::Record).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "ana> echo a\nana< a\n");
    replay(&path, &mut Echo::default()).await.unwrap();

    std::fs::remove_file(&path).unwrap();
    let missing = replay(&path, &mut Echo::default()).await.unwrap_err();
    assert!(missing.starts_with(&format!("{}: ", path.display())), "{missing}");
}

proptest::proptest! {
    #[test]
    fn what_is_recorded_matches_what_came(
        actual in "[a-c:\" ,<é]{0,12}",
        replaced in "([a-c:\" ,é]{0,3}(<[xy]>|<<)?){0,4}",
    ) {
        let replaced = Template::parse(&replaced, Escapes::Literal).unwrap();
        let recorded = template::record(Some(&replaced), &actual, &mut Values::new());
        let template = Template::parse(&recorded, Escapes::Literal).unwrap();
        proptest::prop_assert!(template.matches(&actual, &mut Values::new()), "{recorded}");
    }
}
