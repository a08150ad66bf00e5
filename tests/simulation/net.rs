//! A network of dice: what is sent may be lost, late, twice, cut on its way back, or stopped at a partition.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use kabar_engine::store::links::Reach;
use kabar_federation::link::{CameBack, Links, Request, Sent, Unreached, Wire};

/// Numbers that look random and are the same for the same seed (xorshift64*).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            dice.next();
        }
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

/// What all realms send over.
pub(crate) struct Net(Mutex<State>);

struct State {
    dice: Dice,
    /// Of a hundred messages so many meet with something.
    trouble: usize,
    realms: HashMap<String, Weak<Links>>,
    /// Pairs that do not hear each other.
    parted: HashSet<(String, String)>,
    /// Copies of what was sent before, which may come again at any time.
    stray: Vec<(String, Request)>,
}

/// What becomes of a message.
enum Fate {
    Arrives,
    Lost,
    AnswerLost,
    Twice,
    StrayFirst,
}

impl Net {
    pub(crate) fn new(dice: Dice, trouble: usize) -> Arc<Self> {
        let (realms, parted, stray) = (HashMap::new(), HashSet::new(), Vec::new());
        Arc::new(Self(Mutex::new(State { dice, trouble, realms, parted, stray })))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A realm is there, or there again.
    pub(crate) fn enter(&self, name: &str, links: &Arc<Links>) {
        self.state().realms.insert(name.to_owned(), Arc::downgrade(links));
    }

    pub(crate) fn part(&self, one: &str, other: &str) {
        self.state().parted.insert((one.min(other).to_owned(), one.max(other).to_owned()));
    }

    /// From now on the network does what it should.
    pub(crate) fn heal(&self) {
        let state = &mut *self.state();
        state.trouble = 0;
        state.parted.clear();
    }

    pub(crate) fn join_again(&self) {
        self.state().parted.clear();
    }

    fn fate(&self, from: &str, to: &str) -> Option<(Fate, Arc<Links>)> {
        let state = &mut *self.state();
        let pair = (from.min(to).to_owned(), from.max(to).to_owned());
        if state.parted.contains(&pair) {
            return None;
        }
        let links = state.realms.get(to)?.upgrade()?;
        let fate = match state.dice.below(100) {
            n if n >= state.trouble => Fate::Arrives,
            _ => match state.dice.below(4) {
                0 => Fate::Lost,
                1 => Fate::AnswerLost,
                2 => Fate::Twice,
                _ => Fate::StrayFirst,
            },
        };
        Some((fate, links))
    }

    fn stray(&self, to: &str) -> Option<Request> {
        let state = &mut *self.state();
        let count = state.stray.len();
        if count == 0 {
            return None;
        }
        let at = state.dice.below(count);
        (state.stray[at].0 == to).then(|| state.stray[at].1.clone())
    }

    fn keep(&self, to: &str, request: &Request) {
        let state = &mut *self.state();
        if state.stray.len() < 64 {
            state.stray.push((to.to_owned(), request.clone()));
        }
    }
}

/// One realm's end of it.
pub(crate) struct End {
    pub(crate) net: Arc<Net>,
    pub(crate) name: String,
}

#[async_trait]
impl Wire for End {
    async fn send(&self, to: &Reach, sent: Sent) -> Result<CameBack, Unreached> {
        let request = Request {
            method: sent.method.to_owned(),
            path: sent.path.to_owned(),
            query: sent.query,
            headers: sent.headers.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
            body: sent.body,
            from: [127, 0, 0, 1].into(),
        };
        let nobody = || Unreached::Connect("nobody".to_owned());
        let (fate, links) = self.net.fate(&self.name, &to.host).ok_or_else(nobody)?;
        self.net.keep(&to.host, &request);
        match fate {
            Fate::Lost => return Err(Unreached::Late),
            Fate::StrayFirst => {
                if let Some(stray) = self.net.stray(&to.host) {
                    links.answer(&stray).await;
                }
            }
            Fate::Twice => drop(links.answer(&request).await),
            Fate::Arrives | Fate::AnswerLost => {}
        }
        let answer = links.answer(&request).await;
        if matches!(fate, Fate::AnswerLost) {
            return Err(Unreached::Late);
        }
        let mut headers: HashMap<String, String> =
            answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        headers.insert("content-type".to_owned(), answer.content_type.to_owned());
        Ok(CameBack { status: answer.status, headers, body: answer.body })
    }
}
