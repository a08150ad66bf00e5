//! `register`: makes an account. It does not log in.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use kabar_engine::Registration;
use kabar_model::{Country, DisplayName, Password, Username};

use super::{Command, Run};
use crate::form::Form;
use crate::reply::{Outcome, Reply, ok};
use crate::session::FormConversation;
use crate::wording;

pub(super) const COMMAND: Command = Command {
    name: "register",
    also: &[],
    usage: "register username=USER&password=PASSWORD&name=NAME&nationality=COUNTRY",
    summary: "make an account; NAME and COUNTRY may be empty",
    overlaps: false,
    run: Run::Anyone(run),
};

fn run<'a>(session: &'a mut FormConversation, form: Form<'a>) -> BoxFuture<'a, Outcome> {
    async move {
        let (username, password) = (form.need("username")?, form.need("password")?);
        let (name, country) = (form.need("name")?, form.need("nationality")?);
        let given = |text: &str| !text.trim().is_empty();
        let username = Username::parse(&username)?;
        let name = Some(name).filter(|name| given(name));
        let name = name.map_or(Ok(DisplayName::of(&username)), |name| DisplayName::parse(&name))?;
        let country = Some(country).filter(|country| given(country));
        let country = country.map(|country| Country::parse(&country)).transpose()?;
        let wish = Registration {
            username: username.clone(),
            password: Password::parse(&password)?,
            name: Some(name.clone()),
            country: country.clone(),
            invitation: None,
        };
        // COMPAT(seed 000): its clients log in of their own accord.
        session.engine.create_account(session.origin, wish).await?;
        Ok(Reply::Ready(ok(|o| {
            o.text("username", username.as_str());
            o.text("name", name.as_str());
            o.text("nationality", country.as_ref().map_or("", Country::as_str));
            o.text("message", wording::REGISTERED);
        })))
    }
    .boxed()
}
