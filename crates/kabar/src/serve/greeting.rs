//! What the server says to the person who started it.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use kabar_api::{Demo, Listener, Place, Speaks};
use kabar_catalogue::Lang;
use kabar_dialect_line::Profile;

use super::first::{First, LINK_MINUTES};
use crate::config::{Config, Dialect, Registration};
use crate::net::Bound;
use crate::text::Text;

/// The shortest password that does not draw a warning when others can connect.
const PASSWORD_CHARS_SAFE: usize = 8;

/// An address that can be typed into a browser on this machine.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        other => other,
    }
}

/// Whether a browser can be pointed there.
pub(super) fn serves_pages(bound: &Bound) -> bool {
    matches!(bound.listen.dialect, Dialect::Auto | Dialect::Http)
}

/// The listener for people who type lines, and the scheme of the prompts for it; one that speaks
/// everything, if there is one.
fn text_address(bound: &[Bound]) -> Option<(SocketAddr, &'static str)> {
    let scheme = |bound: &Bound| match bound.listen.dialect {
        Dialect::Auto => Some("realm"),
        Dialect::Line(_) => Some(bound.listen.dialect.name()),
        Dialect::Form | Dialect::Keyword | Dialect::Http => None,
    };
    let auto = bound.iter().find(|bound| bound.listen.dialect == Dialect::Auto);
    let spoken = auto.or_else(|| bound.iter().find(|bound| scheme(bound).is_some()))?;
    Some((reachable(spoken.listen.address), scheme(spoken)?))
}

/// Listeners that speak one dialect alone, as the prompts name them.
fn others(bound: &[Bound], but: Option<SocketAddr>) -> String {
    let speaks_one = |bound: &&Bound| !serves_pages(bound);
    let named = bound.iter().filter(speaks_one).filter_map(|bound| {
        let address = reachable(bound.listen.address);
        (Some(address) != but).then(|| format!("{}://{address}", bound.listen.dialect.name()))
    });
    named.collect::<Vec<_>>().join("  ")
}

/// The listener for browsers.
pub(super) fn page_address(bound: &[Bound]) -> Option<SocketAddr> {
    bound.iter().find(|bound| serves_pages(bound)).map(|bound| reachable(bound.listen.address))
}

/// What the front page says of where it is.
pub(super) fn place(config: &Config, bound: &[Bound], demo: Option<Demo>) -> Place {
    let listener = |bound: &Bound| {
        let speaks = match bound.listen.dialect {
            Dialect::Auto => Speaks::Auto,
            Dialect::Line(Profile::LineEn) => Speaks::LineEn,
            Dialect::Line(Profile::LineId) => Speaks::LineId,
            Dialect::Line(Profile::Realm) => Speaks::Realm,
            Dialect::Form => Speaks::Form,
            Dialect::Keyword => Speaks::Keyword,
            Dialect::Http => Speaks::Http,
        };
        Listener { address: bound.listen.address, speaks }
    };
    Place {
        realm: config.realm().to_string(),
        listeners: bound.iter().map(listener).collect(),
        demo,
    }
}

/// What is particular about this start.
pub(super) struct Start<'a> {
    /// Whether it is a demo.
    pub(super) is_demo: bool,
    /// Whether nobody has an account yet.
    pub(super) is_new: bool,
    /// The file with the settings, if there is one.
    pub(super) settings: Option<&'a Path>,
    /// How the realm gets its first administrator.
    pub(super) first: &'a First,
}

