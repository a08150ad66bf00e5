//! One client's stream, from its first frame to its last.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message as Ws, WebSocket};
use kabar_engine::store::Place;
use kabar_engine::{Listening, News, RoomNews, Signal, Stay};
use kabar_model::{Arrival, ConversationId, RoomName, User};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::frame::{Asked, Frame, RoomEvent, position};
use super::missed::Missed;
use crate::api::Api;
use crate::caller::Reader;
use crate::ids;
use crate::problem::{Answer, Code, Problem};

/// How often the two see whether the other is there: proxies drop what is silent for a minute.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A client that has not been heard for so long is gone.
const SILENT_MAX: Duration = Duration::from_secs(90);
/// How long a frame may take to go out.
const SEND_MAX: Duration = Duration::from_secs(30);
/// How long the last words may take to go out when the server stops.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// The session is over.
const SESSION_ENDED: u16 = 4401;
/// The client does not keep up: it comes back with its position.
const TOO_SLOW: u16 = 4408;
/// The server stops (RFC 6455 §7.4.1).
const GOING_AWAY: u16 = 1001;
/// Something failed here (RFC 6455 §7.4.1).
const FAILED: u16 = 1011;

/// Why a stream ends.
pub(super) enum End {
    /// The client has gone.
    Gone,
    /// With this code.
    Close(u16),
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        // The failure has been logged; a refusal here is that of a session that is over.
        Self::Close(if problem.code() == Code::Unauthorized { SESSION_ENDED } else { FAILED })
    }
}

impl From<kabar_engine::Error> for End {
    fn from(error: kabar_engine::Error) -> Self {
        Problem::from(error).into()
    }
}

pub(super) struct Stream {
    pub(super) api: Api,
    pub(super) caller: Reader,
    socket: WebSocket,
    /// How far the client has been told.
    pub(super) told: Arrival,
    /// What it has not been told yet of what it missed.
    pub(super) missed: Option<Missed>,
    stay: Option<Stay>,
    pub(super) heard_at: Instant,
    /// Cancelled when this connection is to end.
    stop: CancellationToken,
}

pub(super) async fn serve(api: Api, caller: Reader, since: Option<Arrival>, socket: WebSocket) {
    let listening = api.engine.listen_closely(&caller);
    let _connected = api.engine.connected(&caller);
    let (told, heard_at) = (Arrival::NONE, Instant::now());
    let stop = api.site.stop.connection();
    let mut stream = Stream { api, caller, socket, told, missed: None, stay: None, heard_at, stop };
    if let Err(End::Close(code)) = stream.run(since, listening).await {
        if code == SESSION_ENDED {
            let _ = stream.send(&Frame::SessionEnded).await;
        }
        stream.close(code).await;
    }
}

impl Stream {
    async fn run(&mut self, since: Option<Arrival>, mut listening: Listening) -> Result<(), End> {
        let stop = self.stop.clone();
        // Asked after listening began: what is told twice stands at or before here.
        let last = self.api.engine.last_arrival().await?;
        match since {
            Some(since) if since <= last => {
                (self.told, self.missed) = (since, Some(Missed::until(last)));
            }
            None => self.told = last,
            Some(_) => self.resync(last).await?,
        }
        if self.missed.is_none() {
            self.greet().await?;
        }
        let mut turns = interval(PING_EVERY);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        turns.reset();
        loop {
            tokio::select! {
                () = ready(()), if self.missed.is_some() => self.catch_up().await?,
                news = listening.next(), if self.missed.is_none() => {
                    self.tell(news).await?;
                    self.make_up_for_moves(&listening).await?;
                }
                heard = self.socket.recv() => {
                    let heard = heard.and_then(Result::ok).ok_or(End::Gone)?;
                    self.heard_at = Instant::now();
                    self.hear(heard, &listening).await?;
                }
                _ = turns.tick() => self.ping().await?,
                () = stop.cancelled() => return Err(End::Close(GOING_AWAY)),
            }
        }
    }

