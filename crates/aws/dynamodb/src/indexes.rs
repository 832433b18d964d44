//! Indexes of tables.

use aws_sdk_dynamodb::types::{
    CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexDescription, GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, LocalSecondaryIndex,
    LocalSecondaryIndexDescription, OnDemandThroughput, Projection, ProjectionType, UpdateGlobalSecondaryIndexAction,
};
use sdt_provider::{Block, Error, OptComputed, Set};

use crate::table::{Table, build, capacity, key_schema};

/// An index with keys of its own.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct GlobalIndex {
    /// Partition key.
    hash_key: String,
    /// Name of the index.
    pub(crate) name: String,
    /// Attributes in the index beside the keys, for projection type `INCLUDE`.
    non_key_attributes: Option<Set<String>>,
    /// Limits of an index that is paid for by request.
    on_demand_throughput: Option<OnDemand>,
    /// Which attributes are in the index.
    #[attr(one_of("ALL", "KEYS_ONLY", "INCLUDE"))]
    projection_type: String,
    /// Sort key.
    range_key: Option<String>,
    /// Read units a second.
    read_capacity: OptComputed<i64>,
    /// Write units a second.
    write_capacity: OptComputed<i64>,
}

/// An index with the table's partition key.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct LocalIndex {
    /// Name of the index.
    #[attr(force_new)]
    name: String,
    /// Attributes in the index beside the keys, for projection type `INCLUDE`.
    #[attr(force_new)]
    non_key_attributes: Option<Vec<String>>,
    /// Which attributes are in the index.
    #[attr(force_new, one_of("ALL", "KEYS_ONLY", "INCLUDE"))]
    projection_type: String,
    /// Sort key.
    #[attr(force_new)]
    range_key: String,
}

/// Limits of what is paid for by request.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct OnDemand {
    /// Read request units a second at most; -1 for no limit.
    max_read_request_units: OptComputed<i64>,
    /// Write request units a second at most; -1 for no limit.
    max_write_request_units: OptComputed<i64>,
}

impl OnDemand {
    pub(crate) fn request(&self) -> OnDemandThroughput {
        OnDemandThroughput::builder()
            .set_max_read_request_units(self.max_read_request_units.filter(|n| *n != 0))
            .set_max_write_request_units(self.max_write_request_units.filter(|n| *n != 0))
            .build()
    }

    pub(crate) fn seen(found: &OnDemandThroughput) -> Self {
        Self {
            max_read_request_units: found.max_read_request_units(),
            max_write_request_units: found.max_write_request_units(),
        }
    }
}

fn projection(kind: &str, attributes: &[String]) -> Projection {
    let attributes = (!attributes.is_empty()).then(|| attributes.to_vec());
    Projection::builder().projection_type(ProjectionType::from(kind)).set_non_key_attributes(attributes).build()
}

fn key(schema: &[KeySchemaElement], kind: KeyType) -> Option<String> {
    schema.iter().find(|k| *k.key_type() == kind).map(|k| k.attribute_name().to_owned())
}

fn projected(found: Option<&Projection>) -> (String, Vec<String>) {
    let kind = found.and_then(|p| p.projection_type()).map(|t| t.as_str().to_owned()).unwrap_or_default();
    (kind, found.map(|p| p.non_key_attributes().to_vec()).unwrap_or_default())
}

impl GlobalIndex {
    fn projection(&self) -> Projection {
        projection(&self.projection_type, self.non_key_attributes.as_deref().unwrap_or_default())
    }

    fn keys(&self) -> Result<Vec<KeySchemaElement>, Error> {
        key_schema(&self.hash_key, self.range_key.as_deref())
    }

    pub(crate) fn seen(found: &GlobalSecondaryIndexDescription) -> Self {
        let (projection_type, attributes) = projected(found.projection());
        let throughput = found.provisioned_throughput();
        Self {
            hash_key: key(found.key_schema(), KeyType::Hash).unwrap_or_default(),
            name: found.index_name().unwrap_or_default().to_owned(),
            non_key_attributes: Some(attributes),
            on_demand_throughput: found.on_demand_throughput().map(OnDemand::seen),
            projection_type,
            range_key: key(found.key_schema(), KeyType::Range),
            read_capacity: throughput.and_then(|t| t.read_capacity_units()),
            write_capacity: throughput.and_then(|t| t.write_capacity_units()),
        }
    }

    /// The same index, capacity aside.
    fn same_shape(&self, other: &Self) -> bool {
        let sorted = |i: &Self| {
            let mut attributes = i.non_key_attributes.clone().unwrap_or_default();
            attributes.sort_unstable();
            attributes
        };
        self.hash_key == other.hash_key
            && self.range_key == other.range_key
            && self.projection_type == other.projection_type
            && sorted(self) == sorted(other)
    }

