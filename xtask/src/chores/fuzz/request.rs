//! What a person asked the fuzz chore for: which targets, and for how long.

use anyhow::{Context, Result, bail};

/// Enough to notice a target that fails at once, short enough for every run of CI.
const DEFAULT_SECS: u32 = 5;

#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) targets: Vec<String>,
    /// For each target.
    pub(super) secs: u32,
}

impl Request {
    pub(super) fn parse(arguments: &[String], known: &[String]) -> Result<Self> {
        let mut request = Self { targets: Vec::new(), secs: DEFAULT_SECS };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--seconds" {
                let secs = words.next().and_then(|number| number.parse().ok());
                // libFuzzer takes 0 for "without end".
                let secs = secs.filter(|&secs| secs > 0);
                request.secs = secs.context("`--seconds` needs a number above 0")?;
            } else if known.contains(word) {
                request.targets.push(word.clone());
            } else {
                bail!("there is no fuzz target `{word}`; there are: {}", known.join(", "));
            }
        }
        if request.targets.is_empty() {
            request.targets = known.to_vec();
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        Request::parse(&words(line), &words("json sniff"))
    }

    #[test]
    fn all_targets_or_the_named_one_for_the_asked_time() {
        let request = |targets: &[&str], secs| Request {
            targets: targets.iter().map(|&target| target.to_owned()).collect(),
            secs,
        };
        assert_eq!(parse("").unwrap(), request(&["json", "sniff"], DEFAULT_SECS));
        assert_eq!(parse("sniff").unwrap(), request(&["sniff"], DEFAULT_SECS));
        assert_eq!(parse("--seconds 60 json").unwrap(), request(&["json"], 60));
    }

    #[test]
    fn unknown_targets_and_bad_times_are_refused() {
        for line in ["sniffer", "--seconds", "--seconds 0", "--seconds x", "--secs 5"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