/// Greets on standard error.
pub(super) fn greet(config: &Config, bound: &[Bound], start: &Start<'_>, lang: Lang) {
    let text = text_address(bound);
    let page = page_address(bound).map(|address| format!("http://{address}/"));
    let typed = text.map(|(address, scheme)| {
        (address.ip().to_string(), address.port().to_string(), address.to_string(), scheme)
    });
    let (host, port, prompts, scheme) = typed.unwrap_or_default();
    let others = others(bound, text.map(|(address, _)| address));
    let (path, realm) = (absolute(&config.server.data), config.realm().to_string());
    let values = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("realm", &realm),
        ("address", page.as_deref().unwrap_or_default()),
        ("scheme", scheme),
        ("prompts", &prompts),
        ("host", &host),
        ("port", &port),
        ("path", &path),
        ("others", &others),
    ];
    let say = |text: Text| text.say(lang, &values);
    let (title, kept) = match (start.is_demo, start.is_new) {
        (true, _) => (Text::TitleDemo, Text::DataDirectoryDemo),
        (false, true) => (Text::TitleNew, Text::DataDirectory),
        (false, false) => (Text::Title, Text::DataDirectory),
    };
    let kept = if config.storage.is_shared() { Text::DatabaseKept } else { kept };
    let attempt = match config.accounts.registration {
        _ if start.is_demo => Text::TryDemo,
        Registration::Open => Text::Try,
        Registration::Invite => Text::TryInvite,
        Registration::Closed => Text::TryClosed,
    };
    eprintln!("{}\n", say(title));
    if page.is_some() {
        eprintln!("  {}", say(Text::Page));
    }
    if text.is_some() {
        for line in [Text::Raw, Text::Shell, attempt] {
            eprintln!("  {}", say(line));
        }
    }
    if !others.is_empty() {
        eprintln!("  {}", say(Text::Others));
    }
    eprintln!();
    say_first(start, config, lang);
    warn_of_the_open(config, bound, lang);
    eprintln!("  {}", say(kept));
    eprintln!("  {}\n", say(Text::HowToStop));
}

/// Says how the realm gets its first administrator.
fn say_first(start: &Start<'_>, config: &Config, lang: Lang) {
    let minutes = LINK_MINUTES.to_string();
    let (text, link) = match start.first {
        First::Known => return,
        First::Command => (None, String::new()),
        First::Link(link) => (Some(Text::FirstLink), link.clone()),
        First::File(file) => (Some(Text::FirstFile), absolute(file)),
    };
    let is_usual = config.server.data == Config::default().server.data;
    let data = match start.settings {
        Some(settings) if config.storage.is_shared() => {
            format!(" --config {}", quoted(&absolute(settings)))
        }
        _ if is_usual => String::new(),
        _ => format!(" --data {}", quoted(&absolute(&config.server.data))),
    };
    let values = [("minutes", &minutes[..]), ("data", &data)];
    match text {
        Some(text) => {
            eprintln!("  {}", text.say(lang, &values));
            eprintln!("    {link}");
            eprintln!("  {}", Text::FirstOr.say(lang, &values));
        }
        None => eprintln!("  {}", Text::FirstCommand.say(lang, &values)),
    }
    if start.is_new && config.accounts.registration == Registration::Open {
        eprintln!("  {}", Text::FirstHere.say(lang, &values));
    }
    eprintln!();
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

/// Says who can connect, and what is risky about it.
fn warn_of_the_open(config: &Config, bound: &[Bound], lang: Lang) {
    let mut open = bound.iter().map(|b| b.listen.address).filter(|a| !a.ip().is_loopback());
    let Some(address) = open.next() else {
        eprintln!("  {}", Text::OnlyHere.say(lang, &[]));
        return;
    };
    let address = address.to_string();
    eprintln!("  {}", Text::Everywhere.say(lang, &[("address", &address)]));
    let chars = config.accounts.min_password_length.max(1);
    if chars < PASSWORD_CHARS_SAFE {
        let chars = chars.to_string();
        eprintln!("  {}", Text::ShortPasswords.say(lang, &[("chars", &chars)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/var/lib/kabar"), "/var/lib/kabar");
        assert_eq!(quoted("/a b"), "'/a b'");
        assert_eq!(quoted("/it's;rm"), r"'/it'\''s;rm'");
    }
}
