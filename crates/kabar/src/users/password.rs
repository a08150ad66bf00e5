//! Asking for a password: twice at a terminal, unseen; or one line of standard input.

use std::io::{BufRead, IsTerminal, stdin};

use anyhow::{Result, bail};
use kabar_catalogue::Lang;
use kabar_model::Password;

use crate::text::Text;

/// A new password for that account.
pub(super) fn ask(user: &str, from_stdin: bool, lang: Lang) -> Result<String> {
    let password = if from_stdin {
        let mut line = String::new();
        stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else if stdin().is_terminal() {
        let once = rpassword::prompt_password(Text::NewPassword.say(lang, &[("user", user)]))?;
        let again = rpassword::prompt_password(Text::PasswordAgain.say(lang, &[]))?;
        if once != again {
            bail!(Text::PasswordsDiffer.say(lang, &[]));
        }
        once
    } else {
        bail!(Text::PasswordWanted.say(lang, &[]));
    };
    if Password::parse(&password).is_err() {
        bail!(Text::PasswordBad.say(lang, &[]));
    }
    Ok(password)
}
