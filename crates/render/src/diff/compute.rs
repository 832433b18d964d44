//! From two JSON values and a schema to a [`Diff`].

use sdt_schema::{Block, Nesting};
use sdt_value::Type;
use serde_json::Value as Json;

use super::lcs::pairs;
use super::{Act, Blocks, Change, Diff, Node, Secret, Side, side};

/// Compares two blocks.
pub(crate) fn block_diff<'a>(change: &Change<'a>, block: &'a Block) -> Diff<'a> {
    if let Some(diff) = change.secret(Node::SensitiveBlock, |c| block_diff(c, block)) {
        return diff;
    }
    if change.is_unknown() {
        return change.unknown_diff(|c| block_diff(c, block));
    }
    let mut act = change.default_act();
    let mut attributes = Vec::new();
    for (name, attribute) in &block.attributes {
        if attribute.write_only {
            // Of what is in no plan and no state, only the object's coming and going is told.
            attributes.push((&**name, Diff { node: Node::WriteOnly, act: change.default_act(), replace: false }));
            continue;
        }
        let child = change.child(name).implicit();
        let diff = type_diff(&child, &attribute.ty);
        if diff.act == Act::NoOp && child.before.is_none() && child.after.is_none() {
            continue;
        }
        act = act.with(diff.act);
        attributes.push((&**name, diff));
    }
    let mut blocks = Vec::new();
    for (name, nested) in &block.blocks {
        let child = change.child(name);
        let mut items = Vec::new();
        let mut unknown_act = Act::NoOp;
        let mut child = child;
        if child.is_unknown() {
            unknown_act = if child.before.is_some() { Act::Update } else { Act::Create };
            items.push((None, Diff { node: Node::UnknownBlock, act: unknown_act, replace: child.replaces() }));
            // The blocks that are there now are shown going.
            child.unknown = None;
            child.after = None;
        }
        let child_act;
        {
            let whole = child.whole_secret();
            let inner = child.clone().without_whole_secret();
            match nested.nesting {
                Nesting::Single | Nesting::Group => {
                    let diff = block_diff(&inner, &nested.block);
                    child_act = diff.act;
                    if !(diff.act == Act::NoOp && child.before.is_none() && child.after.is_none()) {
                        items.push((None, diff));
                    }
                }
                Nesting::List | Nesting::Set => {
                    let (diffs, a) = if nested.nesting == Nesting::List {
                        by_position(&inner, |c| block_diff(c, &nested.block))
                    } else {
                        as_set(&inner, |c| block_diff(c, &nested.block))
                    };
                    child_act = a;
                    items.extend(diffs.into_iter().map(|d| (None, d)));
                }
                Nesting::Map => {
                    let (diffs, a) = members(&inner, |c| block_diff(c, &nested.block));
                    child_act = a;
                    items.extend(diffs.into_iter().map(|(k, d)| (Some(k), d)));
                }
            }
            if let Some((before, after)) = whole {
                let hides = |act| (before && act != Act::Create) || (after && act != Act::Delete);
                for (_, diff) in items.iter_mut().filter(|(_, d)| hides(d.act)) {
                    let secret = Secret { before, after, unchanged: diff.act == Act::NoOp };
                    if diff.act == Act::NoOp && before != after {
                        diff.act = Act::Update;
                    }
                    diff.node = Node::SensitiveBlock(secret);
                }
            }
        }
        act = act.with(unknown_act).with(child_act);
        if items.is_empty() && matches!(nested.nesting, Nesting::Single | Nesting::Group) {
            continue;
        }
        blocks.push(Blocks { name, replace: child.replaces(), items });
    }
    Diff { node: Node::Block(attributes, blocks), act, replace: change.replaces() }
}

