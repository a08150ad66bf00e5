//! What the program says to who runs it.

use std::io::{self, Write};
use std::process::ExitCode;

kabar_catalogue::texts! {
    en: include_str!("../text/en.toml"),
    id: include_str!("../text/id.toml"),
    Title = "title",
    TitleDemo = "title_demo",
    TitleNew = "title_new",
    Page = "page",
    Raw = "raw",
    Shell = "shell",
    Others = "others",
    Try = "try",
    TryDemo = "try_demo",
    TryInvite = "try_invite",
    TryClosed = "try_closed",
    FirstLink = "first_link",
    FirstFile = "first_file",
    FirstOr = "first_or",
    FirstCommand = "first_command",
    OnlyHere = "only_here",
    Everywhere = "everywhere",
    ShortPasswords = "short_passwords",
    HowToStop = "how_to_stop",
    DataDirectory = "data_directory",
    DataDirectoryDemo = "data_directory_demo",
    DemoOnlyHere = "demo_only_here",
    DemoNoData = "demo_no_data",
    PortTaken = "port_taken",
    CannotListen = "cannot_listen",
    CannotOpen = "cannot_open",
    UserAdded = "user_added",
    AdministratorAdded = "administrator_added",
    PasswordReset = "password_reset",
    UserDisabled = "user_disabled",
    UserEnabled = "user_enabled",
    MadeAdministrator = "made_administrator",
    NewPassword = "new_password",
    PasswordAgain = "password_again",
    PasswordsDiffer = "passwords_differ",
    PasswordWanted = "password_wanted",
    UserUnknown = "user_unknown",
    UsernameTaken = "username_taken",
    UsernameBad = "username_bad",
    NameBad = "name_bad",
    CountryBad = "country_bad",
    PasswordBad = "password_bad",
    PasswordTooShort = "password_too_short",
    NoData = "no_data",
    ServerSilent = "server_silent",
    Refused = "refused",
    HeadUser = "head_user",
    HeadName = "head_name",
    HeadCountry = "head_country",
    HeadState = "head_state",
    StateUser = "state_user",
    StateAdministrator = "state_administrator",
    StateDisabled = "state_disabled",
}

/// Prints to standard output. A reader that has gone away is no error.
pub(crate) fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}
