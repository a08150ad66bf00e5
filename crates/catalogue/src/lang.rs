//! The language of the texts this program speaks by itself; a server's words are the server's.

/// Where the wish for a language is looked up, the strongest first.
const VARIABLES: [&str; 4] = ["KABAR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];

/// A language with a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English, also for every language without a catalogue.
    En,
    /// Indonesian.
    Id,
}

impl Lang {
    /// The language the environment asks for.
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`Lang::from_env`], with the look-up handed in. The first variable that is not empty
    /// decides, as in POSIX.
    pub fn from_variables(look_up: impl Fn(&str) -> Option<String>) -> Self {
        let wish = VARIABLES
            .iter()
            .filter_map(|name| look_up(name))
            .find(|value| !value.is_empty())
            .unwrap_or_default();
        let language = wish.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("id") { Self::Id } else { Self::En }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(set: &[(&str, &str)]) -> Lang {
        Lang::from_variables(|name| {
            set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_is_not_empty_decides() {
        assert_eq!(lang(&[]), Lang::En);
        assert_eq!(lang(&[("LANG", "id_ID.UTF-8")]), Lang::Id);
        assert_eq!(lang(&[("LANG", "id_ID.UTF-8"), ("LC_MESSAGES", "en_GB")]), Lang::En);
        assert_eq!(lang(&[("LC_ALL", ""), ("LC_MESSAGES", "id"), ("LANG", "C")]), Lang::Id);
        assert_eq!(lang(&[("LC_ALL", "id_ID"), ("KABAR_LANG", "en")]), Lang::En);
        assert_eq!(lang(&[("LC_ALL", "C"), ("KABAR_LANG", "ID")]), Lang::Id);
    }

    #[test]
    fn a_language_that_only_begins_like_indonesian_is_english() {
        assert_eq!(lang(&[("LANG", "ido")]), Lang::En);
    }
}
