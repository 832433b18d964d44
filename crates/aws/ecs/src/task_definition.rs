//! `aws_ecs_task_definition`

#![allow(deprecated, reason = "Elastic Inference is gone, but states and configurations still name it")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::types::{
    Compatibility, CpuArchitecture, EphemeralStorage, InferenceAccelerator, IpcMode, KeyValuePair, NetworkMode,
    OsFamily, PidMode, ProxyConfiguration, ProxyConfigurationType, RuntimePlatform, SortOrder, TaskDefinitionField,
    TaskDefinitionPlacementConstraint, TaskDefinitionPlacementConstraintType, TaskDefinitionStatus,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use sdt_aws_core::{Api, Aws, each, tagging};
use sdt_provider::{
    Block, Changes, Computed, Cx, Described, Error, Id, Map, Name, OptComputed, PlanEdit, Resource, Set, Tags, Token,
    Value, async_trait, checks,
};
use serde_json::Value as Json;

use crate::volume::Volume;
use crate::{container, ecs, part, patiently, tags, text};

/// A revision of a family of tasks: containers, volumes, size and roles. A change registers a new revision.
#[derive(Clone, Resource)]
#[resource(name = "aws_ecs_task_definition", version = 1)]
pub(crate) struct TaskDefinition {
    id: Id,
    /// ARN with family and revision.
    arn: Computed<String>,
    /// ARN with the family only.
    arn_without_revision: Computed<String>,
    /// The containers, as JSON.
    #[attr(force_new, check = container::check, same = container::same)]
    container_definitions: String,
    /// CPU units of the task.
    #[attr(force_new)]
    cpu: Option<String>,
    /// Lets tasks take requests for fault injection.
    #[attr(force_new)]
    enable_fault_injection: OptComputed<bool>,
    /// Fargate's temporary storage.
    #[attr(force_new)]
    ephemeral_storage: Option<Ephemeral>,
    /// Role with which ECS starts the task.
    #[attr(force_new, check = checks::arn)]
    execution_role_arn: Option<String>,
    /// Name that the revisions share.
    #[attr(force_new, length(1..=255), check = sdt_aws_core::checks::word)]
    family: String,
    /// Elastic Inference accelerators.
    inference_accelerator: Set<Accelerator>,
    /// Namespace for interprocess communication.
    #[attr(force_new, one_of("host", "task", "none"))]
    ipc_mode: Option<String>,
    /// Memory of the task in MiB.
    #[attr(force_new)]
    memory: Option<String>,
    /// Network of the containers.
    #[attr(force_new, one_of("bridge", "host", "awsvpc", "none"))]
    network_mode: OptComputed<String>,
    /// Namespace for processes.
    #[attr(force_new, one_of("host", "task"))]
    pid_mode: Option<String>,
    /// Which instances may run the task.
    #[attr(max = 10)]
    placement_constraints: Set<Placement>,
    /// App Mesh's proxy.
    #[attr(force_new)]
    proxy_configuration: Option<Proxy>,
    /// Launch types for which the definition is checked.
    #[attr(force_new, one_of("EC2", "FARGATE", "EXTERNAL"))]
    requires_compatibilities: Option<Set<String>>,
    /// Number of the revision.
    revision: Computed<i64>,
    /// Platform of the task.
    #[attr(force_new)]
    runtime_platform: Option<Platform>,
    /// Leaves the revision active when the resource is destroyed or replaced.
    #[attr(default = false, carry)]
    skip_destroy: Option<bool>,
    /// Tags of the revision.
    tags: Tags,
    /// Role of the containers.
    #[attr(force_new, check = checks::arn)]
    task_role_arn: Option<String>,
    /// Compares with the newest active revision rather than with the one that was registered here.
    #[attr(default = false, carry)]
    track_latest: Option<bool>,
    /// Volumes that containers mount.
    volume: Set<Volume>,
}

/// Fargate's temporary storage.
#[derive(Clone, Block)]
pub(crate) struct Ephemeral {
    /// Size.
    #[attr(force_new, range(21..=200))]
    size_in_gib: i32,
}