/// Compares two values of a type.
fn type_diff<'a>(change: &Change<'a>, ty: &'a Type) -> Diff<'a> {
    if matches!(ty, Type::Dynamic) {
        return value_diff(change);
    }
    if *ty == Type::String && [change.before, change.after].into_iter().flatten().any(|side| side == "") {
        // The older provider SDK does not tell "" from null.
        let text = |side: Side<'a>| side.filter(|s| *s != "");
        return type_diff(&Change { before: text(change.before), after: text(change.after), ..change.clone() }, ty);
    }
    if let Some(diff) = change.secret(Node::Sensitive, |c| type_diff(c, ty)) {
        return diff;
    }
    if *ty == Type::String {
        return if change.is_unknown() { change.unknown_diff(leaf) } else { leaf(change) };
    }
    if change.is_unknown() {
        return change.unknown_diff(|c| type_diff(c, ty));
    }
    let (node, act) = match ty {
        Type::Bool | Type::Number | Type::String | Type::Dynamic => return leaf(change),
        Type::Object(object) => {
            let mut act = change.default_act();
            let mut items = Vec::new();
            for (name, ty) in &object.attrs {
                let child = change.child(name).implicit();
                let diff = type_diff(&child, ty);
                if diff.act == Act::NoOp && child.before.is_none() && child.after.is_none() {
                    continue;
                }
                act = act.with(diff.act);
                items.push((&**name, diff));
            }
            (Node::Object(items), act)
        }
        Type::Map(elem) => {
            let (items, act) = members(change, |c| type_diff(c, elem));
            (Node::Map(items), act)
        }
        Type::Set(elem) => {
            let (items, act) = as_set(change, |c| type_diff(c, elem));
            (Node::Set(items), act)
        }
        Type::List(elem) => {
            let object = matches!(**elem, Type::Object(_));
            let (items, act) = as_list(change, &|_| object, |c| type_diff(c, elem));
            (Node::List(items), act)
        }
        Type::Tuple(types) => {
            let mut act = change.default_act();
            let mut items = Vec::new();
            for (i, ty) in types.iter().enumerate() {
                let diff = type_diff(&change.element(Some(i), Some(i)), ty);
                act = act.with(diff.act);
                items.push(diff);
            }
            (Node::List(items), act)
        }
    };
    Diff { node, act, replace: change.replaces() }
}

/// Compares two values by what their JSON is: outputs, attributes of any type, JSON inside strings. As in Terraform's text, such
/// values do not say that they force a replacement.
pub(crate) fn value_diff<'a>(change: &Change<'a>) -> Diff<'a> {
    if change.replace.is_empty() {
        return untyped_diff(change);
    }
    let mut diff = untyped_diff(&Change { replace: Vec::new(), ..change.clone() });
    // A value that is not shown, or not known yet, is not taken for what its JSON is.
    diff.replace = change.replaces() && (change.is_unknown() || change.whole_secret().is_some());
    diff
}

fn untyped_diff<'a>(change: &Change<'a>) -> Diff<'a> {
    if let Some(diff) = change.secret(Node::Sensitive, untyped_diff) {
        return diff;
    }
    if change.is_unknown() {
        let mut change = change.clone();
        if change.before.and_then(Json::as_str) == Some("") {
            // Shown as null, unlike everywhere else outside typed strings.
            change.before = None;
            let before = Diff { node: Node::Leaf(None, None), act: Act::Delete, replace: false };
            return Diff { node: Node::Unknown(Some(Box::new(before))), act: Act::Update, replace: change.replaces() };
        }
        return change.unknown_diff(untyped_diff);
    }
    let created = change.before.is_none() && !change.before_explicit;
    let deleted = change.after.is_none() && !change.after_explicit;
    let shape = |s: Side<'_>| s.map(std::mem::discriminant);
    if !created && !deleted && shape(change.before) != shape(change.after) {
        let before =
            Change { after: None, after_explicit: false, after_sensitive: None, unknown: None, ..change.clone() };
        let after = Change { before: None, before_explicit: false, before_sensitive: None, ..change.clone() };
        let node = Node::Retyped(Box::new(same_shape(&before)), Box::new(same_shape(&after)));
        return Diff { node, act: Act::Update, replace: change.replaces() };
    }
    same_shape(change)
}

