//! The page that people read: made from the document that programs read.

use std::fmt::Write;

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// How it looks.
pub(super) const STYLE: &str = include_str!("../../text/docs.css");

/// The document as a page without scripts.
pub(super) fn html(about: &OpenApi) -> String {
    let about = serde_json::to_value(about).unwrap_or_default();
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>kabar API</title>\n<link rel=\"stylesheet\" href=\"/api/v1/docs.css\">\n<main>\n<h1>kabar API</h1>\n",
    );
    for paragraph in text(&about["info"]["description"]).split("\n\n") {
        let _ = writeln!(page, "<p>{}</p>", escaped(paragraph));
    }
    page.push_str(
        "<p>Base address: <code>/api/v1</code>. Sign in with <code>POST /sessions</code>, then send \
         <code>Authorization: Bearer TOKEN</code>. For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p>\n",
    );
    for tag in about["tags"].as_array().into_iter().flatten() {
        let _ = writeln!(page, "<h2>{}</h2>", escaped(text(&tag["description"])));
        for (path, item) in about["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag["name"] {
                    page.push_str(&described(method, path, operation));
                }
            }
        }
    }
    page.push_str("<h2>Objects</h2>\n");
    for (name, schema) in about["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = writeln!(page, "<section id=\"{0}\">\n<h3>{0}</h3>", escaped(name));
        page.push_str(&fields(schema));
        page.push_str("</section>\n");
    }
    page.push_str("</main>\n</html>\n");
    page
}

fn described(method: &str, path: &str, operation: &Value) -> String {
    let mut said = format!(
        "<section>\n<h3><code>{} {}</code></h3>\n<p>{}.</p>\n",
        method.to_uppercase(),
        escaped(path),
        escaped(text(&operation["summary"])),
    );
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<&Value> = parameters.filter(|known| known["in"] != "path").collect();
    if !parameters.is_empty() {
        said.push_str("<dl>\n");
        for known in parameters {
            let (name, about) =
                (escaped(text(&known["name"])), escaped(text(&known["description"])));
            let _ = writeln!(said, "<dt><code>{name}</code></dt><dd>{about}</dd>");
        }
        said.push_str("</dl>\n");
    }
    for (media_type, content) in
        operation["requestBody"]["content"].as_object().into_iter().flatten()
    {
        let _ =
            writeln!(said, "<p>Takes {} ({})</p>", kind(&content["schema"]), escaped(media_type));
    }
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        if status != "default" {
            let contents = answer["content"].as_object().into_iter().flatten().next();
            let shown = contents.map(|(_, content)| kind(&content["schema"])).unwrap_or_default();
            let _ = writeln!(said, "<p>Answers <b>{}</b> {shown}</p>", escaped(status));
        }
    }
    said.push_str("</section>\n");
    said
}

fn fields(schema: &Value) -> String {
    let mut said = format!("<p>{}</p>\n", escaped(text(&schema["description"])));
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("<code>{}</code>", escaped(text(value)))).collect();
        let _ = writeln!(said, "<p>{}</p>", values.join(" · "));
    }
    if let Some(properties) = schema["properties"].as_object() {
        said.push_str("<dl>\n");
        for (name, property) in properties {
            let about = escaped(text(&property["description"]));
            let (name, kind) = (escaped(name), kind(property));
            let _ = writeln!(said, "<dt><code>{name}</code> {kind}</dt><dd>{about}</dd>");
        }
        said.push_str("</dl>\n");
    }
    for parts in ["oneOf", "allOf"] {
        for part in schema[parts].as_array().into_iter().flatten() {
            said.push_str(&fields(part));
        }
    }
    said
}

/// What a schema is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escaped(name));
    }
    if let Some(parts) = schema["oneOf"].as_array() {
        return parts.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(value) = schema["enum"].as_array().and_then(|values| values.first()) {
        return format!("<code>{}</code>", escaped(text(value)));
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds: Vec<&str> = kinds.iter().map(text).collect();
            escaped(&kinds.join(" or "))
        }
        Value::String(kind) if kind == "array" => {
            format!("list of {}", self::kind(&schema["items"]))
        }
        other => escaped(text(other)),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    crate::page::escape(text)
}
