//! Planning one object from its declaration: a pure function of configuration, prior object and the provider's default tags.
//!
//! Source: plugin protocol 5 (`PlanResourceChange`) and observed plans of the public provider; the rules for null and zero are
//! those of [`crate::same`].

use std::collections::{BTreeMap, BTreeSet};

use sdt_schema::Nesting;
use sdt_value::{Kind, Path, Str, Value};

use crate::api::Complaint;
use crate::convert::zero_of;
use crate::declare::{Content, Decl, Field, Meta, Name, Ty};
use crate::same::{is_zero, same, same_object};
use crate::tags::TagSettings;

/// A plan in the making, for the hook of a type ([`crate::Resource::customize`]).
pub struct PlanEdit<'a> {
    /// Facts of the type.
    pub meta: &'static Meta,
    /// The configuration.
    pub config: &'a Value,
    /// What is there; `None` when planning a creation.
    pub prior: Option<&'a Value>,
    /// The planned members.
    pub planned: BTreeMap<Str, Value>,
    /// What forces replacement.
    pub replace: Vec<Path>,
    /// Problems.
    pub complaints: Vec<Complaint>,
}

static NULL: Value = Value::NULL;

impl PlanEdit<'_> {
    /// The configured value.
    #[must_use]
    pub fn config(&self, name: Name) -> &Value {
        self.config.get(name.0).unwrap_or(&NULL)
    }

    /// The prior value, null when there is none.
    #[must_use]
    pub fn prior(&self, name: Name) -> &Value {
        self.prior.and_then(|p| p.get(name.0)).unwrap_or(&NULL)
    }

    /// The planned value.
    #[must_use]
    pub fn planned(&self, name: Name) -> &Value {
        self.planned.get(name.0).unwrap_or(&NULL)
    }

    /// Tells whether this is an update that changes the attribute.
    #[must_use]
    pub fn changes(&self, name: Name) -> bool {
        let Some(field) = self.meta.decl.field(name.0) else { return false };
        self.prior.is_some() && !same(field, self.prior(name), self.planned(name), self.meta.legacy)
    }

    /// Makes the change of this attribute replace the object.
    pub fn replace(&mut self, name: Name) {
        let path = Path::root().attr(name.0);
        if !self.replace.contains(&path) {
            self.replace.push(path);
        }
    }

    /// Takes back that a change of this attribute replaces the object.
    pub fn keep(&mut self, name: Name) {
        self.replace.retain(|p| !matches!(p.0.first(), Some(sdt_value::PathStep::Attr(a)) if **a == *name.0));
    }

    /// Takes a configured value back that says nothing about an object of this kind: what is there stays.
    pub fn disregard(&mut self, name: Name) {
        let Some(field) = self.meta.decl.field(name.0) else { return };
        let nothing = match (&field.content, self.prior) {
            (_, Some(_)) => self.prior(name).clone(),
            _ if field.computed && self.config(name).as_str() == Some("") => Value::string(""),
            _ if field.computed => Value::unknown(field.ty()),
            (Content::Block { nesting: Nesting::List, decl, .. }, _) => Value::list(decl.object_type(), Vec::new()),
            _ => Value::null(field.ty()),
        };
        self.set(name, nothing);
        self.keep(name);
    }

    /// Plans a value.
    pub fn set(&mut self, name: Name, value: Value) {
        self.planned.insert(name.0.into(), value);
    }

    /// Tells whether a text that is there is written as empty: no change of what the service decides, but hooks see it as one.
    #[must_use]
    pub fn emptied(&self, name: Name) -> bool {
        self.config(name).as_str() == Some("") && !is_zero(self.prior(name))
    }

    /// Tells whether a value is planned that says something, or will be known only after apply.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        !is_zero(self.planned(name))
    }

    /// Refuses a value that does not go with what else is planned.
    pub fn refuse(&mut self, name: Name, detail: impl Into<String>) {
        let path = Path::root().attr(name.0);
        self.complaints.push(crate::validate::error(path, "Invalid combination of arguments", detail.into()));
    }

    /// Plans a value that only apply can tell.
    pub fn set_unknown(&mut self, name: Name) {
        if let Some(field) = self.meta.decl.field(name.0) {
            self.set(name, Value::unknown(field.ty()));
        }
    }
}

