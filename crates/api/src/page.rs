//! `/`: how to connect, in English and Indonesian, without scripts.

mod examples;
mod place;
mod words;

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, HOST, SET_COOKIE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use kabar_catalogue::Lang;
use kabar_engine::{Engine, RegistrationPolicy};
use serde::Deserialize;

use crate::caller::cookie;
use crate::language;
use examples::{Sample, at_once, with_prompts};
pub use place::{Demo, Listener, Place, Speaks};
use words::Text;

const STYLE: &str = include_str!("../text/front.css");
const MARK: &str = include_str!("../text/mark.svg");

/// The page, and what it is about.
pub(crate) struct Front {
    pub(crate) place: Place,
    pub(crate) engine: Arc<Engine>,
}

/// What a visitor may choose in the address.
#[derive(Deserialize)]
pub(crate) struct Choice {
    lang: Option<String>,
}

/// How it looks.
pub(crate) async fn style() -> Response {
    let own = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (own, STYLE).into_response()
}

/// The page. A language that was chosen is remembered, for the app too.
pub(crate) async fn front(
    State(front): State<Arc<Front>>,
    Query(choice): Query<Choice>,
    headers: HeaderMap,
) -> Response {
    let chosen = choice.lang.as_deref().and_then(known);
    let lang = chosen
        .or_else(|| cookie(&headers, "lang").and_then(known))
        .unwrap_or_else(|| language::of(headers.get(ACCEPT_LANGUAGE)));
    let theme = cookie(&headers, "theme").filter(|theme| matches!(*theme, "light" | "dark"));
    let page = front.html(lang, theme, host_asked_for(&headers));
    let own = [(CACHE_CONTROL, "no-cache"), (VARY, "Cookie, Accept-Language")];
    let mut response = (own, Html(page)).into_response();
    if chosen.is_some() {
        let remembered = match lang {
            Lang::En => "lang=en; Path=/; Max-Age=31536000; SameSite=Lax",
            Lang::Id => "lang=id; Path=/; Max-Age=31536000; SameSite=Lax",
        };
        response.headers_mut().insert(SET_COOKIE, HeaderValue::from_static(remembered));
    }
    response
}

fn known(lang: &str) -> Option<Lang> {
    match lang {
        "en" => Some(Lang::En),
        "id" => Some(Lang::Id),
        _ => None,
    }
}

