//! People are told over real mail, and what they answer holds: `ringfence serve`, a mail server, a telephone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may

mod firewall;

use firewall::{Firewall, call, field};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A mail server that keeps what it takes, until the test ends.
fn mail_server(at: &str) -> Arc<Mutex<Vec<String>>> {
    let listener = TcpListener::bind(at).unwrap();
    let kept = Arc::<Mutex<Vec<String>>>::default();
    let all = Arc::clone(&kept);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, all) = (stream.unwrap(), Arc::clone(&all));
            std::thread::spawn(move || talk(stream, &all));
        }
    });
    kept
}

fn talk(stream: TcpStream, all: &Mutex<Vec<String>>) {
    let mut to = stream.try_clone().unwrap();
    let mut say = |text: &str| to.write_all(text.as_bytes()).is_ok();
    let (mut letter, mut in_letter) = (String::new(), false);
    say("220 sink\r\n");
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        match line.as_str() {
            "." if in_letter => {
                in_letter = false;
                all.lock().unwrap().push(std::mem::take(&mut letter));
                say("250 taken\r\n");
            }
            _ if in_letter => letter += &format!("{line}\n"),
            "DATA" => {
                in_letter = true;
                say("354 go\r\n");
            }
            "QUIT" => {
                say("221 bye\r\n");
            }
            _ => {
                say("250 fine\r\n");
            }
        }
    }
}

/// What a browser gets.
fn browse(it: &Firewall, method: &str, path: &str, form: &str) -> String {
    let mut stream = TcpStream::connect(format!("{}.1:28443", it.net)).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_refused_call_is_approved_with_one_tap_in_a_mail() {
    let mut it = Firewall::new(9, "");
    let net = it.net.clone();
    let more = format!(
        "digest = \"never\"\npolicy = {{ hold_for_approval = true, classes = [{{ class = \"international\", allow = false }}] }}\n\
         [api]\nlisten = \"{net}.1:28443\"\n\
         [mail]\nserver = \"{net}.1\"\nport = 28025\nsecurity = \"none\"\nfrom = \"Ringfence <fw@example.org>\"\n\
         [[contact]]\nid = \"anna\"\ntenant = \"office\"\nname = \"Anna\"\nmail = \"anna@office.example\"\n\
         language = \"nl\"\napproves = 50\nquiet = \"00:00-23:59\"\n"
    );
    it.write("ringfence.toml", &it.settings(&more));
    let letters = mail_server(&format!("{net}.1:28025"));
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    pbx.invite("+4915112345678", "one");
    let refused = pbx.hear("SIP/2.0 486");
    assert!(field(&refused, "Reason").contains("Waits for approval"), "{refused}");
    it.until("Anna is asked", |_| !letters.lock().unwrap().is_empty());
    let letter = letters.lock().unwrap()[0].replace("=\n", "").replace("=3D", "=");
    assert!(letter.contains("To: Anna <anna@office.example>"), "{letter}");
    assert!(letter.contains("+4915112345678") && letter.contains("Duitsland"), "{letter}");
    let path = letter.lines().find_map(|line| line.split_once("/approve/")).unwrap().1.to_owned();
    let path = format!("/approve/{path}");
    assert!(browse(&it, "GET", &path, "").contains("Sta dit nummer vandaag toe"));
    let done = browse(&it, "POST", &path, "answer=number");
    assert!(done.starts_with("HTTP/1.1 200") && done.contains("contact:anna"), "{done}");
    call(&pbx, &carrier, "+4915112345678", "two");
    // What was answered holds after a crash, for this number and no other.
    it.kill();
    it.start();
    call(&pbx, &carrier, "+4915112345678", "three");
    pbx.invite("+4915112345679", "four");
    pbx.hear("SIP/2.0 486");
    it.until("Anna is asked about the other one", |_| letters.lock().unwrap().len() >= 2);
    let letters: Vec<String> = letters
        .lock()
        .unwrap()
        .iter()
        .map(|of| of.replace("=\n", "").replace("=3D", "="))
        .collect();
    let about = |number: &str| letters.iter().filter(|of| of.contains(number)).count();
    assert_eq!((about("+4915112345678"), about("+4915112345679")), (1, 1), "nobody is told twice");
    assert!(
        it.get("/metrics").contains("ringfence_notices_total{result=\"sent\"} 1"),
        "{}",
        it.get("/metrics")
    );
}