    /// Says that all that was missed has been told.
    pub(super) async fn greet(&mut self) -> Result<(), End> {
        self.missed = None;
        let me = Box::new(self.api.me(&self.caller).await?);
        self.send(&Frame::Hello { position: position(self.told), me }).await
    }

    pub(super) async fn tell_message(
        &mut self,
        message: crate::objects::Message,
        place: Place,
        at: Arrival,
    ) -> Result<(), End> {
        let conversation = self.api.conversation(&self.caller, place.conversation).await;
        let Some(mut conversation) = allowed(conversation)? else { return Ok(()) };
        conversation.last = None;
        self.send(&Frame::Message {
            message: Box::new(message),
            conversation: Box::new(conversation),
            position: position(at),
        })
        .await
    }

    pub(super) async fn tell_changed(&mut self, place: Place, at: Arrival) -> Result<(), End> {
        let shown = self.api.engine.message(&self.caller, place).await.map_err(Problem::from);
        let Some(shown) = allowed(shown)? else { return Ok(()) };
        let message = Box::new(self.api.message(&self.caller, &shown).await);
        self.send(&Frame::Changed { message, position: position(at) }).await
    }

    /// Tells what happens now.
    async fn tell(&mut self, news: News) -> Result<(), End> {
        match news {
            News::Message(news) if news.arrival <= self.told => Ok(()),
            News::Message(news) => {
                self.told = news.arrival;
                if let Some(change) = news.change {
                    let changed = Place { seq: change.of(), ..news.place };
                    return self.tell_changed(changed, news.arrival).await;
                }
                let message = self.api.told(&self.caller, &news).await?;
                self.tell_message(message, news.place, news.arrival).await
            }
            News::Entered(news) => self.tell_room(&news, RoomEvent::Entered).await,
            News::Left(news) => self.tell_room(&news, RoomEvent::Left).await,
            News::Signal(signal) => self.tell_signal(&signal).await,
            News::Missed => {
                // Either the session has ended, or too much waits to be told.
                self.api.engine.still(&self.caller)?;
                Err(End::Close(TOO_SLOW))
            }
        }
    }

    /// Says who is in the room now, if it was not told of all who came and went.
    async fn make_up_for_moves(&mut self, listening: &Listening) -> Result<(), End> {
        let Some(room) = self.stay.as_ref().map(Stay::room) else { return Ok(()) };
        if !listening.has_missed_moves() {
            return Ok(());
        }
        let people = self.api.engine.people_in_room(&self.caller, room);
        match allowed(entered(&self.api, &self.caller, room, &people).await)? {
            Some(entered) => self.send(&entered).await,
            None => Ok(()),
        }
    }

    async fn tell_room(&mut self, news: &RoomNews, event: RoomEvent) -> Result<(), End> {
        let (room, user) = (news.room.as_str().to_owned(), self.api.user(&news.user));
        let conversation = ids::of_conversation(news.id);
        self.send(&Frame::Room { conversation, room, event, user }).await
    }

    async fn tell_signal(&mut self, signal: &Signal) -> Result<(), End> {
        let frame = match signal {
            Signal::Typing { conversation, user } => Frame::Typing {
                conversation: ids::of_conversation(*conversation),
                username: user.username.to_string(),
            },
            Signal::Presence { user, active } => {
                Frame::Presence { username: user.username.to_string(), active: *active }
            }
            Signal::Read(Place { conversation, seq }) => {
                let now = self.api.conversation(&self.caller, *conversation).await;
                let Some(now) = allowed(now)? else { return Ok(()) };
                let crate::objects::Conversation { unread, mentions, .. } = now;
                let conversation = ids::of_conversation(*conversation);
                Frame::Read { conversation, seq: seq.0, unread, mentions }
            }
            Signal::Delivery(id) => Frame::Delivery { conversation: ids::of_conversation(*id) },
            Signal::OutOfRoom(id) => {
                if self.stay.as_ref().is_some_and(|stay| stay.room() == *id && stay.lasts()) {
                    // One has come back meanwhile.
                    return Ok(());
                }
                self.stay.take_if(|stay| stay.room() == *id);
                Frame::Left { conversation: ids::of_conversation(*id) }
            }
            Signal::Conversation(id) => {
                match allowed(self.api.conversation(&self.caller, *id).await)? {
                    Some(conversation) => {
                        Frame::Conversation { conversation: Box::new(conversation) }
                    }
                    None => Frame::Left { conversation: ids::of_conversation(*id) },
                }
            }
        };
        self.send(&frame).await
    }

