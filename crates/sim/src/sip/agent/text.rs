//! Messages as a peer of its own writes and reads them, in plain text after RFC 3261, sharing nothing with the
//! firewall but the parser.

use bytes::Bytes;
use ringfence_sip::{Message, Method, Name, NameAddr, Via};

/// What a request is made of.
pub struct Request<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    /// Transport, host and port, branch.
    pub via: (&'a str, &'a str, &'a str),
    pub from: &'a str,
    pub to: &'a str,
    pub call_id: &'a str,
    pub cseq: u32,
    pub hops: u32,
    /// Further lines, each with its end.
    pub more: &'a str,
    pub body: &'a str,
}

impl Request<'_> {
    pub fn write(&self) -> Bytes {
        let Self { method, uri, from, to, call_id, cseq, hops, more, body, .. } = self;
        let (transport, host, branch) = self.via;
        let kind = if body.is_empty() || more.contains("Content-Type") {
            ""
        } else {
            "Content-Type: application/sdp\r\n"
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{transport} {host};branch={branch};rport\r\n\
             Max-Forwards: {hops}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} {method}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into()
    }
}

/// A response to `request`. The To field gets `tag` when it has none.
pub fn response(request: &Message, code: u16, tag: &str, more: &str, body: &str) -> Bytes {
    let mut text = format!("SIP/2.0 {code} {}\r\n", phrase(code));
    for via in request.lines(Name::Via) {
        text += &format!("Via: {}\r\n", lossy(via));
    }
    let to = field(request, Name::To);
    let tagged = NameAddr::read(to.as_bytes()).is_some_and(|to| to.tag().is_some());
    let tag = if tagged || code == 100 { String::new() } else { format!(";tag={tag}") };
    text += &format!("From: {}\r\nTo: {to}{tag}\r\n", field(request, Name::From));
    text += &format!("Call-ID: {}\r\n", field(request, Name::CallId));
    text += &format!("CSeq: {}\r\n{more}", field(request, Name::CSeq));
    if !body.is_empty() {
        text += "Content-Type: application/sdp\r\n";
    }
    text += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    text.into()
}

const fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        486 => "Busy Here",
        487 => "Request Terminated",
        _ => "So It Is",
    }
}

/// A session description of one audio stream.
pub fn sdp(host: &str, plan: usize, version: u32, direction: &str) -> String {
    let ip = host.rsplit_once(':').map_or(host, |(ip, _)| ip);
    format!(
        "v=0\r\no=- {plan} {version} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 8\r\na={direction}\r\n"
    )
}

/// The first value of a field as text.
pub fn field(message: &Message, name: Name) -> String {
    message.field(name).map(lossy).unwrap_or_default()
}

/// The tag of From or To; empty without one.
pub fn tag(message: &Message, name: Name) -> String {
    let value = message.field(name).and_then(NameAddr::read);
    value.and_then(|address| address.tag()).map(lossy).unwrap_or_default()
}

/// The URI in the first Contact.
pub fn contact(message: &Message) -> Option<String> {
    let value = message.values(Name::Contact).next()?;
    NameAddr::read(value).map(|address| lossy(address.uri))
}

/// The user part of the request URI.
pub fn user(message: &Message) -> String {
    message.uri().and_then(|uri| uri.user_text()).unwrap_or_default()
}

/// Branch and method of the transaction a message is of: of an ACK or CANCEL, those of the message itself.
pub fn key(message: &Message) -> Option<(String, String)> {
    let via = message.values(Name::Via).next().and_then(Via::read)?;
    let branch = lossy(via.branch()?);
    let cseq = field(message, Name::CSeq);
    let (_, method) = cseq.split_once(' ')?;
    Some((branch, method.trim().to_owned()))
}

/// The number in CSeq.
pub fn cseq(message: &Message) -> u32 {
    let text = field(message, Name::CSeq);
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The number of the plan a message belongs to.
pub fn plan(message: &Message) -> Option<usize> {
    std::str::from_utf8(message.other("X-World")?).ok()?.parse().ok()
}

/// What an independent reader finds wrong with a message of a user agent that hides its other side.
pub fn faults(message: &Message) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            faults.push(what.to_owned());
        }
    };
    expect(message.essentials().is_ok(), "unreadable essentials");
    expect(message.values(Name::Via).count() == 1, "not exactly one Via");
    expect(
        message.fields().filter(|f| f.name == Name::ContentLength).count() == 1,
        "Content-Length",
    );
    expect(!message.has(Name::RecordRoute), "a Record-Route of a user agent");
    if let Some(method) = message.method() {
        expect(message.number(Name::MaxForwards).is_some(), "no Max-Forwards");
        expect(!tag(message, Name::From).is_empty(), "no From tag");
        let creates = matches!(method, Method::Invite | Method::Subscribe | Method::Refer);
        expect(!creates || message.values(Name::Contact).count() == 1, "no Contact in a request");
    } else {
        let made = message.code().is_some_and(|code| code > 100);
        expect(!made || !tag(message, Name::To).is_empty(), "no To tag in a response");
        let up = message.code().is_some_and(|code| (200..300).contains(&code));
        let invite = field(message, Name::CSeq).ends_with(" INVITE");
        expect(!(up && invite) || contact(message).is_some(), "no Contact in a 2xx to INVITE");
    }
    faults
}

pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
