//! What a command is given, the same whichever form it came in.

use crate::command::{Kind, Parameter};
use crate::complaint::Complaint;
use crate::line::Words;
use crate::object::Object;

/// The longest argument of the text form.
pub(crate) const ARGUMENT_CHARS_MAX: usize = 100;

/// What came with a keyword, as it came.
#[derive(Debug)]
pub(crate) enum Given<'a> {
    /// The rest of a line.
    Line(Words<'a>),
    /// The object.
    Object(Object),
}

/// The arguments of a command, as many as it has parameters.
#[derive(Debug)]
pub(crate) struct Arguments {
    singles: std::vec::IntoIter<String>,
    number: Option<u64>,
    /// The arguments of the parameter that takes several.
    pub(crate) several: Vec<String>,
    /// Whether only what is unread is asked for. The text form knows nothing else.
    pub(crate) unread_only: bool,
}

impl Arguments {
    /// Takes the next argument.
    pub(crate) fn take(&mut self) -> Result<String, Complaint> {
        self.singles.next().ok_or(Complaint::Usage)
    }

    /// Takes the number among them.
    pub(crate) fn take_number(&mut self) -> Result<u64, Complaint> {
        self.number.take().ok_or(Complaint::Usage)
    }
}

impl Given<'_> {
    /// The text under `token`; lines have none.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Line(_) => None,
            Self::Object(object) => object.text("token"),
        }
    }

    /// What these parameters are given. Keys of an object that no parameter has are passed over.
    pub(crate) fn arguments(self, parameters: &[Parameter]) -> Result<Arguments, Complaint> {
        match self {
            Self::Line(words) => from_line(words, parameters),
            Self::Object(object) => from_object(object, parameters),
        }
    }
}

fn from_line(mut words: Words<'_>, parameters: &[Parameter]) -> Result<Arguments, Complaint> {
    let (mut singles, mut digits, mut several) = (Vec::new(), None, Vec::new());
    for parameter in parameters {
        match parameter.kind {
            Kind::Word => singles.push(words.take().ok_or(Complaint::Usage)?),
            Kind::Rest => singles.push(words.take_rest().ok_or(Complaint::Usage)?),
            Kind::Number => digits = Some(words.take().ok_or(Complaint::Usage)?),
            Kind::Several => {
                several.extend(std::iter::from_fn(|| words.take()));
                if several.is_empty() {
                    return Err(Complaint::Usage);
                }
            }
        }
    }
    if words.take_rest().is_some() {
        return Err(Complaint::Usage);
    }
    let mut all = singles.iter().chain(&digits).chain(&several);
    if let Some(index) = all.position(|argument| is_too_long(argument)) {
        return Err(Complaint::ArgumentTooLong { number: index + 1 });
    }
    let number = digits.map(|digits| whole_number(digits).ok_or(Complaint::Usage));
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
    Ok(Arguments {
        singles: owned(singles).into_iter(),
        number: number.transpose()?,
        several: owned(several),
        unread_only: true,
    })
}

fn is_too_long(argument: &str) -> bool {
    argument.chars().take(ARGUMENT_CHARS_MAX + 1).count() > ARGUMENT_CHARS_MAX
}

fn from_object(mut object: Object, parameters: &[Parameter]) -> Result<Arguments, Complaint> {
    let (mut singles, mut number, mut several) = (Vec::new(), None, Vec::new());
    for Parameter { key, kind, .. } in parameters {
        let flawed = |flaw| Complaint::Key { key, flaw };
        match kind {
            Kind::Word | Kind::Rest => singles.push(object.take_text(key).map_err(flawed)?),
            Kind::Number => number = Some(object.take_number(key).map_err(flawed)?),
            Kind::Several => several = object.take_texts(key).map_err(flawed)?,
        }
    }
    let unread_only = object.is_true("unread_only");
    Ok(Arguments { singles: singles.into_iter(), number, several, unread_only })
}

/// The number that these digits mean. One that is too large for any use is the largest.
pub(crate) fn whole_number(digits: &str) -> Option<u64> {
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}
