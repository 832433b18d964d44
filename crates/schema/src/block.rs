//! What a block may contain.

use std::collections::BTreeMap;
use std::sync::Arc;

use sdt_value::{Str, Type, Value};

/// Schema of a resource, data source, provider configuration or ephemeral resource.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Schema {
    /// Version of the stored object, `schema_version` in state.
    pub version: u64,
    /// Content.
    pub block: Block,
    /// Null and zero values are interchangeable, plan and apply are checked leniently (the public provider's older SDK).
    pub legacy_type_system: bool,
}

/// Content of a block.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Block {
    /// Attributes by name.
    pub attributes: BTreeMap<Str, Attribute>,
    /// Nested blocks by type.
    pub blocks: BTreeMap<Str, NestedBlock>,
    /// Documentation, one paragraph.
    pub doc: &'static str,
    /// Deprecated: why, and what instead.
    pub deprecated: Option<&'static str>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Type constraint.
    pub ty: Type,
    /// Must be set.
    pub required: bool,
    /// May be set.
    pub optional: bool,
    /// The provider may set it.
    pub computed: bool,
    /// Not to be shown.
    pub sensitive: bool,
    /// Never stored; null in plan and state.
    pub write_only: bool,
    /// Deprecated: why, and what instead.
    pub deprecated: Option<&'static str>,
    /// Documentation, one paragraph.
    pub doc: &'static str,
}

/// A nested block type.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedBlock {
    /// How blocks of this type become a value.
    pub nesting: Nesting,
    /// Content of each.
    pub block: Arc<Block>,
    /// Least number of blocks.
    pub min: u64,
    /// Greatest number of blocks; 0 for no limit.
    pub max: u64,
}

/// How nested blocks become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object or null.
    Single,
    /// One object, never null.
    Group,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects by label.
    Map,
}

impl Default for Attribute {
    fn default() -> Self {
        Self {
            ty: Type::Dynamic,
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: None,
            doc: "",
        }
    }
}

impl Block {
    /// The type of a value of this block. List blocks are `list(object)` unless the block holds a `dynamic` attribute, then
    /// they are dynamic tuples, as in Terraform.
    #[must_use]
    pub fn implied_type(&self) -> Type {
        let attrs = self.attributes.iter().map(|(k, a)| (k.clone(), a.ty.clone()));
        let blocks = self.blocks.iter().map(|(k, b)| {
            let elem = b.block.implied_type();
            let ty = match b.nesting {
                Nesting::Single | Nesting::Group => elem,
                Nesting::List if elem.has_dynamic() => Type::Dynamic,
                Nesting::List => Type::list(elem),
                Nesting::Set => Type::set(elem),
                Nesting::Map if elem.has_dynamic() => Type::Dynamic,
                Nesting::Map => Type::map(elem),
            };
            (k.clone(), ty)
        });
        Type::object(attrs.chain(blocks))
    }

    /// The object with every attribute null and every block collection empty: what an empty configuration block gives.
    #[must_use]
    pub fn empty_value(&self) -> Value {
        let attrs = self.attributes.iter().map(|(k, a)| (k.clone(), Value::null(a.ty.clone())));
        let blocks = self.blocks.iter().map(|(k, b)| (k.clone(), b.empty_value()));
        Value::object(attrs.chain(blocks))
    }
}

impl NestedBlock {
    /// The value when no block of this type is there.
    #[must_use]
    pub fn empty_value(&self) -> Value {
        let elem = self.block.implied_type();
        match self.nesting {
            Nesting::Single => Value::null(elem),
            Nesting::Group => self.block.empty_value(),
            Nesting::List if elem.has_dynamic() => Value::tuple(Vec::new()),
            Nesting::List => Value::list(elem, Vec::new()),
            Nesting::Set => Value::set(elem, Vec::new()),
            Nesting::Map if elem.has_dynamic() => Value::object::<Str>([]),
            Nesting::Map => Value::map(elem, BTreeMap::new()),
        }
    }
}
