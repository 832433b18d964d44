//! The declaration of a type: what the derives write and everything else is computed from.

use std::sync::Arc;

use sdt_schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use sdt_value::{Number, Type, Value};

/// A struct that a derive has described.
pub trait Declared: Sized {
    /// Its fields.
    const DECL: &'static Decl;
}

/// A resource type or data source that a derive has described.
pub trait Described: Declared {
    /// Its facts.
    const META: &'static Meta;
}

/// What is said about a whole type.
#[derive(Debug)]
pub struct Meta {
    /// Type name: `aws_vpc`.
    pub name: &'static str,
    /// Version of the stored object.
    pub version: u64,
    /// Null and zero are interchangeable (the public provider's older SDK).
    pub legacy: bool,
    /// Has `tags` and `tags_all`.
    pub tagged: bool,
    /// Operations of the `timeouts` block with their defaults (empty: none shown).
    pub timeouts: &'static [(&'static str, &'static str)],
    /// Content.
    pub decl: &'static Decl,
}

/// What is said about a block.
#[derive(Debug)]
pub struct Decl {
    /// Documentation: first paragraph of the struct's comment.
    pub doc: &'static str,
    /// Fields in the order of the struct.
    pub fields: &'static [Field],
}

/// Type of an attribute, in a form that constants can hold.
#[derive(Debug)]
pub enum Ty {
    /// `string`
    Str,
    /// `number`
    Num,
    /// `bool`
    Bool,
    /// `list(T)`
    List(&'static Ty),
    /// `set(T)`
    Set(&'static Ty),
    /// `map(T)`
    Map(&'static Ty),
    /// `object({…})`
    Obj(&'static Decl),
}

/// A literal.
#[derive(Debug, Clone, Copy)]
pub enum Lit {
    /// A string.
    Str(&'static str),
    /// A whole number.
    Int(i64),
    /// Any number.
    Float(f64),
    /// A bool.
    Bool(bool),
}

/// What a field holds.
#[derive(Debug)]
pub enum Content {
    /// An attribute.
    Attr(Ty),
    /// Nested blocks.
    Block {
        /// How blocks become a value.
        nesting: Nesting,
        /// Least number.
        min: u64,
        /// Greatest number, 0 for no limit.
        max: u64,
        /// Content of each.
        decl: &'static Decl,
    },
}

/// Tells whether two values mean the same: `(prior, wanted)`.
pub type Same = fn(&Value, &Value) -> bool;

/// A rule about one value.
pub enum Check {
    /// One of these strings (of every element, for collections).
    OneOf(&'static [&'static str]),
    /// As [`Check::OneOf`], for the values of an SDK enum.
    Values(fn() -> &'static [&'static str]),
    /// A number between these, open where `None`.
    Range(Option<f64>, Option<f64>),
    /// Length of a string in characters, or of a collection.
    Length(u64, Option<u64>),
    /// Anything else; the error says what the value must be.
    Text(fn(&str) -> Result<(), String>),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OneOf(names) => write!(f, "OneOf({names:?})"),
            Self::Values(names) => write!(f, "OneOf({:?})", names()),
            Self::Range(a, b) => write!(f, "Range({a:?}, {b:?})"),
            Self::Length(a, b) => write!(f, "Length({a}, {b:?})"),
            Self::Text(_) => write!(f, "Text"),
        }
    }
}

/// One attribute or nested block type.
#[derive(Debug)]
pub struct Field {
    /// Name in the configuration.
    pub name: &'static str,
    /// Documentation.
    pub doc: &'static str,
    /// Attribute or blocks.
    pub content: Content,
    /// Must be set.
    pub required: bool,
    /// May be set.
    pub optional: bool,
    /// The service may set it.
    pub computed: bool,
    /// A change replaces the object.
    pub force_new: bool,
    /// Not to be shown.
    pub sensitive: bool,
    /// Only in the configuration, never stored.
    pub write_only: bool,
    /// Never returned by the service: the last known value stays.
    pub carry: bool,
    /// `None` from the service is null in state even for legacy types.
    pub keep_null: bool,
    /// What was read is stored, though what was planned means the same.
    pub as_read: bool,
    /// Moves by itself all the time: a refresh keeps the last known value, so that this is no drift.
    pub moving: bool,
    /// Upper and lower case mean the same in what the value must be one of.
    pub any_case: bool,
    /// A block that stays when the configuration leaves it out; what is in it goes to its defaults.
    pub lasting: bool,
    /// Planned when the configuration does not set it.
    pub default: Option<Lit>,
    /// Deprecated: why, and what instead.
    pub deprecated: Option<&'static str>,
    /// Rules about its value.
    pub checks: &'static [Check],
    /// Values that mean the same although they differ.
    pub same: Option<Same>,
    /// The form in which a text that is configured is planned and stored.
    pub form: Option<fn(&str) -> String>,
    /// A JSON text: what the service says is stored with its members in order and without blanks.
    pub json: bool,
    /// Not together with any of these.
    pub conflicts_with: &'static [&'static str],
    /// Only together with all of these.
    pub required_with: &'static [&'static str],
    /// Exactly one of these (itself included).
    pub exactly_one_of: &'static [&'static str],
    /// At least one of these (itself included).
    pub at_least_one_of: &'static [&'static str],
    /// Become unknown when this one changes in place.
    pub invalidates: &'static [&'static str],
}

