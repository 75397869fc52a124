//! Letters, webhooks and lines over real sockets on loopback.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)] // a test may

mod sink;

use ringfence_model::WallTime;
use ringfence_notify::{
    Courier, Form, Hook, Letter, MailServer, Security, Syslog, Undelivered, signature,
};
use sink::{Authority, Hears, Mail, hears_once};

const NOW: WallTime = WallTime::from_secs(1_795_348_800);

fn inside() -> Vec<ipnet::IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

fn server(port: u16, security: Security) -> MailServer {
    let login = (security != Security::None).then(|| ("fw".to_owned(), "s3cret".to_owned()));
    let from = "Ringfence <fw@ringfence.example>".to_owned();
    MailServer { host: "localhost".into(), port, security, login, from }
}

fn letter(to: &str) -> Letter {
    Letter {
        id: "0123".into(),
        thread: Some("4567".into()),
        to: to.into(),
        name: "Anna de Vries".into(),
        subject: "Ringfence: vermoeden van fraude, € 31,00".into(),
        text: "Beste Anna,\n.\nEen regel met één punt.\n".into(),
    }
}

#[tokio::test]
async fn a_letter_goes_over_starttls_with_a_login_and_says_what_it_belongs_to() {
    let authority = Authority::new();
    for security in [Security::StartTls, Security::Tls] {
        let mail = Mail::start(security, Some(&authority), "250 taken").await;
        let courier =
            Courier::new(Some(&server(mail.port, security)), &[], &[authority.pem()]).unwrap();
        courier.letter(&letter("anna@acme.example")).await.unwrap();
        let got = mail.got();
        assert_eq!(got.len(), 1);
        let (text, envelope) = (&got[0].text, &got[0].envelope);
        assert!(envelope.contains("RCPT TO:<anna@acme.example>"), "{envelope}");
        assert!(envelope.contains("AUTH PLAIN"), "{envelope}");
        for part in [
            "Message-ID: <0123@ringfence.example>",
            "References: <4567@ringfence.example>",
            "Auto-Submitted: auto-generated",
            "=?utf-8?",
            "\r\n..\r\n",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}

#[tokio::test]
async fn what_the_server_says_decides_whether_it_is_tried_again() {
    for (said, wanted) in
        [("250 taken", None), ("451 later", Some("later")), ("554 no", Some("never"))]
    {
        let mail = Mail::start(Security::None, None, said).await;
        let courier = Courier::new(Some(&server(mail.port, Security::None)), &[], &[]).unwrap();
        let sent = courier.letter(&letter("anna@acme.example")).await;
        let found = match sent {
            Ok(()) => None,
            Err(Undelivered::Later(_)) => Some("later"),
            Err(Undelivered::Unsure(_)) => Some("unsure"),
            Err(Undelivered::Never(_)) => Some("never"),
        };
        assert_eq!(found, wanted, "{said}");
    }
    // It takes the letter and dies before it says so.
    let mail = Mail::start(Security::None, None, "").await;
    let courier = Courier::new(Some(&server(mail.port, Security::None)), &[], &[]).unwrap();
    let sent = courier.letter(&letter("anna@acme.example")).await;
    assert!(matches!(sent, Err(Undelivered::Unsure(_))), "{sent:?}");
    // Nobody is there.
    let courier = Courier::new(Some(&server(1, Security::None)), &[], &[]).unwrap();
    let sent = courier.letter(&letter("anna@acme.example")).await;
    assert!(matches!(sent, Err(Undelivered::Later(_))), "{sent:?}");
    let sent = courier.letter(&letter("no address")).await;
    assert!(matches!(sent, Err(Undelivered::Never(_))), "{sent:?}");
}

#[tokio::test]
async fn a_mail_server_that_is_not_who_it_says_gets_no_password() {
    let authority = Authority::new();
    let mail = Mail::start(Security::StartTls, Some(&authority), "250 taken").await;
    let courier = Courier::new(Some(&server(mail.port, Security::StartTls)), &[], &[]).unwrap();
    assert!(courier.letter(&letter("anna@acme.example")).await.is_err());
    assert!(mail.got().is_empty());
}

#[tokio::test]
async fn a_webhook_is_signed_and_only_a_yes_is_one() {
    for (status, fine) in
        [("200 OK", true), ("204 No Content", true), ("302 Found", false), ("500 Oh", false)]
    {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        let (port, heard) = hears_once(None, Hears::Request(answer)).await;
        let courier = Courier::new(None, &inside(), &[]).unwrap();
        let hook = Hook { url: format!("http://localhost:{port}/a?b=c"), secret: "s".into() };
        let sent = courier.hook(&hook, "event-7", b"{}".to_vec(), NOW).await;
        assert_eq!(sent.is_ok(), fine, "{status}");
        let heard = heard.await.unwrap();
        let signed = signature("s", NOW, b"{}");
        assert!(heard.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{heard}");
        assert!(
            heard.to_lowercase().contains(&format!("x-ringfence-signature: {signed}")),
            "{heard}"
        );
        assert!(heard.ends_with("\r\n\r\n{}"), "{heard}");
    }
}

#[tokio::test]
async fn what_a_tenant_names_does_not_reach_our_own_network() {
    let courier = Courier::new(None, &[], &[]).unwrap();
    for url in [
        "http://localhost:1/",
        "https://127.0.0.1:1/",
        "https://[::1]:1/",
        "http://169.254.169.254/",
    ] {
        let hook = Hook { url: url.into(), secret: "s".into() };
        let why = courier.hook(&hook, "1", Vec::new(), NOW).await.unwrap_err().to_string();
        assert!(why.contains("is not on the internet"), "{why}");
    }
    let log = Syslog { server: "localhost:1".into(), tls: false, form: Form::Json };
    assert!(
        courier.line(&log, "x").await.unwrap_err().to_string().contains("is not on the internet")
    );
}

#[tokio::test]
async fn a_line_goes_over_tls_with_its_length_before_it() {
    let authority = Authority::new();
    let (port, heard) = hears_once(Some(&authority), Hears::Everything).await;
    let courier = Courier::new(None, &inside(), &[authority.pem()]).unwrap();
    let log = Syslog { server: format!("localhost:{port}"), tls: true, form: Form::Json };
    courier.line(&log, "<36>1 é").await.unwrap();
    assert_eq!(heard.await.unwrap(), "8 <36>1 é");
    let (port, _heard) = hears_once(Some(&Authority::new()), Hears::Everything).await;
    let log = Syslog { server: format!("localhost:{port}"), ..log };
    assert!(courier.line(&log, "x").await.is_err());
}
