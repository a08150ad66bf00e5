//! Searching.

use axum::extract::State;
use kabar_engine::store::Conversation as Known;
use kabar_engine::{Hit, Mistake, Search};
use kabar_model::Arrival;
use kabar_model::limits::SEARCH_WORDS_MAX;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::caller::SignedIn;
use crate::extract::{Json, Query};
use crate::ids;
use crate::objects::Message;
use crate::problem::{Answer, Code, Problem};
use crate::text::Text;

/// The results on a page unless more are asked for.
const RESULTS_DEFAULT: usize = 20;
/// The most results on a page.
const RESULTS_MAX: usize = 100;

#[derive(Deserialize, IntoParams)]
pub(crate) struct Wanted {
    /// Words or "exact phrases", and `from:USER`, `in:GROUP`, `in:@USER`, `has:file`, `has:link`, `after:DATE`,
    /// `before:DATE`. A name with spaces stands in quotation marks; a date is such as 2026-12-31, in UTC.
    #[serde(default)]
    q: String,
    /// At most so many (20 unless said, 100 at most).
    limit: Option<usize>,
    /// `next` of the page before.
    before: Option<String>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Results {
    /// The latest first.
    results: Vec<Found>,
    /// What to give as `before` for the next page; `null`: there is none.
    #[schema(required)]
    next: Option<String>,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct Found {
    /// The message.
    message: Message,
    /// Where it stands.
    conversation: Named,
    /// Where the words stand in its text: from and to, in UTF-16 code units.
    matches: Vec<[usize; 2]>,
}

/// A conversation's name.
#[derive(Serialize, ToSchema)]
pub(crate) struct Named {
    /// Its id.
    id: String,
    /// What it is shown as.
    name: String,
}

/// Find messages in one's conversations
#[utoipa::path(get, path = "/search", tag = "search", params(Wanted), responses((status = 200, body = Results)))]
pub(crate) async fn search(
    State(api): State<Api>,
    SignedIn(caller): SignedIn,
    Query(Wanted { q, limit, before }): Query<Wanted>,
) -> Answer<Json<Results>> {
    let search = Search::parse(&q).map_err(mistaken)?;
    let limit = limit.unwrap_or(RESULTS_DEFAULT).clamp(1, RESULTS_MAX);
    let cursor = |text: String| text.parse().ok().map(Arrival);
    let before = before.map(|text| cursor(text).ok_or_else(|| Problem::invalid("before")));
    let hits = api.engine.search(&caller, &search, before.transpose()?, limit).await;
    let hits = hits.map_err(|error| match error.refusal() {
        Some(_) => Problem::from(error).field("q"),
        None => error.into(),
    })?;
    let last = hits.last().filter(|_| hits.len() >= limit);
    let next = last.map(|hit| hit.shown.message.arrival.0.to_string());
    let mut results = Vec::with_capacity(hits.len());
    for Hit { shown, conversation, with } in hits {
        let name = match &*conversation {
            Known::Direct(_) => with.map(|user| user.name.as_str().to_owned()).unwrap_or_default(),
            Known::Group(group) => group.name.as_str().to_owned(),
            Known::Room(_, name) => name.as_str().to_owned(),
        };
        let text = &shown.message.body;
        let matches = search.found_in(text).into_iter().map(|range| {
            let from = utf16(&text[..range.start]);
            [from, from + utf16(&text[range])]
        });
        results.push(Found {
            matches: matches.collect(),
            message: api.message(&caller, &shown).await,
            conversation: Named { id: ids::of_conversation(conversation.id()), name },
        });
    }
    Ok(Json(Results { results, next }))
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

fn mistaken(mistake: Mistake) -> Problem {
    let problem =
        |text| Problem::new(Code::InvalidField, text).hint(Text::SearchOperatorHint).field("q");
    match mistake {
        Mistake::Empty => problem(Text::SearchEmpty),
        Mistake::Operator(operator) => problem(Text::SearchOperator).with("operator", operator),
        Mistake::Value { operator, value } => {
            problem(Text::SearchValue).with("operator", operator).with("value", value)
        }
        Mistake::Twice(operator) => problem(Text::SearchTwice).with("operator", operator),
        Mistake::TooManyWords => problem(Text::SearchWords).with("words", SEARCH_WORDS_MAX),
    }
}
