//! Asterisk's security log on this machine.

use super::{Out, PAUSE, PAUSE_MAX};
use ringfence_connect::feed::tail::Tail;
use ringfence_connect::feed::{Seen, security};
use std::path::Path;
use std::time::Duration;

/// How often is looked for new lines.
const LOOK: Duration = Duration::from_millis(500);

/// Hears, for good.
pub(super) async fn hear(path: &Path, out: &Out) {
    let mut tail = Tail::new(path);
    let mut pause = PAUSE;
    let mut seen = Vec::new();
    loop {
        // Disks may hang.
        let read = tokio::task::spawn_blocking(move || {
            let news = tail.lines();
            (tail, news)
        });
        let news = match read.await {
            Ok((same, news)) => {
                tail = same;
                news.map_err(|error| error.to_string())
            }
            Err(error) => {
                tail = Tail::new(path);
                Err(error.to_string())
            }
        };
        let wait = match news {
            Ok(news) => {
                out.well();
                pause = PAUSE;
                let counters = &out.running.overheard;
                counters.unreadable.add(news.too_long);
                for line in &news.lines {
                    counters.read.up();
                    seen.extend(security::line(line).map(Seen::Failed));
                }
                out.put(&mut seen);
                if news.more { Duration::ZERO } else { LOOK }
            }
            Err(why) => {
                out.fails(&format!("{}: {why}", path.display()));
                let wait = pause;
                pause = (pause * 2).min(PAUSE_MAX);
                wait
            }
        };
        super::pause(wait).await;
    }
}
