//! A request, from bytes to a command and what it is given.

use crate::arguments::Given;
use crate::command::{self, Command};
use crate::cutter::is_object;
use crate::line::Words;
use crate::object::Object;
use crate::reply::Form;
use crate::wording;

/// A keyword of the table, and what came with it.
pub(crate) struct Request<'a> {
    pub(crate) form: Form,
    pub(crate) command: &'static Command,
    pub(crate) given: Given<'a>,
}

/// Not a request of this dialect.
pub(crate) struct Senseless {
    pub(crate) form: Form,
    pub(crate) why: &'static str,
}

impl<'a> Request<'a> {
    /// Reads a request that was cut off the input.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Senseless> {
        if is_object(bytes) { Self::of_object(bytes) } else { Self::of_line(bytes) }
    }

    fn of_line(bytes: &'a [u8]) -> Result<Self, Senseless> {
        let senseless = |why| Senseless { form: Form::Text, why };
        let line = std::str::from_utf8(bytes).map_err(|_| senseless(wording::NOT_UTF8))?;
        let mut words = Words::new(line);
        let command = words.take().and_then(command::named);
        let command = command.ok_or(senseless(wording::UNKNOWN_COMMAND))?;
        Ok(Self { form: Form::Text, command, given: Given::Line(words) })
    }

    fn of_object(bytes: &[u8]) -> Result<Self, Senseless> {
        let senseless = |form, why| Senseless { form, why };
        let Ok(object) = Object::parse(bytes) else {
            return Err(senseless(Form::Object(None), wording::NOT_JSON));
        };
        let Some(name) = object.text("COMMAND") else {
            return Err(senseless(Form::Object(None), wording::NO_COMMAND));
        };
        let form = Form::Object(Some(name.to_owned()));
        match command::named(name) {
            Some(command) => Ok(Self { form, command, given: Given::Object(object) }),
            None => Err(senseless(form, wording::UNKNOWN_COMMAND)),
        }
    }
}

/// Whether this says that the client is ready for the contents that it was offered.
pub(crate) fn is_ready(bytes: &[u8]) -> bool {
    is_object(bytes)
        && Object::parse(bytes)
            .is_ok_and(|object| !object.has("COMMAND") && object.text("status") == Some("ready"))
}

/// Whether this is a line whose command may be taken up while others wait for the disk. Objects leave one
/// at a time and well apart, so for them nothing is gained.
pub(crate) fn overlaps(bytes: &[u8]) -> bool {
    let word = bytes.split(|byte| *byte == b' ').next();
    let word = word.and_then(|word| std::str::from_utf8(word).ok());
    word.and_then(command::named).is_some_and(|command| command.overlaps)
}
