//! What `.gitignore` names, so that the checks need no second list of folders to pass over.
//! Three forms are understood: `/path/from/the/root`, `name` and `*.ending`.

use anyhow::{Result, bail};

pub(super) struct Ignored {
    rules: Vec<Rule>,
}

enum Rule {
    Path(String),
    Name(String),
    Ending(String),
}

impl Ignored {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim);
        let rules = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(rule);
        Ok(Self { rules: rules.collect::<Result<_>>()? })
    }

    /// Whether this path from the root is ignored. Its folders are asked for before it.
    pub(super) fn names(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.rules.iter().any(|rule| match rule {
            Rule::Path(whole) => path == whole,
            Rule::Name(own) => name == own,
            Rule::Ending(end) => name.ends_with(end),
        })
    }
}

fn rule(line: &str) -> Result<Rule> {
    let plain = line.trim_end_matches('/');
    let (rule, rest) = if let Some(path) = plain.strip_prefix('/') {
        (Rule::Path(path.to_owned()), path)
    } else if let Some(end) = plain.strip_prefix('*').filter(|end| end.starts_with('.')) {
        (Rule::Ending(end.to_owned()), end)
    } else if plain.contains('/') {
        (Rule::Path(plain.to_owned()), plain)
    } else {
        (Rule::Name(plain.to_owned()), plain)
    };
    if rest.is_empty() || rest.contains(['*', '?', '[', '!', '\\']) {
        bail!(
            ".gitignore: `{line}` is not understood\n\
             next: write /path, name or *.ending, or teach xtask/src/chores/tidy/ignored.rs"
        );
    }
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_names_and_endings_are_ignored_and_nothing_else() {
        let ignored = Ignored::parse("# built\n/target\n/fuzz/target/\nnode_modules\n*.log\n");
        let ignored = ignored.unwrap();
        for path in ["target", "fuzz/target", "node_modules", "web/node_modules", "a/b.log"] {
            assert!(ignored.names(path), "{path}");
        }
        for path in ["crates/target", "fuzz", "my_node_modules", "log", "a.login"] {
            assert!(!ignored.names(path), "{path}");
        }
    }

    #[test]
    fn a_form_that_is_not_understood_is_refused() {
        for line in ["!keep", "a*b", "/x/**/y", "*", "/"] {
            assert!(Ignored::parse(line).is_err(), "{line}");
        }
    }
}
