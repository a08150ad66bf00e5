//! In which words does a program speak to a person?
//!
//! A catalogue is a file a language, one text a line: `key = "text with {placeholders}"`, a quotation
//! mark inside written `\"`. This crate will never know what is said, or to whom.

mod lang;

use std::collections::{BTreeMap, BTreeSet};

pub use lang::Lang;

/// Declares an enum of texts and the catalogue key of each in one list, so that the two cannot differ,
/// with `say(lang, &[("placeholder", value)])` on it.
#[macro_export]
macro_rules! texts {
    (en: $en:expr, id: $id:expr, $($name:ident = $key:literal,)*) => {
        /// What the program itself says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Text { $(#[doc = $key] $name,)* }

        impl Text {
            fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// The text in this language, each `{name}` of it replaced by its value.
            pub(crate) fn say(self, lang: $crate::Lang, values: &[(&str, &str)]) -> String {
                let catalogue = match lang {
                    $crate::Lang::En => $en,
                    $crate::Lang::Id => $id,
                };
                $crate::say(catalogue, self.key(), values)
            }
        }

        #[cfg(test)]
        #[test]
        fn the_catalogues_agree_with_each_other_and_with_what_is_said() {
            assert_eq!($crate::faults($en, $id, &[$($key,)*]), Vec::<String>::new());
        }
    };
}

/// The text of that key, each `{name}` of it replaced by its value.
///
/// Values are put in as they are and never searched for placeholders; whoever hands in a stranger's
/// words makes them harmless first. A key that the catalogue lacks is its own text.
pub fn say(catalogue: &str, key: &str, values: &[(&str, &str)]) -> String {
    let entry = entries(catalogue).find(|(known, _)| *known == key);
    let template = entry.map_or_else(|| key.to_owned(), |(_, text)| text);
    let mut said = String::new();
    let mut rest = template.as_str();
    while let Some((before, name, after)) = next_placeholder(rest) {
        said.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        said.push_str(value.map_or(name, |(_, value)| value));
        rest = after;
    }
    said.push_str(rest);
    said
}

/// What is wrong with two catalogues that are to hold these keys: for tests.
pub fn faults(en: &str, id: &str, keys: &[&str]) -> Vec<String> {
    let (english, indonesian) = (placeholders(en), placeholders(id));
    let mut faults = Vec::new();
    for key in english.keys().chain(indonesian.keys()).collect::<BTreeSet<_>>() {
        if english.get(key) != indonesian.get(key) {
            faults.push(format!("{key}: missing in a language, or other placeholders"));
        }
        if !keys.contains(key) {
            faults.push(format!("{key}: never said"));
        }
    }
    for key in keys.iter().filter(|key| !english.contains_key(**key)) {
        faults.push(format!("{key}: in no catalogue"));
    }
    for (name, catalogue) in [("en", en), ("id", id)] {
        if placeholders(catalogue).len() != catalogue.lines().count() {
            faults.push(format!("{name}: a line is no entry, or a key stands twice"));
        }
    }
    faults
}

fn placeholders(catalogue: &str) -> BTreeMap<&str, BTreeSet<String>> {
    let names = |text: &str| {
        let mut names = BTreeSet::new();
        let mut rest = text;
        while let Some((_, name, after)) = next_placeholder(rest) {
            names.insert(name.to_owned());
            rest = after;
        }
        names
    };
    entries(catalogue).map(|(key, text)| (key, names(&text))).collect()
}

/// The text before the next `{name}`, the name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn entries(catalogue: &str) -> impl Iterator<Item = (&str, String)> {
    catalogue.lines().filter_map(|line| {
        let (key, value) = line.split_once(" = ")?;
        let value = value.strip_prefix('"')?.strip_suffix('"')?;
        Some((key, value.replace("\\\"", "\"")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: &str = "hello = \"Hello {name}, \\\"{what}\\\"\"\n";
    const ID: &str = "hello = \"Halo {name}, \\\"{what}\\\"\"\n";

    #[test]
    fn values_are_put_in_once_and_never_searched_again() {
        let values = [("name", "{what}"), ("what", "x")];
        assert_eq!(say(EN, "hello", &values), "Hello {what}, \"x\"");
        assert_eq!(say(ID, "hello", &values), "Halo {what}, \"x\"");
    }

    #[test]
    fn catalogues_that_differ_are_found() {
        assert!(faults(EN, ID, &["hello"]).is_empty());
        assert_eq!(faults(EN, ID, &["hello", "bye"]).len(), 1, "a key in no catalogue");
        assert_eq!(faults(EN, ID, &[]).len(), 1, "a key that is never said");
        assert_eq!(faults(EN, "hello = \"Halo {name}\"\n", &["hello"]).len(), 1, "a placeholder");
        assert_eq!(
            faults(EN, &format!("{ID}noise\n"), &["hello"]).len(),
            1,
            "a line without a text"
        );
    }
}
