//! One call per group of legs.

use super::leg::{Leg, Role};
use foldhash::fast::RandomState;
use ringfence_model::{Cdr, Direction, Via};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Legs of one call adjoin. A pause longer than this means that the source used the same id again, as counters do
/// after a restart.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// Digits at the end that stay the same when prefixes are rewritten between trunks.
const TAIL_DIGITS: usize = 8;

/// What grouping did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Grouped {
    /// Legs that are part of another leg's call.
    pub dropped: u64,
    /// Ends without a beginning in these records.
    pub byes_alone: u64,
    /// Answered calls without an end in these records.
    pub calls_open: u64,
}

/// Makes calls of legs. Most calls are one leg, so legs stay where they are and only groups of several are moved.
pub(crate) fn calls(legs: Vec<Leg>, done: &mut Grouped) -> Vec<Cdr> {
    let groups = groups(&legs);
    let mut legs: Vec<Option<Leg>> = legs.into_iter().map(Some).collect();
    let mut grouped = Vec::new();
    for group in groups {
        let members = group.iter().filter_map(|&at| legs.get_mut(at).and_then(Option::take));
        one_group(members.collect(), done, &mut grouped);
    }
    let mut cdrs: Vec<Cdr> = legs.into_iter().flatten().map(|leg| leg.cdr).collect();
    cdrs.append(&mut grouped);
    cdrs
}

/// The indexes of legs that belong together: groups of several, and legs that lack their BYE or INVITE.
fn groups(legs: &[Leg]) -> Vec<Vec<usize>> {
    enum Group {
        One(usize),
        Many(usize),
    }
    let mut many: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<&Arc<str>, Group, RandomState> = HashMap::default();
    known.reserve(legs.len());
    for (at, leg) in legs.iter().enumerate() {
        let Some(id) = &leg.cdr.correlation_id else { continue };
        match known.get_mut(id) {
            None if leg.dialog.is_some() => {
                known.insert(id, Group::Many(many.len()));
                many.push(vec![at]);
            }
            None => drop(known.insert(id, Group::One(at))),
            Some(Group::Many(group)) => {
                if let Some(group) = many.get_mut(*group) {
                    group.push(at);
                }
            }
            Some(one) => {
                if let Group::One(first) = *one {
                    *one = Group::Many(many.len());
                    many.push(vec![first, at]);
                }
            }
        }
    }
    many
}

/// The calls among legs that share one correlation id.
pub(crate) fn one_group(mut legs: Vec<Leg>, done: &mut Grouped, cdrs: &mut Vec<Cdr>) {
    legs.sort_by_key(|leg| leg.cdr.started);
    pair_byes(&mut legs, done);
    let mut rest = legs.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut until = first.cdr.ended;
        let mut call = vec![first];
        while let Some(leg) = rest.next_if(|leg| leg.cdr.started <= until + PAUSE_MAX) {
            until = until.max(leg.cdr.ended);
            call.push(leg);
        }
        let legs = call.len();
        let before = cdrs.len();
        choose(call, cdrs);
        done.dropped += (legs - (cdrs.len() - before)) as u64;
    }
}

/// Gives each BYE to the answered INVITE of its dialog.
fn pair_byes(legs: &mut Vec<Leg>, done: &mut Grouped) {
    if legs.iter().all(|leg| leg.dialog.is_none()) {
        return;
    }
    let (byes, mut calls): (Vec<Leg>, Vec<Leg>) =
        std::mem::take(legs).into_iter().partition(|leg| leg.role == Role::Bye);
    done.dropped += byes.len() as u64;
    let mut ended = vec![false; calls.len()];
    for bye in byes {
        let open = calls.iter_mut().zip(&mut ended).find(|(call, ended)| {
            !**ended && call.cdr.answered.is_some() && call.dialog == bye.dialog
        });
        let Some((call, ended)) = open else {
            done.byes_alone += 1;
            continue;
        };
        *ended = true;
        call.ambiguous |= bye.ambiguous;
        call.cdr.ended = bye.cdr.started.max(call.cdr.started);
        let talked = call.cdr.ended - call.cdr.answered.unwrap_or(call.cdr.started);
        call.cdr.billable_ms = u64::try_from(talked.as_millis()).unwrap_or(u64::MAX).max(1);
    }
    // Only rows that are paired carry a dialog.
    done.calls_open += calls
        .iter()
        .zip(&ended)
        .filter(|(call, ended)| call.dialog.is_some() && call.cdr.answered.is_some() && !**ended)
        .count() as u64;
    *legs = calls;
}

