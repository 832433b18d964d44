//! `data.aws_iam_policy_document`: a policy written as blocks, merged with others. Asks nobody.

use std::collections::BTreeMap;

use sdt_aws_core::Aws;
use sdt_provider::{Block, Class, Computed, Cx, DataSource, Error, Id, Set, async_trait, checks};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A policy document.
#[derive(Clone, DataSource)]
#[data(name = "aws_iam_policy_document", legacy)]
pub(crate) struct PolicyDocument {
    #[attr(optional)]
    id: Id,
    /// The document, over several lines.
    json: Computed<String>,
    /// The document without white space.
    minified_json: Computed<String>,
    /// Replaces statements of the same id.
    #[attr(keep_null, deprecated = "Use override_policy_documents instead.", check = former)]
    override_json: Option<String>,
    /// Documents whose statements replace those of the same id, one after the other.
    #[attr(keep_null, check = json_or_nothing)]
    override_policy_documents: Option<Vec<String>>,
    /// Id of the document.
    #[attr(keep_null)]
    policy_id: Option<String>,
    /// Document to start from.
    #[attr(keep_null, deprecated = "Use source_policy_documents instead.", check = former)]
    source_json: Option<String>,
    /// Documents to start from, their statements with distinct ids.
    #[attr(keep_null, check = json_or_nothing)]
    source_policy_documents: Option<Vec<String>>,
    /// Statements, in order.
    statement: Vec<Statement>,
    /// Version of the policy language.
    #[attr(one_of("2008-10-17", "2012-10-17"))]
    version: Option<String>,
}

/// A statement.
#[derive(Clone, Block)]
pub(crate) struct Statement {
    /// What may be done.
    actions: Option<Set<String>>,
    /// When the statement applies.
    condition: Set<Condition>,
    /// `Allow`, unless it says `Deny`.
    #[attr(one_of("Allow", "Deny"))]
    effect: Option<String>,
    /// All but these may be done.
    not_actions: Option<Set<String>>,
    /// All but these may do it.
    not_principals: Set<Principal>,
    /// To all but these.
    not_resources: Option<Set<String>>,
    /// Who may do it.
    principals: Set<Principal>,
    /// To what.
    resources: Option<Set<String>>,
    /// Id of the statement.
    sid: Option<String>,
}

/// A condition.
#[derive(Clone, Block)]
pub(crate) struct Condition {
    /// The operator: `StringEquals`.
    test: String,
    /// Values, one of which must fit.
    values: Vec<String>,
    /// What is tested.
    variable: String,
}

/// Principals of one type.
#[derive(Clone, Block)]
pub(crate) struct Principal {
    /// Who.
    identifiers: Set<String>,
    /// What they are: `AWS`, `Service`, `Federated`, `CanonicalUser`, `*`.
    r#type: String,
}

fn json_or_nothing(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { checks::json(text) }
}

/// The default version of the language.
const NEWEST: &str = "2012-10-17";

/// What hashicorp/aws no longer takes either.
fn former(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { Err("to be empty: lists of documents have taken its place".into()) }
}

#[async_trait]
impl DataSource for PolicyDocument {
    type Api = Aws;
    const HUMAN: &'static str = "IAM Policy Document";

    async fn read(_cx: &Cx<'_, Aws>, mut query: Self) -> Result<Self, Error> {
        let version = query.version.clone().unwrap_or_else(|| NEWEST.to_owned());
        for s in &mut query.statement {
            s.effect.get_or_insert_with(|| "Allow".to_owned());
        }
        let mut document = Document::default();
        let mut sids: Vec<String> = Vec::new();
        for source in query.source_policy_documents.iter().flatten().filter(|s| !s.is_empty()) {
            let source = parse(source)?;
            for sid in source.statements.iter().map(|s| &s.sid).filter(|s| !s.is_empty()) {
                if sids.contains(sid) {
                    return Err(duplicate(sid));
                }
                sids.push(sid.clone());
            }
            document.merge(source);
        }
        document.merge(query.own(&version)?);
        for over in query.override_policy_documents.iter().flatten().filter(|s| !s.is_empty()) {
            document.merge(parse(over)?);
        }
        let pretty = go_escaped(&serde_json::to_string_pretty(&document).map_err(|e| Error::other(e.to_string()))?);
        let minified = go_escaped(&serde_json::to_string(&document).map_err(|e| Error::other(e.to_string()))?);
        Ok(Self {
            id: crc32fast::hash(pretty.as_bytes()).to_string(),
            json: Some(pretty),
            minified_json: Some(minified),
            version: Some(version),
            ..query
        })
    }
}

fn parse(text: &str) -> Result<Document, Error> {
    serde_json::from_str(text)
        .map_err(|e| Error::new(Class::Invalid, "", format!("a source or override document is no policy: {e}")))
}

fn duplicate(sid: &str) -> Error {
    let text = format!("duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.");
    Error::new(Class::Invalid, "", text)
}

/// Go's encoder escapes these, and the document's id is computed from its text.
fn go_escaped(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A policy as JSON has it, its members in the public provider's order.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    id: String,
    #[serde(rename = "Statement", default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_more")]
    statements: Vec<Entry>,
}

