//! What a body may hold.

/// The arguments and blocks that a body may hold.
#[derive(Clone, Debug, Default)]
pub struct BodySchema {
    /// The arguments.
    pub attributes: Vec<AttributeSchema>,
    /// The block types.
    pub blocks: Vec<BlockSchema>,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeSchema {
    /// Its name.
    pub name: String,
    /// Tells whether leaving it out is an error.
    pub required: bool,
}

/// One block type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockSchema {
    /// Its keyword.
    pub kind: String,
    /// What its labels are called; as many as there must be.
    pub labels: Vec<String>,
}

impl BodySchema {
    /// A schema of optional arguments and of block types without labels.
    #[must_use]
    pub fn new(attributes: &[&str], blocks: &[&str]) -> Self {
        Self {
            attributes: attributes.iter().map(|n| AttributeSchema::optional(n)).collect(),
            blocks: blocks.iter().map(|n| BlockSchema::new(n, &[])).collect(),
        }
    }
}

impl AttributeSchema {
    /// An argument that may be left out.
    #[must_use]
    pub fn optional(name: &str) -> Self {
        Self { name: name.into(), required: false }
    }

    /// An argument that must be there.
    #[must_use]
    pub fn required(name: &str) -> Self {
        Self { name: name.into(), required: true }
    }
}

impl BlockSchema {
    /// A block type with the names of its labels.
    #[must_use]
    pub fn new(kind: &str, labels: &[&str]) -> Self {
        Self { kind: kind.into(), labels: labels.iter().map(|&l| l.into()).collect() }
    }
}
