//! Groups, by the number in their list or by their code.

use serde_json::json;

use super::{Ended, Group, Shell};

impl Shell<'_> {
    pub(super) fn create_group(&mut self, name: &str) -> Result<(), Ended> {
        let Some(reply) = self.ask("GROUP-CREATE", json!({"group_name": name}))? else {
            return Ok(());
        };
        self.print_message(&reply)?;
        match reply.text(&["code"]) {
            Some(code) => Ok(self.console.print(&format!("code {code}"))?),
            None => Ok(()),
        }
    }

    pub(super) fn list_groups(&mut self) -> Result<(), Ended> {
        if !self.fetch_groups()? {
            return Ok(());
        }
        for (number, group) in (1..).zip(&self.groups) {
            self.console.print(&format!("{number}. {} {}", group.code, group.name))?;
        }
        Ok(())
    }

    /// False when the server refused.
    fn fetch_groups(&mut self) -> Result<bool, Ended> {
        let Some(reply) = self.ask("GROUP-GET", json!({}))? else {
            return Ok(false);
        };
        let items = reply.objects("group_list").unwrap_or_default();
        let group = |item: &super::Reply| {
            let code = item.text(&["code"])?;
            let name = item.text(&["group_name"]).unwrap_or_else(|| code.clone());
            Some(Group { code, name })
        };
        self.groups = items.iter().filter_map(group).collect();
        Ok(true)
    }

    /// The code and the name of a group. A code that is in no list is its own name.
    pub(super) fn group(&mut self, typed: &str) -> Result<Option<Group>, Ended> {
        if position(&self.groups, typed).is_none() && !self.fetch_groups()? {
            return Ok(None);
        }
        let group = position(&self.groups, typed).map(|at| &self.groups[at]);
        let (code, name) = group.map_or((typed, typed), |group| (&group.code, &group.name));
        Ok(Some(Group { code: code.to_owned(), name: super::in_prompt(name) }))
    }
}

/// Where that group stands in the list, by its number there or by its code.
fn position(groups: &[Group], typed: &str) -> Option<usize> {
    let number = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let by_number = number.filter(|at| *at < groups.len());
    by_number.or_else(|| groups.iter().position(|group| group.code.eq_ignore_ascii_case(typed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_number_or_its_code() {
        let group = |code: &str| Group { code: code.to_owned(), name: String::new() };
        let groups = [group("0a1b2c"), group("123456")];
        for (typed, at) in [
            ("1", Some(0)),
            ("2", Some(1)),
            ("3", None),
            ("0", None),
            ("0A1B2C", Some(0)),
            ("123456", Some(1)),
            ("ffffff", None),
        ] {
            assert_eq!(position(&groups, typed), at, "{typed}");
        }
    }
}
