# The load balancer in front of the entry service, and who may talk to whom.

resource "aws_security_group" "load_balancer" {
  name        = "${var.name}-lb"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-lb" }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each = {
    for pair in setproduct(var.allowed_cidr_blocks, var.certificate_arn == null ? [80] : [80, 443]) :
    "${pair[0]}-${pair[1]}" => { cidr = pair[0], port = pair[1] }
  }

  security_group_id = aws_security_group.load_balancer.id
  cidr_ipv4         = each.value.cidr
  description       = "Visitors"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  security_group_id            = aws_security_group.load_balancer.id
  referenced_security_group_id = aws_security_group.tasks.id
  description                  = "To the entry service"
  ip_protocol                  = "tcp"
  from_port                    = var.services[var.entry].port
  to_port                      = var.services[var.entry].port
}

resource "aws_security_group" "tasks" {
  name        = "${var.name}-tasks"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "entry" {
  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = aws_security_group.load_balancer.id
  description                  = "Load balancer to the entry service"
  ip_protocol                  = "tcp"
  from_port                    = var.services[var.entry].port
  to_port                      = var.services[var.entry].port
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

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = values(var.public_subnet_ids)
  security_groups            = [aws_security_group.load_balancer.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect

  tags = { Name = var.name }
}

resource "aws_lb_target_group" "entry" {
  name_prefix = "sdt-"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.services[var.entry].port

  deregistration_delay = 30

  health_check {
    path                = var.health_check_path
    matcher             = "200"
    interval            = 30
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = "${var.name}-${var.entry}" }

  # A listener holds on to its target group, so a new one must exist before the old one can go.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  dynamic "default_action" {
    for_each = var.certificate_arn == null ? ["forward"] : []

    content {
      type             = default_action.value
      target_group_arn = aws_lb_target_group.entry.arn
    }
  }

  dynamic "default_action" {
    for_each = var.certificate_arn == null ? [] : ["redirect"]

    content {
      type = default_action.value

      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.certificate_arn == null ? 0 : 1

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.entry.arn
  }
}
