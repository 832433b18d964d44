//! Blocks of `aws_ecs_service` and their forms in the API.

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, DeploymentAlarms, DeploymentCircuitBreaker,
    EbsResourceType, EbsTagSpecification, LoadBalancer as ApiLoadBalancer, LogConfiguration as ApiLog, LogDriver,
    NetworkConfiguration, PlacementConstraint, PlacementConstraintType, PlacementStrategy, PlacementStrategyType,
    PropagateTags, Secret, ServiceConnectClientAlias, ServiceConnectConfiguration, ServiceConnectService,
    ServiceConnectTlsCertificateAuthority, ServiceConnectTlsConfiguration, ServiceManagedEbsVolumeConfiguration,
    ServiceRegistry, ServiceVolumeConfiguration, TaskFilesystemType, TimeoutConfiguration, VpcLatticeConfiguration,
};
use sdt_provider::{Block, Error, Map, OptComputed, Set, checks, equal};

use crate::{part, tags, text};

/// CloudWatch alarms that stop a deployment.
#[derive(Clone, Block)]
pub(crate) struct Alarms {
    /// Names of the alarms.
    pub(crate) alarm_names: Set<String>,
    /// Uses the alarms.
    pub(crate) enable: bool,
    /// Goes back to the last good deployment.
    pub(crate) rollback: bool,
}

/// A capacity provider and its share of the tasks.
#[derive(Clone, Block)]
pub(crate) struct Capacity {
    /// Tasks that it runs at least.
    #[attr(force_new, range(0..=100_000))]
    pub(crate) base: Option<i32>,
    /// Name of the capacity provider.
    #[attr(force_new)]
    pub(crate) capacity_provider: String,
    /// Its share of the other tasks.
    #[attr(force_new, range(0..=1000))]
    pub(crate) weight: Option<i32>,
}

/// Stops a deployment whose tasks do not start.
#[derive(Clone, Block)]
pub(crate) struct CircuitBreaker {
    /// Uses the circuit breaker.
    pub(crate) enable: bool,
    /// Goes back to the last good deployment.
    pub(crate) rollback: bool,
}

/// What carries out deployments.
#[derive(Clone, Block)]
pub(crate) struct Controller {
    /// Kind of controller.
    #[attr(force_new, default = "ECS", one_of("ECS", "CODE_DEPLOY", "EXTERNAL"))]
    pub(crate) r#type: String,
}

/// A load balancer's way to the containers.
#[derive(Clone, Block)]
pub(crate) struct Balancer {
    /// Container that serves.
    container_name: String,
    /// Port of the container.
    #[attr(range(0..=65536))]
    container_port: i32,
    /// Classic load balancer.
    #[attr(default = "")]
    elb_name: Option<String>,
    /// Target group.
    #[attr(default = "", check = checks::arn)]
    target_group_arn: Option<String>,
}

/// Network of the tasks, in mode `awsvpc`.
#[derive(Clone, Block)]
pub(crate) struct Network {
    /// Gives each task a public address.
    #[attr(default = false)]
    assign_public_ip: Option<bool>,
    /// Security groups.
    security_groups: Option<Set<String>>,
    /// Subnets.
    subnets: Set<String>,
}

/// How tasks are distributed.
#[derive(Clone, Block)]
pub(crate) struct Strategy {
    /// What is distributed over or packed by.
    #[attr(same = same_field)]
    field: Option<String>,
    /// Kind of strategy.
    #[attr(one_of("random", "spread", "binpack"))]
    r#type: String,
}

/// Where tasks may run.
#[derive(Clone, Block)]
pub(crate) struct Constraint {
    /// Expression in the cluster query language.
    #[attr(default = "")]
    expression: Option<String>,
    /// Kind of constraint.
    #[attr(one_of("distinctInstance", "memberOf"))]
    r#type: String,
}

/// Service discovery.
#[derive(Clone, Block)]
pub(crate) struct Registry {
    /// Container whose address is registered.
    container_name: Option<String>,
    /// Port of the container.
    #[attr(range(0..=65536))]
    container_port: Option<i32>,
    /// Port of the SRV record.
    #[attr(range(0..=65536))]
    port: Option<i32>,
    /// Service of Cloud Map.
    #[attr(check = checks::arn)]
    registry_arn: String,
}