/// Plans a creation (`prior` null) or an update.
#[must_use]
pub fn plan<'a>(meta: &'static Meta, tags: &TagSettings, config: &'a Value, prior: &'a Value) -> PlanEdit<'a> {
    let before = (!prior.is_null()).then_some(prior);
    let mut walk = Walk { legacy: meta.legacy, updates: before.is_some(), nested: false, replace: Vec::new() };
    let mut changed = BTreeSet::new();
    let planned = walk.object(meta.decl, config, before, &Path::root(), false, &mut changed);
    let mut edit = PlanEdit { meta, config, prior: before, planned, replace: walk.replace, complaints: Vec::new() };
    if meta.tagged {
        let written = config.get("tags").unwrap_or(&NULL);
        let all = tags.plan_all(written, before.and_then(|p| p.get("tags_all")), meta.legacy);
        edit.planned.insert("tags_all".into(), all);
    }
    if !meta.timeouts.is_empty() {
        let timeouts = config.get("timeouts").unwrap_or(&NULL);
        let ty = Value::null(meta.schema().block.blocks["timeouts"].block.implied_type());
        edit.planned.insert("timeouts".into(), if timeouts.is_null() { ty } else { timeouts.clone() });
    }
    if before.is_some() {
        for field in meta.decl.fields.iter().filter(|f| changed.contains(f.name)) {
            for name in field.invalidates {
                let of = meta.decl.fields.iter().find(|f| f.name == *name);
                let is_block = of.is_some_and(|f| matches!(f.content, Content::Block { .. }));
                let given = edit.config(Name(name));
                // Blocks that are not written are an empty collection.
                if given.is_null() || is_block && given.as_items().is_some_and(<[Value]>::is_empty) {
                    edit.set_unknown(Name(name));
                }
            }
        }
    }
    edit
}

impl PlanEdit<'_> {
    /// What was planned, or what is there where both mean the same: zeros that are written now and were null change nothing.
    #[must_use]
    pub(crate) fn settled(self) -> Value {
        let planned = Value::object(self.planned);
        let Some(prior) = self.prior.filter(|_| self.meta.legacy) else { return planned };
        let all_tags = |of: &Value| of.get("tags_all").cloned().unwrap_or(Value::NULL);
        let tagged_alike = is_zero(&all_tags(prior)) && is_zero(&all_tags(&planned))
            || all_tags(prior).raw_equals(&all_tags(&planned));
        // Other timeouts alone are no change either: the older SDK sees attributes only.
        let alike = tagged_alike && same_object(self.meta.decl, prior, &planned, true);
        if alike { prior.clone() } else { planned }
    }
}

/// How many blocks there are.
fn count(blocks: &Value) -> Option<usize> {
    if blocks.is_null() { Some(0) } else { blocks.as_items().map(<[Value]>::len) }
}

struct Walk {
    legacy: bool,
    updates: bool,
    /// In a block inside of a set's element.
    nested: bool,
    replace: Vec<Path>,
}

impl Walk {
    fn object(
        &mut self,
        decl: &'static Decl,
        config: &Value,
        prior: Option<&Value>,
        path: &Path,
        in_set: bool,
        changed: &mut BTreeSet<&'static str>,
    ) -> BTreeMap<Str, Value> {
        let mut out = BTreeMap::new();
        for f in decl.fields {
            let c = config.get(f.name).unwrap_or(&NULL);
            let p = prior.map(|p| p.get(f.name).unwrap_or(&NULL));
            let here = path.attr(f.name);
            let replaces = self.replace.len();
            let value = match &f.content {
                Content::Attr(ty) => self.attr(f, ty, c, p, in_set),
                Content::Block { nesting, decl, .. } => self.blocks(f, *nesting, decl, c, p, &here, in_set),
            };
            if let Some(p) = p
                && !same(f, p, &value, self.legacy)
            {
                changed.insert(f.name);
                // Of a list of blocks, their number forces replacement; what is in them says so itself.
                let forces = match f.content {
                    Content::Block { nesting: Nesting::List, .. } if self.legacy => count(p) != count(&value),
                    _ => self.replace.len() == replaces,
                };
                if f.force_new && forces {
                    self.replace.push(here);
                }
            }
            out.insert(f.name.into(), value);
        }
        out
    }

