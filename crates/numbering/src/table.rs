//! The compiled number plans: a minimised automaton over digits, read in place.
//!
//! A table that is cut off or altered can only make numbers unknown: every read is checked.

pub(crate) mod class;
pub(crate) mod countries;
pub(crate) mod country;

use class::Class;
use ringfence_model::{Country, RiskTier};

/// What the table says of a number or of a range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label {
    pub class: Class,
    pub country: Country,
    pub tier: RiskTier,
}

/// How the digits of a number ran through the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The digits are a whole number.
    Exact(Label),
    /// More digits were expected.
    Short,
    /// A whole number with digits to spare, which switches ignore.
    Long(Label),
    /// No number begins with the first so many digits.
    Nowhere(usize),
}

/// The result of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Walk {
    pub end: End,
    /// The first point at which all numbers that go on from there agree, and after how many digits.
    pub kind: Option<(Label, usize)>,
    /// The same for the country alone.
    pub country: Option<(Label, usize)>,
}

/// The bytes of the table, see `examples/compile/compiler/emit.rs` for their layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    nodes: &'static [u8],
    edges: &'static [u8],
    labels: &'static [u8],
}

const NODE_BYTES: usize = 10;
const LABEL_BYTES: usize = 4;

struct Node {
    digits: u16,
    ends: u16,
    decided: u16,
    edges: u32,
}

impl Table {
    pub const EMBEDDED: Self = Self {
        nodes: include_bytes!("../data/table/nodes.bin"),
        edges: include_bytes!("../data/table/edges.bin"),
        labels: include_bytes!("../data/table/labels.bin"),
    };

    /// Bytes of the whole table.
    pub const fn size(&self) -> usize {
        self.nodes.len() + self.edges.len() + self.labels.len()
    }

    /// Runs ASCII digits from the node `root`.
    pub fn walk(&self, root: u16, digits: &[u8]) -> Walk {
        let mut walk = Walk { end: End::Short, kind: None, country: None };
        let mut whole = None;
        let mut node = self.node(root);
        for (depth, &digit) in (1..).zip(digits) {
            node = node.and_then(|node| self.child(&node, digit));
            let Some(at) = &node else {
                walk.end = whole.map_or(End::Nowhere(depth), End::Long);
                return walk;
            };
            if walk.kind.is_none() && at.decided != 0 {
                self.decide(&mut walk, at.decided, depth);
            }
            if at.ends != 0 {
                whole = self.label(at.ends);
            }
        }
        if let Some(label) = node.filter(|at| at.ends != 0).and_then(|at| self.label(at.ends)) {
            walk.end = End::Exact(label);
        }
        walk
    }

    /// Every length at which the digits, read from the start, are a whole entry: shortest first.
    pub fn entries(&self, root: u16, digits: &[u8]) -> impl Iterator<Item = usize> {
        let mut node = self.node(root);
        (1..)
            .zip(digits)
            .map_while(move |(depth, &digit)| {
                node = node.as_ref().and_then(|node| self.child(node, digit));
                node.as_ref().map(|at| (depth, at.ends != 0))
            })
            .filter_map(|(depth, ends)| ends.then_some(depth))
    }

    fn decide(&self, walk: &mut Walk, index: u16, depth: usize) {
        let Some(label) = self.label(index) else { return };
        if walk.country.is_none() {
            walk.country = Some((label, depth));
        }
        if label.class != Class::Country {
            walk.kind = Some((label, depth));
        }
    }

    fn node(&self, index: u16) -> Option<Node> {
        let at = usize::from(index) * NODE_BYTES;
        let &[d0, d1, e0, e1, s0, s1, f0, f1, f2, f3] =
            self.nodes.get(at..)?.first_chunk::<NODE_BYTES>()?;
        Some(Node {
            digits: u16::from_le_bytes([d0, d1]),
            ends: u16::from_le_bytes([e0, e1]),
            decided: u16::from_le_bytes([s0, s1]),
            edges: u32::from_le_bytes([f0, f1, f2, f3]),
        })
    }

    fn child(&self, node: &Node, digit: u8) -> Option<Node> {
        let bit = 1u16.checked_shl(u32::from(digit.checked_sub(b'0')?))?;
        if node.digits & bit == 0 {
            return None;
        }
        let before = (node.digits & (bit - 1)).count_ones();
        let at = usize::try_from(node.edges.checked_add(before)?).ok()?.checked_mul(2)?;
        self.node(u16::from_le_bytes(*self.edges.get(at..)?.first_chunk::<2>()?))
    }

    fn label(&self, index: u16) -> Option<Label> {
        let at = usize::from(index.checked_sub(1)?) * LABEL_BYTES;
        let &[first, second, class, tier] = self.labels.get(at..)?.first_chunk::<LABEL_BYTES>()?;
        Some(Label {
            class: Class::from_code(class),
            country: Country::from_bytes([first, second]),
            tier: match tier {
                0 => RiskTier::A,
                1 => RiskTier::B,
                2 => RiskTier::C,
                _ => RiskTier::D,
            },
        })
    }
}