/// A target group of VPC Lattice.
#[derive(Clone, Block)]
pub(crate) struct Lattice {
    /// Name of the port mapping.
    #[attr(length(1..=64))]
    port_name: String,
    /// Role that registers the tasks.
    #[attr(check = checks::arn)]
    role_arn: String,
    /// Target group.
    #[attr(check = checks::arn)]
    target_group_arn: String,
}

/// Service Connect.
#[derive(Clone, Block)]
pub(crate) struct Connect {
    /// Uses Service Connect.
    enabled: bool,
    /// Log of the proxy.
    log_configuration: Option<Log>,
    /// Namespace; the cluster's when not set.
    namespace: OptComputed<String>,
    /// Services that others can reach.
    service: Vec<ConnectService>,
}

/// Log of the proxy.
#[derive(Clone, Block)]
pub(crate) struct Log {
    /// Log driver.
    #[attr(one_of("json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"))]
    log_driver: String,
    /// Options of the driver.
    options: OptComputed<Map<String>>,
    /// Options with secret values.
    secret_option: Vec<SecretOption>,
}

/// An option with a secret value.
#[derive(Clone, Block)]
pub(crate) struct SecretOption {
    /// Name of the option.
    name: String,
    /// ARN of the secret or parameter.
    value_from: String,
}

/// A service that others can reach.
#[derive(Clone, Block)]
pub(crate) struct ConnectService {
    /// Names under which clients reach it.
    client_alias: Option<Alias>,
    /// Name in Cloud Map.
    discovery_name: OptComputed<String>,
    /// Port of the proxy.
    #[attr(range(0..=65535))]
    ingress_port_override: Option<i32>,
    /// Name of the port mapping.
    port_name: String,
    /// Time limits.
    timeout: Option<Timeout>,
    /// Encryption.
    tls: Option<Tls>,
}

/// A name under which clients reach a service.
#[derive(Clone, Block)]
pub(crate) struct Alias {
    /// Host name.
    dns_name: OptComputed<String>,
    /// Port.
    #[attr(range(0..=65535))]
    port: i32,
}

/// Time limits of the proxy.
#[derive(Clone, Block)]
pub(crate) struct Timeout {
    /// Of an idle connection.
    #[attr(range(0..=2_147_483_647))]
    idle_timeout_seconds: Option<i32>,
    /// Of a request.
    #[attr(range(0..=2_147_483_647))]
    per_request_timeout_seconds: Option<i32>,
}

/// Encryption between proxies.
#[derive(Clone, Block)]
pub(crate) struct Tls {
    /// Who issues the certificates.
    issuer_cert_authority: Authority,
    /// KMS key of the private keys.
    kms_key: Option<String>,
    /// Role for the certificates.
    #[attr(check = checks::arn)]
    role_arn: Option<String>,
}

/// Who issues certificates.
#[derive(Clone, Block)]
pub(crate) struct Authority {
    /// Private certificate authority.
    #[attr(check = checks::arn)]
    aws_pca_authority_arn: String,
}

/// A volume that is made with each task.
#[derive(Clone, Block)]
pub(crate) struct ServiceVolume {
    /// The EBS volume.
    managed_ebs_volume: Ebs,
    /// Name of the task definition's volume.
    name: String,
}

/// An EBS volume.
#[derive(Clone, Block)]
pub(crate) struct Ebs {
    /// Encrypts the volume.
    #[attr(default = true)]
    encrypted: bool,
    /// File system.
    #[attr(default = "xfs", one_of("ext3", "ext4", "xfs", "ntfs"))]
    file_system_type: String,
    /// Operations a second.
    iops: Option<i32>,
    /// KMS key.
    kms_key_id: Option<String>,
    /// Role that makes the volume.
    #[attr(check = checks::arn)]
    role_arn: String,
    /// Size in GiB.
    size_in_gb: Option<i32>,
    /// Snapshot it is made from.
    snapshot_id: Option<String>,
    /// Tags of the volume.
    tag_specifications: Vec<EbsTags>,
    /// MiB a second.
    #[attr(range(0..=1000))]
    throughput: Option<i32>,
    /// MiB a second while it is filled from a snapshot.
    volume_initialization_rate: Option<i32>,
    /// Volume type.
    volume_type: Option<String>,
}

