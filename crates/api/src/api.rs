//! What all routes share.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kabar_engine::Engine;
use kabar_model::UserId;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::events::Streams;
use crate::pictures::Pictures;
use crate::site::Site;
use crate::uploads::Uploads;

/// How old the answer to "who is active?" may be: it is asked for with every person shown.
const ACTIVE_FOR: Duration = Duration::from_secs(1);

/// What all routes share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    pub(crate) site: Site,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) pictures: Pictures,
    active: Mutex<Option<(Instant, Arc<HashSet<UserId>>)>>,
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Api {
    pub(crate) fn new(engine: Arc<Engine>, site: Site) -> Self {
        Self(Arc::new(Shared {
            engine,
            site,
            uploads: Arc::default(),
            streams: Arc::default(),
            pictures: Pictures::default(),
            active: Mutex::default(),
        }))
    }

    /// Who is active, or was a moment ago.
    pub(crate) fn active(&self) -> Arc<HashSet<UserId>> {
        let mut known = self.active.lock();
        match &*known {
            Some((at, active)) if at.elapsed() < ACTIVE_FOR => Arc::clone(active),
            _ => {
                let active = Arc::new(self.engine.active_ids());
                *known = Some((Instant::now(), Arc::clone(&active)));
                active
            }
        }
    }
}
