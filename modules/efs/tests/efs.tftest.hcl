# One mount target in each zone, one fenced folder for each use. No AWS is asked.

mock_provider "aws" {}

variables {
  name                      = "sdt-test"
  vpc_id                    = "vpc-1"
  subnet_ids                = { a = "subnet-a", b = "subnet-b" }
  client_security_group_ids = { tasks = "sg-1" }
  access_points             = { content = { path = "/content" }, mongodb = { path = "/data/mongodb", uid = 999, gid = 999 } }
}

run "folders" {
  command = plan

  assert {
    condition     = length(aws_efs_mount_target.this) == 2 && length(aws_efs_access_point.this) == 2
    error_message = "Each zone has a mount target, each folder an access point."
  }

  assert {
    condition     = aws_efs_access_point.this["mongodb"].posix_user[0].uid == 999 && aws_efs_access_point.this["content"].posix_user[0].uid == 1000
    error_message = "Each folder has its user."
  }

  assert {
    condition     = aws_efs_file_system.this.encrypted
    error_message = "Files are encrypted."
  }
}

run "relative_paths_are_refused" {
  command = plan

  variables {
    access_points = { content = { path = "content" } }
  }

  expect_failures = [var.access_points]
}
