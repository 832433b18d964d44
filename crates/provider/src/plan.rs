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
    let mut walk = Walk { legacy: meta.legacy, updates: before.is_some(), replace: Vec::new() };
    let mut changed = BTreeSet::new();
    let planned = walk.object(meta.decl, config, before, &Path::root(), false, &mut changed);
    let mut edit = PlanEdit { meta, config, prior: before, planned, replace: walk.replace, complaints: Vec::new() };
    if meta.tagged {
        let all = tags.plan_all(config.get("tags").unwrap_or(&NULL), before.and_then(|p| p.get("tags_all")));
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
                Content::Block { nesting, decl, .. } => self.blocks(f, *nesting, decl, c, p, &here),
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
        // What the older SDK takes for "not written", of a computed attribute.
        let blank = self.legacy && f.computed && is_blank(config);
        let unwritten = blank && (matches!(ty, Ty::Str) || prior.is_none() && !matches!(ty, Ty::Set(Ty::Obj(_))));
        let wanted = if !config.is_null() && !unwritten {
            match (f.form, config.as_str()) {
                (Some(form), Some(text)) => Value::string(form(text)),
                // A new map or set without elements is none.
                _ if self.legacy
                    && matches!(ty, Ty::Map(_) | Ty::Set(Ty::Str | Ty::Num | Ty::Bool))
                    && is_blank(config)
                    && prior.is_none() =>
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
        } else if in_set && self.legacy && !matches!(ty, Ty::Num | Ty::Bool | Ty::Obj(_)) {
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
            Some(p) if same(f, p, &wanted, self.legacy) => typed(p, ty),
            _ => wanted,
        }
    }

    fn blocks(
        &mut self,
        f: &Field,
        nesting: Nesting,
        decl: &'static Decl,
        config: &Value,
        prior: Option<&Value>,
        path: &Path,
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
        let in_set = nesting == Nesting::Set;
        let mut fresh = false;
        let mut out = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            if item.is_unknown() {
                fresh = true;
                out.push(Value::unknown(decl.object_type()));
                continue;
            }
            let pair = if in_set { before.iter().find(|b| self.pairs(decl, item, b)) } else { before.get(i) };
            fresh |= pair.is_none();
            // A new element of an existing object: as if its attributes had been null before, so that what forces replacement does.
            let here = path.index(Value::number(i as i64));
            let replaces = self.replace.len();
            let object = self.object(decl, item, pair, &here, in_set, &mut ignored);
            if pair.is_none() && prior.is_some() && !in_set {
                let set = decl.fields.iter().filter(|f| f.force_new && !object.get(f.name).is_none_or(is_zero));
                self.replace.extend(set.map(|f| here.attr(f.name)));
            }
            if in_set {
                self.replace.truncate(replaces);
            }
            out.push(Value::object(object));
        }
        if prior.is_some() {
            if in_set && (fresh || items.len() != before.len()) && forces(decl) {
                self.replace.push(path.clone());
            } else if !in_set {
                for (i, gone) in before.iter().enumerate().skip(items.len()) {
                    let here = path.index(Value::number(i as i64));
                    let set = decl.fields.iter().filter(|f| f.force_new && !gone.get(f.name).is_none_or(is_zero));
                    self.replace.extend(set.map(|f| here.attr(f.name)));
                }
            }
        }
        let value = match nesting {
            Nesting::Set => Value::set(decl.object_type(), out),
            _ => Value::list(decl.object_type(), out),
        };
        match prior {
            Some(p) if nesting == Nesting::List && self.legacy && f.same.is_none_or(|alike| !alike(p, &value)) => value,
            Some(p) if same(f, p, &value, self.legacy) => p.clone(),
            _ => value,
        }
    }

    /// Tells whether a configured set element is the prior one: equal in everything that is configured or not computed.
    fn pairs(&self, decl: &Decl, config: &Value, prior: &Value) -> bool {
        decl.fields.iter().all(|f| {
            let c = config.get(f.name).unwrap_or(&NULL);
            let p = prior.get(f.name).unwrap_or(&NULL);
            match (&f.content, f.default) {
                _ if f.write_only || f.computed && is_zero(c) => true,
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
