//! Which node of a graph may start: joins by counting, so that walking is O(V+E).

use std::collections::VecDeque;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Something before it is not done.
    Waiting,
    /// It has been handed out.
    Running,
    /// It is done.
    Done,
    /// It failed, or something it needs did.
    Failed,
}

/// Hands out nodes whose predecessors are done.
pub(crate) struct Scheduler {
    successors: Vec<Vec<u32>>,
    pending: Vec<u32>,
    status: Vec<Status>,
    poisoned: Vec<bool>,
    ready: VecDeque<u32>,
    open: usize,
}

impl Scheduler {
    /// Starts over a graph whose edges lead from what is first to what waits.
    pub(crate) fn new<N>(graph: &DiGraph<N, ()>) -> Self {
        let successors: Vec<Vec<u32>> = graph
            .node_indices()
            .map(|n| {
                let mut s: Vec<u32> = graph.neighbors(n).map(|m| m.index() as u32).collect();
                s.sort_unstable();
                s
            })
            .collect();
        let pending: Vec<u32> =
            graph.node_indices().map(|n| graph.neighbors_directed(n, Direction::Incoming).count() as u32).collect();
        let ready = (0..pending.len() as u32).filter(|n| pending[*n as usize] == 0).collect();
        let open = pending.len();
        Self { successors, status: vec![Status::Waiting; open], poisoned: vec![false; open], pending, ready, open }
    }

    /// The next node to start, or to skip when something it needs has failed.
    pub(crate) fn next(&mut self) -> Option<NodeIndex> {
        loop {
            let n = self.ready.pop_front()?;
            if self.poisoned[n as usize] {
                self.finish(NodeIndex::new(n as usize), false);
                continue;
            }
            self.status[n as usize] = Status::Running;
            return Some(NodeIndex::new(n as usize));
        }
    }

    /// A node is done; `ok` false lets everything that needs it be skipped.
    pub(crate) fn finish(&mut self, node: NodeIndex, ok: bool) {
        let n = node.index();
        if matches!(self.status[n], Status::Done | Status::Failed) {
            return;
        }
        self.status[n] = if ok { Status::Done } else { Status::Failed };
        self.open -= 1;
        for i in 0..self.successors[n].len() {
            let s = self.successors[n][i] as usize;
            self.poisoned[s] |= !ok;
            self.pending[s] -= 1;
            if self.pending[s] == 0 {
                self.ready.push_back(s as u32);
            }
        }
    }

    /// A node that failed, if any did.
    pub(crate) fn failed(&self) -> Option<NodeIndex> {
        self.status.iter().position(|s| *s == Status::Failed).map(NodeIndex::new)
    }

    /// Where a node stands.
    #[cfg(test)]
    pub(crate) fn status(&self, node: NodeIndex) -> Status {
        self.status[node.index()]
    }

    /// How many nodes are not done.
    pub(crate) fn open(&self) -> usize {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_skips_what_depends_on_it_and_nothing_else() {
        let mut g: DiGraph<char, ()> = DiGraph::new();
        let [a, b, c, d] = ['a', 'b', 'c', 'd'].map(|n| g.add_node(n));
        g.add_edge(a, b, ());
        g.add_edge(b, c, ());
        let mut s = Scheduler::new(&g);
        assert_eq!((s.next(), s.next(), s.next()), (Some(a), Some(d), None));
        s.finish(a, false);
        assert_eq!(s.next(), None);
        s.finish(d, true);
        assert_eq!([a, b, c, d].map(|n| s.status(n)), [Status::Failed, Status::Failed, Status::Failed, Status::Done]);
        assert_eq!(s.open(), 0);
    }
}
