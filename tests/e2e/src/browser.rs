//! Somebody at the API: HTTP/1.1, one request per connection, with a cookie.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use totp_rs::{Algorithm, Builder, Secret};

const PASSWORD: &str = "four words in a row";

/// Somebody at the API.
#[derive(Debug)]
pub struct Browser {
    at: SocketAddr,
    host: String,
    cookie: Option<String>,
    secret: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header fields as they came.
    pub head: String,
    /// The body; null when it is none of JSON.
    pub body: Value,
    /// The same as it came.
    pub text: String,
}

impl Answer {
    /// With this status; gives the body.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self.body
    }
}

impl Browser {
    /// Connects to `at` and names `host`.
    pub fn new(at: SocketAddr, host: &str) -> Self {
        Self { at, host: host.to_owned(), cookie: None, secret: String::new() }
    }

    /// Asks.
    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, None)
    }

    /// Changes something.
    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(body))
    }

    /// Sets what has this tag.
    pub fn put(&mut self, path: &str, tag: &str, body: &Value) -> Answer {
        self.send("PUT", path, &format!("if-match: {tag}\r\n"), Some(body))
    }

    /// Sets the first person up with what stands behind `#` in the link, with an authenticator.
    ///
    /// # Panics
    /// When it is refused.
    pub fn set_up(&mut self, token: &str) {
        let person = json!({"token": token, "login": "root", "name": "Root", "password": PASSWORD});
        let begun = self.post("/v1/setup", &person).is(200);
        assert_eq!(begun["next"], "enrol");
        let new = self.post("/v1/me/totp/begin", &json!({})).is(200);
        let secret = new["secret"].as_str().expect("a secret");
        let code = json!({"ceremony": new["ceremony"], "code": code(secret)});
        let done = self.post("/v1/me/totp", &code).is(200);
        assert_eq!(done["login"]["next"], "done");
        self.secret = secret.to_owned();
    }

    /// Logs in again as who was set up, at another node: with the authenticator's code of the next half minute, since
    /// each is good once.
    ///
    /// # Panics
    /// When it is refused.
    #[must_use]
    pub fn at_another(&self, at: SocketAddr) -> Self {
        let mut there = Self::new(at, &self.host);
        let begun =
            there.post("/v1/login", &json!({"login": "root", "password": PASSWORD})).is(200);
        assert_eq!(begun["next"], "second_factor", "{begun}");
        let next = json!({"code": code_in(&self.secret, 30)});
        let done = there.post("/v1/login/totp", &next).is(200);
        assert_eq!(done["next"], "done", "{done}");
        there
    }

    /// Sends a request whatever it is, and reads the answer.
    ///
    /// # Panics
    /// When there is none.
    pub fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, path, "", body)
    }

    fn send(&mut self, method: &str, path: &str, more: &str, body: Option<&Value>) -> Answer {
        let mut stream = TcpStream::connect(self.at).expect("the API");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        let body = body.map(Value::to_string).unwrap_or_default();
        let cookie = self.cookie.as_ref().map(|it| format!("cookie: {it}\r\n"));
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-ringfence: 1\r\n{more}{}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            cookie.unwrap_or_default(),
            body.len()
        )
        .expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        if let Some(line) = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")) {
            self.cookie = line.split(';').next().map(ToOwned::to_owned);
        }
        let (text, body) = (body.to_owned(), serde_json::from_str(body).unwrap_or_default());
        Answer { status, head: head.to_owned(), body, text }
    }
}

/// What an authenticator shows now.
fn code(secret: &str) -> String {
    code_in(secret, 0)
}

/// What it shows in so many seconds.
fn code_in(secret: &str, secs: u64) -> String {
    let secret = Secret::try_from_base32(secret).expect("a secret");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
    totp.with_secret(secret).build().expect("an authenticator").generate(now + secs).to_string()
}