impl Front {
    fn html(&self, lang: Lang, theme: Option<&str>, asked: Option<&str>) -> String {
        let say = |text: Text| text.say(lang, &[]);
        let realm = escape(&self.place.realm);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"{lang}\"{theme}>\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <link rel=\"stylesheet\" href=\"/front.css\">\n</head>\n<body>\n\
             <header>{MARK}<span class=\"brand\">kabar</span>\n<nav>{languages}</nav>\n</header>\n\
             <main>\n<section class=\"hero\">\n<h1>{realm}</h1>\n<p class=\"lead\">{lead}</p>\n\
             <p><a class=\"button\" href=\"/app\">{open}</a></p>\n{about}</section>\n",
            lang = say(Text::Lang),
            theme = theme.map(|theme| format!(" data-theme=\"{theme}\"")).unwrap_or_default(),
            title = Text::Title.say(lang, &[("realm", &realm)]),
            languages = languages(lang),
            lead = say(Text::Lead),
            open = say(Text::OpenApp),
            about = self.accounts(lang),
        );
        page.push_str(&self.terminal(lang, asked));
        let _ = write!(
            page,
            "</main>\n<footer>\n<a href=\"/api/v1/docs\">{}</a>\n<a href=\"/healthz\">{}</a>\n\
             <a href=\"/readyz\">{}</a>\n<span>kabar {}</span>\n</footer>\n</body>\n</html>\n",
            say(Text::Docs),
            say(Text::Alive),
            say(Text::Ready),
            env!("CARGO_PKG_VERSION"),
        );
        page
    }

    /// Whose accounts there are, or how one gets one.
    fn accounts(&self, lang: Lang) -> String {
        if let Some(demo) = &self.place.demo {
            let people: Vec<String> = demo.people.iter().map(|name| code(name)).collect();
            let values = [("people", &people.join(", ")[..]), ("password", &code(&demo.password))];
            return format!(
                "<p class=\"badge\">{}</p>\n<p>{}</p>\n",
                Text::Demo.say(lang, &[]),
                Text::DemoPeople.say(lang, &values)
            );
        }
        let mut said = String::new();
        if self.engine.awaits_set_up() {
            let _ = writeln!(said, "<p class=\"notice\">{}</p>", Text::SetUp.say(lang, &[]));
        }
        let about = match self.engine.settings().registration {
            RegistrationPolicy::Open => {
                let command = code(&Text::Register.say(lang, &[]));
                Text::AccountOpen.say(lang, &[("command", &command)])
            }
            RegistrationPolicy::Invite => Text::AccountInvite.say(lang, &[]),
            RegistrationPolicy::Closed => Text::AccountClosed.say(lang, &[]),
        };
        let _ = writeln!(said, "<p>{about}</p>");
        said
    }

    /// What to type, for each listener.
    fn terminal(&self, lang: Lang, asked: Option<&str>) -> String {
        let say = |text: Text| text.say(lang, &[]);
        let stand_ins = [Text::Name, Text::Password, Text::Friend].map(say);
        let (hello, demo) = (say(Text::Hello), self.place.demo.as_ref());
        let (first, last) =
            (demo.and_then(|demo| demo.people.first()), demo.and_then(|demo| demo.people.last()));
        let sample = Sample {
            name: last.unwrap_or(&stand_ins[0]),
            password: demo.map_or(&stand_ins[1], |demo| &demo.password),
            friend: first.unwrap_or(&stand_ins[2]),
            hello: &hello,
        };
        let about = if demo.is_some() { Text::TerminalDemo } else { Text::TerminalAbout };
        let mut said = format!(
            "<section>\n<h2>{}</h2>\n<p>{}</p>\n<div class=\"listeners\">\n",
            say(Text::Terminal),
            say(about)
        );
        for listener in &self.place.listeners {
            let (host, port) = (listener.host(asked), listener.address.port());
            let _ = write!(
                said,
                "<article>\n<h3>{} <span class=\"port\">{port}</span></h3>\n{}<pre>{}</pre>\n",
                say(described(listener.speaks)),
                if listener.is_out_of_reach(asked) {
                    format!("<p class=\"note\">{}</p>\n", say(Text::OnServer))
                } else {
                    String::new()
                },
                escape(&at_once(listener.speaks, &host, port, &sample)),
            );
            if let Some(prompts) = with_prompts(listener.speaks, &host, port) {
                let (label, prompts) = (say(Text::Prompts), escape(&prompts));
                let _ = writeln!(said, "<p class=\"label\">{label}</p>\n<pre>{prompts}</pre>");
            }
            said.push_str("</article>\n");
        }
        said.push_str("</div>\n</section>\n");
        said
    }
}

fn described(speaks: Speaks) -> Text {
    match speaks {
        Speaks::Auto => Text::Auto,
        Speaks::LineEn => Text::LineEn,
        Speaks::LineId => Text::LineId,
        Speaks::Realm => Text::Realm,
        Speaks::Form => Text::Form,
        Speaks::Keyword => Text::Keyword,
        Speaks::Http => Text::Http,
    }
}

/// The way to the page in the other language. Each calls itself by its own name.
fn languages(lang: Lang) -> &'static str {
    match lang {
        Lang::En => {
            "<b>English</b> <a href=\"/?lang=id\" hreflang=\"id\" lang=\"id\">Bahasa Indonesia</a>"
        }
        Lang::Id => {
            "<a href=\"/?lang=en\" hreflang=\"en\" lang=\"en\">English</a> <b>Bahasa Indonesia</b>"
        }
    }
}

/// The host by which the visitor found us, without its port: that one works for them. A name with anything
/// unusual in it is not repeated.
fn host_asked_for(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let host = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!host.is_empty() && host.len() <= 253 && host.bytes().all(plain)).then_some(host)
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_the_host_that_was_asked_for() {
        let asked = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            host_asked_for(&headers).map(str::to_owned)
        };
        assert_eq!(asked("lab-pc.local:8889").as_deref(), Some("lab-pc.local"));
        assert_eq!(asked("127.0.0.1").as_deref(), Some("127.0.0.1"));
        for odd in ["", ":80", "<b>", "a b", "a/b", "[::1]:80", "a:b"] {
            assert_eq!(asked(odd), None, "{odd}");
        }
    }

    #[test]
    fn names_cannot_break_out_of_the_page() {
        assert_eq!(escape("<b>\"&"), "&lt;b&gt;&quot;&amp;");
    }
}
