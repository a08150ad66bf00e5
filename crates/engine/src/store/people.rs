//! How people are found while their names are being typed.

use kabar_model::{DisplayName, Username};

/// A text as it is compared: lower case, with single spaces.
pub fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// What somebody may begin to type to find a person: the username, and the display name from each of its
/// words on; folded, each once.
pub fn beginnings(username: &Username, name: &DisplayName) -> Vec<String> {
    let name = folded(name.as_str());
    let words = name.match_indices(' ').map(|(at, _)| at + 1);
    let mut all: Vec<String> =
        std::iter::once(0).chain(words).map(|at| name[at..].to_owned()).collect();
    all.push(folded(username.as_str()));
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_from_each_of_its_words_on() {
        let username = Username::parse("messi").unwrap();
        let name = DisplayName::parse("Lionel  Andrés MESSI").unwrap();
        let found = ["andrés messi", "lionel andrés messi", "messi"];
        assert_eq!(beginnings(&username, &name), found);
        assert_eq!(beginnings(&username, &DisplayName::of(&username)), ["messi"]);
    }
}
