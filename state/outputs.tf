output "bucket" {
  description = "Bucket of the states, for init -backend-config=bucket=NAME."
  value       = aws_s3_bucket.state.bucket
}

output "lock_table" {
  description = "Table of the locks."
  value       = aws_dynamodb_table.locks.name
}
