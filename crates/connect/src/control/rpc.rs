//! JSON-RPC of Kamailio (`jsonrpcs` over `xhttp`) and OpenSIPS (`mi_http`).

use super::{Ended, Garbled, shown};
use serde_json::{Value, json};

/// JSON-RPC 2.0 §5.1.
const METHOD_NOT_FOUND: i64 = -32_601;

/// Asks Kamailio for the dialogs of a Call-ID.
#[must_use]
pub fn kamailio_find(call_id: &str) -> Vec<u8> {
    request("dlg.dlg_list", &json!([call_id]))
}

/// Ends each dialog Kamailio found that is not over, by its Call-ID and tags; one that only rings by cancelling its
/// INVITE: Kamailio ends no dialog that is not confirmed. None when there is nothing to end.
///
/// # Errors
/// When the answer is none.
pub fn kamailio_end(found: &[u8]) -> Result<Vec<Vec<u8>>, Garbled> {
    let found = match result(found)? {
        Said::Result(found) => found,
        Said::Error(404 | 500, _) => return Ok(Vec::new()),
        Said::Error(code, message) => return Err(Garbled::Refused(format!("{code} {message}"))),
    };
    let dialogs: Vec<&Value> = match &found {
        Value::Array(all) => all.iter().collect(),
        one @ Value::Object(_) => vec![one],
        _ => Vec::new(),
    };
    Ok(dialogs.into_iter().filter_map(end_of).collect())
}

/// Dialog states of Kamailio: 1 unconfirmed, 2 early, 3 confirmed without ACK, 4 confirmed, 5 deleted.
fn end_of(dialog: &Value) -> Option<Vec<u8>> {
    let state = dialog.get("state").and_then(Value::as_i64)?;
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let call_id = text(dialog, "call-id")?;
    let caller = dialog.get("caller")?;
    match state {
        3 | 4 => {
            let tags = (text(caller, "tag")?, text(dialog.get("callee")?, "tag")?);
            Some(request("dlg.terminate_dlg", &json!([call_id, tags.0, tags.1])))
        }
        1 | 2 => Some(request("tm.cancel", &json!([call_id, text(caller, "cseq")?]))),
        _ => None,
    }
}

/// Whether a PBX did what it was told.
///
/// # Errors
/// When it did not, with what it says.
pub fn done(answer: &[u8]) -> Result<(), Garbled> {
    match result(answer)? {
        Said::Result(_) => Ok(()),
        Said::Error(code, message) => Err(Garbled::Refused(format!("{code} {message}"))),
    }
}

/// Ends a call at OpenSIPS by its Call-ID; `modern` from version 4.0 on, which named its commands anew.
#[must_use]
pub fn opensips_end(call_id: &str, modern: bool) -> Vec<u8> {
    let method = if modern { "dialog:end_dlg" } else { "dlg_end_dlg" };
    request(method, &json!({ "dialog_id": call_id }))
}

/// What OpenSIPS says; `None` when it does not know a command of that name.
///
/// # Errors
/// When it refused.
pub fn opensips_ended(answer: &[u8]) -> Result<Option<Ended>, Garbled> {
    match result(answer)? {
        Said::Result(_) => Ok(Some(Ended::Done)),
        Said::Error(METHOD_NOT_FOUND, _) => Ok(None),
        Said::Error(404, _) => Ok(Some(Ended::NotThere)),
        Said::Error(code, message) => Err(Garbled::Refused(format!("{code} {message}"))),
    }
}

fn request(method: &str, params: &Value) -> Vec<u8> {
    let request = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
    serde_json::to_vec(&request).unwrap_or_default()
}

enum Said {
    Result(Value),
    Error(i64, String),
}

fn result(answer: &[u8]) -> Result<Said, Garbled> {
    let unreadable = |why: &str| Garbled::Unreadable(why.to_owned());
    let mut answer: Value =
        serde_json::from_slice(answer).map_err(|error| unreadable(&error.to_string()))?;
    if let Some(error) = answer.get("error") {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or(0);
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        return Ok(Said::Error(code, shown(message)));
    }
    let result = answer.get_mut("result").map(Value::take);
    result.map(Said::Result).ok_or_else(|| unreadable("neither result nor error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kamailio 5.6.3 on loopback, `dlg.dlg_list` of a call that is up.
    const FOUND: &[u8] = include_bytes!("../../tests/data/kamailio-dlg_list.json");
    /// And of one that rings.
    const RINGS: &[u8] = include_bytes!("../../tests/data/kamailio-dlg_list-rings.json");

    fn read(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn the_dialog_that_was_found_is_ended_by_its_tags() {
        let order = |found| {
            let orders = kamailio_end(found).unwrap();
            let [order] = orders.as_slice() else { panic!("{orders:?}") };
            let order = read(order);
            (order["method"].as_str().unwrap().to_owned(), order["params"].clone())
        };
        let tags = json!(["call1-1@x", "29766a1", "29760b1"]);
        assert_eq!(order(FOUND), ("dlg.terminate_dlg".to_owned(), tags));
        assert_eq!(order(RINGS), ("tm.cancel".to_owned(), json!(["call2-1@x", "1"])));
    }

    #[test]
    fn what_is_over_or_not_there_is_left_alone() {
        let mut over = read(FOUND);
        over["result"]["state"] = 5.into();
        assert_eq!(kamailio_end(over.to_string().as_bytes()), Ok(vec![]));
        let none = br#"{"jsonrpc":"2.0","result":{},"id":1}"#;
        assert_eq!(kamailio_end(none), Ok(vec![]));
        assert!(kamailio_end(b"<html>").is_err());
    }

    #[test]
    fn opensips_of_both_namings() {
        assert_eq!(read(&opensips_end("a@b", false))["method"], "dlg_end_dlg");
        assert_eq!(read(&opensips_end("a@b", true))["params"]["dialog_id"], "a@b");
        let answer = |text: &str| opensips_ended(text.as_bytes());
        assert_eq!(answer(r#"{"jsonrpc":"2.0","result":"OK","id":1}"#), Ok(Some(Ended::Done)));
        let unknown =
            r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}"#;
        assert_eq!(answer(unknown), Ok(None));
        let gone = r#"{"jsonrpc":"2.0","error":{"code":404,"message":"Requested Dialog not found"},"id":1}"#;
        assert_eq!(answer(gone), Ok(Some(Ended::NotThere)));
        assert!(answer(r#"{"jsonrpc":"2.0","error":{"code":500,"message":"no"},"id":1}"#).is_err());
        assert!(answer("[]").is_err() && answer("").is_err());
    }
}
