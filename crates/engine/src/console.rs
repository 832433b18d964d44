//! Evaluating single expressions against a configuration and its state: the console.

use std::sync::Arc;

use sdt_addr::ModuleInstance;
use sdt_config::{Config, Context};
use sdt_diag::Diagnostics;
use sdt_hcl::{ConsoleResult, Expr, eval_console};
use sdt_plan::NodeAddr;
use sdt_state::State;

use crate::core::{Core, LookupSchemas, Stage};
use crate::graph::ConfigGraph;
use crate::input::{ProviderLookup, Variables};
use crate::sched::Scheduler;
use crate::scope::{Ctx, Env};
use crate::tree::{Mi, Tree};

/// A configuration whose values can be asked for. Objects are as the state has them; nothing is planned or read.
pub struct Console {
    core: Core,
    /// The module instance that expressions are in.
    at: Mi,
}

impl Console {
    /// Evaluates the configuration. With errors among the diagnostics, what depends on them is unknown.
    #[must_use]
    pub fn new(
        config: Config,
        state: &State,
        variables: Variables,
        providers: Arc<dyn ProviderLookup>,
        env: Env,
    ) -> (Self, Diagnostics) {
        let tree = Tree::new(&config);
        let (graph, diags) = ConfigGraph::build(&config, &tree, state, &[]);
        let mut sched = Scheduler::new(&graph.graph);
        let mut core = Core::new(Stage::Inspect, config, tree, graph, env, providers, variables);
        core.diags = diags;
        // Nothing will be applied later: what apply would know is known now.
        core.applying = true;
        if !core.diags.has_errors() {
            while let Some(n) = sched.next() {
                let ok = core.check_node(n)
                    && match &core.graph.node(n).addr {
                        NodeAddr::Resource(_) => {
                            crate::inspect::resource_from_state(&mut core, n, state);
                            crate::inspect::absent_is_unknown(&mut core, n);
                            true
                        }
                        NodeAddr::Provider(_) | NodeAddr::Check(..) => true,
                        _ => core.eval_node(n),
                    };
                sched.finish(n, ok);
            }
        }
        let diags = std::mem::take(&mut core.diags);
        (Self { core, at: 0 }, diags)
    }

    /// Evaluates expressions in this instance of a module from now on. Returns whether there is one.
    pub fn enter(&mut self, module: &ModuleInstance) -> bool {
        let found = self.core.insts.find(module);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Names that an expression can begin with here: variables, locals, resources, module calls.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let module = self.core.tree.module(self.core.insts.all[self.at].module);
        let mut names: Vec<String> = module.variables.keys().map(|n| format!("var.{n}")).collect();
        names.extend(module.locals.keys().map(|n| format!("local.{n}")));
        names.extend(module.resources.keys().map(ToString::to_string));
        names.extend(module.calls.keys().map(|n| format!("module.{n}")));
        for (name, child) in &module.children {
            names.extend(child.outputs.keys().map(|o| format!("module.{name}.{o}")));
        }
        names.extend(["path.module", "path.root", "path.cwd", "terraform.workspace"].map(str::to_owned));
        names
    }

    /// Evaluates an expression.
    #[must_use]
    pub fn eval(&self, expr: &Expr) -> (ConsoleResult, Diagnostics) {
        let schemas = LookupSchemas(&*self.core.lookup);
        let module = self.core.tree.module(self.core.insts.all[self.at].module);
        let context = Context {
            config: &self.core.config,
            module,
            schemas: &schemas,
            self_addr: None,
            repetition: sdt_config::Repetition::None,
            check: None,
        };
        let diags = context.expr(expr);
        if diags.has_errors() {
            return (ConsoleResult::Value(sdt_value::Value::DYNAMIC), diags);
        }
        eval_console(expr, &Ctx::new(&self.core, self.at))
    }
}
