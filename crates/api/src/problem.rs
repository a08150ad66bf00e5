//! What is answered when a wish is not granted: a status, a code that programs read and words that people do.

use axum::extract::Request;
use axum::http::header::{ACCEPT_LANGUAGE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kabar_catalogue::Lang;
use kabar_engine::Error;
use kabar_model::{Field, Refusal};
use serde::Serialize;
use tracing::error;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::Json;
use crate::language;
use crate::text::Text;

/// What a handler answers.
pub(crate) type Answer<T> = Result<T, Problem>;

/// The value that names the field of a request, in words and to programs.
const FIELD: &str = "field";

/// After how many seconds there may be room for one more of what there were too many of.
const TOO_MANY_WAIT_SECS: u64 = 5;

/// After how many seconds there may be room on a link: a realm that is not there is tried about so often.
const LINK_FULL_WAIT_SECS: u64 = 60;

/// After how many seconds a file may have come from another realm.
const NOT_YET_WAIT_SECS: u64 = 5;

/// How far an upload has come, where a request was wrong about it.
pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// Declares the codes with the status of each, in one list.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:ident;)*) => {
        /// What is wrong, for programs. A code does not change its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
        }
    };
}

codes! {
    /// The request cannot be understood.
    BadRequest = BAD_REQUEST;
    /// The body is not JSON.
    NotJson = BAD_REQUEST;
    /// Something is missing.
    MissingField = BAD_REQUEST;
    /// Something is not as it must be.
    InvalidField = BAD_REQUEST;
    /// A text is too long.
    TooLong = BAD_REQUEST;
    /// Nobody is signed in.
    Unauthorized = UNAUTHORIZED;
    /// The password is another.
    WrongPassword = UNAUTHORIZED;
    /// Nobody has that name.
    UserUnknown = NOT_FOUND;
    /// The person may not.
    NotAllowed = FORBIDDEN;
    /// The page that asks is another site's.
    OriginMismatch = FORBIDDEN;
    /// The server is not known by that name.
    HostUnknown = MISDIRECTED_REQUEST;
    /// There is nothing.
    NotFound = NOT_FOUND;
    /// The address does not take that method.
    MethodUnknown = METHOD_NOT_ALLOWED;
    /// No such conversation, or not one's own.
    ConversationUnknown = NOT_FOUND;
    /// No such message.
    MessageUnknown = NOT_FOUND;
    /// No such file or upload.
    FileUnknown = NOT_FOUND;
    /// No such group.
    GroupUnknown = NOT_FOUND;
    /// The group's name is in use.
    GroupTaken = CONFLICT;
    /// The username is in use.
    UsernameTaken = CONFLICT;
    /// In the group already.
    AlreadyMember = CONFLICT;
    /// Not in the room or group.
    NotMember = FORBIDDEN;
    /// Only an admin may.
    AdminOnly = FORBIDDEN;
    /// More than are taken.
    TooMany = BAD_REQUEST;
    /// Too many wrong passwords; `Retry-After` says how long to wait.
    TooManyAttempts = TOO_MANY_REQUESTS;
    /// The body or the file is too large.
    TooLarge = PAYLOAD_TOO_LARGE;
    /// It does not fit what is there: the upload stands elsewhere (`Upload-Offset` says where), or something else
    /// was sent with that key, with that upload or under that name.
    Conflict = CONFLICT;
    /// The realm is not linked.
    RealmUnknown = NOT_FOUND;
    /// The other realm does not answer.
    RealmUnreachable = BAD_GATEWAY;
    /// The other realm has another key or name than before: perhaps it is another.
    RealmChanged = CONFLICT;
    /// So much waits for the other realm that nothing more is taken; `Retry-After` says when to come again.
    LinkFull = TOO_MANY_REQUESTS;
    /// Too much to do; later it may do.
    Busy = SERVICE_UNAVAILABLE;
    /// It has not come from another realm yet; later it may have.
    NotYet = SERVICE_UNAVAILABLE;
    /// A fault of the server.
    Failed = INTERNAL_SERVER_ERROR;
    /// It was good once.
    Gone = GONE;
}

/// A wish that is not granted.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Said>);

