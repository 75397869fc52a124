//! TLS over real sockets on loopback: handshakes, names, reload.

#![allow(clippy::panic, clippy::unwrap_used)] // a test may

mod rim;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rim::{PATIENCE, Plan, Rim, carrier, options, until};
use ringfence_edge::{StartError, Tls, TlsError};
use ringfence_sip::Transport;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// An authority of one test, with a folder for its files.
struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A certificate and its key.
struct Pair {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    files: (PathBuf, PathBuf),
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let folder = tempfile::tempdir().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, certificate: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn issue(&self, name: &str) -> Pair {
        self.issue_with(name, |_| {})
    }

    fn issue_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |what: &str| self.folder.path().join(format!("{name}.{what}.pem"));
        let files = (file("chain"), file("key"));
        std::fs::write(&files.0, certificate.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Pair { chain: vec![certificate.der().clone()], key, files }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }
}

fn plan(authority: &Authority) -> Plan {
    let mut plan = Plan::on(Transport::Tls, "127.0.0.1:0");
    plan.settings.tls = Some(Tls {
        identity: Some(authority.issue("us.example").files),
        visitors: vec![authority.file()],
        hosts: vec![authority.file()],
    });
    plan
}

type Client = StreamOwned<ClientConnection, TcpStream>;

fn connect(rim: &Rim, authority: &Authority, shows: Option<Pair>) -> Client {
    connect_from([127, 0, 0, 1], rim, authority, shows)
}

fn connect_from(from: [u8; 4], rim: &Rim, authority: &Authority, shows: Option<Pair>) -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots());
    let config = match shows {
        None => config.with_no_client_auth(),
        Some(pair) => config.with_client_auth_cert(pair.chain, pair.key).unwrap(),
    };
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&rim.at(0).into()).unwrap();
    let tcp = TcpStream::from(socket);
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let name = ServerName::try_from("us.example").unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp)
}