    fn attr(&self, f: &Field, ty: &Ty, config: &Value, prior: Option<&Value>, in_set: bool) -> Value {
        if f.write_only {
            return Value::null(ty.ty());
        }
        // A set that the service decides too stays for the older SDK while what is written is not known at all.
        if let Some(p) = prior
            && self.legacy
            && config.is_unknown()
            && f.computed
            && matches!(ty, Ty::Set(_))
            && !p.is_null()
        {
            return typed(p, ty);
        }
        // What the older SDK takes for "not written", of a computed attribute.
        let blank = self.legacy && f.computed && is_blank(config);
        // An empty text where documents are compared by their meaning, which it has none of, is planned as it is.
        let document = f.same.is_some_and(|alike| !alike(&Value::string(""), &Value::string("")));
        let text = matches!(ty, Ty::Str) && (!document || prior.is_some());
        let unwritten = blank && (text || prior.is_none() && !matches!(ty, Ty::Str | Ty::Set(Ty::Obj(_))));
        let wanted = if !config.is_null() && !unwritten {
            match (f.form, config.as_str()) {
                (Some(form), Some(text)) => Value::string(form(text)),
                // A new map or set without elements is none.
                _ if self.legacy
                    && matches!(ty, Ty::Map(_) | Ty::Set(Ty::Str | Ty::Num | Ty::Bool))
                    && is_blank(config)
                    && prior.is_none()
                    && !in_set =>
                {
                    Value::null(ty.ty())
                }
                _ if self.legacy => fill_set(ty, config),
                _ => config.clone(),
            }
        } else if let Some(lit) = f.default {
            lit.value()
        } else if f.computed {
            return match prior {
                Some(p) => typed(p, ty),
                // Only a creation makes all that is computed unknown; a block that comes later has none yet.
                None if self.legacy && self.updates && !in_set && matches!(ty, Ty::Str | Ty::Num | Ty::Bool) => {
                    Value::null(ty.ty())
                }
                None => Value::unknown(ty.ty()),
            };
        } else if in_set
            && self.legacy
            && !matches!(ty, Ty::Num | Ty::Bool | Ty::Obj(_))
            && !(self.nested && matches!(ty, Ty::Map(_)))
        {
            zero_of(ty)
        } else if self.legacy
            && matches!(ty, Ty::List(_) | Ty::Set(_) | Ty::Map(_))
            && prior.is_some_and(|p| !is_zero(p))
        {
            // Its elements go one by one, and nothing is left in it.
            zero_of(ty)
        } else {
            Value::null(ty.ty())
        };
        match prior {
            // Zero for null changes nothing; next to a change of something else it is written down.
            Some(p) if self.legacy && p.is_null() && matches!(ty, Ty::Num | Ty::Bool) => wanted,
            // The newer SDK plans what is written, even where it means the same.
            Some(p) if same(f, p, &wanted, self.legacy) && (self.legacy || f.same.is_none()) => typed(p, ty),
            Some(p) if self.legacy => self.keeping(ty, wanted, p),
            _ => wanted,
        }
    }

