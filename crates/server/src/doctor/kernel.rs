//! What the kernel allows, and what it does to SIP behind our back.

use super::Finding;
use super::machine::Machine;
use crate::config::Config;
use ringfence_sip::Transport;

const BUFFERS: &str = "socket buffers";
const LOSS: &str = "lost datagrams";
const TRACKING: &str = "connection tracking";
const FILES: &str = "open files";

/// A connection is a file; a thousand, the usual limit of a shell, is one office of phones.
const FILES_WARN: u64 = 16_384;
/// Beyond it a burst fills the table, and new calls are dropped without a word.
const TRACKED_PERCENT_WARN: u64 = 80;

pub fn look(config: &Config, running: bool, machine: &Machine, all: &mut Vec<Finding>) {
    let wanted = ringfence_edge::Settings::default();
    let wanted =
        [("rmem_max", wanted.receive_buffer_bytes), ("wmem_max", wanted.send_buffer_bytes)];
    all.push(buffers(machine, &wanted));
    all.extend(loss(config, running, machine));
    all.push(modules(machine));
    all.extend(tracked(machine));
    all.extend(files(config, running, machine));
}

fn buffers(machine: &Machine, wanted: &[(&str, usize)]) -> Finding {
    let small = wanted.iter().find_map(|&(name, bytes)| {
        let granted = machine.number(&format!("proc/sys/net/core/{name}"))?;
        (granted < bytes as u64).then_some((name, bytes, granted))
    });
    let Some((name, bytes, granted)) = small else {
        return Finding::ok(BUFFERS, "as large as wanted");
    };
    let what = format!("net.core.{name} is {granted}, wanted are {bytes}: bursts are lost");
    let mend = format!("sysctl -w net.core.{name}={bytes}, and a file in /etc/sysctl.d");
    Finding::warn(BUFFERS, what, mend)
}

/// Datagrams our own sockets lost; of a program that does not run, what the machine lost.
fn loss(config: &Config, running: bool, machine: &Machine) -> Option<Finding> {
    let mend = "raise net.core.rmem_max, restart, and see if the machine is busy: ringfence status";
    if running {
        let listeners = config.snapshot.directory.parts().listeners.iter();
        let udp = listeners.filter(|at| at.transport == Transport::Udp);
        let sockets = udp.flat_map(|at| machine.sockets_at(Transport::Udp, at.local));
        let lost: u64 = sockets.filter_map(|of| of.drops).sum();
        return Some(match lost {
            0 => Finding::ok(LOSS, "none since it started"),
            _ => Finding::warn(LOSS, format!("{lost} since it started: the buffer was full"), mend),
        });
    }
    let lost = receive_errors(&machine.read("proc/net/snmp")?)?;
    Some(match lost {
        0 => Finding::ok(LOSS, "none on this machine since it booted"),
        _ => {
            let what = format!("{lost} by programs of this machine since it booted");
            Finding::warn(LOSS, what, mend)
        }
    })
}

/// `RcvbufErrors` of UDP in `/proc/net/snmp`: a line of names, then one of values.
fn receive_errors(text: &str) -> Option<u64> {
    let mut rows = text.lines().filter_map(|line| line.strip_prefix("Udp:"));
    let names = rows.next()?.split_ascii_whitespace();
    let mut pairs = names.zip(rows.next()?.split_ascii_whitespace());
    pairs.find(|(name, _)| *name == "RcvbufErrors")?.1.parse().ok()
}

/// A SIP helper in the kernel changes addresses and ports in messages, and breaks what it does not understand.
fn modules(machine: &Machine) -> Finding {
    let text = machine.read("proc/modules").unwrap_or_default();
    let names = text.lines().filter_map(|line| line.split_ascii_whitespace().next());
    let helpers: Vec<_> =
        names.filter(|name| matches!(*name, "nf_conntrack_sip" | "nf_nat_sip")).collect();
    if helpers.is_empty() {
        return Finding::ok(TRACKING, "the kernel leaves SIP alone");
    }
    let what =
        format!("the kernel's SIP helper is loaded ({}): it rewrites messages", helpers.join(", "));
    let mend = "modprobe -r nf_nat_sip nf_conntrack_sip, and blacklist both in /etc/modprobe.d";
    Finding::warn(TRACKING, what, mend)
}

