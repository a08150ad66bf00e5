//! What is said unasked: a new message, and that some were missed.

use kabar_engine::{MessageNews, Whereto};
use kabar_wire::said;

use crate::line::Lines;
use crate::reply::{Form, failure, object};
use crate::wording;

/// A new message, in the form of the connection's latest request. Nothing is said of rooms: this dialect
/// does not know them.
pub(crate) fn message(form: &Form, news: &MessageNews) -> Option<Vec<u8>> {
    let group = match &news.whereto {
        Whereto::Direct(_) => None,
        Whereto::Group(group) => Some(group.as_str()),
        Whereto::Room(_) => return None,
    };
    let from = news.from.username.as_str();
    let said = said(&news.body, news.change, wording::DELETED);
    let text = wording::said(&said, news.file.as_ref());
    Some(match form {
        Form::Text => Lines::new("notif", &line(from, group, &text)).end(),
        Form::Object(_) => object(|o| {
            o.text("FOR", "NOTIF");
            o.text("from_user", from);
            o.text("text", &text);
            if let Some(group) = group {
                o.text("from_group", group);
            }
        }),
    })
}

fn line(from: &str, group: Option<&str>, text: &str) -> String {
    match group {
        Some(group) => format!("{from} ({group}): {text}"),
        None => format!("{from}: {text}"),
    }
}

/// The last words to somebody who could not keep up.
pub(crate) fn missed(form: &Form) -> Vec<u8> {
    failure(&form.of_no_command(), wording::MISSED)
}