fn same_shape<'a>(change: &Change<'a>) -> Diff<'a> {
    let (node, act) = match change.before.or(change.after) {
        Some(Json::Array(_)) => {
            let (items, act) = as_list(change, &|j| j.is_object(), untyped_diff);
            (Node::List(items), act)
        }
        Some(Json::Object(_)) => {
            let (items, act) = members(change, untyped_diff);
            (Node::Object(items), act)
        }
        _ => return leaf(change),
    };
    Diff { node, act, replace: change.replaces() }
}

fn leaf<'a>(change: &Change<'a>) -> Diff<'a> {
    Diff { node: Node::Leaf(change.before, change.after), act: change.act(), replace: change.replaces() }
}

/// Blocks in a list pair by position.
fn by_position<'a>(change: &Change<'a>, diff: impl Fn(&Change<'a>) -> Diff<'a>) -> (Vec<Diff<'a>>, Act) {
    let mut act = change.default_act();
    let len = change.items_before().len().max(change.items_after().len());
    let items: Vec<_> = (0..len).map(|i| diff(&change.element(Some(i), Some(i)))).collect();
    for item in &items {
        act = act.with(item.act);
    }
    (items, act)
}

fn as_list<'a>(
    change: &Change<'a>,
    alike: &dyn Fn(&Json) -> bool,
    diff: impl Fn(&Change<'a>) -> Diff<'a>,
) -> (Vec<Diff<'a>>, Act) {
    let mut act = change.default_act();
    let mut items = Vec::new();
    for (before, after) in pairs(change.items_before(), change.items_after(), alike) {
        let item = diff(&change.element(before, after));
        act = act.with(item.act);
        items.push(item);
    }
    (items, act)
}

fn as_set<'a>(change: &Change<'a>, diff: impl Fn(&Change<'a>) -> Diff<'a>) -> (Vec<Diff<'a>>, Act) {
    let (before, after) = (change.items_before(), change.items_after());
    let mut act = change.default_act();
    let mut items = Vec::new();
    let mut taken = vec![false; after.len()];
    for (i, old) in before.iter().enumerate() {
        let partner = (0..after.len()).find(|&j| {
            if taken[j] || *old != after[j] {
                return false;
            }
            let pair = change.element(Some(i), Some(j));
            pair.whole_secret().is_none_or(|(b, a)| b == a) && !pair.is_unknown()
        });
        if let Some(j) = partner {
            taken[j] = true;
        }
        items.push(diff(&change.element(Some(i), partner)));
    }
    for j in (0..after.len()).filter(|&j| !taken[j]) {
        items.push(diff(&change.element(None, Some(j))));
    }
    for item in &items {
        act = act.with(item.act);
    }
    (items, act)
}

