# Who may talk to the tasks: the load balancer to those behind it, and the tasks to each other.

resource "aws_security_group" "tasks" {
  name        = "${var.name}-tasks"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each = var.target_group_arns

  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = var.load_balancer_security_group_id
  description                  = "Load balancer to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = var.services[each.key].port
  to_port                      = var.services[each.key].port
}

resource "aws_vpc_security_group_ingress_rule" "tasks" {
  for_each = toset([for service in var.services : tostring(service.port)])

  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = aws_security_group.tasks.id
  description                  = "Services among each other"
  ip_protocol                  = "tcp"
  from_port                    = each.key
  to_port                      = each.key
}

# Images, secrets, logs and outside services are reached over NAT, so there is no list of destinations.
resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id = aws_security_group.tasks.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "Everywhere"
  ip_protocol       = "-1"
}
