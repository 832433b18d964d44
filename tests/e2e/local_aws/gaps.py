"""What moto 5.2.1 lacks and the environments need. Each function names one gap; everything else is plain moto."""
import hashlib


def fill():
    for gap in (ecs_service_settings, ec2_described_group_rules, rds_own_resource_ids, logs_associate_kms_key,
                s3_markers_can_go, ec2_dhcp_options_take_tags, ec2_dhcp_options_leave_networks, ec2_network_acl_rules_may_be_gone):
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


def ec2_dhcp_options_take_tags():
    """CreateDhcpOptions takes tags, as every other creation."""
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    from moto.ec2.responses.dhcp_options import DHCPOptions
    plain = DHCPOptions.create_dhcp_options
    made = []

    create = DHCPOptionsSetBackend.create_dhcp_options

    def remember(self, *args, **kwargs):
        made.append(create(self, *args, **kwargs))
        return made[-1]

    def tagged(self):
        reply = plain(self)
        made.pop().add_tags(self._parse_tag_specification().get("dhcp-options", {}))
        return reply

    DHCPOptionsSetBackend.create_dhcp_options = remember
    DHCPOptions.create_dhcp_options = tagged


def ec2_dhcp_options_leave_networks():
    """A VPC that gets other DHCP options no longer has those before."""
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    plain = DHCPOptionsSetBackend.associate_dhcp_options

    def associate(self, dhcp_options, vpc):
        self.disassociate_dhcp_options(vpc)
        plain(self, dhcp_options, vpc)

    DHCPOptionsSetBackend.associate_dhcp_options = associate


def ec2_network_acl_rules_may_be_gone():
    """DeleteNetworkAclEntry of a rule that is not there is an error of its own."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.network_acls import NetworkAclBackend
    plain = NetworkAclBackend.delete_network_acl_entry

    def delete(self, *args, **kwargs):
        try:
            return plain(self, *args, **kwargs)
        except StopIteration:
            raise EC2ClientError("InvalidNetworkAclEntry.NotFound", "The network ACL entry does not exist")

    NetworkAclBackend.delete_network_acl_entry = delete
