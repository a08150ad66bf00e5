//! What the commands are for, as the reference shows it. No client of this dialect asks for it.

use super::TABLE;

/// What a command is for.
#[derive(Clone, Copy, Debug)]
pub struct Help {
    /// Its own form.
    pub usage: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// What it does.
    pub summary: &'static str,
}

/// All commands, in the order in which one needs them.
pub fn help() -> Vec<Help> {
    let help = TABLE.iter().map(|command| Help {
        usage: command.usage,
        also: command.also,
        summary: command.summary,
    });
    help.collect()
}
