//! Holds answers against the `OpenAPI` document: whether the status is in it and the body is what it says. It knows
//! as much of JSON Schema (2020-12) as the document uses.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use kabar_api::Router;
use serde_json::Value;
use tower::ServiceExt;

use crate::world::Answer;

pub(crate) struct Document(Value);

impl Document {
    pub(crate) async fn of(routes: &Router) -> Self {
        let request = Request::get("/api/v1/openapi.json").header(HOST, "localhost");
        let response = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Self(serde_json::from_slice(&body).unwrap())
    }

    pub(crate) fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let Some(item) = self.path(path) else { return };
        let operation = &item[method.as_str().to_ascii_lowercase()];
        if operation.is_null() {
            return;
        }
        let what = format!("{method} {path} {}", answer.status);
        let answers = &operation["responses"];
        let documented = &answers[answer.status.as_str()];
        let documented = if documented.is_null() && !answer.status.is_success() {
            &answers["default"]
        } else {
            documented
        };
        assert!(!documented.is_null(), "{what}: not documented");
        let media_type = answer.headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap());
        if media_type.is_some_and(|media_type| media_type.starts_with("application/json")) {
            let schema = &documented["content"]["application/json"]["schema"];
            if !schema.is_null() {
                let mut faults = Vec::new();
                self.faults(schema, &answer.json(), "$", &mut faults);
                assert!(faults.is_empty(), "{what}: {faults:?}\n{}", answer.json());
            }
        }
    }

    /// What is wrong with a value that is to be an object of that name.
    pub(crate) fn faults_of(&self, name: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.faults(&self.0["components"]["schemas"][name], value, "$", &mut faults);
        faults
    }

    /// The table's row for a path; one without placeholders goes before one with.
    fn path(&self, path: &str) -> Option<&Value> {
        let wanted: Vec<&str> = path.split('/').collect();
        let rows = self.0["paths"].as_object().unwrap();
        let fits = |row: &str| {
            let row: Vec<&str> = row.split('/').collect();
            row.len() == wanted.len()
                && row.iter().zip(&wanted).all(|(a, b)| a.starts_with('{') || a == b)
        };
        let mut found: Vec<_> = rows.iter().filter(|(row, _)| fits(row)).collect();
        found.sort_by_key(|(row, _)| row.matches('{').count());
        found.first().map(|(_, item)| *item)
    }

    fn faults(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        if let Some(path) = schema["$ref"].as_str() {
            let target = self.0.pointer(path.trim_start_matches('#'));
            return self.faults(target.expect("a reference leads somewhere"), value, at, faults);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let fits = choices.iter().filter(|choice| {
                let mut faults = Vec::new();
                self.faults(choice, value, at, &mut faults);
                faults.is_empty()
            });
            if fits.count() != 1 {
                faults.push(format!("{at}: not one of the choices"));
            }
        }
        if let Some(kind) = schema.get("type") {
            let is = |kind: &Value| is_of(value, kind.as_str().unwrap());
            let fits = kind.as_array().map_or_else(|| is(kind), |kinds| kinds.iter().any(is));
            if !fits {
                faults.push(format!("{at}: {value} is not {kind}"));
            }
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            faults.push(format!("{at}: {value} is none of {values:?}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                faults.push(format!("{at}: {name} is missing"));
            }
        }
        if let (Some(properties), Some(object)) =
            (schema["properties"].as_object(), value.as_object())
        {
            for (name, value) in object {
                match properties.get(name) {
                    Some(schema) => self.faults(schema, value, &format!("{at}.{name}"), faults),
                    None => faults.push(format!("{at}: {name} is not documented")),
                }
            }
        }
        if let (Some(schema), Some(items)) = (schema.get("items"), value.as_array()) {
            for (n, item) in items.iter().enumerate() {
                self.faults(schema, item, &format!("{at}[{n}]"), faults);
            }
        }
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("what is {other}?"),
    }
}