/// A statement as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sid: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    effect: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_action: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_resource: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    principal: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_principal: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    condition: Option<Json>,
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<Entry>, D::Error> {
    let json = match Json::deserialize(d)? {
        Json::Array(items) => items,
        one => vec![one],
    };
    json.into_iter().map(|v| serde_json::from_value(v).map_err(serde::de::Error::custom)).collect()
}

impl Document {
    /// Lays another document over this one: statements with a known id are replaced, others are added.
    fn merge(&mut self, other: Self) {
        if !other.id.is_empty() {
            self.id = other.id;
        }
        if other.version > self.version {
            self.version = other.version;
        }
        for entry in other.statements {
            match self.statements.iter_mut().find(|s| !s.sid.is_empty() && s.sid == entry.sid) {
                Some(old) => *old = entry,
                None => self.statements.push(entry),
            }
        }
    }
}

impl PolicyDocument {
    /// What the blocks say.
    fn own(&self, version: &str) -> Result<Document, Error> {
        let mut statements: Vec<Entry> = Vec::new();
        for s in &self.statement {
            let sid = s.sid.clone().unwrap_or_default();
            if !sid.is_empty() && statements.iter().any(|e| e.sid == sid) {
                return Err(duplicate(&sid));
            }
            statements.push(Entry {
                sid,
                effect: s.effect.clone().unwrap_or_else(|| "Allow".to_owned()),
                action: list(s.actions.as_deref()),
                not_action: list(s.not_actions.as_deref()),
                resource: list(variables(s.resources.as_deref(), version)?.as_deref()),
                not_resource: list(variables(s.not_resources.as_deref(), version)?.as_deref()),
                principal: principals(&s.principals, version)?,
                not_principal: principals(&s.not_principals, version)?,
                condition: conditions(&s.condition, version)?,
            });
        }
        Ok(Document { version: version.to_owned(), id: self.policy_id.clone().unwrap_or_default(), statements })
    }
}

/// One text alone, several as a list, last first: the order the public provider writes.
fn list(items: Option<&[String]>) -> Option<Json> {
    match items.unwrap_or_default() {
        [] => None,
        [one] => Some(Json::String(one.clone())),
        many => {
            let mut many = many.to_vec();
            many.sort_unstable_by(|a, b| b.cmp(a));
            Some(many.into())
        }
    }
}

/// Policy variables are written `&{…}` in configurations, since `${…}` is the language's own.
fn variables(items: Option<&[String]>, version: &str) -> Result<Option<Vec<String>>, Error> {
    let one = |text: &String| {
        if version == "2008-10-17" && text.contains("&{") {
            let message =
                format!("found &{{ sequence in ({text}), which is not supported in document version {version}");
            return Err(Error::new(Class::Invalid, "", message));
        }
        Ok(text.replace("&{", "${"))
    };
    items.map(|items| items.iter().map(one).collect()).transpose()
}

fn principals(all: &[Principal], version: &str) -> Result<Option<Json>, Error> {
    let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for p in all {
        let mut identifiers = variables(Some(&p.identifiers), version)?.unwrap_or_default();
        identifiers.sort_unstable_by(|a, b| b.cmp(a));
        by_type.entry(&p.r#type).or_default().extend(identifiers);
    }
    if let ([Principal { r#type, .. }], Some(only)) = (all, by_type.get("*"))
        && r#type == "*"
        && only.as_slice() == ["*"]
    {
        return Ok(Some("*".into()));
    }
    let single = |(k, v): (&str, Vec<String>)| match <[String; 1]>::try_from(v) {
        Ok([one]) => (k.to_owned(), Json::String(one)),
        Err(many) => (k.to_owned(), many.into()),
    };
    Ok((!by_type.is_empty()).then(|| by_type.into_iter().map(single).collect::<serde_json::Map<_, _>>().into()))
}

fn conditions(all: &[Condition], version: &str) -> Result<Option<Json>, Error> {
    let mut out: BTreeMap<&str, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for c in all {
        // Here the order is the user's: some operators care.
        let values = variables(Some(&c.values), version)?.unwrap_or_default();
        out.entry(&c.test).or_default().entry(&c.variable).or_default().extend(values);
    }
    let single = |(k, v): (&str, Vec<String>)| match <[String; 1]>::try_from(v) {
        Ok([one]) => (k.to_owned(), Json::String(one)),
        Err(many) => (k.to_owned(), many.into()),
    };
    let test = |(test, variables): (&str, BTreeMap<&str, Vec<String>>)| {
        (test.to_owned(), Json::Object(variables.into_iter().map(single).collect()))
    };
    Ok((!out.is_empty()).then(|| Json::Object(out.into_iter().map(test).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_merge_by_statement_id() {
        let mut a = parse(r#"{"Version":"2008-10-17","Statement":{"Sid":"x","Effect":"Allow","Action":"a"}}"#)
            .expect("a policy");
        a.merge(
            parse(r#"{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny"},{"Effect":"Allow"}]}"#)
                .expect("a policy"),
        );
        let text = serde_json::to_string(&a).expect("JSON");
        assert_eq!(text, r#"{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny"},{"Effect":"Allow"}]}"#);
    }
}