    async fn hear(&mut self, heard: Ws, listening: &Listening) -> Result<(), End> {
        let text = match heard {
            Ws::Text(text) => text,
            Ws::Close(_) => return Err(End::Gone),
            Ws::Binary(_) | Ws::Ping(_) | Ws::Pong(_) => return Ok(()),
        };
        // What newer clients may ask is not understood, and harms nobody.
        let Ok(asked) = serde_json::from_str(text.as_str()) else { return Ok(()) };
        match self.grant(asked, listening).await {
            Ok(Some(frame)) => self.send(&frame).await,
            Ok(None) => Ok(()),
            Err(problem) if problem.code() == Code::Unauthorized => Err(problem.into()),
            Err(problem) => {
                self.send(&Frame::Error { error: problem.shown(self.caller.lang).error }).await
            }
        }
    }

    async fn grant(&mut self, asked: Asked, listening: &Listening) -> Answer<Option<Frame>> {
        let engine = &self.api.engine;
        engine.still(&self.caller)?;
        match asked {
            Asked::Enter { room } => {
                let room = RoomName::parse(&room)?;
                let (stay, people) = engine.enter_room(&self.caller, listening, &room).await?;
                let entered = entered(&self.api, &self.caller, stay.room(), &people).await?;
                self.stay = Some(stay);
                Ok(Some(entered))
            }
            Asked::Leave => {
                self.stay = None;
                Ok(None)
            }
            Asked::Typing { conversation } => {
                if let Some(id) = ids::conversation(&conversation) {
                    engine.typing(&self.caller, id).await?;
                }
                Ok(None)
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.api.engine.still(&self.caller)?;
        if self.heard_at.elapsed() > SILENT_MAX {
            return Err(End::Gone);
        }
        self.put(Ws::Ping(bytes::Bytes::new())).await?;
        self.send(&Frame::Alive).await
    }

    pub(super) async fn send(&mut self, frame: &Frame) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(kabar_engine::Error::failed)?;
        self.put(Ws::Text(text.into())).await
    }

    async fn put(&mut self, frame: Ws) -> Result<(), End> {
        let stop = self.stop.clone();
        tokio::select! {
            // Whether there is room is asked first, so that what can go out does.
            biased;
            sent = timeout(SEND_MAX, self.socket.send(frame)) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
            () = stop.cancelled() => Err(End::Close(GOING_AWAY)),
        }
    }

    /// Ends with this code. A client that does not read must not hold up the stop of the server.
    async fn close(&mut self, code: u16) {
        let stop = self.stop.clone();
        let close = Ws::Close(Some(CloseFrame { code, reason: "".into() }));
        let patience = async {
            stop.cancelled().await;
            sleep(FAREWELL_MAX).await;
        };
        tokio::select! {
            _ = timeout(SEND_MAX, self.socket.send(close)) => {}
            () = patience => {}
        }
    }
}

/// Says that one is in a room, and who else is.
async fn entered(
    api: &Api,
    caller: &Reader,
    room: ConversationId,
    people: &[Arc<User>],
) -> Answer<Frame> {
    let conversation = Box::new(api.conversation(caller, room).await?);
    let people = people.iter().map(|user| api.user(user)).collect();
    Ok(Frame::Entered { room: conversation.name.clone(), conversation, people })
}

/// `None` where the person is no longer in the conversation, or may not see the message.
fn allowed<T>(answer: Answer<T>) -> Result<Option<T>, End> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(problem)
            if matches!(
                problem.code(),
                Code::NotMember
                    | Code::ConversationUnknown
                    | Code::MessageUnknown
                    | Code::GroupUnknown
            ) =>
        {
            Ok(None)
        }
        Err(problem) => Err(problem.into()),
    }
}
