# Network ACLs: a second fence around the subnets. Security groups decide in detail; these keep out what never has business here.

locals {
  # Answers come back to the ports that connections began from.
  answers = { from_port = 1024, to_port = 65535 }

  acl_rules = {
    public = {
      "50-tcp"  = { number = 50, action = "deny", protocol = "6", from_port = 3389, to_port = 3389, cidr_block = "0.0.0.0/0" }
      "100-tcp" = { number = 100, action = "allow", protocol = "6", from_port = 80, to_port = 80, cidr_block = "0.0.0.0/0" }
      "110-tcp" = { number = 110, action = "allow", protocol = "6", from_port = 443, to_port = 443, cidr_block = "0.0.0.0/0" }
      "120-tcp" = merge(local.answers, { number = 120, action = "allow", protocol = "6", cidr_block = "0.0.0.0/0" })
      "130-udp" = merge(local.answers, { number = 130, action = "allow", protocol = "17", cidr_block = "0.0.0.0/0" })
      "200-all" = { number = 200, action = "allow", protocol = "-1", from_port = 0, to_port = 0, cidr_block = var.cidr_block }
    }
    private = {
      "100-all" = { number = 100, action = "allow", protocol = "-1", from_port = 0, to_port = 0, cidr_block = var.cidr_block }
      "110-tcp" = merge(local.answers, { number = 110, action = "allow", protocol = "6", cidr_block = "0.0.0.0/0" })
      "120-udp" = merge(local.answers, { number = 120, action = "allow", protocol = "17", cidr_block = "0.0.0.0/0" })
    }
  }

  acl_ingress = merge([
    for tier, rules in local.acl_rules : { for name, rule in rules : "${tier}-${name}" => merge(rule, { tier = tier }) }
  ]...)
}

resource "aws_network_acl" "this" {
  for_each = { public = aws_subnet.public, private = aws_subnet.private }

  vpc_id     = aws_vpc.this.id
  subnet_ids = values(each.value)[*].id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_network_acl_rule" "ingress" {
  for_each = local.acl_ingress

  network_acl_id = aws_network_acl.this[each.value.tier].id
  egress         = false
  rule_number    = each.value.number
  rule_action    = each.value.action
  protocol       = each.value.protocol
  from_port      = each.value.from_port
  to_port        = each.value.to_port
  cidr_block     = each.value.cidr_block
}

resource "aws_network_acl_rule" "egress" {
  for_each = aws_network_acl.this

  network_acl_id = each.value.id
  egress         = true
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "-1"
  from_port      = 0
  to_port        = 0
  cidr_block     = "0.0.0.0/0"
}
