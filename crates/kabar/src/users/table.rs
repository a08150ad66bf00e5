//! A list of accounts, for people and for programs.

use anyhow::Result;
use kabar_catalogue::Lang;
use serde::Serialize;

use super::request::Person;
use crate::text::Text;

/// The version of the document's form.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    users: &'a [Person],
}

/// One JSON document.
pub(super) fn json(people: &[Person]) -> Result<String> {
    Ok(serde_json::to_string(&Document { schema: SCHEMA, users: people })? + "\n")
}

/// A table with a head.
pub(super) fn text(people: &[Person], lang: Lang) -> String {
    let say = |text: Text| text.say(lang, &[]);
    let mut rows =
        vec![[Text::HeadUser, Text::HeadName, Text::HeadCountry, Text::HeadState].map(say)];
    for person in people {
        let state = match (person.disabled, person.administrator) {
            (true, _) => Text::StateDisabled,
            (false, true) => Text::StateAdministrator,
            (false, false) => Text::StateUser,
        };
        let country = person.country.clone().unwrap_or_else(|| "-".into());
        rows.push([person.username.clone(), person.name.clone(), country, say(state)]);
    }
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2].map(width);
    let lines = rows.iter().map(|[user, name, country, state]| {
        let [u, n, c] = widths;
        format!("{user:u$}  {name:n$}  {country:c$}  {state}\n")
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_value() {
        let messi = Person {
            username: "messi".into(),
            name: "Lionel Messi".into(),
            country: None,
            administrator: true,
            disabled: false,
        };
        let table = text(std::slice::from_ref(&messi), Lang::En);
        assert_eq!(
            table,
            "USER   NAME          COUNTRY  STATE\nmessi  Lionel Messi  -        administrator\n"
        );
        assert!(json(&[messi]).unwrap().starts_with(r#"{"schema":1,"users":[{"username":"messi""#));
    }
}