    /// A changed set of objects, of which some are as they were.
    fn keeping(&self, ty: &Ty, wanted: Value, prior: &Value) -> Value {
        let Ty::Set(Ty::Obj(decl)) = ty else { return wanted };
        let Some(items) = wanted.as_items() else { return wanted };
        let before = prior.as_items().unwrap_or_default();
        let kept = |item: &Value| before.iter().any(|b| same_object(decl, item, b, self.legacy));
        let items = items.iter().map(|item| if kept(item) { blanked(decl, item, item) } else { item.clone() });
        Value::set(decl.object_type(), items.collect())
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one declaration and of one place in the object")]
    fn blocks(
        &mut self,
        f: &Field,
        nesting: Nesting,
        decl: &'static Decl,
        config: &Value,
        prior: Option<&Value>,
        path: &Path,
        within_set: bool,
    ) -> Value {
        if config.is_unknown() {
            return Value::unknown(f.ty());
        }
        let mut ignored = BTreeSet::new();
        if matches!(nesting, Nesting::Single | Nesting::Group) {
            if config.is_null() {
                return Value::null(decl.object_type());
            }
            return Value::object(self.object(decl, config, prior.filter(|p| !p.is_null()), path, false, &mut ignored));
        }
        let items = config.as_items().unwrap_or_default();
        if items.is_empty() && f.computed {
            return prior.map_or_else(|| Value::unknown(f.ty()), Clone::clone);
        }
        let before = prior.and_then(Value::as_items).unwrap_or_default();
        // A block that stays when it is left out: only what is in it goes.
        let unwritten = Value::object(decl.fields.iter().map(|f| (f.name, Value::null(f.ty()))));
        let left = vec![unwritten; before.len()];
        let items = if items.is_empty() && f.lasting { &left[..] } else { items };
        let in_set = nesting == Nesting::Set;
        let entered = self.replace.len();
        let mut fresh = false;
        let mut out = Vec::with_capacity(items.len());
        let mut kept = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            if item.is_unknown() {
                fresh = true;
                kept.push(false);
                out.push(Value::unknown(decl.object_type()));
                continue;
            }
            let pair = match in_set {
                true => before
                    .iter()
                    .find(|b| completes(decl, item, b))
                    .or_else(|| before.iter().find(|b| self.pairs(decl, item, b))),
                false => before.get(i),
            };
            fresh |= pair.is_none();
            kept.push(pair.is_some());
            // A new element of an existing object: as if its attributes had been null before, so that what forces replacement does.
            let here = path.index(Value::number(i as i64));
            let replaces = self.replace.len();
            let outer = std::mem::replace(&mut self.nested, within_set && !in_set);
            let object = Value::object(self.object(decl, item, pair, &here, in_set || within_set, &mut ignored));
            self.nested = outer;
            if pair.is_none() && prior.is_some() && !in_set {
                self.comes(decl, &object, &here);
            }
            if in_set {
                self.replace.truncate(replaces);
            }
            out.push(object);
        }
        if prior.is_some() {
            if in_set && (fresh || items.len() != before.len()) && forces(decl) {
                self.replace.push(path.clone());
            } else if !in_set {
                for (i, gone) in before.iter().enumerate().skip(items.len()) {
                    self.goes(decl, gone, &path.index(Value::number(i as i64)));
                }
            }
        }
        let value = match nesting {
            Nesting::Set => Value::set(decl.object_type(), out.clone()),
            _ => Value::list(decl.object_type(), out.clone()),
        };
        let Some(p) = prior else { return value };
        if f.same.is_some_and(|alike| alike(p, &value)) {
            self.replace.truncate(entered);
            return p.clone();
        }
        if self.legacy && nesting == Nesting::List {
            return value;
        }
        if same(f, p, &value, self.legacy) {
            return p.clone();
        }
        if !(self.legacy && in_set) {
            return value;
        }
        let out = out.into_iter().zip(kept).zip(items);
        let out = out.map(|((object, kept), item)| if kept { blanked(decl, &object, item) } else { object });
        Value::set(decl.object_type(), out.collect())
    }

    /// What in a new block of an existing object forces replacement: what was not there before and is. False and 0 are.
    fn comes(&mut self, decl: &Decl, object: &Value, path: &Path) {
        for f in decl.fields {
            let (value, here) = (object.get(f.name).unwrap_or(&NULL), path.attr(f.name));
            let given = match f.content {
                Content::Attr(Ty::Num | Ty::Bool) => !value.is_null(),
                _ => !is_zero(value),
            };
            if f.force_new && given {
                self.replace.push(here.clone());
            }
            self.inside(f, value, &here, Self::comes);
        }
    }

    /// What in a block that goes forces replacement: what is not what the service would take without it.
    fn goes(&mut self, decl: &Decl, object: &Value, path: &Path) {
        for f in decl.fields {
            let (value, here) = (object.get(f.name).unwrap_or(&NULL), path.attr(f.name));
            let rest = f.default.map_or(Value::NULL, |lit| lit.value());
            if f.force_new && !f.computed && !is_zero(value) && !same(f, value, &rest, self.legacy) {
                self.replace.push(here.clone());
            }
            self.inside(f, value, &here, Self::goes);
        }
    }

    /// The same of the blocks inside; of a set there are no places.
    fn inside(&mut self, f: &Field, value: &Value, path: &Path, each: fn(&mut Self, &Decl, &Value, &Path)) {
        let Content::Block { nesting, decl, .. } = &f.content else { return };
        let items = value.as_items().unwrap_or_default();
        if *nesting == Nesting::List {
            for (i, item) in items.iter().enumerate() {
                each(self, decl, item, &path.index(Value::number(i as i64)));
            }
        } else if !f.force_new && !items.is_empty() && forces(decl) {
            self.replace.push(path.clone());
        }
    }

    /// Tells whether a configured set element is the prior one: equal with its defaults, and with nothing for what only the
    /// service decides.
    fn pairs(&self, decl: &Decl, config: &Value, prior: &Value) -> bool {
        decl.fields.iter().all(|f| {
            let c = config.get(f.name).unwrap_or(&NULL);
            let p = prior.get(f.name).unwrap_or(&NULL);
            match (&f.content, f.default) {
                _ if f.write_only => true,
                _ if f.computed && is_zero(c) => is_zero(p),
                (Content::Attr(_), Some(lit)) if c.is_null() => same(f, p, &lit.value(), self.legacy),
                (Content::Block { decl, .. }, _) => {
                    let (a, b) = (c.as_items().unwrap_or_default(), p.as_items().unwrap_or_default());
                    !c.is_unknown() && a.len() == b.len() && a.iter().all(|x| b.iter().any(|y| self.pairs(decl, x, y)))
                }
                _ => same(f, p, c, self.legacy),
            }
        })
    }
}

