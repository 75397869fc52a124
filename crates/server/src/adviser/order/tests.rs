//! Against PBXs that say what the real ones said.

use super::*;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A PBX that answers each thing it hears with the next of its lines, over one connection or several; gives what it
/// heard.
async fn pbx(
    greeting: &'static str,
    lines: &'static [(&'static str, &'static str)],
) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let mut all = String::new();
        let mut lines = lines.iter();
        while lines.len() > 0 {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
            let mut said = String::new();
            for (waits_for, answer) in lines.by_ref() {
                while !said.contains(waits_for) {
                    let mut part = [0; 1_024];
                    let n = stream.read(&mut part).await.unwrap();
                    assert!(n > 0, "wanted {waits_for:?}, heard {said:?}");
                    said.push_str(std::str::from_utf8(&part[..n]).unwrap());
                }
                stream.write_all(answer.as_bytes()).await.unwrap();
                all.push_str(&said);
                said.clear();
                if answer.starts_with("HTTP") {
                    break;
                }
            }
        }
        all
    });
    (at, heard)
}

type Heard = tokio::task::JoinHandle<String>;

fn control(kind: PbxKind, at: SocketAddr) -> Control {
    let (user, password) = match kind {
        PbxKind::Asterisk | PbxKind::FreeSwitch => ("guard", "s3cret"),
        PbxKind::Kamailio | PbxKind::OpenSips => ("", ""),
    };
    Control {
        kind,
        host: at.ip().to_string(),
        port: at.port(),
        path: "/RPC".to_owned(),
        user: user.to_owned(),
        password: password.to_owned(),
    }
}

fn order(known_as: &str, handle: Option<&str>) -> Order {
    let name = Name { tenant: "acme".into(), trunk: None, known_as: known_as.into() };
    Order { call: CallId(7), name, handle: handle.map(Into::into) }
}

const GREETING: &str = "Asterisk Call Manager/11.0.0\r\n";
const ACCEPTED: &str =
    "Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n";

const REFUSED: &str =
    "Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n";

const DENIED: &str = "Response: Error\r\nActionID: channels\r\nMessage: Permission denied\r\n\r\n";

#[tokio::test]
async fn a_channel_of_asterisk_is_ended() {
    let (at, heard) = pbx(
        GREETING,
        &[
            ("\r\n\r\n", ACCEPTED),
            (
                "\r\n\r\n",
                "Event: Newchannel\r\nChannel: x\r\n\r\nResponse: Success\r\nActionID: hangup\r\nMessage: Channel Hungup\r\n\r\n",
            ),
        ],
    )
    .await;
    let order = order("1795301438.18", Some("PJSIP/sipp-00000010"));
    assert_eq!(end(&control(PbxKind::Asterisk, at), &order).await, Ok(Ended::Done));
    let heard = heard.await.unwrap();
    assert!(heard.contains("Username: guard\r\nSecret: s3cret\r\n"), "{heard}");
    assert!(heard.contains("Channel: PJSIP/sipp-00000010\r\nCause: 21\r\n"), "{heard}");
}

#[tokio::test]
async fn a_channel_that_was_not_told_is_looked_for() {
    let (at, heard) = pbx(
        GREETING,
        &[
            ("\r\n\r\n", ACCEPTED),
            (
                "CoreShowChannels\r\n",
                "Response: Success\r\nActionID: channels\r\n\r\n\
                 Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/sipp-00000010\r\nUniqueid: 1795301438.18\r\nLinkedid: 1795301438.18\r\n\r\n\
                 Event: CoreShowChannelsComplete\r\nActionID: channels\r\n\r\n",
            ),
            ("Hangup\r\n", "Response: Error\r\nActionID: hangup\r\nMessage: No such channel\r\n\r\n"),
        ],
    )
    .await;
    let ended = end(&control(PbxKind::Asterisk, at), &order("1795301438.18", None)).await;
    assert_eq!(ended, Ok(Ended::NotThere));
    assert!(heard.await.unwrap().contains("Channel: PJSIP/sipp-00000010\r\n"));
}

