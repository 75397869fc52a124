//! The table being built: nodes with digits as edges, equal subtrees kept once.

use super::class::Class;
use super::pattern::Pattern;
use regex_automata::util::primitives::StateID;
use ringfence_model::{Country, RiskTier};
use std::collections::HashMap;

/// What a number that ends at a node is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    pub class: Class,
    pub country: Country,
    pub tier: RiskTier,
}

/// Index of a node in the table.
pub type Node = u16;
/// Index of a label; 0 is no label.
pub type LabelIndex = u16;

/// The children of a node, one per digit.
pub type Edges = [Option<Node>; 10];

#[derive(Default)]
pub struct Table {
    pub nodes: Vec<(LabelIndex, LabelIndex, Edges)>,
    pub labels: Vec<Label>,
    known_nodes: HashMap<(LabelIndex, Edges), Node>,
    known_labels: HashMap<Label, LabelIndex>,
}

impl Table {
    /// The node with this label and these children: a known one when there is an equal one.
    ///
    /// With each node goes what its whole subtree agrees on: one label, or at least one country.
    pub fn node(&mut self, ends: Option<Label>, edges: Edges) -> Node {
        let ends = ends.map_or(0, |label| self.label(label));
        if let Some(&known) = self.known_nodes.get(&(ends, edges)) {
            return known;
        }
        let decided = self.agreement(ends, &edges);
        let node = Node::try_from(self.nodes.len()).expect("more nodes than an index can name");
        self.nodes.push((ends, decided, edges));
        self.known_nodes.insert((ends, edges), node);
        node
    }

    fn label(&mut self, label: Label) -> LabelIndex {
        if let Some(&known) = self.known_labels.get(&label) {
            return known;
        }
        self.labels.push(label);
        let index = LabelIndex::try_from(self.labels.len()).expect("too many labels");
        self.known_labels.insert(label, index);
        index
    }

    fn agreement(&mut self, ends: LabelIndex, edges: &Edges) -> LabelIndex {
        let below = edges.iter().flatten().map(|&child| self.nodes[usize::from(child)].1);
        let mut parts: Vec<LabelIndex> = below.collect();
        if ends != 0 {
            parts.push(ends);
        }
        let Some(&first) = parts.first() else { return 0 };
        if parts.iter().all(|&part| part == first) {
            return first;
        }
        if parts.contains(&0) {
            return 0;
        }
        let label = |index: LabelIndex| self.labels[usize::from(index) - 1];
        let country = label(first).country;
        if parts.iter().any(|&part| label(part).country != country) {
            return 0;
        }
        let tier = label(first).tier;
        self.label(Label { class: Class::Country, country, tier })
    }
}

/// Walks many patterns at once through every digit string that one of them accepts.
pub struct Product<'a, F> {
    pub patterns: &'a [Pattern],
    /// The label of a number, told for each pattern whether it matches.
    pub judge: F,
    pub digits_max: usize,
}

type States = Vec<(u16, StateID)>;

impl<F: Fn(&[bool]) -> Option<Label>> Product<'_, F> {
    /// Adds the walk to the table; `None` when no number has a label.
    pub fn build(&self, table: &mut Table) -> Option<Node> {
        let start = self.patterns.iter().enumerate().map(|(i, p)| (i as u16, p.start())).collect();
        self.visit(table, start, 0, &mut HashMap::new())
    }

    fn visit(
        &self,
        table: &mut Table,
        states: States,
        depth: usize,
        seen: &mut HashMap<(usize, States), Option<Node>>,
    ) -> Option<Node> {
        let key = (depth, states);
        if let Some(&known) = seen.get(&key) {
            return known;
        }
        let states = &key.1;
        let mut edges = Edges::default();
        if depth < self.digits_max {
            for (digit, edge) in (0u8..).zip(&mut edges) {
                let step = |&(i, s): &(u16, StateID)| {
                    self.patterns[usize::from(i)].next(s, digit).map(|next| (i, next))
                };
                let next: States = states.iter().filter_map(step).collect();
                if !next.is_empty() {
                    *edge = self.visit(table, next, depth + 1, seen);
                }
            }
        }
        let mut matches = vec![false; self.patterns.len()];
        for &(i, state) in states {
            matches[usize::from(i)] = self.patterns[usize::from(i)].matches(state, depth);
        }
        let ends = if depth == 0 { None } else { (self.judge)(&matches) };
        let node =
            (ends.is_some() || edges.iter().any(Option::is_some)).then(|| table.node(ends, edges));
        seen.insert(key, node);
        node
    }
}
