//! A file on its way in: what is known of it, and what becomes of it.

use bytes::Bytes;
use kabar_engine::{Caller, Upload};
use kabar_wire::conversation::Answer;

use crate::command::{self, Command, Delivery, Prepare, Run};
use crate::form::Form;
use crate::payload::Ended;
use crate::probe::PAYLOAD;
use crate::reply::{Complaint, Outcome, Reply};
use crate::session::FormConversation;

/// A file whose contents are under way.
pub(crate) struct Arriving {
    command: &'static Command,
    prepare: Prepare,
    /// What has come of the form.
    form: Vec<u8>,
    /// What has come of the contents, or why they are thrown away.
    upload: Result<Upload, Complaint>,
}

impl Arriving {
    pub(crate) async fn take_in(&mut self, piece: Bytes) {
        if let Ok(upload) = &mut self.upload
            && let Err(error) = upload.write(piece).await
        {
            self.upload = Err(error.into());
        }
    }
}

impl FormConversation {
    /// Takes up a request with contents; this is what stands before them. What is missing may follow them.
    pub(crate) async fn begin_upload(&mut self, head: &[u8]) {
        self.arriving = None;
        let Some((command, form)) = command::find(head) else { return };
        let Run::Uploading(prepare) = command.run else { return };
        let upload = match self.prepare(prepare, form).await {
            Ok((caller, _)) => Ok(self.engine.upload(Some(&caller))),
            Err(Complaint::MissingKey(_)) => {
                let caller = self.caller(form).await.ok();
                Ok(self.engine.upload(caller.as_ref()))
            }
            Err(complaint) => Err(complaint),
        };
        let form = form.encoded().to_vec();
        self.arriving = Some(Box::new(Arriving { command, prepare, form, upload }));
    }

    /// Answers a request whose contents have come.
    pub(crate) async fn finish_upload(&mut self) -> Answer {
        let (arriving, ended) = (self.arriving.take(), self.cutter.take_ended());
        let Some((arriving, Ended { is_base64, rest })) = arriving.zip(ended) else {
            return self.unknown();
        };
        let Arriving { command, prepare, form, upload } = *arriving;
        let form = [form, rest].concat();
        let form = Form::of(&form);
        let outcome = self.deliver(prepare, form, upload, is_base64).await;
        self.answer_to(command, form, outcome)
    }

    /// Answers a request for which no contents have come: the key is missing, or without a value.
    pub(crate) async fn upload_nothing(&mut self, prepare: Prepare, form: Form<'_>) -> Outcome {
        let caller = self.caller(form).await?;
        form.need(PAYLOAD)?;
        let upload = self.engine.upload(Some(&caller));
        self.deliver(prepare, form, Ok(upload), true).await
    }

    async fn deliver(
        &mut self,
        prepare: Prepare,
        form: Form<'_>,
        upload: Result<Upload, Complaint>,
        is_base64: bool,
    ) -> Outcome {
        let upload = upload?;
        // Again: with what has come since, and who may have sent may no longer.
        let (caller, Delivery { to, name, sole, success }) = self.prepare(prepare, form).await?;
        if !is_base64 {
            return Err(Complaint::NotBase64);
        }
        self.engine.send_file(&caller, &to, name, upload, None, sole).await?;
        Ok(Reply::Ready(success))
    }

    async fn prepare(
        &mut self,
        prepare: Prepare,
        form: Form<'_>,
    ) -> Result<(Caller, Delivery), Complaint> {
        let caller = self.caller(form).await?;
        let delivery = prepare(&self.engine, &caller, form).await?;
        Ok((caller, delivery))
    }
}
