//! What the shell tells a person when it cannot start or go on: what happened, why, what to do.

use std::io::ErrorKind;

use super::connection::{CONNECT_SECS, Lost, REPLY_BYTES_MAX, REPLY_IDLE_SECS, Unreachable};
use super::shown;
use super::url::{Address, DEFAULT_PORT, KEYWORD_PORT, UrlError};
use crate::text::Text;
use kabar_catalogue::Lang;

pub(super) fn bad_url(lang: Lang, url: &str, error: &UrlError) -> String {
    let url = ("url", &*shown::plain(url));
    let with = |text: Text, name, wrong: &str| text.say(lang, &[url, (name, &shown::plain(wrong))]);
    let what = match error {
        UrlError::NoScheme => Text::UrlNoScheme.say(lang, &[url]),
        UrlError::UnknownScheme(scheme) => with(Text::UrlUnknownScheme, "scheme", scheme),
        UrlError::NoHost => Text::UrlNoHost.say(lang, &[url]),
        UrlError::BadHost(host) => with(Text::UrlBadHost, "host", host),
        UrlError::BareIpv6 => Text::UrlBareIpv6.say(lang, &[url]),
        UrlError::BadPort(port) => with(Text::UrlBadPort, "port", port),
    };
    let (port, keyword_port) = (DEFAULT_PORT.to_string(), KEYWORD_PORT.to_string());
    let hint = Text::UrlHint.say(lang, &[("port", &port), ("keyword_port", &keyword_port)]);
    format!("{what}\n{hint}")
}

pub(super) fn unreachable(lang: Lang, address: &Address, why: &Unreachable) -> String {
    format!("{}\n{}", unreachable_because(lang, address, why), Text::UnreachableHint.say(lang, &[]))
}

/// What happened and why, without the advice.
pub(super) fn unreachable_because(lang: Lang, address: &Address, why: &Unreachable) -> String {
    let what = Text::Unreachable.say(lang, &[("address", &address.to_string())]);
    let reason = |text: Text, error: &std::io::Error| {
        text.say(lang, &[("reason", &shown::plain(&error.to_string()))])
    };
    let why = match why {
        Unreachable::UnknownHost(error) => reason(Text::UnreachableUnknownHost, error),
        Unreachable::Timeout => {
            Text::UnreachableTimeout.say(lang, &[("seconds", &CONNECT_SECS.to_string())])
        }
        Unreachable::Failed(error) if error.kind() == ErrorKind::ConnectionRefused => {
            Text::UnreachableRefused.say(lang, &[])
        }
        Unreachable::Failed(error) => reason(Text::UnreachableOther, error),
    };
    format!("{what}\n{why}")
}

pub(super) fn lost(lang: Lang, address: &Address, why: Lost) -> String {
    format!("{}\n{}", lost_because(lang, address, why), Text::LostHint.say(lang, &[]))
}

/// What happened and why, without the advice.
pub(super) fn lost_because(lang: Lang, address: &Address, why: Lost) -> String {
    let what = Text::Lost.say(lang, &[("address", &address.to_string())]);
    let why = match why {
        Lost::Closed => Text::LostClosed.say(lang, &[]),
        Lost::Silent => Text::LostSilent.say(lang, &[("seconds", &REPLY_IDLE_SECS.to_string())]),
        Lost::TooLong => Text::LostTooLong.say(lang, &[("mebibytes", &mebibytes(REPLY_BYTES_MAX))]),
    };
    format!("{what}\n{why}")
}

/// A limit as people read it.
pub(super) fn mebibytes(bytes: usize) -> String {
    (bytes / (1024 * 1024)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::url::Scheme;

    #[test]
    fn a_complaint_has_at_most_three_lines_and_no_gaps_left_in_it() {
        let address = Address { scheme: Scheme::Form, host: "::1".to_owned(), port: 8889 };
        let other = || std::io::Error::other("a\u{1b}b");
        for lang in [Lang::En, Lang::Id] {
            let mut complaints = vec![];
            for why in [
                Unreachable::UnknownHost(other()),
                Unreachable::Timeout,
                Unreachable::Failed(ErrorKind::ConnectionRefused.into()),
                Unreachable::Failed(other()),
            ] {
                complaints.push(unreachable(lang, &address, &why));
            }
            for why in [Lost::Closed, Lost::Silent, Lost::TooLong] {
                complaints.push(lost(lang, &address, why));
            }
            for error in [
                UrlError::NoScheme,
                UrlError::UnknownScheme("x".to_owned()),
                UrlError::NoHost,
                UrlError::BadHost("\u{1b}".to_owned()),
                UrlError::BareIpv6,
                UrlError::BadPort("x".to_owned()),
            ] {
                complaints.push(bad_url(lang, "x://\u{1b}", &error));
            }
            for complaint in complaints {
                assert!((2..=3).contains(&complaint.lines().count()), "{complaint}");
                assert!(!complaint.contains(['{', '\u{1b}']), "{complaint}");
            }
        }
    }

    #[test]
    fn a_limit_is_told_in_mebibytes() {
        assert_eq!(mebibytes(REPLY_BYTES_MAX), "16");
    }
}
