//! Tables: what is typed and what is sent; what comes back and what is printed.

mod planned;
mod printed;

use super::*;

const PROFILES: [Profile; 3] = [Profile::LineEn, Profile::LineId, Profile::Realm];
const TOKEN: &str = "9abf3546-137d-4fd7-9d18-1f33e82acf8d";

fn shell(profile: Profile, logged_in: bool) -> Shell {
    let mut shell = Shell::new(profile, Lang::En);
    shell.token = logged_in.then(|| TOKEN.to_owned());
    shell
}

/// The line sent for a typed one, `T` standing for the token and `|` for CRLF.
fn sent(profile: Profile, logged_in: bool, typed: &str) -> String {
    match shell(profile, logged_in).plan(typed) {
        Step::Ask(request) => request.line.replace(TOKEN, "T").replace("\r\n", "|"),
        Step::Print(text) => format!("prints {text}"),
        Step::SendFile(file) => {
            format!("{} <{}> to {}", file.start.replace(TOKEN, "T"), file.path, file.to)
        }
        Step::GetFile(line) => line.replace(TOKEN, "T").replace("\r\n", "|"),
        Step::Leave => "leaves".to_owned(),
        Step::Nothing => "nothing".to_owned(),
    }
}

/// What is printed about `reply` to the typed line, and the prompt after it.
fn printed(profile: Profile, logged_in: bool, typed: &str, reply: &str) -> (String, String) {
    let mut shell = shell(profile, logged_in);
    let Step::Ask(request) = shell.plan(typed) else {
        panic!("{typed} asks nothing");
    };
    let printed = shell.answer(&request, reply.as_bytes());
    (printed, shell.prompt().replace(TOKEN, "T"))
}