/// An Elastic Inference accelerator.
#[derive(Clone, Block)]
pub(crate) struct Accelerator {
    /// Name, to which containers refer.
    #[attr(force_new)]
    device_name: String,
    /// Type.
    #[attr(force_new)]
    device_type: String,
}

/// Which instances may run the task.
#[derive(Clone, Block)]
pub(crate) struct Placement {
    /// Expression in the cluster query language.
    #[attr(force_new, default = "")]
    expression: Option<String>,
    /// Kind of constraint.
    #[attr(force_new, one_of("memberOf"))]
    r#type: String,
}

/// App Mesh's proxy.
#[derive(Clone, Block)]
pub(crate) struct Proxy {
    /// The container that is the proxy.
    #[attr(force_new)]
    container_name: String,
    /// Network parameters of the proxy.
    #[attr(force_new)]
    properties: Option<Map<String>>,
    /// Kind of proxy.
    #[attr(force_new, default = "APPMESH", one_of("APPMESH"))]
    r#type: String,
}

/// Platform of the task.
#[derive(Clone, Block)]
pub(crate) struct Platform {
    /// CPU architecture.
    #[attr(force_new, one_of("X86_64", "ARM64"))]
    cpu_architecture: Option<String>,
    /// Operating system.
    #[attr(
        force_new,
        one_of(
            "WINDOWS_SERVER_2019_FULL",
            "WINDOWS_SERVER_2019_CORE",
            "WINDOWS_SERVER_2016_FULL",
            "WINDOWS_SERVER_2004_CORE",
            "WINDOWS_SERVER_2022_CORE",
            "WINDOWS_SERVER_2022_FULL",
            "WINDOWS_SERVER_20H2_CORE",
            "LINUX"
        )
    )]
    operating_system_family: Option<String>,
}