/// Tags of a volume.
#[derive(Clone, Block)]
pub(crate) struct EbsTags {
    /// Copies the tags of these.
    #[attr(one_of("TASK_DEFINITION", "SERVICE", "NONE"))]
    propagate_tags: Option<String>,
    /// What is tagged.
    #[attr(one_of("volume"))]
    resource_type: String,
    /// Tags.
    tags: Option<Map<String>>,
}

/// `host` is another word for `instanceId`, and case does not count.
fn same_field(a: &sdt_provider::Value, b: &sdt_provider::Value) -> bool {
    let plain = |v: &sdt_provider::Value| match v.as_str() {
        Some("host") => Some("instanceid".to_owned()),
        other => other.map(str::to_ascii_lowercase),
    };
    equal::ignore_case(a, b) || plain(a) == plain(b)
}

impl Alarms {
    pub(crate) fn request(&self) -> Result<DeploymentAlarms, Error> {
        let alarms = DeploymentAlarms::builder().set_alarm_names(Some(self.alarm_names.clone()));
        part(alarms.enable(self.enable).rollback(self.rollback).build())
    }

    pub(crate) fn from_answer(a: DeploymentAlarms) -> Self {
        Self { alarm_names: a.alarm_names, enable: a.enable, rollback: a.rollback }
    }
}

impl Capacity {
    pub(crate) fn request(&self) -> Result<CapacityProviderStrategyItem, Error> {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(&self.capacity_provider);
        part(item.base(self.base.unwrap_or_default()).weight(self.weight.unwrap_or_default()).build())
    }

    pub(crate) fn from_answer(c: CapacityProviderStrategyItem) -> Self {
        Self { base: Some(c.base), capacity_provider: c.capacity_provider, weight: Some(c.weight) }
    }
}

impl CircuitBreaker {
    pub(crate) fn request(&self) -> DeploymentCircuitBreaker {
        DeploymentCircuitBreaker::builder().enable(self.enable).rollback(self.rollback).build()
    }
}

impl Balancer {
    pub(crate) fn request(&self) -> ApiLoadBalancer {
        ApiLoadBalancer::builder()
            .container_name(&self.container_name)
            .container_port(self.container_port)
            .set_load_balancer_name(self.elb_name.clone())
            .set_target_group_arn(self.target_group_arn.clone())
            .build()
    }

    pub(crate) fn from_answer(b: ApiLoadBalancer) -> Self {
        Self {
            container_name: b.container_name.unwrap_or_default(),
            container_port: b.container_port.unwrap_or_default(),
            elb_name: text(b.load_balancer_name),
            target_group_arn: text(b.target_group_arn),
        }
    }
}

