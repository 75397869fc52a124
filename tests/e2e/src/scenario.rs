//! A party's part of a call, step by step as in a ladder diagram, and what SIPp wants instead: XML.

use std::fmt::Write;

/// What a message carries.
#[derive(Clone, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A session description of one audio stream.
    Sdp,
    /// Something else: its Content-Type and text.
    Of(&'static str, String),
}

/// Builds a scenario; each method adds a step. A caller is whoever sends the first request.
#[derive(Clone, Debug)]
pub struct Scenario {
    xml: String,
    is_caller: bool,
    /// Steps so far: SIPp makes its branches of them.
    step: usize,
    cseq: u32,
    /// The step and CSeq of the last INVITE sent, and whether it opened the dialog.
    invite: (usize, u32, bool),
    /// A message was exchanged that gave both sides a tag.
    in_dialog: bool,
    heard_invite: bool,
    heard_reliable: bool,
    /// What was heard last is an INVITE: its final answer is sent until ACK comes.
    last_is_invite: bool,
    /// A refusal may end it early.
    refusable: bool,
    body_extra: String,
}

const SDP: &str = "v=0
o=- 1 1 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=sendrecv
";

impl Scenario {
    /// Of the party that sends the first request. `[service]` is dialled and `[caller]` calls.
    pub fn caller() -> Self {
        Self::new(true)
    }

    /// Of the party that waits for it.
    pub fn callee() -> Self {
        Self::new(false)
    }

    fn new(is_caller: bool) -> Self {
        Self {
            xml: String::new(),
            is_caller,
            step: 0,
            cseq: 0,
            invite: (0, 0, true),
            in_dialog: false,
            heard_invite: false,
            heard_reliable: false,
            last_is_invite: false,
            refusable: false,
            body_extra: String::new(),
        }
    }

