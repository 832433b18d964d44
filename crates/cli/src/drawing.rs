//! Graphs of every object or step, as `sdt graph -type` and `-plan` write them. The DOT has Terraform's form, for the tools that read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sdt_engine::ObjectGraph;
use sdt_plan::{ExecNode, NodeAddr, Phase, Plan};
use sdt_state::State;

/// Nodes by name, and arrows from who waits to what it waits for.
#[derive(Default)]
pub(crate) struct Drawing {
    /// The name, and how it is drawn where that is special: the label and the shape.
    nodes: BTreeMap<String, Option<(String, &'static str)>>,
    /// From, to, and whether the arrow is part of a cycle.
    arrows: BTreeSet<(String, String, bool)>,
}

impl Drawing {
    fn node(&mut self, name: &str, look: Option<(String, &'static str)>) {
        self.nodes.entry(name.to_owned()).or_insert(look);
    }

    fn arrow(&mut self, from: &str, to: &str, cyclic: bool) {
        self.arrows.insert((from.to_owned(), to.to_owned(), cyclic));
    }

    /// Everything that nothing waits for belongs to the end, called `root`.
    fn rooted(mut self) -> Self {
        let waited: BTreeSet<&String> = self.arrows.iter().map(|(_, to, _)| to).collect();
        let last: Vec<String> = self.nodes.keys().filter(|n| !waited.contains(n)).cloned().collect();
        for name in last.iter().filter(|n| *n != "root") {
            self.arrow("root", name, false);
        }
        self
    }

    /// In the DOT language.
    pub(crate) fn dot(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let name = |n: &str| quoted(&format!("[root] {n}"));
        let mut out = String::from("digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n");
        for (n, look) in &self.nodes {
            if let Some((label, shape)) = look {
                let _ = writeln!(out, "\t\t{} [label = {}, shape = \"{shape}\"]", name(n), quoted(label));
            }
        }
        for (from, to, cyclic) in &self.arrows {
            let color = if *cyclic { " [color = \"red\", penwidth = \"2.0\"]" } else { "" };
            let _ = writeln!(out, "\t\t{} -> {}{color}", name(from), name(to));
        }
        out + "\t}\n}\n"
    }

    /// In Mermaid, whose names are plain words: nodes are numbered.
    pub(crate) fn mermaid(&self) -> String {
        let mut names: BTreeSet<&str> = self.nodes.keys().map(String::as_str).collect();
        names.extend(self.arrows.iter().flat_map(|(from, to, _)| [from.as_str(), to.as_str()]));
        let ids: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mut out = String::from("flowchart RL\n");
        for (n, i) in &ids {
            let text = n.replace('"', "#quot;");
            let (open, close) = match self.nodes.get(*n).and_then(Option::as_ref).map(|(_, shape)| *shape) {
                Some("diamond") => ("{{\"", "\"}}"),
                Some("box") => ("[\"", "\"]"),
                _ => ("(\"", "\")"),
            };
            let _ = writeln!(out, "  n{i}{open}{text}{close}");
        }
        for (from, to, cyclic) in &self.arrows {
            let arrow = if *cyclic { "==>" } else { "-->" };
            let _ = writeln!(out, "  n{} {arrow} n{}", ids[from.as_str()], ids[to.as_str()]);
        }
        out
    }
}

/// How an object of the configuration is called and drawn.
fn object(addr: &NodeAddr) -> (String, Option<(String, &'static str)>) {
    let text = addr.to_string();
    match addr {
        NodeAddr::Resource(_) => (format!("{text} (expand)"), Some((text, "box"))),
        NodeAddr::Provider(_) => (text.clone(), Some((text, "diamond"))),
        NodeAddr::Variable(m, _) if m.is_root() => (text.clone(), Some((text, "note"))),
        NodeAddr::Local(..) | NodeAddr::Output(..) | NodeAddr::Check(..) if !text.ends_with(')') => {
            (format!("{text} (expand)"), None)
        }
        _ => (text, None),
    }
}

/// The objects of a configuration.
pub(crate) fn objects(graph: &ObjectGraph) -> Drawing {
    let mut out = Drawing::default();
    let names: Vec<String> = graph
        .objects
        .iter()
        .map(|addr| {
            let (name, look) = object(addr);
            out.node(&name, look);
            name
        })
        .collect();
    for (from, to) in &graph.needs {
        out.arrow(&names[*from], &names[*to], graph.cyclic.contains(&(*from, *to)));
    }
    out.rooted()
}

/// What destroying everything would do: each object after those that use it.
pub(crate) fn destruction(state: &State) -> Drawing {
    let mut out = Drawing::default();
    let name = |address: &str| format!("{address} (destroy)");
    let whole = |key: &sdt_state::ResourceKey| key.to_string();
    let known: BTreeSet<String> = state.resources.keys().map(whole).collect();
    for (key, resource) in &state.resources {
        let own = whole(key);
        out.node(&name(&own), Some((own.clone(), "box")));
        for used in resource.instances.iter().flat_map(|i| i.dependencies.iter()) {
            if known.contains(&**used) {
                out.arrow(&name(used), &name(&own), false);
            }
        }
    }
    out.rooted()
}

/// The steps of a plan.
pub(crate) fn order(plan: &Plan) -> Drawing {
    let mut out = Drawing::default();
    let change = |i: usize| plan.changes.get(i).map(|c| c.addr.to_string()).unwrap_or_default();
    let phase = |p: Phase| match p {
        Phase::Create => "",
        Phase::Destroy => "destroy, ",
        Phase::DestroyLast => "destroy last, ",
    };
    let mut names = Vec::new();
    for step in plan.exec.0.node_weights() {
        let (name, look) = match step {
            ExecNode::Eval(addr) => object(addr),
            ExecNode::Begin(addr, Phase::Create) => object(addr),
            ExecNode::Begin(addr, p) => (format!("{addr} ({}begin)", phase(*p)), None),
            ExecNode::End(addr, p) => (format!("{addr} ({}end)", phase(*p)), None),
            ExecNode::Apply(i) => (change(*i), Some((change(*i), "box"))),
            ExecNode::Destroy(i) => (format!("{} (destroy)", change(*i)), Some((change(*i), "box"))),
            ExecNode::DestroyDeposed(i) => (format!("{} (destroy deposed)", change(*i)), Some((change(*i), "box"))),
        };
        out.node(&name, look);
        names.push(name);
    }
    for e in plan.exec.0.raw_edges() {
        out.arrow(&names[e.target().index()], &names[e.source().index()], false);
    }
    out.rooted()
}