fn members<'a>(change: &Change<'a>, diff: impl Fn(&Change<'a>) -> Diff<'a>) -> (Vec<(&'a str, Diff<'a>)>, Act) {
    let mut act = change.default_act();
    let names = |s: Side<'a>| s.and_then(Json::as_object).into_iter().flat_map(|o| o.keys()).map(String::as_str);
    let mut keys: Vec<&str> = names(change.before).chain(names(change.after)).chain(names(change.unknown)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut items = Vec::new();
    for key in keys {
        let item = diff(&change.child(key));
        act = act.with(item.act);
        items.push((key, item));
    }
    (items, act)
}

impl<'a> Change<'a> {
    fn act(&self) -> Act {
        let before = self.before.is_some() || self.before_explicit;
        let after = self.after.is_some() || self.after_explicit;
        let secret = |s: Side<'_>| s == Some(&Json::Bool(true));
        match (before, after) {
            (false, true) => Act::Create,
            (true, false) => Act::Delete,
            _ if self.before == self.after
                && before == after
                && secret(self.before_sensitive) == secret(self.after_sensitive) =>
            {
                Act::NoOp
            }
            _ => Act::Update,
        }
    }

    /// What happens to a collection as far as its being there tells.
    fn default_act(&self) -> Act {
        match (self.before, self.after) {
            (None, Some(_)) => Act::Create,
            (Some(_), None) => Act::Delete,
            _ => Act::NoOp,
        }
    }

    fn is_unknown(&self) -> bool {
        self.unknown == Some(&Json::Bool(true))
    }

    pub(crate) fn replaces(&self) -> bool {
        self.replace.iter().any(|p| p.is_empty())
    }

    fn implicit(mut self) -> Self {
        self.before_explicit = false;
        self.after_explicit = false;
        self
    }

    fn whole_secret(&self) -> Option<(bool, bool)> {
        let is = |s: Side<'_>| s == Some(&Json::Bool(true));
        let (before, after) = (is(self.before_sensitive), is(self.after_sensitive));
        (before || after).then_some((before, after))
    }

    fn without_whole_secret(mut self) -> Self {
        if self.whole_secret().is_some() {
            self.before_sensitive = None;
            self.after_sensitive = None;
        }
        self
    }

    fn secret(&self, node: impl Fn(Secret) -> Node<'a>, inner: impl Fn(&Change<'a>) -> Diff<'a>) -> Option<Diff<'a>> {
        let (before, after) = self.whole_secret()?;
        let inner = inner(&self.clone().without_whole_secret());
        let absent = self.before.is_none() && !self.before_explicit && self.after.is_none() && !self.after_explicit;
        let act = if inner.act == Act::NoOp && before != after && !absent { Act::Update } else { inner.act };
        let secret = Secret { before, after, unchanged: inner.act == Act::NoOp };
        Some(Diff { node: node(secret), act, replace: self.replaces() })
    }

    fn unknown_diff(&self, inner: impl Fn(&Change<'a>) -> Diff<'a>) -> Diff<'a> {
        let replace = self.replaces();
        if self.before.is_none() {
            return Diff { node: Node::Unknown(None), act: Act::Create, replace };
        }
        let before =
            inner(&Change { after: None, after_explicit: false, unknown: None, replace: Vec::new(), ..self.clone() });
        Diff { node: Node::Unknown(Some(Box::new(before))), act: Act::Update, replace }
    }

    fn child(&self, name: &str) -> Self {
        let get = |s: Side<'a>| s.and_then(Json::as_object).and_then(|o| o.get(name));
        let (before, after) = (get(self.before), get(self.after));
        Self {
            before: before.and_then(side),
            after: after.and_then(side),
            before_explicit: before.is_some(),
            after_explicit: after.is_some(),
            unknown: get(self.unknown),
            before_sensitive: get(self.before_sensitive),
            after_sensitive: get(self.after_sensitive),
            replace: self.steps(|step| step.as_str() == Some(name)),
        }
    }

    fn element(&self, before: Option<usize>, after: Option<usize>) -> Self {
        let get = |s: Side<'a>, i: Option<usize>| s.and_then(Json::as_array).zip(i).and_then(|(items, i)| items.get(i));
        let (b, a) = (get(self.before, before), get(self.after, after));
        // An element that is only planned stands where the list before ends.
        let at = before.unwrap_or_else(|| self.items_before().len());
        Self {
            before: b.and_then(side),
            after: a.and_then(side),
            before_explicit: b.is_some(),
            after_explicit: a.is_some(),
            unknown: get(self.unknown, after),
            before_sensitive: get(self.before_sensitive, before),
            after_sensitive: get(self.after_sensitive, after),
            replace: self.steps(|step| step.as_u64() == u64::try_from(at).ok()),
        }
    }

    fn steps(&self, matches: impl Fn(&Json) -> bool) -> Vec<&'a [Json]> {
        self.replace.iter().filter_map(|p| p.split_first()).filter(|(s, _)| matches(s)).map(|(_, rest)| rest).collect()
    }

    fn items_before(&self) -> &'a [Json] {
        self.before.and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }

    fn items_after(&self) -> &'a [Json] {
        self.after.and_then(Json::as_array).map_or(&[], Vec::as_slice)
    }
}
