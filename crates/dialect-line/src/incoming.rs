//! A file on its way in, and to whom it goes.

use futures_util::TryStreamExt;
use kabar_engine::{Caller, Destination, Engine, Error, Sent, Upload};
use kabar_model::{Field, FileName, Refusal};

/// A file on its way in.
pub(crate) struct Incoming {
    pub(crate) caller: Caller,
    pub(crate) to: Vec<Destination>,
    pub(crate) name: FileName,
    pub(crate) upload: Upload,
}

impl Incoming {
    /// Sends it to each, one after the other; says what became of the first.
    pub(crate) async fn send(self, engine: &Engine) -> Result<Sent, Error> {
        let Self { caller, to, name, upload } = self;
        let mut to = to.iter();
        let first = to.next().ok_or(Refusal::Invalid(Field::Recipients))?;
        let sent = engine.send_file(&caller, first, name.clone(), upload, None, false).await?;
        for other in to {
            // Equal contents are kept once, however often they come.
            let mut again = engine.upload(Some(&caller));
            let mut pieces = engine.contents(&sent.file).await?;
            while let Some(piece) = pieces.try_next().await? {
                again.write(piece).await?;
            }
            engine.send_file(&caller, other, name.clone(), again, None, false).await?;
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use kabar_engine::testing::{ManualClock, MemoryBlobs, MemoryStore};
    use kabar_engine::{LocalBus, Login, Operator, Origin, Registration, Settings};
    use kabar_model::{Address, Password, RealmName, Role, Timestamp, Username};

    use super::*;

    async fn login(engine: &Engine, name: &str) -> Login {
        let (username, password) =
            (Username::parse(name).unwrap(), Password::parse("surabaya").unwrap());
        let wish = Registration {
            username: username.clone(),
            password: password.clone(),
            name: None,
            country: None,
            invitation: None,
        };
        engine.add_user(Operator::vouched(), wish, Role::User).await.unwrap();
        let origin = Origin { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        engine.login(origin, &username, password).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_for_several_reaches_each() {
        let engine = Engine::start(
            Settings::new(RealmName::parse("kampus").unwrap()),
            Arc::new(MemoryStore::default()),
            Arc::new(MemoryBlobs::default()),
            Arc::new(LocalBus::default()),
            Arc::new(ManualClock::new(Timestamp(0))),
        );
        let engine = engine.await.unwrap();
        let caller = login(&engine, "messi").await.caller;
        let contents = vec![7; 200_000];
        let (mut to, mut receivers) = (Vec::new(), Vec::new());
        for name in ["henderson", "izza"] {
            receivers.push(login(&engine, name).await.caller);
            to.push(engine.to_person(&Address::parse(name).unwrap()).await.unwrap());
        }
        let mut upload = engine.upload(Some(&caller));
        upload.write(contents.clone().into()).await.unwrap();
        let name = FileName::clean("x.bin").unwrap();
        let sent = Incoming { caller, to, name, upload }.send(&engine).await.unwrap();
        let mut codes = Vec::new();
        for receiver in &receivers {
            let files = engine.files(receiver).await.unwrap();
            let [listed] = &files[..] else { panic!("{files:?}") };
            let pieces = engine.contents(&listed.file).await.unwrap();
            let came: Vec<_> = pieces.try_collect().await.unwrap();
            assert!(came.concat() == contents && listed.file.name.as_str() == "x.bin");
            codes.push(listed.file.code);
        }
        assert!(codes[0] == sent.file.code && codes[1] != sent.file.code);
    }
}
