#[path = "../tests/rim/mod.rs"]
mod rim;
use std::net::UdpSocket;
use std::time::{Duration, Instant};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "serve" {
        let (edge, address) = rim::udp(1);
        println!("{address}");
        std::thread::sleep(Duration::from_secs(args[2].parse().unwrap()));
        drop(edge);
        return;
    }
    let window: usize = args[3].parse().unwrap();
    let secs: f64 = args[4].parse().unwrap();
    let sockets: Vec<UdpSocket> = (0..8)
        .map(|_| {
            let s = UdpSocket::bind("127.0.0.1:0").unwrap();
            s.connect(&args[2]).unwrap();
            s.set_nonblocking(true).unwrap();
            s
        })
        .collect();
    let message = [b'A'; 700];
    let start = Instant::now();
    let mut inflight = vec![0usize; 8];
    let mut got = 0u64;
    let mut last = Instant::now();
    let mut buf = [0u8; 2048];
    while start.elapsed().as_secs_f64() < secs {
        for (i, s) in sockets.iter().enumerate() {
            while inflight[i] < window / 8 {
                if s.send(&message).is_ok() { inflight[i] += 1 } else { break }
            }
            while s.recv(&mut buf).is_ok() {
                got += 1;
                inflight[i] = inflight[i].saturating_sub(1);
                last = Instant::now();
            }
        }
        if last.elapsed() > Duration::from_millis(50) {
            inflight.fill(0);
            last = Instant::now();
        }
    }
    println!("{got}");
}