/// A field with nothing said about it, for `..NOTHING` in derived code.
pub const NOTHING: Field = Field {
    name: "",
    doc: "",
    content: Content::Attr(Ty::Str),
    required: false,
    optional: false,
    computed: false,
    force_new: false,
    sensitive: false,
    write_only: false,
    carry: false,
    keep_null: false,
    as_read: false,
    moving: false,
    any_case: false,
    lasting: false,
    default: None,
    deprecated: None,
    checks: &[],
    same: None,
    form: None,
    json: false,
    conflicts_with: &[],
    required_with: &[],
    exactly_one_of: &[],
    at_least_one_of: &[],
    invalidates: &[],
};

/// Name of an attribute, as the derives define one constant for each (`Vpc::CIDR_BLOCK`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(pub &'static str);

impl Lit {
    /// The value.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Str(s) => Value::string(s),
            Self::Int(i) => Value::number(i),
            Self::Float(f) => Value::number(Number::from_f64(f)),
            Self::Bool(b) => Value::bool(b),
        }
    }
}

impl Ty {
    /// The type.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Str => Type::String,
            Self::Num => Type::Number,
            Self::Bool => Type::Bool,
            Self::List(t) => Type::list(t.ty()),
            Self::Set(t) => Type::set(t.ty()),
            Self::Map(t) => Type::map(t.ty()),
            Self::Obj(decl) => decl.object_type(),
        }
    }
}

impl Field {
    /// The type of its value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match &self.content {
            Content::Attr(ty) => ty.ty(),
            Content::Block { nesting, decl, .. } => match nesting {
                Nesting::Set => Type::set(decl.object_type()),
                Nesting::List => Type::list(decl.object_type()),
                Nesting::Map => Type::map(decl.object_type()),
                Nesting::Single | Nesting::Group => decl.object_type(),
            },
        }
    }
}

impl Decl {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The type of its objects.
    #[must_use]
    pub fn object_type(&self) -> Type {
        Type::object(self.fields.iter().map(|f| (f.name, f.ty())))
    }

    /// Its schema.
    #[must_use]
    pub fn block(&self) -> Block {
        let mut block = Block { doc: self.doc, ..Block::default() };
        for f in self.fields {
            match &f.content {
                Content::Attr(ty) => {
                    let attribute = Attribute {
                        ty: ty.ty(),
                        required: f.required,
                        optional: f.optional,
                        computed: f.computed,
                        sensitive: f.sensitive,
                        write_only: f.write_only,
                        deprecated: f.deprecated,
                        doc: f.doc,
                    };
                    block.attributes.insert(f.name.into(), attribute);
                }
                Content::Block { nesting, min, max, decl } => {
                    let mut inner = decl.block();
                    inner.deprecated = f.deprecated;
                    if !f.doc.is_empty() {
                        inner.doc = f.doc;
                    }
                    let nested = NestedBlock { nesting: *nesting, block: Arc::new(inner), min: *min, max: *max };
                    block.blocks.insert(f.name.into(), nested);
                }
            }
        }
        block
    }
}

impl Meta {
    /// Its schema, `timeouts` included.
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut block = self.decl.block();
        if !self.timeouts.is_empty() {
            let mut inner = Block::default();
            for (operation, _) in self.timeouts {
                let attribute = Attribute { ty: Type::String, optional: true, ..Attribute::default() };
                inner.attributes.insert((*operation).into(), attribute);
            }
            let nested = NestedBlock { nesting: Nesting::Single, block: Arc::new(inner), min: 0, max: 0 };
            block.blocks.insert("timeouts".into(), nested);
        }
        Schema { version: self.version, block, legacy_type_system: self.legacy }
    }
}