    /// Lines added to each session description from here on, to make it long.
    #[must_use]
    pub fn long_sdp(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.body_extra);
        self
    }

    /// The first request, or one within the dialog.
    #[must_use]
    pub fn request(mut self, method: &str, extra: &[&str], body: &Body) -> Self {
        self.cseq += 1;
        if method == "INVITE" {
            self.invite = (self.step, self.cseq, !self.in_dialog);
        }
        let cseq = self.cseq;
        self.send_request(method, cseq, "[branch]", extra, body)
    }

    /// The INVITE that begins a call, with an offer.
    #[must_use]
    pub fn invite(self) -> Self {
        self.request("INVITE", &[], &Body::Sdp)
    }

    /// A response that must come.
    #[must_use]
    pub fn expect(mut self, code: u16) -> Self {
        self.in_dialog |= (101..300).contains(&code);
        self.add(&format!("<recv response=\"{code}\" rrs=\"true\"/>"))
    }

    /// A reliable provisional response (RFC 3262) that must come.
    #[must_use]
    pub fn expect_reliable(mut self, code: u16) -> Self {
        self.in_dialog = true;
        self.heard_reliable = true;
        self.add(&format!(
            "<recv response=\"{code}\" rrs=\"true\"><action><ereg regexp=\"[0-9]+\" search_in=\"hdr\" \
             header=\"RSeq:\" check_it=\"true\" assign_to=\"rseq\"/></action></recv>"
        ))
    }

    /// A response that may come.
    #[must_use]
    pub fn maybe(self, code: u16) -> Self {
        self.add(&format!("<recv response=\"{code}\" optional=\"true\" rrs=\"true\"/>"))
    }

    /// A refusal that may come instead of all that follows. At most one in a scenario.
    #[must_use]
    pub fn or_refused(mut self, code: u16) -> Self {
        self.refusable = true;
        self.add(&format!("<recv response=\"{code}\" optional=\"true\" next=\"1\"/>"))
    }

    /// A challenge; the same request follows with the answer to it.
    #[must_use]
    pub fn challenged(mut self, code: u16, method: &str, extra: &[&str], body: &Body) -> Self {
        self = self.add(&format!("<recv response=\"{code}\" auth=\"true\"/>"));
        if method == "INVITE" {
            self = self.ack_refusal();
        }
        let answer = "[authentication]";
        let extra: Vec<&str> = extra.iter().copied().chain([answer]).collect();
        self.request(method, &extra, body)
    }

    /// ACK to a 2xx.
    #[must_use]
    pub fn ack(self) -> Self {
        self.ack_with(&Body::Empty)
    }

    /// ACK to a 2xx; with the answer where the 2xx had the offer.
    #[must_use]
    pub fn ack_with(mut self, body: &Body) -> Self {
        self.in_dialog = true;
        let cseq = self.invite.1;
        self.send_request("ACK", cseq, "[branch]", &[], body)
    }

    /// ACK to a refusal: part of the INVITE's transaction (RFC 3261 §17.1.1.3).
    #[must_use]
    pub fn ack_refusal(self) -> Self {
        let (step, cseq, first) = self.invite;
        let branch = format!("[branch-{}]", self.step - step);
        let uri = if first { FIRST_URI } else { "[next_url]" };
        let text = format!(
            "ACK {uri} SIP/2.0\n{}\n[last_From:]\n[last_To:]\n[last_Call-ID:]\nCSeq: {cseq} ACK\n\
             Max-Forwards: 70\nContent-Length: 0\n\n",
            via(&branch)
        );
        self.send(&text, false)
    }

    /// CANCEL of the INVITE (RFC 3261 §9.1).
    #[must_use]
    pub fn cancel(self) -> Self {
        let (step, cseq, _) = self.invite;
        let branch = format!("[branch-{}]", self.step - step);
        let text = format!(
            "CANCEL {FIRST_URI} SIP/2.0\n{}\n{FROM}\nTo: <{FIRST_URI}>\nCall-ID: [call_id]\n\
             CSeq: {cseq} CANCEL\nMax-Forwards: 70\nContent-Length: 0\n\n",
            via(&branch)
        );
        self.send(&text, true)
    }

    /// BYE.
    #[must_use]
    pub fn bye(self) -> Self {
        self.request("BYE", &[], &Body::Empty)
    }

    /// A request that must come.
    #[must_use]
    pub fn hear(self, method: &str) -> Self {
        self.hear_or_not(method, false)
    }

    /// A request that may come.
    #[must_use]
    pub fn maybe_hear(self, method: &str) -> Self {
        self.hear_or_not(method, true)
    }

    fn hear_or_not(mut self, method: &str, optional: bool) -> Self {
        let option = if optional { " optional=\"true\"" } else { "" };
        self.last_is_invite = method == "INVITE";
        if method != "INVITE" {
            return self.add(&format!("<recv request=\"{method}\"{option}/>"));
        }
        // Answers to it may have to wait for other messages, and requests to its sender need its From and To, as they
        // were before there was a tag.
        let first = !self.heard_invite;
        self.heard_invite = true;
        let keep = |name: &str, variable: &str| {
            format!(
                "<ereg regexp=\".*\" search_in=\"hdr\" header=\"{name}:\" assign_to=\"{variable}\"/>"
            )
        };
        let mut kept = keep("Via", "via") + &keep("CSeq", "cseq");
        if first {
            kept += &(keep("From", "from") + &keep("To", "to"));
        }
        self.add(&format!(
            "<recv request=\"INVITE\" rrs=\"true\"{option}><action>{kept}</action></recv>"
        ))
    }

    /// The answer to what was heard last.
    #[must_use]
    pub fn reply(self, code: u16, extra: &[&str], body: &Body) -> Self {
        let tag = if self.in_dialog || self.is_caller { "" } else { TAG };
        let head = format!(
            "[last_Via:]\n[last_From:]\n[last_To:]{tag}\n[last_Call-ID:]\n[last_CSeq:]\n[last_Record-Route:]\n"
        );
        let again = code >= 200 && self.last_is_invite;
        self.answer(code, &head, extra, body, again)
    }

    /// The answer to the INVITE, when something else was heard after it.
    #[must_use]
    pub fn reply_to_invite(self, code: u16, extra: &[&str], body: &Body) -> Self {
        let head =
            format!("Via:[$via]\nFrom:[$from]\nTo:[$to]{TAG}\n[last_Call-ID:]\nCSeq:[$cseq]\n");
        self.answer(code, &head, extra, body, code >= 200)
    }

    /// PRACK for the reliable response heard before (RFC 3262 §7.2).
    #[must_use]
    pub fn prack(mut self) -> Self {
        self.cseq += 1;
        let (cseq, rack) = (self.cseq, format!("RAck: [$rseq] {} INVITE", self.invite.1));
        self.send_request("PRACK", cseq, "[branch]", &[&rack], &Body::Empty)
    }

    /// Nothing for a while.
    #[must_use]
    pub fn pause(self, millis: u32) -> Self {
        self.add(&format!("<pause milliseconds=\"{millis}\"/>"))
    }

    /// The dialog has tags now, though nothing of this scenario shows it: what follows is sent within it.
    #[must_use]
    pub fn established(mut self) -> Self {
        self.in_dialog = true;
        self
    }

    /// Whether it sends REGISTER.
    pub fn registers(&self) -> bool {
        self.xml.contains("\nREGISTER ")
    }

    /// The file SIPp reads.
    pub fn xml(&self) -> String {
        if self.refusable {
            return self.clone().with_refused_end().xml();
        }
        let uses = |heard: bool, names: &str| match heard {
            true => format!("<Reference variables=\"{names}\"/>\n"),
            false => String::new(),
        };
        let used = uses(self.heard_invite, "via,from,to,cseq") + &uses(self.heard_reliable, "rseq");
        format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<scenario name=\"ladder\">\n{}{used}\n</scenario>\n",
            self.xml
        )
    }

    /// The usual end jumps over the ACK to the refusal, which the refusal jumps to.
    fn with_refused_end(mut self) -> Self {
        self.refusable = false;
        let mut ended = self.add("<nop next=\"2\"/>");
        ended.xml.push_str("<label id=\"1\"/>\n");
        let mut ended = ended.ack_refusal();
        ended.xml.push_str("<label id=\"2\"/>\n");
        ended
    }

    fn answer(self, code: u16, head: &str, extra: &[&str], body: &Body, again: bool) -> Self {
        let contact = if (101..300).contains(&code) { CONTACT } else { "" };
        let text =
            format!("SIP/2.0 {code} {}\n{head}{contact}{}", phrase(code), self.rest(extra, body));
        self.send(&text, again)
    }

    fn send_request(
        self,
        method: &str,
        cseq: u32,
        branch: &str,
        extra: &[&str],
        body: &Body,
    ) -> Self {
        let uri = match method {
            // No user (RFC 3261 §10.2).
            "REGISTER" => "sip:[host]",
            _ if self.in_dialog || !self.is_caller => "[next_url]",
            _ => FIRST_URI,
        };
        let parties = match (self.is_caller, self.in_dialog) {
            (true, false) => format!("{FROM}\nTo: <{FIRST_URI}>"),
            (true, true) => format!("{FROM}\nTo: <{FIRST_URI}>[peer_tag_param]"),
            (false, _) => format!("From:[$to]{TAG}\nTo:[$from]"),
        };
        let routes = if self.in_dialog || !self.is_caller { "[routes]\n" } else { "" };
        let text = format!(
            "{method} {uri} SIP/2.0\n{}\n{parties}\nCall-ID: [call_id]\nCSeq: {cseq} {method}\n\
             {routes}{CONTACT}Max-Forwards: 70\n{}",
            via(branch),
            self.rest(extra, body)
        );
        self.send(&text, method != "ACK")
    }

    /// Extra fields, length, body.
    fn rest(&self, extra: &[&str], body: &Body) -> String {
        let mut text: String = extra.iter().map(|line| format!("{line}\n")).collect();
        let (sort, content) = match body {
            Body::Empty => return text + "Content-Length: 0\n\n",
            Body::Sdp => ("application/sdp", format!("{SDP}{}", self.body_extra)),
            Body::Of(sort, content) => (*sort, content.clone()),
        };
        let _ = write!(text, "Content-Type: {sort}\nContent-Length: [len]\n\n{content}");
        text
    }

    fn send(self, text: &str, retransmitted: bool) -> Self {
        let again = if retransmitted { " retrans=\"500\"" } else { "" };
        self.add(&format!("<send{again}>\n<![CDATA[\n{text}]]>\n</send>"))
    }

    fn add(mut self, element: &str) -> Self {
        self.xml.push_str(element);
        self.xml.push('\n');
        self.step += 1;
        self
    }
}

const FIRST_URI: &str = "sip:[service]@[host]";
const FROM: &str = "From: \"[caller]\" <sip:[caller]@[domain]>;tag=[pid]from[call_number]";
const CONTACT: &str = "Contact: <sip:[caller]@[local_ip]:[local_port];transport=[transport]>\n";
const TAG: &str = ";tag=[pid]e2e[call_number]";

fn via(branch: &str) -> String {
    format!("Via: SIP/2.0/[via] [local_ip]:[local_port];rport;branch={branch}")
}

fn phrase(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        404 => "Not Found",
        422 => "Session Interval Too Small",
        480 => "Temporarily Unavailable",
        486 => "Busy Here",
        487 => "Request Terminated",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        603 => "Decline",
        _ => "As Said",
    }
}
