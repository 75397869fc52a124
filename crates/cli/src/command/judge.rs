//! `ringfence judge`.

use crate::failure::Outcome;
use crate::judge::Judge;
use crate::setup;
use std::io::{BufRead, BufWriter, Read, Write};
use std::path::PathBuf;

/// Judge calls over a pipe: one line in, one line out
#[derive(clap::Args, Debug)]
#[command(after_help = PROTOCOL)]
pub struct Args {
    /// The policy, as TOML; without it the default one
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

const PROTOCOL: &str = r#"Each line on standard input is one JSON object with `ev`; each is answered by exactly one line, `{}` when there
is nothing to do. Times `t` are milliseconds since 1970 (UTC) and never run backwards.

  hello     first: rates (path of the deck), tz, tick_ms, latency_ms, warmup_until
  tenant    a customer starts: tenant, trunks, ext (list), channels, pbx
  start     a call is tried, answered before it goes on: call, tenant, ext, dir (in, out), a, b; ip, cc, ua, via
  answer    the far end answered: call
  end       the call is over: call, code, dur (charged seconds), by ("policy" when it was torn down)
  reg, reg_fail, config, review
            a phone registers or fails to, a forward is changed, a person answers
  tick      every 10 s while a call is up

Answers: {"v":"deny","why":"..."} to a start, {"act":[...]} with terminate, block, unblock and alert.
Before warmup_until everything is learned from and nothing is stopped. The rate deck is CSV as
`ringfence tariff check` reads it.

Example:
  > {"ev":"hello","rates":"rates.csv","tz":"Europe/Amsterdam","tick_ms":10000,"latency_ms":0,"warmup_until":0}
  < {}
  > {"ev":"start","t":1795423449000,"call":7,"tenant":"acme","ext":"205","dir":"out","b":"+5352123456"}
  < {}
  > {"ev":"end","t":1795423460000,"call":7,"code":480,"dur":0}
  < {}

A line that cannot be read is answered with {} and reported on stderr."#;

/// A line longer than this is answered without being read: a bound on memory.
const LINE_BYTES_MAX: u64 = 1 << 20;

pub fn run(args: &Args) -> Outcome {
    let policy = args.policy.as_deref().map(setup::policy).transpose()?.unwrap_or_default();
    setup::compiled(policy.clone(), args.policy.as_deref())?;
    let mut judge = Judge::new(policy);
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let (mut line, mut answer) = (Vec::new(), Vec::new());
    for number in 1u64.. {
        answer.clear();
        if !read_line(&mut input, &mut line)? {
            break;
        }
        if let Err(error) = judge.line(&line, &mut answer) {
            // The other side waits for its answer: a closed stderr must not keep it waiting.
            let _ = writeln!(std::io::stderr(), "error: line {number}: {error:#}");
        }
        output.write_all(&answer)?;
        output.flush()?;
    }
    super::done()
}

/// Reads one line; one that is too long is passed over to its end and comes out cut. False at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let mut read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    let found = read > 0;
    let mut rest = Vec::new();
    let mut ended = line.ends_with(b"\n");
    while read > 0 && !ended {
        rest.clear();
        read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut rest)?;
        ended = rest.ends_with(b"\n");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_too_long_is_one_line() {
        let long = vec![b'x'; 3 << 20];
        let mut input = std::io::Cursor::new([long.as_slice(), b"\nshort\nlast"].concat());
        let mut line = Vec::new();
        assert!(read_line(&mut input, &mut line).unwrap());
        assert_eq!(line.len() as u64, LINE_BYTES_MAX);
        assert!(read_line(&mut input, &mut line).unwrap());
        assert_eq!(line, b"short\n");
        assert!(read_line(&mut input, &mut line).unwrap());
        assert_eq!(line, b"last");
        assert!(!read_line(&mut input, &mut line).unwrap());
    }
}
