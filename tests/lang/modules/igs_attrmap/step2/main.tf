resource "terraform_data" "a" {
  lifecycle {
    ignore_changes=[input.a]
  }
  input=tomap({a=2,b=2})
}
output "o" {
  value = terraform_data.a.output
  sensitive=true
}
