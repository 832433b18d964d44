//! A creation whose reply is lost makes one object, whatever becomes of the request.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sdt_diag::Diagnostics;
use sdt_provider::{
    ApplyRequest, ApplySink, Backend, Changes, Class, Cx, Error, Id, Native, OPERATION_TAG, Private, Provider,
    ProviderEnv, Resource, Service, TagSettings, Tags, Token, async_trait, reply_lost, resource,
};
use sdt_schema::{Schema, coerce};
use sdt_value::{Value, from_json_implied};
use serde_json::{Value as Json, json};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Carried out and answered.
    Answered,
    /// Carried out; the answer is lost.
    Unheard,
    /// Lost on the way.
    Lost,
}

/// A service with things in it.
#[derive(Default)]
struct Cloud {
    things: Mutex<Vec<Tags>>,
    fates: Mutex<Vec<Fate>>,
    asked: Mutex<u32>,
}

fn lock<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cloud {
    fn make(&self, tags: &Tags) -> Result<(), Error> {
        *lock(&self.asked) += 1;
        let fate = lock(&self.fates).pop().unwrap_or(Fate::Answered);
        if fate != Fate::Lost {
            lock(&self.things).push(tags.clone());
        }
        if fate == Fate::Answered {
            return Ok(());
        }
        assert!(reply_lost(), "an object is being created");
        Err(Error::new(Class::Transient, "", "connection closed"))
    }
}

/// A thing found by the tag of its creation.
#[derive(Clone, Resource)]
#[resource(name = "thing")]
struct Thing {
    id: Id,
    tags: Tags,
}

#[async_trait]
impl Resource for Thing {
    type Api = Arc<Cloud>;
    const HUMAN: &'static str = "Thing";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Self::Api>, want: Self) -> Result<Self, Error> {
        cx.api.make(&want.tags)?;
        Ok(Self { id: "0".into(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Self::Api>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let things = lock(&cx.api.things);
        Ok(known.iter().map(|k| things.first().map(|tags| Self { tags: tags.clone(), ..k.clone() })).collect())
    }

    async fn update(_: &Cx<'_, Self::Api>, _: &Self, _: &Self, _: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(_: &Cx<'_, Self::Api>, _: &Self) -> Result<(), Error> {
        Ok(())
    }

    async fn recover(cx: &Cx<'_, Self::Api>, want: &Self) -> Result<Option<Self>, Error> {
        let token = want.tags.get(OPERATION_TAG);
        let found = lock(&cx.api.things).iter().any(|tags| tags.get(OPERATION_TAG) == token);
        Ok(found.then(|| Self { id: "0".into(), ..want.clone() }))
    }
}

struct Things;

/// The service of the test that runs; each test has its own thread.
static CLOUD: Mutex<Option<Arc<Cloud>>> = Mutex::new(None);

#[async_trait]
impl Backend for Things {
    type Api = Arc<Cloud>;
    const SOURCE: &'static str = "test/test/things";
    const VERSION: Option<&'static str> = None;

    fn services() -> &'static [Service<Self::Api>] {
        static RESOURCES: &[&dyn sdt_provider::ResourceType<Arc<Cloud>>] = &[resource::<Thing>()];
        static SERVICES: &[Service<Arc<Cloud>>] = &[Service { resources: RESOURCES, data: &[], ephemeral: &[] }];
        SERVICES
    }

    fn config_schema() -> Schema {
        Schema::default()
    }

    fn validate_config(_: &Value) -> Diagnostics {
        Diagnostics::default()
    }

    async fn start(_: &Value, _: &ProviderEnv) -> Result<(Self::Api, TagSettings), Diagnostics> {
        Ok((lock(&CLOUD).clone().unwrap_or_default(), TagSettings::default()))
    }

    fn call_counts(_: &Self::Api) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

struct Silent;

#[async_trait]
impl ApplySink for Silent {
    async fn id_known(&self, _: Value, _: Private) {}
    fn waiting(&self, _: &str) {}
    fn stopping(&self) -> bool {
        false
    }
}

/// Creates a thing while requests meet these fates; returns whether that worked, how many things there are, and how often one was asked for.
async fn create(fates: &[Fate]) -> (bool, usize, u32) {
    let cloud = Arc::new(Cloud { fates: Mutex::new(fates.iter().rev().copied().collect()), ..Cloud::default() });
    *lock(&CLOUD) = Some(cloud.clone());
    let provider = Native::<Things>::new();
    let env = ProviderEnv { vars: Arc::default(), home: None, cwd: ".".into() };
    let instance = provider.configure(&Value::NULL, &env).await.expect("a provider");
    let schema = provider.schema(sdt_provider::Mode::Managed, "thing").expect("a schema");
    let object = |json: Json| coerce(&schema.block, &from_json_implied(&json)).expect("an object");
    let config = object(json!({ "tags": { "Name": "a" } }));
    let request = ApplyRequest {
        type_name: "thing".into(),
        prior: Value::null(config.ty()),
        planned: object(json!({ "tags": { "Name": "a" }, "tags_all": { "Name": "a" } })),
        config,
        private: [].into(),
        token: "0123456789abcdef0123456789abcdef".into(),
        resume: None,
    };
    let answer = instance.apply(request, &Silent).await;
    let (things, asked) = (lock(&cloud.things).len(), *lock(&cloud.asked));
    (answer.complaints.is_empty(), things, asked)
}

#[tokio::test]
async fn one_object_whatever_is_lost() {
    assert_eq!(create(&[Fate::Answered]).await, (true, 1, 1));
    assert_eq!(create(&[Fate::Unheard]).await, (true, 1, 1), "it is there: nothing more is asked for");
    assert_eq!(create(&[Fate::Lost]).await, (true, 1, 2), "it is not there: it is asked for again");
}