#[derive(Clone, Debug)]
struct Said {
    status: StatusCode,
    code: Code,
    message: Text,
    hint: Option<Text>,
    values: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The answer to a wish that is not granted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Shown {
    /// What is wrong.
    pub(crate) error: ShownError,
}

/// What is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ShownError {
    /// For programs.
    pub(crate) code: Code,
    /// For people, in the language asked for.
    pub(crate) message: String,
    /// What may help.
    #[schema(required)]
    pub(crate) hint: Option<String>,
    /// The field of the request that is wrong, where it is one.
    #[schema(required)]
    pub(crate) field: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, message: Text) -> Self {
        let (hint, values, headers) = (None, Vec::new(), Vec::new());
        Self(Box::new(Said { status: code.status(), code, message, hint, values, headers }))
    }

    /// A value that the message or the hint names.
    #[expect(clippy::needless_pass_by_value, reason = "it is turned into text in any case")]
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.values.push((name, value.to_string()));
        self
    }

    /// The field of the request that is wrong.
    pub(crate) fn field(mut self, field: &str) -> Self {
        self.0.values.retain(|(name, _)| *name != FIELD);
        self.with(FIELD, field)
    }

    pub(crate) fn hint(mut self, hint: Text) -> Self {
        self.0.hint = Some(hint);
        self
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    fn header(mut self, name: HeaderName, value: u64) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::new(Code::MissingField, Text::MissingField).field(field)
    }

    pub(crate) fn invalid(field: &str) -> Self {
        Self::new(Code::InvalidField, Text::InvalidField).field(field)
    }

    /// More of these at the same time than are taken; when one has ended, another may come.
    pub(crate) fn too_many_at_once(field: &str) -> Self {
        let problem = Self::new(Code::TooMany, Text::TooMany).field(field);
        problem.status(StatusCode::TOO_MANY_REQUESTS).header(RETRY_AFTER, TOO_MANY_WAIT_SECS)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, Text::Unauthorized).hint(Text::UnauthorizedHint)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, Text::NotFound).hint(Text::NotFoundHint)
    }

    pub(crate) fn conversation_unknown() -> Self {
        Self::new(Code::ConversationUnknown, Text::ConversationUnknown)
    }

    pub(crate) fn too_large(bytes_max: u64) -> Self {
        Self::new(Code::TooLarge, Text::TooLarge).with("bytes", bytes_max)
    }

    /// A file of another realm's whose contents are still there.
    pub(crate) fn not_yet() -> Self {
        Self::new(Code::NotYet, Text::FileNotYet).header(RETRY_AFTER, NOT_YET_WAIT_SECS)
    }

    /// The upload is not where the request says.
    pub(crate) fn upload_stands_at(offset: u64) -> Self {
        let problem = Self::new(Code::Conflict, Text::UploadOffset).with("offset", offset);
        problem.header(UPLOAD_OFFSET, offset)
    }

    /// As it is shown in that language.
    pub(crate) fn shown(&self, lang: Lang) -> Shown {
        let values: Vec<(&str, &str)> =
            self.0.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let message = self.0.message.say(lang, &values);
        let hint = self.0.hint.map(|hint| hint.say(lang, &values));
        let field = values.iter().find(|(name, _)| *name == FIELD);
        let field = field.map(|(_, field)| (*field).to_owned());
        Shown { error: ShownError { code: self.0.code, message, hint, field } }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Failed(cause) => {
                let incident = Uuid::new_v4().simple().to_string();
                let incident = &incident[..8];
                error!(%cause, incident, "a request failed");
                Self::new(Code::Failed, Text::Failed).with("incident", incident)
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (code, text) = match &refusal {
            Refusal::UserUnknown => (Code::UserUnknown, Text::UserUnknown),
            Refusal::ReceiverUnknown(names) => {
                let problem = Self::new(Code::UserUnknown, Text::ReceiversUnknown);
                return problem.with("names", names.join(", "));
            }
            Refusal::WrongPassword => (Code::WrongPassword, Text::WrongPassword),
            Refusal::UsernameTaken => (Code::UsernameTaken, Text::UsernameTaken),
            Refusal::SessionUnknown => return Self::unauthorized(),
            Refusal::GroupTaken => (Code::GroupTaken, Text::GroupTaken),
            Refusal::GroupUnknown => (Code::GroupUnknown, Text::GroupUnknown),
            Refusal::AlreadyMember => (Code::AlreadyMember, Text::AlreadyMember),
            Refusal::NotMember => (Code::NotMember, Text::NotMember),
            Refusal::AdminOnly => (Code::AdminOnly, Text::AdminOnly),
            Refusal::TooManyGroups => (Code::TooMany, Text::TooManyGroups),
            Refusal::NotInRoom => (Code::NotMember, Text::NotInRoom),
            Refusal::FileUnknown => (Code::FileUnknown, Text::FileUnknown),
            Refusal::FileTaken => (Code::Conflict, Text::FileTaken),
            Refusal::MessageUnknown => (Code::MessageUnknown, Text::MessageUnknown),
            Refusal::InvitationUnknown => (Code::Gone, Text::InvitationGone),
            Refusal::NobodyActive => (Code::NotFound, Text::NotFound),
            Refusal::RealmTaken => (Code::Conflict, Text::RealmTaken),
            Refusal::RealmUnknown => (Code::RealmUnknown, Text::RealmUnknown),
            Refusal::RealmUnreachable => (Code::RealmUnreachable, Text::RealmUnreachable),
            Refusal::RealmChanged => (Code::RealmChanged, Text::RealmChanged),
            Refusal::LinkFull => {
                let problem = Self::new(Code::LinkFull, Text::LinkFull);
                return problem.header(RETRY_AFTER, LINK_FULL_WAIT_SECS);
            }
            Refusal::NotAllowed => (Code::NotAllowed, Text::NotAllowed),
            Refusal::TooManyAttempts { wait_secs } => {
                let problem = Self::new(Code::TooManyAttempts, Text::TooManyAttempts);
                return problem.with("secs", wait_secs).header(RETRY_AFTER, *wait_secs);
            }
            Refusal::Busy => return Self::new(Code::Busy, Text::Busy).header(RETRY_AFTER, 1),
            Refusal::Invalid(field) => return Self::invalid(name(*field)),
            Refusal::TooLong(Field::File) => (Code::TooLarge, Text::TooLong),
            Refusal::TooLong(_) => (Code::TooLong, Text::TooLong),
            Refusal::TooMany(_) => (Code::TooMany, Text::TooMany),
            Refusal::PasswordTooShort { chars_min } => {
                let problem = Self::new(Code::InvalidField, Text::PasswordShort);
                return problem.with("chars", chars_min).field(name(Field::Password));
            }
        };
        let problem = Self::new(code, text);
        match refusal {
            Refusal::TooLong(field) | Refusal::TooMany(field) => problem.field(name(field)),
            _ => problem,
        }
    }
}

