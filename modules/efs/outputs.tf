output "file_system_id" {
  description = "Id of the file system."
  value       = aws_efs_file_system.this.id

  # A task that mounts before the targets exist would fail to start.
  depends_on = [aws_efs_mount_target.this]
}

output "file_system_arn" {
  description = "ARN of the file system."
  value       = aws_efs_file_system.this.arn
}

output "access_points" {
  description = "Id and ARN of the access points by name."
  value       = { for name, point in aws_efs_access_point.this : name => { id = point.id, arn = point.arn } }
}

output "security_group_id" {
  description = "Security group of the mount targets."
  value       = aws_security_group.this.id
}
