//! Contacts, and what is new anywhere.

use serde_json::json;

use super::{Ended, Shell, spoken};

impl Shell<'_> {
    pub(super) fn contacts(&mut self) -> Result<(), Ended> {
        let Some(reply) = self.ask("CONTACT-GET", json!({}))? else {
            return Ok(());
        };
        self.print_message(&reply)?;
        for contact in reply.texts("contact_list").unwrap_or_default() {
            self.console.print(&contact)?;
        }
        Ok(())
    }

    pub(super) fn news(&mut self) -> Result<(), Ended> {
        let Some(reply) = self.ask("NOTIF-GET", json!({}))? else {
            return Ok(());
        };
        self.print_message(&reply)?;
        for item in reply.objects("messages").unwrap_or_default() {
            self.console.print(&spoken(&item))?;
        }
        Ok(())
    }
}
