//! The realm's keys as the store has them, which other nodes may change.

use kabar_engine::{Error, Result};

use super::Links;
use super::lease::KeysLease;
use super::me::{Me, damaged};

/// How often keys are read and changed again when others change them at the same time.
const KEEP_TRIES: usize = 16;

impl Links {
    /// Keeps the realm's keys, with realms that were first seen since; `rotate`: with a new one to sign with. Nothing is
    /// signed with a key that a restart would not find.
    pub(super) async fn keep_me(&self, rotate: bool) -> Result<()> {
        let lease = KeysLease::take(&*self.store, self.engine.node()).await?;
        let outcome = self.keep_me_alone(rotate).await;
        lease.end().await;
        outcome
    }

    async fn keep_me_alone(&self, rotate: bool) -> Result<()> {
        for _ in 0..KEEP_TRIES {
            let was = self.refresh_me().await?;
            let (rotated, text) = {
                let me = self.me.lock();
                let rotated = if rotate { Some(me.rotated(self.clock.now())?) } else { None };
                let text = rotated.as_ref().unwrap_or(&me).text()?;
                (rotated, text)
            };
            if self.kept()?.replace_identity(was, text, self.us().clone()).await? {
                if rotated.is_some() {
                    // What is there by now may be newer still.
                    self.refresh_me().await?;
                }
                return Ok(());
            }
            // The lease was over before this: another has kept something since it was read.
        }
        Err(Error::failed("the realm's keys are changed again and again"))
    }

    /// Takes over what is kept, and says what that is.
    pub(super) async fn refresh_me(&self) -> Result<Option<String>> {
        let text = self.kept()?.identity().await?;
        if let Some(text) = &text
            && *text != self.me.lock().text()?
        {
            let mut kept = Me::read(text).ok_or_else(damaged)?;
            kept.forget_replaced(self.clock.now());
            self.me.lock().take(kept);
        }
        Ok(text)
    }
}
