# An application load balancer: who may reach it, what it forwards where, and how it knows that targets are well.

locals {
  secure = var.certificate_arn != null
  ports  = local.secure ? [80, 443] : [80]

  # What serves visitors: HTTPS where there is a certificate, else HTTP.
  listener_arn = local.secure ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn

  # One rule for each target that has paths; the default target gets everything else.
  routed = { for name, target in var.targets : name => target if length(target.paths) > 0 && name != var.default_target }

  # Priorities in the order of the names, with room for others in between.
  priorities = { for i, name in sort(keys(local.routed)) : name => coalesce(local.routed[name].priority, 100 + 10 * i) }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-lb"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-lb" }
}

resource "aws_vpc_security_group_ingress_rule" "visitors" {
  for_each = {
    for pair in setproduct(var.allowed_cidr_blocks, local.ports) :
    "${pair[0]}-${pair[1]}" => { cidr = pair[0], port = pair[1] }
  }

  security_group_id = aws_security_group.this.id
  cidr_ipv4         = each.value.cidr
  description       = "Visitors"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  for_each = toset([for target in var.targets : tostring(target.port)])

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.target_security_group_id
  description                  = "To the targets"
  ip_protocol                  = "tcp"
  from_port                    = each.key
  to_port                      = each.key
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = var.internal
  subnets                    = values(var.subnet_ids)
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect
  idle_timeout               = var.idle_timeout_s

  tags = { Name = var.name }
}

resource "aws_lb_target_group" "this" {
  for_each = var.targets

  name_prefix = "sdt-"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = each.value.port

  deregistration_delay = 30

  health_check {
    path                = each.value.health_check_path
    matcher             = each.value.health_check_matcher
    interval            = 30
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  tags = { Name = "${var.name}-${each.key}" }

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
    for_each = local.secure ? [] : ["forward"]

    content {
      type             = default_action.value
      target_group_arn = aws_lb_target_group.this[var.default_target].arn
    }
  }

  dynamic "default_action" {
    for_each = local.secure ? ["redirect"] : []

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
  count = local.secure ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[var.default_target].arn
  }
}

resource "aws_lb_listener_certificate" "further" {
  for_each = local.secure ? var.further_certificate_arns : []

  listener_arn    = aws_lb_listener.https[0].arn
  certificate_arn = each.value
}

# What visitors have no business with is answered here, before any target sees it.
resource "aws_lb_listener_rule" "closed" {
  count = length(var.closed_paths) > 0 ? 1 : 0

  listener_arn = local.listener_arn
  priority     = 1

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not found"
      status_code  = "404"
    }
  }

  condition {
    path_pattern {
      values = var.closed_paths
    }
  }

  tags = { Name = "${var.name}-closed" }
}

resource "aws_lb_listener_rule" "target" {
  for_each = local.routed

  listener_arn = local.listener_arn
  priority     = local.priorities[each.key]

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  tags = { Name = "${var.name}-${each.key}" }
}
