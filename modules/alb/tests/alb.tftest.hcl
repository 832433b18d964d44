# Rules, health checks and what changes with a certificate. No AWS is asked.

mock_provider "aws" {}

variables {
  name                     = "sdt-test"
  vpc_id                   = "vpc-1"
  subnet_ids               = { a = "subnet-a", b = "subnet-b" }
  target_security_group_id = "sg-1"
  default_target           = "gateway"

  targets = {
    gateway = { port = 8080 }
    auth    = { port = 8091, paths = ["/oauth2/*"], priority = 50 }
    files   = { port = 8092, paths = ["/files/*"], health_check_path = "/health", health_check_matcher = "200-299" }
  }
}

run "plain_http" {
  command = plan

  assert {
    condition     = length(aws_lb_listener.https) == 0 && aws_lb_listener.http.default_action[0].type == "forward"
    error_message = "Without a certificate visitors are served on port 80."
  }

  assert {
    condition     = toset(keys(aws_lb_listener_rule.target)) == toset(["auth", "files"])
    error_message = "Each target with paths has a rule, the default target has none."
  }

  assert {
    condition     = aws_lb_listener_rule.target["auth"].priority == 50 && aws_lb_listener_rule.target["files"].priority == 110
    error_message = "A priority counts when it is set; the others follow the names."
  }

  assert {
    condition     = aws_lb_target_group.this["files"].health_check[0].path == "/health" && aws_lb_target_group.this["gateway"].health_check[0].path == "/actuator/health"
    error_message = "Each target has its own health check."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.unhealthy) == 3
    error_message = "Each target has an alarm."
  }
}

run "https" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    closed_paths    = ["/actuator/*"]
  }

  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.http.default_action[0].type == "redirect"
    error_message = "With a certificate port 80 sends visitors to port 443."
  }

  assert {
    condition     = aws_lb_listener_rule.closed[0].action[0].fixed_response[0].status_code == "404"
    error_message = "Closed paths are answered by the load balancer."
  }
}

run "default_target_must_exist" {
  command = plan

  variables {
    default_target = "nobody"
  }

  expect_failures = [var.default_target]
}

run "one_zone_is_not_enough" {
  command = plan

  variables {
    subnet_ids = { a = "subnet-a" }
  }

  expect_failures = [var.subnet_ids]
}
