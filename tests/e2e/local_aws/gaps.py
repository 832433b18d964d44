"""What moto 5.2.1 lacks and the environments need. Each function names one gap; everything else is plain moto."""
import hashlib


def fill():
    for gap in (ecs_service_settings, ec2_described_group_rules, rds_own_resource_ids, logs_associate_kms_key,
                s3_markers_can_go):
        gap()


def ecs_service_settings():
    """CreateService and UpdateService keep four settings; without them a service never settles."""
    from moto.ecs.responses import EC2ContainerServiceResponse as Responses
    settings = {
        "enableECSManagedTags": ("enable_ecs_managed_tags", False),
        "enableExecuteCommand": ("enable_execute_command", False),
        "healthCheckGracePeriodSeconds": ("health_check_grace_period_seconds", None),
        "availabilityZoneRebalancing": ("availability_zone_rebalancing", "DISABLED"),
    }

    def keeping(plain):
        def action(self):
            reply = plain(self)
            service = reply.result["service"]
            for parameter, (attribute, default) in settings.items():
                value = self._get_params().get(parameter)
                setattr(service, attribute, getattr(service, attribute, default) if value is None else value)
            return reply
        return action

    Responses.create_service = keeping(Responses.create_service)
    Responses.update_service = keeping(Responses.update_service)


def ec2_described_group_rules():
    """A security group rule that refers to a group keeps its description."""
    from moto.ec2.models.security_groups import SecurityGroupRule
    SecurityGroupRule.description = property(
        lambda rule: rule.ip_range.get("Description") or (rule.source_group or {}).get("Description"))


def rds_own_resource_ids():
    """Each database instance has a DbiResourceId of its own; moto gives all the same."""
    from moto.rds.models import DBInstance, RDSBackend
    plain, plain_replica = DBInstance.__init__, RDSBackend.create_db_instance_read_replica

    def own(instance):
        digest = hashlib.sha256(instance.db_instance_identifier.encode()).hexdigest()
        instance.dbi_resource_id = "db-" + digest[:26].upper()
        return instance

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        own(self)

    DBInstance.__init__ = init
    RDSBackend.create_db_instance_read_replica = lambda self, *args, **kwargs: own(plain_replica(self, *args, **kwargs))


def logs_associate_kms_key():
    """AssociateKmsKey and DisassociateKmsKey."""
    from moto.logs.responses import LogsResponse as Responses

    def associate(self):
        self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = self._get_param("kmsKeyId")
        return "{}"

    Responses.associate_kms_key = Responses.disassociate_kms_key = associate


def s3_markers_can_go():
    """A key whose versions include a delete marker can be deleted after versioning was suspended."""
    from moto.s3.models import FakeDeleteMarker
    FakeDeleteMarker.dispose = lambda marker, garbage=False: None
