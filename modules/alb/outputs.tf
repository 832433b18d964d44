output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "dns_name" {
  description = "Host name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Route 53 zone of the host name, for an alias record."
  value       = aws_lb.this.zone_id
}

output "url" {
  description = "Where visitors are served."
  value       = "${local.secure ? "https" : "http"}://${aws_lb.this.dns_name}"
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

output "listener_arn" {
  description = "The listener that serves visitors, for further rules."
  value       = local.listener_arn
}

output "target_group_arns" {
  description = "ARNs of the target groups by name."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }

  # A target group without a listener refuses tasks.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https, aws_lb_listener_rule.target]
}