#[async_trait]
impl Resource for TaskDefinition {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Task Definition";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let call = want.registration(cx.api)?;
        let containers = container::parse(&want.container_definitions).map_err(Error::other)?;
        // A role that was just made may not be visible to ECS yet.
        let passing = ["Role is not valid"];
        let (call, containers) = (&call, &containers);
        let made = patiently(cx, "the roles to be known to ECS", &passing, || async move {
            let containers = containers.clone();
            let call = call.clone().customize().mutate_request(move |request| {
                let sent = request.body().bytes().and_then(|b| serde_json::from_slice::<Json>(b).ok());
                if let Some(Json::Object(mut members)) = sent {
                    members.insert("containerDefinitions".into(), Json::Array(containers.clone()));
                    let body = Json::Object(members).to_string();
                    request.headers_mut().insert("content-length", body.len().to_string());
                    *request.body_mut() = SdkBody::from(body);
                }
            });
            call.send().await.api()
        })
        .await?;
        let made = made.task_definition.ok_or_else(|| Error::other("ECS did not say what it registered"))?;
        let revision = Some(i64::from(made.revision));
        Ok(Self { id: want.family.clone(), arn: made.task_definition_arn, revision, ..want })
    }

    /// A revision never changes, but for its tags and whether it is active. So one listing of the active ones and the tags are enough
    /// for what is known already; ECS describes one at a time.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let same = unchanged(cx, known).await?;
        each(known, |k| {
            let same = k.arn.as_ref().and_then(|arn| same.get(arn).cloned());
            async move {
                if same.is_some() {
                    return Ok(same);
                }
                let which = match &k.arn {
                    Some(arn) if k.track_latest != Some(true) => arn.clone(),
                    _ => k.family_or_id(),
                };
                match describe(cx.api, &which).await {
                    // ECS calls what is not there a client error like every other.
                    Err(e) if e.message.contains("Unable to describe task definition") => Ok(None),
                    other => Ok(other?),
                }
            }
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.tags() {
            tags::update(cx.api, prior.arn.as_deref().unwrap_or_default(), &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let Some(arn) = prior.arn.as_ref().filter(|_| prior.skip_destroy != Some(true)) else { return Ok(()) };
        ecs(cx.api).deregister_task_definition().task_definition(arn).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let found = tagged(cx.api, &want.family, Some(cx.token())).await?;
        Ok(found.map(|f| Self { id: f.family, arn: f.arn, revision: f.revision, ..want.clone() }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for family in ids {
            if let Some(arn) = tagged(aws, family, None).await?.and_then(|f| f.arn) {
                tags::forget_token(aws, &arn).await?;
            }
        }
        Ok(())
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let Some(planned) = edit.planned(Self::CONTAINER_DEFINITIONS).as_str() else { return };
        // No text is a list without containers.
        let planned = if planned.is_empty() { "[]" } else { planned }.to_owned();
        if edit.prior.is_none() || edit.changes(Self::CONTAINER_DEFINITIONS) {
            let awsvpc = edit.planned(Self::NETWORK_MODE).as_str() == Some("awsvpc");
            let prior = edit.prior(Self::CONTAINER_DEFINITIONS).clone();
            if awsvpc && prior.as_str().is_some_and(|p| container::equivalent(p, &planned, true)) {
                edit.set(Self::CONTAINER_DEFINITIONS, prior);
                edit.keep(Self::CONTAINER_DEFINITIONS);
            } else if let Ok(all) = container::parse(&planned) {
                // Planned in the form in which it is stored, so that a difference is one of meaning.
                let form = container::stored(Json::Array(all));
                edit.set(Self::CONTAINER_DEFINITIONS, Value::string(form));
            }
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        let family = id.strip_prefix("arn:").and_then(|r| r.split_once(":task-definition/")).map(|(_, r)| r);
        let Some((family, _)) = family.and_then(|f| f.rsplit_once(':')) else {
            return Err("arn:PARTITION:ecs:REGION:ACCOUNTID:task-definition/FAMILY:REVISION".into());
        };
        Ok(vec![(Self::ID, Value::string(family)), (Self::ARN, Value::string(id))])
    }
}

/// The newest revisions of the family that carry the creation tag (of this operation, when `token` says so).
async fn tagged(aws: &Aws, family: &str, token: Option<&str>) -> Result<Option<TaskDefinition>, Error> {
    let list = ecs(aws).list_task_definitions().family_prefix(family).sort(SortOrder::Desc).max_results(5);
    for arn in list.send().await.api()?.task_definition_arns.unwrap_or_default() {
        // The prefix also finds longer names.
        let exact = arn.rsplit_once(':').is_some_and(|(rest, _)| rest.rsplit('/').next() == Some(family));
        let found = if exact { describe(aws, &arn).await? } else { None };
        let operation = found.as_ref().and_then(|f| sdt_aws_core::tags::operation(&f.tags));
        if operation.is_some() && (token.is_none() || operation == token) {
            return Ok(found);
        }
    }
    Ok(None)
}

/// From so many revisions on, listings cost less than describing each.
const HANDFUL: usize = 3;

/// Those of the known revisions that are active still, by ARN.
async fn unchanged(cx: &Cx<'_, Aws>, known: &[TaskDefinition]) -> Result<HashMap<String, TaskDefinition>, Error> {
    // After an import nothing is known of the contents, and the newest revision may be one we have not seen.
    let settled = |k: &&TaskDefinition| k.track_latest != Some(true) && !k.container_definitions.is_empty();
    let known: HashMap<&str, &TaskDefinition> =
        known.iter().filter(settled).filter_map(|k| Some((k.arn.as_deref()?, k))).collect();
    let mut out = HashMap::new();
    if known.len() < HANDFUL {
        return Ok(out);
    }
    let mut token = None;
    // In an account with a long history, describing each of ours is cheaper.
    for _ in 0..2 + known.len() / 10 {
        let call = ecs(cx.api).list_task_definitions().status(TaskDefinitionStatus::Active).max_results(100);
        let page = call.set_next_token(token).send().await.api()?;
        for arn in page.task_definition_arns.unwrap_or_default() {
            if let Some(k) = known.get(arn.as_str()) {
                out.insert(arn, (*k).clone());
            }
        }
        token = page.next_token.filter(|_| out.len() < known.len());
        if token.is_none() {
            break;
        }
    }
    let pairs: Vec<_> = out.iter().map(|(arn, k)| (arn.clone(), k.tags.clone())).collect();
    let read = |arn: String| async move {
        let answer = ecs(cx.api).list_tags_for_resource().resource_arn(arn).send().await.api()?;
        Ok(tags::read(answer.tags))
    };
    let found = tagging::confirmed(cx, TaskDefinition::META.name, &pairs, read).await?;
    for ((arn, _), tags) in pairs.into_iter().zip(found) {
        match (tags, out.get_mut(&arn)) {
            (Some(tags), Some(k)) => {
                *k = TaskDefinition { tags, skip_destroy: None, track_latest: None, ..k.clone() };
            }
            _ => drop(out.remove(&arn)),
        }
    }
    Ok(out)
}

/// A task definition that tasks can be started from.
async fn describe(aws: &Aws, which: &str) -> Result<Option<TaskDefinition>, Error> {
    let gone = [TaskDefinitionStatus::Inactive.as_str(), TaskDefinitionStatus::DeleteInProgress.as_str()];
    let found = described(aws, which).await?;
    Ok(found.filter(|(_, status)| !status.as_deref().is_some_and(|s| gone.contains(&s))).map(|(found, _)| found))
}

/// A task definition in whatever state, and the state.
pub(crate) async fn described(aws: &Aws, which: &str) -> Result<Option<(TaskDefinition, Option<String>)>, Error> {
    let raw = Raw::default();
    let call = ecs(aws).describe_task_definition().task_definition(which).include(TaskDefinitionField::Tags);
    let found = call.customize().interceptor(raw.clone()).send().await.api()?;
    let Some(d) = found.task_definition else { return Ok(None) };
    let status = d.status.map(|s| s.as_str().to_owned());
    let arn = d.task_definition_arn;
    let name = |v: &str| Some(v.to_owned());
    let definition = TaskDefinition {
        id: d.family.clone().unwrap_or_default(),
        arn_without_revision: arn.as_ref().and_then(|a| a.rsplit_once(':')).map(|(a, _)| a.to_owned()),
        arn,
        container_definitions: container::stored(raw.containers()),
        cpu: d.cpu,
        enable_fault_injection: Some(d.enable_fault_injection == Some(true)),
        ephemeral_storage: d.ephemeral_storage.map(|e| Ephemeral { size_in_gib: e.size_in_gib }),
        execution_role_arn: d.execution_role_arn,
        family: d.family.unwrap_or_default(),
        inference_accelerator: d
            .inference_accelerators
            .unwrap_or_default()
            .into_iter()
            .map(|a| Accelerator { device_name: a.device_name, device_type: a.device_type })
            .collect(),
        ipc_mode: d.ipc_mode.and_then(|m| name(m.as_str())),
        memory: d.memory,
        network_mode: d.network_mode.and_then(|m| name(m.as_str())),
        pid_mode: d.pid_mode.and_then(|m| name(m.as_str())),
        placement_constraints: d
            .placement_constraints
            .unwrap_or_default()
            .into_iter()
            .map(|p| Placement {
                expression: text(p.expression),
                r#type: p.r#type.map(|t| t.as_str().to_owned()).unwrap_or_default(),
            })
            .collect(),
        proxy_configuration: d.proxy_configuration.map(|p| Proxy {
            container_name: p.container_name,
            properties: p
                .properties
                .map(|p| p.into_iter().filter_map(|kv| Some((kv.name?, kv.value.unwrap_or_default()))).collect()),
            r#type: p.r#type.map_or_else(|| "APPMESH".to_owned(), |t| t.as_str().to_owned()),
        }),
        requires_compatibilities: d
            .requires_compatibilities
            .map(|c| c.into_iter().map(|c| c.as_str().to_owned()).collect()),
        revision: Some(d.revision.into()),
        runtime_platform: d.runtime_platform.map(|p| Platform {
            cpu_architecture: p.cpu_architecture.and_then(|a| name(a.as_str())),
            operating_system_family: p.operating_system_family.and_then(|f| name(f.as_str())),
        }),
        skip_destroy: None,
        tags: tags::read(found.tags),
        task_role_arn: d.task_role_arn,
        track_latest: None,
        volume: d.volumes.unwrap_or_default().into_iter().map(Volume::from_answer).collect(),
    };
    Ok(Some((definition, status)))
}

type Registration = aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;

impl TaskDefinition {
    fn family_or_id(&self) -> String {
        if self.family.is_empty() { self.id.clone() } else { self.family.clone() }
    }

    /// The creation without its containers.
    fn registration(&self, aws: &Aws) -> Result<Registration, Error> {
        let mut call = ecs(aws)
            .register_task_definition()
            .family(&self.family)
            .set_cpu(self.cpu.clone())
            .set_memory(self.memory.clone())
            .set_enable_fault_injection(self.enable_fault_injection)
            .set_execution_role_arn(self.execution_role_arn.clone())
            .set_task_role_arn(self.task_role_arn.clone())
            .set_ipc_mode(self.ipc_mode.as_deref().map(IpcMode::from))
            .set_pid_mode(self.pid_mode.as_deref().map(PidMode::from))
            .set_network_mode(self.network_mode.as_deref().map(NetworkMode::from))
            .set_tags(tags::on_create(&self.tags));
        for c in self.requires_compatibilities.iter().flatten() {
            call = call.requires_compatibilities(Compatibility::from(c.as_str()));
        }
        if let Some(e) = &self.ephemeral_storage {
            call = call.ephemeral_storage(EphemeralStorage::builder().size_in_gib(e.size_in_gib).build());
        }
        for a in &self.inference_accelerator {
            let one = InferenceAccelerator::builder().device_name(&a.device_name).device_type(&a.device_type);
            call = call.inference_accelerators(part(one.build())?);
        }
        for p in &self.placement_constraints {
            let one = TaskDefinitionPlacementConstraint::builder()
                .set_expression(p.expression.clone())
                .r#type(TaskDefinitionPlacementConstraintType::from(p.r#type.as_str()));
            call = call.placement_constraints(one.build());
        }
        if let Some(p) = &self.proxy_configuration {
            let pair = |(k, v): (&String, &String)| KeyValuePair::builder().name(k).value(v).build();
            let proxy = ProxyConfiguration::builder()
                .container_name(&p.container_name)
                .r#type(ProxyConfigurationType::from(p.r#type.as_str()))
                .set_properties(Some(p.properties.iter().flatten().map(pair).collect()));
            call = call.proxy_configuration(part(proxy.build())?);
        }
        if let Some(p) = &self.runtime_platform {
            let platform = RuntimePlatform::builder()
                .set_cpu_architecture(p.cpu_architecture.as_deref().map(CpuArchitecture::from))
                .set_operating_system_family(p.operating_system_family.as_deref().map(OsFamily::from));
            call = call.runtime_platform(platform.build());
        }
        for v in &self.volume {
            call = call.volumes(v.request()?);
        }
        Ok(call)
    }
}

/// Keeps the answer's text: container definitions stay JSON.
#[derive(Clone, Debug, Default)]
struct Raw(Arc<Mutex<Option<Json>>>);

impl Raw {
    fn containers(&self) -> Json {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer
            .and_then(|mut a| a.pointer_mut("/taskDefinition/containerDefinitions").map(Json::take))
            .unwrap_or_default()
    }
}

impl Intercept for Raw {
    fn name(&self) -> &'static str {
        "sdt raw answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let answer = context.response().body().bytes().and_then(|b| serde_json::from_slice(b).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = answer;
        Ok(())
    }
}
