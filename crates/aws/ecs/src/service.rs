//! `aws_ecs_service`

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AvailabilityZoneRebalancing, DeploymentConfiguration, DeploymentController, DeploymentControllerType,
    DeploymentRolloutState, LaunchType, PropagateTags, SchedulingStrategy, Service as Found, ServiceField,
};
use sdt_aws_core::{Api, Aws, each, in_order};
use sdt_provider::{
    Changes, Cx, Error, Id, Map, Name, OptComputed, Pace, PlanEdit, Resource, Seen, Set, Tags, Token, Value,
    async_trait,
};

use crate::service_parts::{
    Alarms, Balancer, Capacity, CircuitBreaker, Connect, Constraint, Controller, Lattice, Network, Registry,
    ServiceVolume, Strategy,
};
use crate::{ecs, part, patiently, tags};

/// Keeps a number of tasks of one definition running.
#[derive(Clone, Resource)]
#[resource(name = "aws_ecs_service", version = 1, timeouts(create = "20m", update = "20m", delete = "20m"))]
pub(crate) struct EcsService {
    id: Id,
    /// CloudWatch alarms that stop a deployment.
    #[attr(lasting)]
    alarms: Option<Alarms>,
    /// Moves tasks so that zones have the same number.
    #[attr(default = "DISABLED", one_of("ENABLED", "DISABLED"))]
    availability_zone_rebalancing: Option<String>,
    /// Capacity providers and their shares.
    capacity_provider_strategy: Set<Capacity>,
    /// Name or ARN of the cluster.
    #[attr(force_new)]
    cluster: OptComputed<String>,
    /// Stops a deployment whose tasks do not start.
    #[attr(lasting)]
    deployment_circuit_breaker: Option<CircuitBreaker>,
    /// What carries out deployments.
    #[attr(lasting)]
    deployment_controller: Option<Controller>,
    /// Most tasks during a deployment, in percent of `desired_count`.
    #[attr(default = 200)]
    deployment_maximum_percent: i32,
    /// Least healthy tasks during a deployment, in percent of `desired_count`.
    #[attr(default = 100)]
    deployment_minimum_healthy_percent: i32,
    /// Number of tasks.
    desired_count: Option<i32>,
    /// Gives tasks tags with the names of cluster and service.
    #[attr(default = false)]
    enable_ecs_managed_tags: bool,
    /// Lets commands be executed in containers.
    #[attr(default = false)]
    enable_execute_command: bool,
    /// Deletes the service although tasks run.
    #[attr(carry)]
    force_delete: Option<bool>,
    /// Starts a new deployment at every update.
    #[attr(carry)]
    force_new_deployment: Option<bool>,
    /// How long a load balancer's health checks do not count after a task's start.
    #[attr(range(0..=2_147_483_647))]
    health_check_grace_period_seconds: Option<i32>,
    /// Role for the load balancer, outside of `awsvpc`.
    #[attr(force_new, keep_null)]
    iam_role: OptComputed<String>,
    /// What runs the tasks.
    #[attr(force_new, one_of("EC2", "FARGATE", "EXTERNAL"))]
    launch_type: OptComputed<String>,
    /// Load balancers.
    load_balancer: Set<Balancer>,
    /// Name of the service.
    #[attr(force_new)]
    name: String,
    /// Network of the tasks.
    network_configuration: Option<Network>,
    /// How tasks are distributed, first rule first.
    #[attr(max = 5)]
    ordered_placement_strategy: Vec<Strategy>,
    /// Where tasks may run.
    #[attr(max = 10)]
    placement_constraints: Set<Constraint>,
    /// Version of Fargate.
    platform_version: OptComputed<String>,
    /// Copies tags to tasks.
    #[attr(one_of("TASK_DEFINITION", "SERVICE", "NONE"), same = same_propagation)]
    propagate_tags: Option<String>,
    /// A number of tasks, or one on each instance.
    #[attr(force_new, default = "REPLICA", one_of("REPLICA", "DAEMON"))]
    scheduling_strategy: String,
    /// Service Connect.
    service_connect_configuration: Option<Connect>,
    /// Service discovery.
    service_registries: Option<Registry>,
    /// Tags of the service.
    tags: Tags,
    /// Family and revision, or ARN.
    task_definition: Option<String>,
    /// Values whose change starts a deployment, with `force_new_deployment`.
    #[attr(carry)]
    triggers: OptComputed<Map<String>>,
    /// A volume that is made with each task.
    volume_configuration: Option<ServiceVolume>,
    /// Target groups of VPC Lattice.
    vpc_lattice_configurations: Set<Lattice>,
    /// Waits until the tasks run and the deployment is complete.
    #[attr(default = false, carry)]
    wait_for_steady_state: Option<bool>,
}