fn hear(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

fn ask(client: &mut Client, number: usize) -> String {
    client.write_all(options(number, "TLS").as_bytes()).unwrap();
    hear(client)
}

#[test]
fn messages_pass_under_tls() {
    let authority = Authority::new();
    let rim = plan(&authority).start();
    let mut client = connect(&rim, &authority, None);
    for number in 0..3 {
        assert!(ask(&mut client, number).contains(&format!("Call-ID: c{number}\r\n")));
    }
}

#[test]
fn a_certificate_is_replaced_while_connections_stand() {
    let authority = Authority::new();
    let rim = plan(&authority).start();
    let mut before = connect(&rim, &authority, None);
    assert!(ask(&mut before, 1).starts_with("SIP/2.0 200"));
    let shown = |client: &Client| client.conn.peer_certificates().unwrap()[0].clone();
    let new = authority.issue_with("us.example", |params| {
        params.subject_alt_names.push(rcgen::SanType::DnsName("new.example".try_into().unwrap()));
    });
    let mut tls = Tls { identity: Some(new.files), visitors: vec![], hosts: vec![] };
    rim.edge.reload_keys(&tls).unwrap();
    let mut after = connect(&rim, &authority, None);
    assert!(ask(&mut after, 2).starts_with("SIP/2.0 200"));
    assert_eq!((shown(&after), shown(&before) == shown(&after)), (new.chain[0].clone(), false));
    assert!(ask(&mut before, 3).starts_with("SIP/2.0 200"), "the old connection stands");

    tls.identity = Some((PathBuf::from("/nowhere/chain.pem"), PathBuf::from("/nowhere/key.pem")));
    let error = rim.edge.reload_keys(&tls).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/chain.pem: "), "{error}");
    assert!(ask(&mut connect(&rim, &authority, None), 4).starts_with("SIP/2.0 200"));
}

/// Wherever it connects from, and so whichever shard holds its connection.
#[test]
fn every_shard_knows_who_showed_a_certificate() {
    let authority = Authority::new();
    let mut plan = Plan { shards: 2, ..plan(&authority) };
    plan.trunks[0].networks = vec![];
    plan.trunks[0].certificate = Some("pbx.example".into());
    let rim = plan.start();
    for host in 1..12_u8 {
        let shown = authority.issue("pbx.example");
        let mut known = connect_from([127, 0, 0, host], &rim, &authority, Some(shown));
        for number in 0..2 {
            assert!(ask(&mut known, 2 * usize::from(host) + number).starts_with("SIP/2.0 200"));
        }
    }
    let counters = [rim.edge.counters(0).unwrap(), rim.edge.counters(1).unwrap()];
    let heard = counters.map(|of| of.stream_messages_received.get());
    assert!(heard.iter().all(|heard| *heard > 0), "both shards hold some: {heard:?}");
}

/// A trunk known by its certificate alone: with it, it is answered; without it, it is a stranger.
#[test]
fn who_shows_a_certificate_is_known_by_its_names() {
    let authority = Authority::new();
    let mut plan = plan(&authority);
    plan.trunks[0].networks = vec![];
    plan.trunks[0].certificate = Some("pbx.example".into());
    let rim = plan.start();
    let mut known = connect(&rim, &authority, Some(authority.issue("pbx.example")));
    assert!(ask(&mut known, 1).starts_with("SIP/2.0 200"));
    // Public authorities issue certificates for servers only.
    let server_only = authority.issue_with("pbx.example", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    let mut server = connect(&rim, &authority, Some(server_only));
    assert!(ask(&mut server, 2).starts_with("SIP/2.0 200"));

    let heard = || rim.edge.counters(0).unwrap().stream_messages_received.get();
    for (number, shows) in [(3, None), (4, Some(authority.issue("other.example")))] {
        let mut stranger = connect(&rim, &authority, shows);
        stranger.write_all(options(number, "TLS").as_bytes()).unwrap();
        until("it is heard", || heard() == number as u64);
        stranger.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert!(!matches!(stranger.read(&mut [0; 9]), Ok(1..)));
    }

    let forger = Authority::new();
    let mut forged = connect(&rim, &authority, Some(forger.issue("pbx.example")));
    let _ = forged.write_all(options(5, "TLS").as_bytes());
    assert!(!matches!(forged.read(&mut [0; 9]), Ok(1..)));
    until("the handshake failed", || rim.edge.stream_counters().handshakes_failed.get() == 1);
}

#[test]
fn a_handshake_that_goes_nowhere_ends_and_holds_up_nobody() {
    let authority = Authority::new();
    let mut plan = plan(&authority);
    plan.settings.streams.handshake_time = Duration::from_millis(100);
    let rim = plan.start();
    let mut silent: Vec<_> = (0..50).map(|_| TcpStream::connect(rim.at(0)).unwrap()).collect();
    let mut plain = TcpStream::connect(rim.at(0)).unwrap();
    plain.write_all(options(1, "TLS").as_bytes()).unwrap();
    let mut client = connect(&rim, &authority, None);
    assert!(ask(&mut client, 2).starts_with("SIP/2.0 200"));
    for stream in &mut silent {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
    }
    until("all are counted", || rim.edge.stream_counters().handshakes_failed.get() == 51);
    assert_eq!(rim.edge.stream_counters().open.get(), 1);
}

/// A carrier that shows this certificate when we connect, and what it hears.
fn carrier_side(listener: &TcpListener, pair: Pair) -> Option<String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(pair.chain, pair.key)
        .unwrap();
    let (tcp, _) = listener.accept().unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let connection = ServerConnection::new(Arc::new(config)).unwrap();
    let mut stream = StreamOwned::new(connection, tcp);
    let mut first = [0; 8];
    stream.read_exact(&mut first).ok()?;
    Some(String::from_utf8(first.to_vec()).unwrap())
}

#[test]
fn we_talk_only_to_who_proves_to_be_the_name_we_were_given() {
    for (shown, believed) in
        [("sip.carrier.example", true), ("*.carrier.example", true), ("carrier.example", false)]
    {
        let authority = Authority::new();
        let carrier_listens = TcpListener::bind("127.0.0.9:0").unwrap();
        let port = carrier_listens.local_addr().unwrap().port();
        let mut plan = plan(&authority);
        let mut trunk = carrier("127.0.0.9", Some(port), Some(Transport::Tls));
        trunk.certificate = Some("sip.carrier.example".into());
        plan.trunks.push(trunk);
        let rim = plan.start();
        let heard = carrier_side(&carrier_listens, authority.issue(shown));
        assert_eq!(heard.as_deref() == Some("REGISTER"), believed, "{shown}: {heard:?}");
        if !believed {
            until("it is counted", || rim.edge.stream_counters().dials_failed.get() > 0);
        }
    }
    // The right name, said by an authority nobody trusts.
    let authority = Authority::new();
    let carrier_listens = TcpListener::bind("127.0.0.9:0").unwrap();
    let port = carrier_listens.local_addr().unwrap().port();
    let mut plan = plan(&authority);
    plan.trunks.push(carrier("127.0.0.9", Some(port), Some(Transport::Tls)));
    let _rim = plan.start();
    assert_eq!(carrier_side(&carrier_listens, Authority::new().issue("127.0.0.9")), None);
}

#[test]
fn keys_that_do_not_work_are_said_before_anything_starts() {
    let authority = Authority::new();
    let (one, two) = (authority.issue("one.example"), authority.issue("two.example"));
    let old = authority.issue_with("old.example", |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 2, 3);
    });
    let text = |identity: Option<(PathBuf, PathBuf)>| {
        let mut plan = plan(&authority);
        plan.settings.tls = Some(Tls { identity, ..Tls::default() });
        plan.try_start().err().unwrap()
    };
    let error = text(Some((one.files.0.clone(), two.files.1)));
    assert!(matches!(error, StartError::Tls(TlsError::OtherKey { .. })), "{error}");
    let error = text(Some((one.files.1.clone(), one.files.1.clone())));
    assert!(matches!(error, StartError::Tls(TlsError::NoCertificate { .. })), "{error}");
    let error = text(Some((one.files.0.clone(), Path::new("/nowhere").into())));
    assert!(matches!(error, StartError::Tls(TlsError::Unreadable { .. })), "{error}");
    let error = text(Some(old.files));
    assert!(error.to_string().contains("expired on 2021-02-03"), "{error}");
    // As in the program: on an event queue, where nobody may wait for the threads that are given up.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { text(None) });
    assert!(matches!(error, StartError::NoCertificate { .. }), "{error}");
}