/// What Asterisk 16.28 answered.
#[tokio::test]
async fn a_channel_that_is_known_by_its_call_id_is_asked_for() {
    let (at, heard) = pbx(
        GREETING,
        &[
            ("\r\n\r\n", ACCEPTED),
            (
                "CoreShowChannels\r\n",
                "Response: Success\r\nActionID: channels\r\nEventList: start\r\n\r\n\
                 Event: CoreShowChannel\r\nActionID: channels\r\nChannel: Local/600@phones-00000001;2\r\nUniqueid: 1795387696.1\r\n\r\n\
                 Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/206-00000002\r\nUniqueid: 1795387696.2\r\n\r\n\
                 Event: CoreShowChannel\r\nActionID: channels\r\nChannel: PJSIP/carrier-00000003\r\nUniqueid: 1795387696.3\r\n\r\n\
                 Event: CoreShowChannelsComplete\r\nActionID: channels\r\n\r\n",
            ),
            ("PJSIP/206-00000002\r\n", "Response: Error\r\nActionID: call-id\r\nMessage: No such channel\r\n\r\n"),
            (
                "PJSIP/carrier-00000003\r\n",
                "Response: Success\r\nActionID: call-id\r\nVariable: CHANNEL(pjsip,call-id)\r\nValue: 7fd519e3-f27d\r\n\r\n",
            ),
            ("Hangup\r\n", "Response: Success\r\nActionID: hangup\r\nMessage: Channel Hungup\r\n\r\n"),
        ],
    )
    .await;
    let ended = end(&control(PbxKind::Asterisk, at), &order("7fd519e3-f27d", None)).await;
    assert_eq!(ended, Ok(Ended::Done));
    let heard = heard.await.unwrap();
    assert!(heard.contains("Channel: PJSIP/carrier-00000003\r\nCause: 21\r\n"), "{heard}");
    assert!(!heard.contains("Local/"), "{heard}");
}

#[tokio::test]
async fn a_list_of_channels_that_is_refused_is_told() {
    let (at, _heard) =
        pbx(GREETING, &[("\r\n\r\n", ACCEPTED), ("CoreShowChannels\r\n", DENIED)]).await;
    let failed = end(&control(PbxKind::Asterisk, at), &order("1", None)).await.unwrap_err();
    assert!(failed.contains("Permission denied"), "{failed}");
}

#[tokio::test]
async fn a_login_that_is_refused_is_told() {
    let (at, _heard) = pbx(GREETING, &[("\r\n\r\n", REFUSED)]).await;
    let failed = end(&control(PbxKind::Asterisk, at), &order("1", Some("x"))).await.unwrap_err();
    assert!(failed.contains("Authentication failed"), "{failed}");
}

#[tokio::test]
async fn a_call_of_freeswitch_is_ended() {
    let (at, heard) = pbx(
        "Content-Type: auth/request\n\n",
        &[
            ("\n\n", "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"),
            ("\n\n", "Content-Type: api/response\nContent-Length: 4\n\n+OK\n"),
        ],
    )
    .await;
    let ended = end(&control(PbxKind::FreeSwitch, at), &order("a@phone", None)).await;
    assert_eq!(ended, Ok(Ended::Done));
    let heard = heard.await.unwrap();
    assert_eq!(heard, "userauth guard:s3cret\n\napi hupall CALL_REJECTED sip_call_id a@phone\n\n");
}

#[tokio::test]
async fn a_dialog_of_opensips_is_ended_under_either_name() {
    let (at, heard) = pbx(
        "",
        &[
            (
                "dlg_end_dlg",
                "HTTP/1.1 200 OK\r\nContent-Length: 77\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32601,\"message\":\"Method not found\"},\"id\":1}",
            ),
            (
                "dialog:end_dlg",
                "HTTP/1.1 200 OK\r\nContent-Length: 38\r\nConnection: close\r\n\r\n{\"jsonrpc\":\"2.0\",\"result\":\"OK\",\"id\":1}",
            ),
        ],
    )
    .await;
    let ended = end(&control(PbxKind::OpenSips, at), &order("a@phone", None)).await;
    assert_eq!(ended, Ok(Ended::Done));
    assert!(heard.await.unwrap().contains("\"dialog_id\":\"a@phone\""));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    for kind in [PbxKind::Asterisk, PbxKind::FreeSwitch, PbxKind::Kamailio, PbxKind::OpenSips] {
        let failed = end(&control(kind, at), &order("a@phone", None)).await.unwrap_err();
        assert!(failed.contains(&at.to_string()), "{failed}");
    }
}
