//! What to type to reach a listener, ready to be copied into a terminal.

use std::net::Ipv6Addr;

use super::place::Speaks;

/// Who says what to whom in the examples. Nothing in it needs quoting for a shell.
pub(super) struct Sample<'a> {
    pub(super) name: &'a str,
    pub(super) password: &'a str,
    pub(super) friend: &'a str,
    pub(super) hello: &'a str,
}

/// A whole conversation as one command.
pub(super) fn at_once(speaks: Speaks, host: &str, port: u16, sample: &Sample<'_>) -> String {
    let Sample { name, password, friend, hello } = sample;
    let said = match speaks {
        Speaks::Auto | Speaks::LineEn | Speaks::LineId | Speaks::Realm => {
            format!(r"auth {name} {password}\nsend {friend} {hello}\ninbox\nexit\n")
        }
        Speaks::Form => format!(
            r"auth username={name}&password={password}\nsend destination={friend}&message={hello}\nlogout\n"
        ),
        Speaks::Keyword => {
            format!(r"AUTH-LOGIN {name} {password}\nCHAT-PRIVATE-SEND {friend} {hello}\nQUIT\n")
        }
        Speaks::Http => {
            return format!("curl http://{}/api/v1/realm", authority(host, port));
        }
    };
    // Where a dialect has no last word that hangs up, the end of the input has to say it.
    let flag = if speaks == Speaks::Form { "-N " } else { "" };
    format!("printf '{said}' | nc {flag}{host} {port}")
}

/// The prompts for it, where there are such.
pub(super) fn with_prompts(speaks: Speaks, host: &str, port: u16) -> Option<String> {
    let scheme = match speaks {
        Speaks::Auto | Speaks::Realm => "realm",
        Speaks::LineEn => "line-en",
        Speaks::LineId => "line-id",
        Speaks::Form => "form",
        Speaks::Keyword => "keyword",
        Speaks::Http => return None,
    };
    Some(format!("kabar shell {scheme}://{}", authority(host, port)))
}

fn authority(host: &str, port: u16) -> String {
    if host.parse::<Ipv6Addr>().is_ok() {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_version_6_stands_in_brackets_where_a_port_follows() {
        assert_eq!(
            with_prompts(Speaks::LineEn, "::1", 8890).as_deref(),
            Some("kabar shell line-en://[::1]:8890")
        );
        let sample = Sample { name: "a", password: "b", friend: "c", hello: "d" };
        assert!(at_once(Speaks::Realm, "::1", 7, &sample).ends_with(" | nc ::1 7"));
        assert_eq!(with_prompts(Speaks::Http, "::1", 7), None);
    }
}