fn tracked(machine: &Machine) -> Option<Finding> {
    let count = machine.number("proc/sys/net/netfilter/nf_conntrack_count")?;
    let most = machine.number("proc/sys/net/netfilter/nf_conntrack_max").filter(|it| *it > 0)?;
    (count.saturating_mul(100) / most >= TRACKED_PERCENT_WARN).then(|| {
        let what = format!("{count} of {most} connections are tracked: new ones will be dropped");
        let mend = "raise net.netfilter.nf_conntrack_max, or take SIP out with a notrack rule";
        Finding::warn(TRACKING, what, mend)
    })
}

/// The limit of the running program; that of whoever asks says nothing of it.
fn files(config: &Config, running: bool, machine: &Machine) -> Option<Finding> {
    let listener = config.snapshot.directory.parts().listeners.first().filter(|_| running)?;
    let sockets = machine.sockets_at(listener.transport, listener.local);
    let program = sockets.iter().find_map(|of| machine.holder(of.inode))?;
    let limit = open_files(&machine.read(format!("proc/{}/limits", program.pid))?)?;
    Some(if limit < FILES_WARN {
        let what = format!("the running program may open {limit}: each connection is one");
        Finding::warn(FILES, what, "LimitNOFILE=65536 in its unit, or ulimit -n 65536 before it")
    } else {
        Finding::ok(FILES, format!("up to {limit}"))
    })
}

/// The soft limit in `/proc/PID/limits` (proc_pid_limits(5)).
fn open_files(text: &str) -> Option<u64> {
    let row = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match row.split_ascii_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let machine = Machine::at(folder.path());
        (folder, machine)
    }

    #[test]
    fn small_buffers_are_told_with_the_figure_to_set() {
        let wanted = [("rmem_max", 8_388_608)];
        let (_folder, small) = machine(&[("proc/sys/net/core/rmem_max", "212992\n")]);
        let found = buffers(&small, &wanted);
        assert_eq!(found.health, Health::Warn);
        assert!(found.mend.unwrap().starts_with("sysctl -w net.core.rmem_max=8388608"));
        let (_folder, large) = machine(&[("proc/sys/net/core/rmem_max", "8388608\n")]);
        assert_eq!(buffers(&large, &wanted).health, Health::Ok);
    }

    #[test]
    fn helpers_in_the_kernel_are_found_by_their_whole_name() {
        let (_folder, quiet) = machine(&[("proc/modules", "nf_conntrack 180224 1 - Live 0x0\n")]);
        assert_eq!(modules(&quiet).health, Health::Ok);
        let (_folder, loaded) =
            machine(&[("proc/modules", "nf_conntrack_sip 40960 0 - Live 0x0\n")]);
        assert_eq!(modules(&loaded).health, Health::Warn);
    }

    #[test]
    fn a_table_that_fills_is_told_before_it_is_full() {
        let table = |count: &str| {
            let (folder, machine) = machine(&[
                ("proc/sys/net/netfilter/nf_conntrack_count", count),
                ("proc/sys/net/netfilter/nf_conntrack_max", "1000"),
            ]);
            let found = tracked(&machine).map(|of| of.health);
            drop(folder);
            found
        };
        assert_eq!((table("799"), table("800")), (None, Some(Health::Warn)));
    }

    #[test]
    fn figures_of_the_kernel_are_found_by_their_names() {
        let text = "Ip: A B\nIp: 1 2\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 9 8 7\n";
        assert_eq!(receive_errors(text), Some(7));
        assert_eq!(receive_errors("Udp: A\n"), None);
        let text = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max open files            1024                 524288               files\n";
        assert_eq!(open_files(text), Some(1_024));
    }
}
