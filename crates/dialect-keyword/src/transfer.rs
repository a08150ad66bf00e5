//! Files on their way: contents that come after our `ready`, and contents that go, in the object form after
//! the client's.

use std::io;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use kabar_engine::blobs::Pieces;
use kabar_engine::{Caller, Destination, Engine, Error, Upload};
use kabar_model::{File, FileName};
use kabar_wire::conversation::Output;
use tracing::error;

use crate::command::Command;
use crate::complaint::Complaint;
use crate::reply::{self, Data, Form};
use crate::wording;

/// A file that somebody wants to send, and may.
pub(crate) struct Announced {
    pub(crate) caller: Caller,
    pub(crate) to: Destination,
    pub(crate) name: FileName,
    pub(crate) size: u64,
}

/// A file that is coming in.
pub(crate) struct Incoming {
    file: Announced,
    form: Form,
    command: &'static Command,
    /// What has come, or what will be answered once all that was announced has come and gone.
    taken: Result<Upload, Vec<u8>>,
}

impl Incoming {
    /// A file of which nothing has come yet, and the request that announced it.
    pub(crate) fn new(
        file: Announced,
        upload: Upload,
        form: Form,
        command: &'static Command,
    ) -> Self {
        Self { file, form, command, taken: Ok(upload) }
    }

    /// Takes the next piece. Once one could not be taken, or its sender has logged out elsewhere, the others
    /// are thrown away.
    pub(crate) async fn take_in(&mut self, engine: &Engine, piece: Bytes) {
        let Ok(upload) = &mut self.taken else { return };
        let taken = match engine.still(&self.file.caller) {
            Ok(()) => upload.write(piece).await,
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            self.taken = Err(Complaint::from(error).said(&self.form, self.command));
        }
    }

    /// The answer, once all has come.
    pub(crate) async fn finish(self, engine: &Engine) -> Vec<u8> {
        let Self { file, form, command, taken } = self;
        match taken {
            Err(answer) => answer,
            Ok(upload) => match send(engine, file, upload).await {
                Ok(file) => reply::success(&form, wording::FILE_SENT, &Data::Sent(file)),
                Err(error) => Complaint::from(error).said(&form, command),
            },
        }
    }
}

async fn send(engine: &Engine, file: Announced, upload: Upload) -> Result<File, Error> {
    let Announced { caller, to, name, .. } = file;
    Ok(engine.send_file(&caller, &to, name, upload, None, false).await?.file)
}

/// A file that somebody wants to have, and may.
pub(crate) struct Found {
    pub(crate) caller: Caller,
    pub(crate) file: File,
    pub(crate) contents: Pieces,
}

impl Found {
    /// The file as the text form has it: the reply, and at once the contents.
    pub(crate) fn text(self) -> Output {
        let name = self.file.name.clone();
        let head = reply::success(&Form::Text, name.as_str(), &Data::Contents(self.file));
        let head = stream::once(std::future::ready(Ok(head)));
        Output::Pieces(head.chain(raw(self.contents)).boxed())
    }

    /// The file as the object form has it: the reply, and what is offered with it. The contents are opened
    /// again when the client is ready: one that never is must not hold a file open.
    pub(crate) fn object(self, form: Form, command: &'static Command) -> (Vec<u8>, Offered) {
        let name = self.file.name.clone();
        let data = Data::Contents(self.file.clone());
        let reply = reply::success(&form, name.as_str(), &data);
        (reply, Offered { caller: self.caller, file: self.file, form, command })
    }
}

/// A file whose contents go once the client says that it is ready.
pub(crate) struct Offered {
    caller: Caller,
    file: File,
    form: Form,
    command: &'static Command,
}

impl Offered {
    /// The contents, or why there are none after all.
    pub(crate) async fn give(self, engine: &Engine) -> Output {
        // Asked again: who has left since may no longer have it.
        let opened = match engine.still_readable(&self.caller, &self.file).await {
            Ok(()) => engine.contents(&self.file).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(contents) => Output::Pieces(raw(contents)),
            Err(error) => Output::Now(Complaint::from(error).said(&self.form, self.command)),
        }
    }
}

/// Contents as they are sent.
fn raw(contents: Pieces) -> BoxStream<'static, io::Result<Vec<u8>>> {
    let sent = contents.map(|piece| match piece {
        Ok(piece) => Ok(piece.into()),
        Err(error) => {
            error!(%error, "a file cannot be read to its end");
            Err(io::Error::other(error))
        }
    });
    sent.boxed()
}
