//! The answer in the form the PBX can read: JSON, a form, or one line of text. Always with a body, always with an
//! action, whatever went wrong: dialplans read the body and not the status.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ringfence_gate::advised::Answer;
use serde::Serialize;

/// The form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    Json,
    Urlencoded,
    Text,
}

/// What a PBX is to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Advice {
    /// `allow` or `reject`.
    pub action: &'static str,
    /// The code to refuse with; 0 for a call that may be made.
    pub sip_code: u16,
    /// The cause to refuse with (Q.850); 0 for a call that may be made.
    pub q850: u16,
    /// How long it may last; 0: without end.
    pub max_seconds: u64,
    /// The call, under its name here; empty when it was not judged.
    pub decision_id: String,
    /// `enforce`, `observe`, or `failed`: nobody could judge it.
    pub mode: &'static str,
    /// What would have been done, where the policy is only observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<&'static str>,
    /// Why.
    pub reason: String,
}

/// Call rejected (ITU-T Q.850, cause 21).
const CALL_REJECTED: u16 = 21;
/// Temporary failure (ITU-T Q.850, cause 41).
const TEMPORARY_FAILURE: u16 = 41;

impl Advice {
    /// What the engine says.
    pub fn of(answer: &Answer, enforces: bool) -> Self {
        let (action, sip_code, q850) =
            if answer.refused { ("reject", answer.code, CALL_REJECTED) } else { ("allow", 0, 0) };
        Self {
            action,
            sip_code,
            q850,
            max_seconds: answer.max_duration.map_or(0, |max| max.as_secs().max(1)),
            decision_id: answer.call.to_string(),
            mode: if enforces { "enforce" } else { "observe" },
            would: answer.would_refuse.then_some("reject"),
            reason: answer.why.as_ref().to_owned(),
        }
    }

    /// Nobody could judge it.
    pub fn failed(lets_through: bool, reason: String) -> Self {
        let (action, sip_code, q850) =
            if lets_through { ("allow", 0, 0) } else { ("reject", 503, TEMPORARY_FAILURE) };
        Self {
            action,
            sip_code,
            q850,
            max_seconds: 0,
            decision_id: String::new(),
            mode: "failed",
            would: None,
            reason,
        }
    }

    pub fn respond(&self, form: Form, status: StatusCode) -> Response {
        let (kind, body) = match form {
            Form::Json => ("application/json", serde_json::to_vec(self).unwrap_or_default()),
            Form::Urlencoded => (
                "application/x-www-form-urlencoded",
                serde_urlencoded::to_string(self).unwrap_or_default().into_bytes(),
            ),
            Form::Text => ("text/plain; charset=utf-8", self.line().into_bytes()),
        };
        written(status, kind, body)
    }

    /// `allow 3600`, `reject 486 why`.
    fn line(&self) -> String {
        match self.sip_code {
            0 => format!("{} {}", self.action, self.max_seconds),
            code => format!("{} {code} {}", self.action, self.reason),
        }
    }
}

/// A JSON answer to what was told.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    written(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
}

fn written(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::CallId;
    use std::time::Duration;

    fn answer(refused: bool) -> Answer {
        Answer {
            call: CallId(7),
            refused,
            would_refuse: false,
            why: if refused { "too dear & far".into() } else { "".into() },
            code: 486,
            max_duration: (!refused).then_some(Duration::from_secs(3_600)),
            protected: false,
        }
    }

    async fn body(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 4_096).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn three_forms_say_the_same() {
        let said =
            |refused, form| body(Advice::of(&answer(refused), true).respond(form, StatusCode::OK));
        assert_eq!(said(false, Form::Text).await, "allow 3600");
        assert_eq!(said(true, Form::Text).await, "reject 486 too dear & far");
        assert_eq!(
            said(true, Form::Urlencoded).await,
            "action=reject&sip_code=486&q850=21&max_seconds=0&decision_id=7&mode=enforce&reason=too+dear+%26+far"
        );
        assert_eq!(
            said(false, Form::Json).await,
            r#"{"action":"allow","sip_code":0,"q850":0,"max_seconds":3600,"decision_id":"7","mode":"enforce","reason":""}"#
        );
    }

    #[tokio::test]
    async fn what_was_not_judged_has_an_action_too() {
        let open = Advice::failed(true, "busy".to_owned());
        assert_eq!(body(open.respond(Form::Text, StatusCode::OK)).await, "allow 0");
        let closed = Advice::failed(false, "busy".to_owned());
        assert_eq!(body(closed.respond(Form::Text, StatusCode::OK)).await, "reject 503 busy");
    }
}