/// Outside legs stand for the call: every answered outbound number (each is charged), else one leg.
fn choose(legs: Vec<Leg>, cdrs: &mut Vec<Cdr>) {
    if legs.len() == 1 {
        cdrs.extend(legs.into_iter().map(|leg| leg.cdr));
        return;
    }
    let best = best_direction(&legs);
    let mut clusters: Vec<(String, Vec<&Leg>)> = Vec::new();
    for leg in legs.iter().filter(|leg| leg.cdr.direction == best) {
        // Inside and inbound, the number says which phone rang: that is still one call.
        let tail = if best == Direction::Outbound { tail(&leg.cdr.dialled) } else { String::new() };
        match clusters.iter_mut().find(|(known, _)| *known == tail) {
            Some((_, cluster)) => cluster.push(leg),
            None => clusters.push((tail, vec![leg])),
        }
    }
    let mut chosen: Vec<Cdr> =
        clusters.iter().filter_map(|(_, cluster)| represent(cluster)).collect();
    if chosen.iter().any(|cdr| cdr.answered.is_some()) {
        let is_charged = |cdr: &Cdr| {
            cdr.answered.is_some()
                && clusters
                    .iter()
                    .any(|(_, c)| c.iter().any(|l| l.is(cdr) && l.role == Role::Party))
        };
        if chosen.iter().any(is_charged) {
            chosen.retain(is_charged);
        } else {
            chosen.retain(|cdr| cdr.answered.is_some());
            chosen.truncate(1);
        }
    } else {
        let last = chosen.pop();
        chosen.clear();
        chosen.extend(last);
    }
    for cdr in &mut chosen {
        complete(cdr, &legs);
    }
    cdrs.append(&mut chosen);
}

fn best_direction(legs: &[Leg]) -> Direction {
    let has = |direction| legs.iter().any(|leg| leg.cdr.direction == direction);
    if has(Direction::Outbound) {
        Direction::Outbound
    } else if has(Direction::Inbound) {
        Direction::Inbound
    } else {
        Direction::Internal
    }
}

/// The leg that says most about a call to one number, with the start of the first try.
fn represent(cluster: &[&Leg]) -> Option<Cdr> {
    let best = cluster.iter().max_by_key(|leg| leg.weight())?;
    let mut cdr = best.cdr.clone();
    cdr.started = cluster.iter().map(|leg| leg.cdr.started).min().unwrap_or(cdr.started);
    // A refusal by the dialplan is on a row of its own, and says more than "no answer".
    if cdr.answered.is_none() {
        let told =
            cluster.iter().map(|leg| leg.cdr.code).find(|code| !matches!(code, 200 | 480 | 487));
        cdr.code = told.unwrap_or(cdr.code);
    }
    Some(cdr)
}

/// Fills what only other legs know: who called, for whom, through what.
fn complete(cdr: &mut Cdr, legs: &[Leg]) {
    let inside = legs.iter().any(|leg| leg.is(cdr) && leg.caller_inside);
    if let Some(origin) = legs.iter().find(|leg| !leg.caller_inside) {
        if inside || cdr.extension.is_none() {
            cdr.extension = origin.cdr.extension.clone().or(cdr.extension.take());
        }
        if inside || cdr.a_number.is_empty() {
            cdr.a_number = origin.cdr.a_number.clone();
        }
        cdr.tenant = cdr.tenant.take().or_else(|| origin.cdr.tenant.clone());
        cdr.source = cdr.source.take().or_else(|| origin.cdr.source.clone());
    }
    let Some(came_in) = legs.iter().find(|leg| leg.cdr.direction == Direction::Inbound) else {
        return;
    };
    if cdr.direction == Direction::Inbound {
        cdr.trunk = cdr.trunk.take().or_else(|| legs.iter().find_map(|leg| leg.cdr.trunk.clone()));
    } else if cdr.direction == Direction::Outbound {
        if cdr.via == Via::Unknown {
            cdr.via = Via::Forward;
        }
        let diverting = &came_in.cdr.dialled;
        cdr.c_number = cdr.c_number.take().or_else(|| Some(diverting.clone()));
        cdr.extension = cdr.extension.take().or_else(|| came_in.cdr.extension.clone());
    }
}

impl Leg {
    fn is(&self, cdr: &Cdr) -> bool {
        self.cdr.native_id == cdr.native_id
    }

    fn weight(&self) -> (u8, u64) {
        let answered = self.cdr.answered.is_some();
        let rank = match self.role {
            Role::Party if answered && self.cdr.trunk.is_some() => 6,
            Role::Party if answered => 5,
            Role::Party if self.cdr.trunk.is_some() => 4,
            Role::Guard => 3,
            Role::Party => 2,
            Role::Inside => 1,
            Role::Bye => 0,
        };
        (rank, self.cdr.billable_ms)
    }
}

fn tail(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(TAIL_DIGITS)).collect()
}