impl Network {
    pub(crate) fn request(&self) -> Result<NetworkConfiguration, Error> {
        let public =
            if self.assign_public_ip == Some(true) { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
        let vpc = AwsVpcConfiguration::builder()
            .set_subnets(Some(self.subnets.clone()))
            .set_security_groups(Some(self.security_groups.clone().unwrap_or_default()))
            .assign_public_ip(public);
        Ok(NetworkConfiguration::builder().awsvpc_configuration(part(vpc.build())?).build())
    }

    pub(crate) fn from_answer(n: NetworkConfiguration) -> Option<Self> {
        let vpc = n.awsvpc_configuration?;
        Some(Self {
            assign_public_ip: Some(vpc.assign_public_ip == Some(AssignPublicIp::Enabled)),
            security_groups: vpc.security_groups,
            subnets: vpc.subnets,
        })
    }
}

impl Strategy {
    pub(crate) fn request(&self) -> PlacementStrategy {
        // `random` has no field.
        let field = self.field.clone().filter(|_| self.r#type != "random");
        PlacementStrategy::builder().set_field(field).r#type(PlacementStrategyType::from(self.r#type.as_str())).build()
    }

    pub(crate) fn from_answer(s: PlacementStrategy) -> Self {
        Self { field: text(s.field), r#type: s.r#type.map(|t| t.as_str().to_owned()).unwrap_or_default() }
    }
}

impl Constraint {
    pub(crate) fn request(&self) -> PlacementConstraint {
        let kind = PlacementConstraintType::from(self.r#type.as_str());
        PlacementConstraint::builder().set_expression(self.expression.clone()).r#type(kind).build()
    }

    pub(crate) fn from_answer(c: PlacementConstraint) -> Self {
        Self { expression: text(c.expression), r#type: c.r#type.map(|t| t.as_str().to_owned()).unwrap_or_default() }
    }
}

impl Registry {
    pub(crate) fn request(&self) -> ServiceRegistry {
        ServiceRegistry::builder()
            .set_container_name(self.container_name.clone())
            .set_container_port(self.container_port.filter(|p| *p != 0))
            .set_port(self.port.filter(|p| *p != 0))
            .registry_arn(&self.registry_arn)
            .build()
    }

    pub(crate) fn from_answer(r: ServiceRegistry) -> Self {
        Self {
            container_name: r.container_name,
            container_port: r.container_port,
            port: r.port,
            registry_arn: r.registry_arn.unwrap_or_default(),
        }
    }
}

impl Lattice {
    pub(crate) fn request(&self) -> Result<VpcLatticeConfiguration, Error> {
        let lattice = VpcLatticeConfiguration::builder().port_name(&self.port_name).role_arn(&self.role_arn);
        part(lattice.target_group_arn(&self.target_group_arn).build())
    }

    pub(crate) fn from_answer(l: VpcLatticeConfiguration) -> Self {
        Self { port_name: l.port_name, role_arn: l.role_arn, target_group_arn: l.target_group_arn }
    }
}

impl Connect {
    /// What switches Service Connect off.
    pub(crate) fn off() -> ServiceConnectConfiguration {
        ServiceConnectConfiguration::builder().enabled(false).build()
    }

    pub(crate) fn request(&self) -> Result<ServiceConnectConfiguration, Error> {
        let services = self.service.iter().map(ConnectService::request).collect::<Result<Vec<_>, _>>()?;
        let log = self.log_configuration.as_ref().map(Log::request).transpose()?;
        Ok(ServiceConnectConfiguration::builder()
            .enabled(self.enabled)
            .set_log_configuration(log)
            .set_namespace(self.namespace.clone())
            .set_services((!services.is_empty()).then_some(services))
            .build())
    }

    pub(crate) fn from_answer(c: ServiceConnectConfiguration) -> Self {
        Self {
            enabled: c.enabled,
            log_configuration: c.log_configuration.map(Log::from_answer),
            namespace: c.namespace,
            service: c.services.unwrap_or_default().into_iter().map(ConnectService::from_answer).collect(),
        }
    }
}

impl Log {
    fn request(&self) -> Result<ApiLog, Error> {
        let mut log = ApiLog::builder()
            .log_driver(LogDriver::from(self.log_driver.as_str()))
            .set_options(self.options.clone().filter(|o| !o.is_empty()).map(|o| o.into_iter().collect()));
        for secret in &self.secret_option {
            log =
                log.secret_options(part(Secret::builder().name(&secret.name).value_from(&secret.value_from).build())?);
        }
        part(log.build())
    }

    fn from_answer(l: ApiLog) -> Self {
        let secret = |s: Secret| SecretOption { name: s.name, value_from: s.value_from };
        Self {
            log_driver: l.log_driver.as_str().to_owned(),
            options: Some(l.options.unwrap_or_default().into_iter().collect()),
            secret_option: l.secret_options.unwrap_or_default().into_iter().map(secret).collect(),
        }
    }
}

impl ConnectService {
    fn request(&self) -> Result<ServiceConnectService, Error> {
        let mut service = ServiceConnectService::builder()
            .port_name(&self.port_name)
            .set_discovery_name(self.discovery_name.clone())
            .set_ingress_port_override(self.ingress_port_override.filter(|p| *p != 0));
        if let Some(a) = &self.client_alias {
            let alias = ServiceConnectClientAlias::builder().port(a.port).set_dns_name(a.dns_name.clone());
            service = service.client_aliases(part(alias.build())?);
        }
        if let Some(t) = &self.timeout {
            let timeout = TimeoutConfiguration::builder()
                .set_idle_timeout_seconds(t.idle_timeout_seconds)
                .set_per_request_timeout_seconds(t.per_request_timeout_seconds);
            service = service.timeout(timeout.build());
        }
        if let Some(t) = &self.tls {
            let authority = ServiceConnectTlsCertificateAuthority::builder()
                .aws_pca_authority_arn(&t.issuer_cert_authority.aws_pca_authority_arn)
                .build();
            let tls = ServiceConnectTlsConfiguration::builder()
                .issuer_certificate_authority(authority)
                .set_kms_key(t.kms_key.clone())
                .set_role_arn(t.role_arn.clone());
            service = service.tls(tls.build());
        }
        part(service.build())
    }

    fn from_answer(s: ServiceConnectService) -> Self {
        Self {
            client_alias: s
                .client_aliases
                .and_then(|a| a.into_iter().next())
                .map(|a| Alias { dns_name: a.dns_name, port: a.port }),
            discovery_name: s.discovery_name,
            ingress_port_override: s.ingress_port_override,
            port_name: s.port_name,
            timeout: s.timeout.map(|t| Timeout {
                idle_timeout_seconds: t.idle_timeout_seconds,
                per_request_timeout_seconds: t.per_request_timeout_seconds,
            }),
            tls: s.tls.map(|t| Tls {
                issuer_cert_authority: Authority {
                    aws_pca_authority_arn: t
                        .issuer_certificate_authority
                        .and_then(|a| a.aws_pca_authority_arn)
                        .unwrap_or_default(),
                },
                kms_key: t.kms_key,
                role_arn: t.role_arn,
            }),
        }
    }
}

impl ServiceVolume {
    pub(crate) fn request(&self) -> Result<ServiceVolumeConfiguration, Error> {
        let e = &self.managed_ebs_volume;
        let mut ebs = ServiceManagedEbsVolumeConfiguration::builder()
            .encrypted(e.encrypted)
            .filesystem_type(TaskFilesystemType::from(e.file_system_type.as_str()))
            .set_iops(e.iops.filter(|n| *n != 0))
            .set_kms_key_id(e.kms_key_id.clone())
            .role_arn(&e.role_arn)
            .set_size_in_gib(e.size_in_gb.filter(|n| *n != 0))
            .set_snapshot_id(e.snapshot_id.clone())
            .set_throughput(e.throughput.filter(|n| *n != 0))
            .set_volume_initialization_rate(e.volume_initialization_rate.filter(|n| *n != 0))
            .set_volume_type(e.volume_type.clone());
        for t in &e.tag_specifications {
            let spec = EbsTagSpecification::builder()
                .resource_type(EbsResourceType::from(t.resource_type.as_str()))
                .set_propagate_tags(t.propagate_tags.as_deref().map(PropagateTags::from))
                .set_tags(t.tags.clone().filter(|t| !t.is_empty()).map(tags::list));
            ebs = ebs.tag_specifications(part(spec.build())?);
        }
        let volume = ServiceVolumeConfiguration::builder().name(&self.name).managed_ebs_volume(part(ebs.build())?);
        part(volume.build())
    }

    pub(crate) fn from_answer(v: ServiceVolumeConfiguration) -> Option<Self> {
        let e = v.managed_ebs_volume?;
        let spec = |t: EbsTagSpecification| EbsTags {
            propagate_tags: t.propagate_tags.map(|p| p.as_str().to_owned()),
            resource_type: t.resource_type.as_str().to_owned(),
            tags: t.tags.map(|t| tags::read(Some(t))),
        };
        let ebs = Ebs {
            encrypted: e.encrypted.unwrap_or(true),
            file_system_type: e.filesystem_type.map_or_else(|| "xfs".to_owned(), |t| t.as_str().to_owned()),
            iops: e.iops,
            kms_key_id: e.kms_key_id,
            role_arn: e.role_arn,
            size_in_gb: e.size_in_gib,
            snapshot_id: e.snapshot_id,
            tag_specifications: e.tag_specifications.unwrap_or_default().into_iter().map(spec).collect(),
            throughput: e.throughput,
            volume_initialization_rate: e.volume_initialization_rate,
            volume_type: e.volume_type,
        };
        Some(Self { managed_ebs_volume: ebs, name: v.name })
    }
}
