//! Programs that act for a person: each has a session of its own, which ends only when it is ended.

use kabar_model::{Label, Refusal, SessionId, SessionToken, Timestamp};

use crate::accounts::Proof;
use crate::engine::Engine;
use crate::error::Result;
use crate::sessions::Caller;
use crate::store::Purpose;

/// A program that acts for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The number of its session.
    pub id: SessionId,
    /// What it is called.
    pub name: Label,
    /// Whether it may change anything.
    pub writes: bool,
    /// When it was let in.
    pub created_at: Timestamp,
    /// When it last did something.
    pub used_at: Timestamp,
}

impl Engine {
    /// Lets a program act for a person; the token is not kept anywhere else. Refuses `TooMany` programs,
    /// `SessionUnknown` when this session has ended, if on another node, and a program `NotAllowed`.
    pub async fn admit_program(
        &self,
        caller: &Caller,
        name: Label,
        writes: bool,
    ) -> Result<(SessionId, SessionToken)> {
        caller.must_be_a_person()?;
        let user = self.directory.user(caller.user()).await?;
        let proof = Proof::Session(caller.session());
        let login = self.begin_session(&user, proof, Purpose::Program { name, writes }).await?;
        Ok((login.caller.session(), login.token))
    }

    /// The programs that act for a person, the most recently used first.
    pub async fn programs(&self, caller: &Caller) -> Result<Vec<Program>> {
        caller.must_be_a_person()?;
        let own = self.sessions_of(caller).await?;
        let programs = own.into_iter().filter_map(|session| match session.purpose {
            Purpose::Person => None,
            Purpose::Program { name, writes } => Some(Program {
                id: session.id,
                name,
                writes,
                created_at: session.created_at,
                used_at: session.used_at,
            }),
        });
        Ok(programs.collect())
    }

    /// Ends what a program may do. Refuses `SessionUnknown`.
    pub async fn dismiss_program(&self, caller: &Caller, id: SessionId) -> Result<()> {
        if self.programs(caller).await?.iter().any(|program| program.id == id) {
            self.end(id).await
        } else {
            Err(Refusal::SessionUnknown.into())
        }
    }
}