fn forces(decl: &Decl) -> bool {
    decl.fields.iter().any(|f| f.force_new || matches!(&f.content, Content::Block { decl, .. } if forces(decl)))
}

/// An element of a changed set that stays as it is: the older SDK plans null for what is empty in it, where a new element has "".
fn blanked(decl: &Decl, object: &Value, config: &Value) -> Value {
    Value::object(decl.fields.iter().map(|f| {
        let value = object.get(f.name).unwrap_or(&NULL);
        let written = config.get(f.name).unwrap_or(&NULL);
        let blank = match &f.content {
            Content::Attr(Ty::Str) => !f.computed && is_zero(value),
            Content::Attr(Ty::Num | Ty::Bool) => {
                !f.computed && f.default.is_none() && written.is_null() && is_zero(value)
            }
            _ => false,
        };
        let value = match &f.content {
            Content::Attr(ty) if blank => Value::null(ty.ty()),
            Content::Block { nesting: Nesting::List, decl, .. } => {
                let (items, written) = (value.as_items().unwrap_or_default(), written.as_items().unwrap_or_default());
                let items =
                    items.iter().enumerate().map(|(i, item)| blanked(decl, item, written.get(i).unwrap_or(item)));
                Value::list(decl.object_type(), items.collect())
            }
            _ => value.clone(),
        };
        (f.name, value)
    }))
}

/// Tells whether a prior set element is what is configured, exactly, completed by what the service decides. Only then the service's
/// part is known: the rule is that of Terraform's core, which knows of no defaults.
fn completes(decl: &Decl, config: &Value, prior: &Value) -> bool {
    decl.fields.iter().all(|f| {
        let c = config.get(f.name).unwrap_or(&NULL);
        let p = prior.get(f.name).unwrap_or(&NULL);
        if f.write_only || c.raw_equals(p) || c.is_null() && p.is_null() {
            return true;
        }
        match &f.content {
            Content::Attr(_) => f.computed && c.is_null(),
            Content::Block { nesting: Nesting::List, decl, .. } => {
                let (a, b) = (c.as_items().unwrap_or_default(), p.as_items().unwrap_or_default());
                !c.is_unknown() && a.len() == b.len() && a.iter().zip(b).all(|(x, y)| completes(decl, x, y))
            }
            Content::Block { .. } => false,
        }
    })
}

/// Tells whether a text or collection is there and empty.
fn is_blank(value: &Value) -> bool {
    !value.is_null()
        && matches!(value.kind(), Kind::String(_) | Kind::List(..) | Kind::Set(..) | Kind::Map(..))
        && is_zero(value)
}

/// A prior value with its declared type: states hold untyped nulls.
fn typed(prior: &Value, ty: &Ty) -> Value {
    if prior.is_null() { Value::null(ty.ty()) } else { prior.clone() }
}

/// Objects inside sets have no null strings and collections: the older SDK rebuilds a set from its flattened form. A set of plain
/// values of which one is unknown is unknown as a whole, for it could be equal to another.
fn fill_set(ty: &Ty, value: &Value) -> Value {
    let (Ty::Set(element), Some(items)) = (ty, value.as_items()) else { return value.clone() };
    let Ty::Obj(decl) = element else {
        return if items.iter().any(Value::is_unknown) { Value::unknown(ty.ty()) } else { value.clone() };
    };
    let filled = items.iter().map(|item| {
        let Some(members) = item.as_members() else { return item.clone() };
        Value::object(members.iter().map(|(k, v)| {
            let field = decl.field(k);
            let value = match field.map(|f| (&f.content, f.default)) {
                Some((_, Some(lit))) if v.is_null() => lit.value(),
                Some((Content::Attr(ty), None)) if v.is_null() && !matches!(ty, Ty::Num | Ty::Bool) => zero_of(ty),
                Some((Content::Attr(ty @ Ty::Set(_)), _)) => fill_set(ty, v),
                _ => match (field.and_then(|f| f.form), v.as_str()) {
                    (Some(form), Some(text)) => Value::string(form(text)),
                    _ => v.clone(),
                },
            };
            (k.clone(), value)
        }))
    });
    Value::set(decl.object_type(), filled.collect())
}