/// What a field is called in requests.
fn name(field: Field) -> &'static str {
    match field {
        Field::Username => "username",
        Field::Password => "password",
        Field::Name | Field::FileName | Field::Label => "name",
        Field::Country => "country",
        Field::Group => "group",
        Field::Realm => "realm",
        Field::RealmAddress => "host",
        Field::Body => "text",
        Field::Recipients => "usernames",
        Field::Room => "room",
        Field::Contacts => "contacts",
        Field::File => "file",
        Field::Key => "key",
        Field::Emoji => "emoji",
        Field::Invitations => "invitations",
        Field::Hooks => "hooks",
        Field::Programs => "tokens",
        Field::Settings => "settings",
        Field::Search => "q",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.headers_mut().extend(self.0.headers.iter().cloned());
        // Worded by `word`, which knows the language.
        response.extensions_mut().insert(self);
        response
    }
}

/// Words the problem of an answer in the language that was asked for.
pub(crate) async fn word(request: Request, next: Next) -> Response {
    let lang = language::of(request.headers().get(ACCEPT_LANGUAGE));
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let headers: HeaderMap = std::mem::take(response.headers_mut());
    (response.status(), headers, Json(problem.shown(lang))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_tried_later_says_when() {
        for (refusal, status, secs) in [
            (Refusal::LinkFull, 429, "60"),
            (Refusal::Busy, 503, "1"),
            (Refusal::TooManyAttempts { wait_secs: 7 }, 429, "7"),
        ] {
            let response = Problem::from(refusal).into_response();
            let wait = response.headers()[RETRY_AFTER].to_str().expect("a number is plain text");
            assert_eq!((response.status().as_u16(), wait), (status, secs));
        }
        assert!(!Problem::from(Refusal::RealmUnreachable).into_response().status().is_success());
    }
}
