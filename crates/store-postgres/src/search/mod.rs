//! The search index: tables of its own, derived from the messages. They are filled behind the writers and never on the
//! path of an accept, by one node at a time; when they are missing or of another make, they are made anew.

mod filler;
mod find;
mod marks;
mod position;

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use kabar_engine::Result;
use kabar_engine::store::{Message, SearchQuery};
use kabar_model::UserId;
use kabar_store_sql::Stop;

use self::filler::Filler;
use self::find::Found;
use crate::readers::Readers;
use crate::settings::Address;

/// The thread that fills the index, or waits to.
pub(crate) struct Filling {
    stop: Arc<Stop>,
    /// There until the end.
    thread: Option<JoinHandle<()>>,
}

impl Filling {
    pub(crate) fn start(address: Arc<Address>) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let filler = Filler::new(address, Arc::clone(&stop));
        let thread = thread::Builder::new().name("search-index".into());
        let thread = Some(thread.spawn(move || filler.run())?);
        Ok(Self { stop, thread })
    }

    /// Stops the thread, so that another node may go on.
    pub(crate) fn end(&mut self) {
        self.stop.now();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the search index had panicked");
        }
    }
}

/// The messages that somebody may see and searches for, the latest first.
pub(crate) async fn search(
    readers: &Arc<Readers>,
    user: UserId,
    query: SearchQuery,
    limit: usize,
) -> Result<Vec<Message>> {
    let query = Arc::new(query);
    let asked = Arc::clone(&query);
    match readers.read(move |realm| find::by_index(realm, user, &asked, limit)).await? {
        Found::All(found) => Ok(found),
        Found::NotAsked => {
            readers.read(move |realm| find::latest(realm, user, &query, limit)).await
        }
    }
}

/// Whether the index goes up to that place in the order of arrival.
pub(crate) async fn is_indexed(readers: &Arc<Readers>, arrival: i64) -> Result<bool> {
    let position = readers.read(position::position).await?;
    Ok(position.is_some_and(|position| position.arrival >= arrival))
}

#[cfg(test)]
mod tests;