    fn same_capacity(&self, other: &Self) -> bool {
        self.read_capacity == other.read_capacity
            && self.write_capacity == other.write_capacity
            && self.on_demand_throughput == other.on_demand_throughput
    }

    fn update(&self, provisioned: bool) -> Result<GlobalSecondaryIndexUpdate, Error> {
        let mut action = UpdateGlobalSecondaryIndexAction::builder().index_name(&self.name);
        if provisioned {
            action = action.provisioned_throughput(capacity(self.read_capacity, self.write_capacity)?);
        } else {
            action = action.set_on_demand_throughput(self.on_demand_throughput.as_ref().map(OnDemand::request));
        }
        Ok(GlobalSecondaryIndexUpdate::builder().update(action.build().map_err(build)?).build())
    }
}

impl LocalIndex {
    pub(crate) fn request(&self, hash: &str) -> Result<LocalSecondaryIndex, Error> {
        LocalSecondaryIndex::builder()
            .index_name(&self.name)
            .set_key_schema(Some(key_schema(hash, Some(&self.range_key))?))
            .projection(projection(&self.projection_type, self.non_key_attributes.as_deref().unwrap_or_default()))
            .build()
            .map_err(build)
    }

    pub(crate) fn seen(found: &LocalSecondaryIndexDescription) -> Self {
        let (projection_type, attributes) = projected(found.projection());
        Self {
            name: found.index_name().unwrap_or_default().to_owned(),
            non_key_attributes: Some(attributes),
            projection_type,
            range_key: key(found.key_schema(), KeyType::Range).unwrap_or_default(),
        }
    }
}

impl Table {
    pub(crate) fn global_indexes(&self) -> Result<Option<Vec<GlobalSecondaryIndex>>, Error> {
        let one = |i: &GlobalIndex| {
            let mut index = GlobalSecondaryIndex::builder()
                .index_name(&i.name)
                .set_key_schema(Some(i.keys()?))
                .projection(i.projection())
                .set_on_demand_throughput(i.on_demand_throughput.as_ref().map(OnDemand::request));
            if self.provisioned() {
                index = index.provisioned_throughput(capacity(i.read_capacity, i.write_capacity)?);
            }
            index.build().map_err(build)
        };
        let all = self.global_secondary_index.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        Ok((!all.is_empty()).then_some(all))
    }

    /// Capacity for each index that stays, when the table turns to provisioned capacity.
    pub(crate) fn index_capacities(&self, prior: &Self) -> Result<Option<Vec<GlobalSecondaryIndexUpdate>>, Error> {
        let staying = prior.global_secondary_index.iter().map(|old| {
            let new = self.global_secondary_index.iter().find(|n| n.name == old.name).unwrap_or(old);
            new.update(true)
        });
        let all = staying.collect::<Result<Vec<_>, _>>()?;
        Ok((!all.is_empty()).then_some(all))
    }

    /// The calls that turn the indexes of `prior` into the wanted ones, in order.
    pub(crate) fn index_changes(
        &self,
        prior: &Self,
        capacity_done: bool,
    ) -> Result<Vec<GlobalSecondaryIndexUpdate>, Error> {
        let mut steps = Vec::new();
        let find = |all: &[GlobalIndex], name: &str| all.iter().find(|i| i.name == name).cloned();
        for old in &prior.global_secondary_index {
            let stays = find(&self.global_secondary_index, &old.name).is_some_and(|new| new.same_shape(old));
            if !stays {
                let action =
                    DeleteGlobalSecondaryIndexAction::builder().index_name(&old.name).build().map_err(build)?;
                steps.push(GlobalSecondaryIndexUpdate::builder().delete(action).build());
            }
        }
        for new in &self.global_secondary_index {
            match find(&prior.global_secondary_index, &new.name).filter(|old| new.same_shape(old)) {
                Some(old) if !new.same_capacity(&old) && !capacity_done => steps.push(new.update(self.provisioned())?),
                Some(_) => {}
                None => {
                    let mut action = CreateGlobalSecondaryIndexAction::builder()
                        .index_name(&new.name)
                        .set_key_schema(Some(new.keys()?))
                        .projection(new.projection())
                        .set_on_demand_throughput(new.on_demand_throughput.as_ref().map(OnDemand::request));
                    if self.provisioned() {
                        action = action.provisioned_throughput(capacity(new.read_capacity, new.write_capacity)?);
                    }
                    let action = action.build().map_err(build)?;
                    steps.push(GlobalSecondaryIndexUpdate::builder().create(action).build());
                }
            }
        }
        Ok(steps)
    }
}