/// `NONE` is what the API says when nothing was configured.
fn same_propagation(known: &Value, wanted: &Value) -> bool {
    let said = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    !wanted.is_unknown() && (said(known) == said(wanted) || said(known) == "NONE" && said(wanted).is_empty())
}

/// Messages of refusals that pass: roles and load balancers that were just made, a dependency that is still in use.
const PASSING: &[&str] = &[
    "ClusterNotFoundException",
    "verify that the ECS service role being passed has the proper permissions",
    "does not have an associated load balancer",
    "Unable to assume the service linked role",
    "is not authorized to perform",
    "Unable to assume role and validate",
];

#[async_trait]
impl Resource for EcsService {
    type Api = Aws;
    const HUMAN: &'static str = "ECS Service";
    const TOKEN: Token = Token::Client;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let parts = want.parts()?;
        let daemon = want.scheduling_strategy == "DAEMON";
        let mut call = ecs(cx.api)
            .create_service()
            .service_name(&want.name)
            .client_token(cx.client_token(""))
            .set_cluster(want.cluster.clone())
            .set_task_definition(want.task_definition.clone())
            .set_availability_zone_rebalancing(want.rebalancing())
            .deployment_configuration(parts.deployment)
            .enable_ecs_managed_tags(want.enable_ecs_managed_tags)
            .enable_execute_command(want.enable_execute_command)
            .set_health_check_grace_period_seconds(want.health_check_grace_period_seconds)
            .set_launch_type(want.launch_type.as_deref().map(LaunchType::from))
            .set_network_configuration(parts.network)
            .set_platform_version(want.platform_version.clone())
            .set_propagate_tags(want.propagate_tags.as_deref().map(PropagateTags::from))
            .set_role(want.iam_role.clone())
            .scheduling_strategy(SchedulingStrategy::from(want.scheduling_strategy.as_str()))
            .set_tags(tags::on_create(&want.tags));
        if !daemon {
            call = call.desired_count(want.desired_count.unwrap_or_default());
        }
        if let Some(controller) = &want.deployment_controller {
            let kind = DeploymentControllerType::from(controller.r#type.as_str());
            call = call.deployment_controller(part(DeploymentController::builder().r#type(kind).build())?);
        }
        // What is empty is left out: some parts exclude each other even when empty.
        let full = |list: bool| list.then_some(());
        call = call
            .set_capacity_provider_strategy(full(!parts.capacity.is_empty()).map(|()| parts.capacity))
            .set_load_balancers(full(!parts.balancers.is_empty()).map(|()| parts.balancers))
            .set_placement_constraints(full(!parts.constraints.is_empty()).map(|()| parts.constraints))
            .set_placement_strategy(full(!parts.strategy.is_empty()).map(|()| parts.strategy))
            .set_service_registries(full(!parts.registries.is_empty()).map(|()| parts.registries))
            .set_volume_configurations(full(!parts.volumes.is_empty()).map(|()| parts.volumes))
            .set_vpc_lattice_configurations(full(!parts.lattice.is_empty()).map(|()| parts.lattice))
            .set_service_connect_configuration(parts.connect);
        let call = &call;
        let what = "the roles and the load balancer to be known to ECS";
        let made = patiently(cx, what, PASSING, || async move { call.clone().send().await.api() }).await?;
        let made = made.service.ok_or_else(|| Error::other("ECS did not say what it made"))?;
        // In the form of the configuration, else as the API says.
        let cluster = want.cluster.clone().or(made.cluster_arn);
        Ok(Self { id: made.service_arn.unwrap_or_default(), cluster, ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        made.settled(cx).await
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // DescribeServices takes ten of one cluster.
        let mut clusters: BTreeMap<String, Vec<Self>> = BTreeMap::new();
        for k in known {
            clusters.entry(k.cluster.clone().unwrap_or_default()).or_default().push(k.clone());
        }
        let batches: Vec<Vec<Self>> =
            clusters.into_values().flat_map(|all| all.chunks(10).map(<[Self]>::to_vec).collect::<Vec<_>>()).collect();
        let answers = each(&batches, |batch| async move {
            let names = batch.iter().map(Self::reference).collect();
            let found = describe(cx.api, batch[0].cluster.clone(), names).await?;
            let pair = |k: &Self| {
                let name = k.short_name();
                let answer = found.iter().find(|f| f.service_name() == Some(name))?;
                let gone = matches!(answer.status(), Some("INACTIVE" | "DRAINING"));
                (!gone).then(|| (k.id.clone(), Self::from_answer(answer.clone(), k)))
            };
            Ok(Some(batch.iter().filter_map(pair).collect::<Vec<_>>()))
        })
        .await?;
        Ok(in_order(known, |k| &k.id, answers.into_iter().flatten().flatten()))
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        // These are told to us, not to ECS.
        let own = [Self::FORCE_DELETE, Self::WAIT_FOR_STEADY_STATE, Self::TAGS];
        if changed.0.iter().any(|name| !own.contains(&Name(name))) {
            want.change(cx, prior, changed).await?;
            Self { id: prior.id.clone(), cluster: prior.cluster.clone(), ..want.clone() }.settled(cx).await?;
        }
        if changed.tags() {
            tags::update(cx.api, &prior.id, &prior.tags, &want.tags).await?;
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let client = ecs(cx.api);
        let force = prior.force_delete == Some(true);
        let found = describe(cx.api, prior.cluster.clone(), vec![prior.reference()]).await?;
        let status = found.first().and_then(|s| s.status.as_deref());
        if status.is_none() || status == Some("INACTIVE") {
            return Ok(());
        }
        if status != Some("DRAINING") {
            if prior.scheduling_strategy != "DAEMON" && !force {
                let call = client.update_service().set_cluster(prior.cluster.clone()).service(&prior.id);
                call.desired_count(0).send().await.api()?;
            }
            let passing = [
                "The service cannot be stopped while deployments are active",
                "DependencyViolation",
                "has a dependent object",
            ];
            patiently(cx, "the service's deployments to stop", &passing, || async {
                let call = client.delete_service().set_cluster(prior.cluster.clone()).service(&prior.id);
                call.force(force).send().await.api()
            })
            .await?;
        }
        cx.wait("the service to be gone", Pace::SLOW, || async {
            let found = describe(cx.api, prior.cluster.clone(), vec![prior.reference()]).await?;
            Ok(match found.into_iter().next().and_then(|s| s.status) {
                Some(status) if status != "INACTIVE" => Seen::Pending(status),
                _ => Seen::Ready(()),
            })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let looked = describe(cx.api, want.cluster.clone(), vec![want.name.clone()]).await;
        let found = match looked {
            Err(e) if e.is_not_found() => return Ok(None),
            other => other?.into_iter().next().filter(|s| s.status.as_deref() == Some("ACTIVE")),
        };
        if found.is_none() {
            return Ok(None);
        }
        // The same call with the same client token gives the service that it made; to a foreign one ECS says that it is another.
        match Self::create(cx, want.clone()).await {
            Err(e) if e.message.contains("not idempotent") => Ok(None),
            made => made.map(Some),
        }
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        let force = edit.planned(Self::FORCE_NEW_DEPLOYMENT).as_bool() == Some(true);
        // A daemon service has one task on each instance; the API says how many.
        if edit.planned(Self::SCHEDULING_STRATEGY).as_str() == Some("DAEMON") {
            let is = |name: Name, n: i64| edit.planned(name).as_number().and_then(|v| v.as_i64()) == Some(n);
            let (most, least) = (Self::DEPLOYMENT_MAXIMUM_PERCENT, Self::DEPLOYMENT_MINIMUM_HEALTHY_PERCENT);
            let ignored = [(Self::DESIRED_COUNT, true), (most, is(most, 200)), (least, is(least, 100))];
            // A service that becomes a daemon is another one: it starts from nothing.
            let other = edit.changes(Self::SCHEDULING_STRATEGY);
            for (name, _) in ignored.into_iter().filter(|(_, ignored)| *ignored) {
                let prior = if other { Value::null(edit.planned(name).ty()) } else { edit.prior(name).clone() };
                edit.set(name, prior);
            }
        }
        if edit.prior.is_none() {
            // Triggers count only with force_new_deployment.
            if !force && !edit.planned(Self::TRIGGERS).is_unknown() {
                edit.set_unknown(Self::TRIGGERS);
            }
            return;
        }
        let items = |v: &Value| v.as_items().map_or(0, <[Value]>::len);
        // ECS changes the shares of capacity providers with a new deployment, but not whether there are any.
        let (before, after) = (
            items(edit.prior(Self::CAPACITY_PROVIDER_STRATEGY)),
            items(edit.planned(Self::CAPACITY_PROVIDER_STRATEGY)),
        );
        if force && before > 0 && after > 0 {
            edit.keep(Self::CAPACITY_PROVIDER_STRATEGY);
        }
        // Triggers count only with force_new_deployment.
        let triggers = items_of_map(edit.planned(Self::TRIGGERS));
        if edit.changes(Self::TRIGGERS) && (!force || triggers == Some(0)) {
            let prior = edit.prior(Self::TRIGGERS).clone();
            edit.set(Self::TRIGGERS, prior);
        }
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once('/') {
            Some((cluster, name)) if !cluster.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(vec![(Self::CLUSTER, Value::string(cluster)), (Self::NAME, Value::string(name))])
            }
            _ => Err("cluster-name/service-name".into()),
        }
    }
}

fn items_of_map(value: &Value) -> Option<usize> {
    value.as_members().map(|m| m.len())
}

async fn describe(aws: &Aws, cluster: Option<String>, names: Vec<String>) -> Result<Vec<Found>, Error> {
    let call = ecs(aws).describe_services().set_cluster(cluster).set_services(Some(names));
    match call.include(ServiceField::Tags).send().await.api() {
        // A cluster that is gone took its services along.
        Err(e) if e.code == "ClusterNotFoundException" => Err(Error { class: sdt_provider::Class::NotFound, ..e }),
        other => Ok(other?.services.unwrap_or_default()),
    }
}

/// The parts of a service that creation and update share, in the API's form.
struct Parts {
    deployment: DeploymentConfiguration,
    network: Option<aws_sdk_ecs::types::NetworkConfiguration>,
    capacity: Vec<aws_sdk_ecs::types::CapacityProviderStrategyItem>,
    balancers: Vec<aws_sdk_ecs::types::LoadBalancer>,
    constraints: Vec<aws_sdk_ecs::types::PlacementConstraint>,
    strategy: Vec<aws_sdk_ecs::types::PlacementStrategy>,
    registries: Vec<aws_sdk_ecs::types::ServiceRegistry>,
    volumes: Vec<aws_sdk_ecs::types::ServiceVolumeConfiguration>,
    lattice: Vec<aws_sdk_ecs::types::VpcLatticeConfiguration>,
    connect: Option<aws_sdk_ecs::types::ServiceConnectConfiguration>,
}

impl EcsService {
    /// What DescribeServices finds it by: the ARN, after an import the name.
    fn reference(&self) -> String {
        if self.id.starts_with("arn:") { self.id.clone() } else { self.name.clone() }
    }

    fn short_name(&self) -> &str {
        if self.name.is_empty() { self.id.rsplit('/').next().unwrap_or_default() } else { &self.name }
    }

    fn rebalancing(&self) -> Option<AvailabilityZoneRebalancing> {
        self.availability_zone_rebalancing.as_deref().map(AvailabilityZoneRebalancing::from)
    }

    fn parts(&self) -> Result<Parts, Error> {
        let mut deployment = DeploymentConfiguration::builder();
        if self.scheduling_strategy != "DAEMON" {
            deployment = deployment
                .maximum_percent(self.deployment_maximum_percent)
                .minimum_healthy_percent(self.deployment_minimum_healthy_percent);
        } else if ![0, 100].contains(&self.deployment_minimum_healthy_percent) {
            deployment = deployment.minimum_healthy_percent(self.deployment_minimum_healthy_percent);
        }
        if let Some(breaker) = &self.deployment_circuit_breaker {
            deployment = deployment.deployment_circuit_breaker(breaker.request());
        }
        if let Some(alarms) = &self.alarms {
            deployment = deployment.alarms(alarms.request()?);
        }
        Ok(Parts {
            deployment: deployment.build(),
            network: self.network_configuration.as_ref().map(Network::request).transpose()?,
            capacity: self.capacity_provider_strategy.iter().map(Capacity::request).collect::<Result<_, _>>()?,
            balancers: self.load_balancer.iter().map(Balancer::request).collect(),
            constraints: self.placement_constraints.iter().map(Constraint::request).collect(),
            strategy: self.ordered_placement_strategy.iter().map(Strategy::request).collect(),
            registries: self.service_registries.iter().map(Registry::request).collect(),
            volumes: self.volume_configuration.iter().map(ServiceVolume::request).collect::<Result<_, _>>()?,
            lattice: self.vpc_lattice_configurations.iter().map(Lattice::request).collect::<Result<_, _>>()?,
            connect: self.service_connect_configuration.as_ref().map(Connect::request).transpose()?,
        })
    }

    /// Tells ECS what has changed.
    async fn change(&self, cx: &Cx<'_, Aws>, prior: &Self, changed: &Changes) -> Result<(), Error> {
        let mut parts = self.parts()?;
        let mut call = ecs(cx.api).update_service().set_cluster(prior.cluster.clone()).service(&prior.id);
        let deployment = [
            Self::ALARMS,
            Self::DEPLOYMENT_CIRCUIT_BREAKER,
            Self::DEPLOYMENT_MAXIMUM_PERCENT,
            Self::DEPLOYMENT_MINIMUM_HEALTHY_PERCENT,
        ];
        if changed.any(&deployment) {
            // What is taken out is switched off; what is not said stays as it is.
            if self.alarms.is_none() && prior.alarms.is_some() {
                let none = Alarms { alarm_names: Vec::new(), enable: false, rollback: false };
                parts.deployment.alarms = Some(none.request()?);
            }
            if self.deployment_circuit_breaker.is_none() && prior.deployment_circuit_breaker.is_some() {
                let none = CircuitBreaker { enable: false, rollback: false };
                parts.deployment.deployment_circuit_breaker = Some(none.request());
            }
            call = call.deployment_configuration(parts.deployment);
        }
        if changed.has(Self::AVAILABILITY_ZONE_REBALANCING) {
            call = call.set_availability_zone_rebalancing(self.rebalancing());
        }
        if changed.has(Self::CAPACITY_PROVIDER_STRATEGY) {
            call = call.set_capacity_provider_strategy(Some(parts.capacity));
        }
        if changed.has(Self::DESIRED_COUNT) {
            call = call.desired_count(self.desired_count.unwrap_or_default());
        }
        if changed.has(Self::ENABLE_ECS_MANAGED_TAGS) {
            call = call.enable_ecs_managed_tags(self.enable_ecs_managed_tags);
        }
        if changed.has(Self::ENABLE_EXECUTE_COMMAND) {
            call = call.enable_execute_command(self.enable_execute_command);
        }
        if self.force_new_deployment == Some(true) {
            call = call.force_new_deployment(true);
        }
        if changed.has(Self::HEALTH_CHECK_GRACE_PERIOD_SECONDS) {
            call = call.health_check_grace_period_seconds(self.health_check_grace_period_seconds.unwrap_or_default());
        }
        if changed.has(Self::LOAD_BALANCER) {
            call = call.set_load_balancers(Some(parts.balancers));
        }
        if changed.has(Self::NETWORK_CONFIGURATION) {
            call = call.set_network_configuration(parts.network);
        }
        if changed.has(Self::ORDERED_PLACEMENT_STRATEGY) {
            call = call.set_placement_strategy(Some(parts.strategy));
        }
        if changed.has(Self::PLACEMENT_CONSTRAINTS) {
            call = call.set_placement_constraints(Some(parts.constraints));
        }
        if changed.has(Self::PLATFORM_VERSION) {
            call = call.set_platform_version(self.platform_version.clone());
        }
        if changed.has(Self::PROPAGATE_TAGS) {
            call = call.propagate_tags(PropagateTags::from(self.propagate_tags.as_deref().unwrap_or("NONE")));
        }
        if changed.has(Self::SERVICE_CONNECT_CONFIGURATION) {
            call = call.service_connect_configuration(parts.connect.unwrap_or_else(Connect::off));
        }
        if changed.has(Self::SERVICE_REGISTRIES) {
            call = call.set_service_registries(Some(parts.registries));
        }
        if changed.has(Self::TASK_DEFINITION) {
            call = call.set_task_definition(self.task_definition.clone());
        }
        if changed.has(Self::VOLUME_CONFIGURATION) {
            call = call.set_volume_configurations(Some(parts.volumes));
        }
        if changed.has(Self::VPC_LATTICE_CONFIGURATIONS) {
            call = call.set_vpc_lattice_configurations(Some(parts.lattice));
        }
        let call = &call;
        let what = "the roles and the load balancer to be known to ECS";
        patiently(cx, what, PASSING, || async move { call.clone().send().await.api() }).await.map(drop)
    }

    /// Waits until the service is active; with `wait_for_steady_state` until its tasks run and the deployment is complete.
    async fn settled(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let steady = self.wait_for_steady_state == Some(true);
        let what = if steady { "the service to be steady" } else { "the service to become active" };
        cx.wait(what, Pace::SLOW, || async {
            let found = describe(cx.api, self.cluster.clone(), vec![self.reference()]).await?.into_iter().next();
            let Some(found) = found else { return Ok(Seen::Pending(String::new())) };
            let status = found.status.clone().unwrap_or_default();
            if status == "INACTIVE" || status == "DRAINING" {
                return Err(Error::other(format!("the service's state is {status}")));
            }
            if status != "ACTIVE" || steady && !is_steady(&found)? {
                let count = format!("{status}, {} of {} tasks run", found.running_count, found.desired_count);
                return Ok(Seen::Pending(count));
            }
            Ok(Seen::Ready(()))
        })
        .await
    }

    fn from_answer(s: Found, known: &Self) -> Self {
        // References keep the form that the configuration uses: ARN or name; after an import the ARN.
        let imported = !known.id.starts_with("arn:");
        let arn_form = |text: Option<&str>| imported || text.is_some_and(|t| t.starts_with("arn:"));
        let short = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let cluster = s.cluster_arn.map(|arn| if arn_form(known.cluster.as_deref()) { arn } else { short(&arn) });
        let definition =
            s.task_definition.map(|arn| if arn_form(known.task_definition.as_deref()) { arn } else { short(&arn) });
        let deployment = s.deployment_configuration;
        let (maximum, minimum) =
            deployment.as_ref().map(|d| (d.maximum_percent, d.minimum_healthy_percent)).unwrap_or_default();
        // What is not said is what was asked for, else the default.
        let or_known =
            |said: Option<i32>, known: i32, default: i32| said.unwrap_or(if known > 0 { known } else { default });
        let maximum = or_known(maximum, known.deployment_maximum_percent, 200);
        let minimum = or_known(minimum, known.deployment_minimum_healthy_percent, 100);
        let said = deployment.is_some();
        let (breaker, alarms) = deployment.map(|d| (d.deployment_circuit_breaker, d.alarms)).unwrap_or_default();
        // ECS says "off" for what was never configured.
        let breaker = breaker
            .filter(|b| b.enable || b.rollback || known.deployment_circuit_breaker.is_some())
            .map(|b| CircuitBreaker { enable: b.enable, rollback: b.rollback })
            .or_else(|| known.deployment_circuit_breaker.clone().filter(|_| !said));
        let alarms = alarms
            .filter(|a| a.enable || a.rollback || !a.alarm_names.is_empty() || known.alarms.is_some())
            .map(Alarms::from_answer)
            .or_else(|| known.alarms.clone().filter(|_| !said));
        let primary = s.deployments.into_iter().flatten().find(|d| d.status.as_deref() == Some("PRIMARY"));
        let (connect, volumes, lattice) = primary
            .map(|d| (d.service_connect_configuration, d.volume_configurations, d.vpc_lattice_configurations))
            .unwrap_or_default();
        let connect = connect.map(Connect::from_answer).or_else(|| known.service_connect_configuration.clone());
        Self {
            id: s.service_arn.unwrap_or_default(),
            alarms,
            availability_zone_rebalancing: s.availability_zone_rebalancing.map(|r| r.as_str().to_owned()),
            capacity_provider_strategy: each_of(s.capacity_provider_strategy, Capacity::from_answer),
            cluster,
            deployment_circuit_breaker: breaker,
            deployment_controller: s
                .deployment_controller
                .map(|c| Controller { r#type: c.r#type.as_str().to_owned() })
                .or_else(|| known.deployment_controller.clone()),
            deployment_maximum_percent: maximum,
            deployment_minimum_healthy_percent: minimum,
            desired_count: Some(s.desired_count),
            enable_ecs_managed_tags: s.enable_ecs_managed_tags,
            enable_execute_command: s.enable_execute_command,
            force_delete: None,
            force_new_deployment: None,
            health_check_grace_period_seconds: s.health_check_grace_period_seconds,
            iam_role: s.role_arn.map(|arn| role(&arn, known.iam_role.as_deref())),
            launch_type: s.launch_type.map(|t| t.as_str().to_owned()),
            load_balancer: each_of(s.load_balancers, Balancer::from_answer),
            name: s.service_name.unwrap_or_default(),
            network_configuration: s.network_configuration.and_then(Network::from_answer),
            ordered_placement_strategy: each_of(s.placement_strategy, Strategy::from_answer),
            placement_constraints: each_of(s.placement_constraints, Constraint::from_answer),
            platform_version: s.platform_version,
            propagate_tags: s.propagate_tags.map(|p| p.as_str().to_owned()),
            scheduling_strategy: s.scheduling_strategy.map_or_else(|| "REPLICA".into(), |s| s.as_str().to_owned()),
            service_connect_configuration: connect,
            service_registries: s.service_registries.into_iter().flatten().next().map(Registry::from_answer),
            tags: tags::read(s.tags),
            task_definition: definition,
            triggers: known.triggers.clone().or_else(|| Some(Map::new())),
            volume_configuration: match volumes {
                Some(v) if !v.is_empty() => v.into_iter().next().and_then(ServiceVolume::from_answer),
                _ => known.volume_configuration.clone(),
            },
            vpc_lattice_configurations: match lattice {
                Some(l) => l.into_iter().map(Lattice::from_answer).collect(),
                None => known.vpc_lattice_configurations.clone(),
            },
            wait_for_steady_state: None,
        }
    }
}

fn each_of<A, B>(list: Option<Vec<A>>, one: impl FnMut(A) -> B) -> Vec<B> {
    list.unwrap_or_default().into_iter().map(one).collect()
}

/// A role in the form that the configuration uses; a service-linked role is stored with its path.
fn role(arn: &str, known: Option<&str>) -> String {
    if known.is_some_and(|k| k.starts_with("arn:")) {
        return arn.to_owned();
    }
    let path = arn.split_once(":role").map_or(arn, |(_, path)| path);
    match path.strip_prefix('/') {
        Some(name) if !name.contains('/') => name.to_owned(),
        _ => path.to_owned(),
    }
}

/// Tells whether one deployment is left and all its tasks run.
fn is_steady(found: &Found) -> Result<bool, Error> {
    let primary = found.deployments().iter().find(|d| d.status() == Some("PRIMARY"));
    if let Some(d) = primary
        && d.rollout_state() == Some(&DeploymentRolloutState::Failed)
    {
        let why = d.rollout_state_reason().unwrap_or("no reason was given");
        return Err(Error::other(format!("the deployment failed: {why}")));
    }
    Ok(found.deployments().len() <= 1 && found.running_count == found.desired_count)
}

#[cfg(test)]
mod tests {
    use super::role;

    #[test]
    fn roles() {
        let check = |arn: &str, known: Option<&str>, want: &str| assert_eq!(role(arn, known), want);
        check("arn:aws:iam::1:role/ecs", None, "ecs");
        check("arn:aws:iam::1:role/ecs", Some("arn:aws:iam::1:role/ecs"), "arn:aws:iam::1:role/ecs");
        let linked = "arn:aws:iam::1:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
        check(linked, None, "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS");
    }
}
