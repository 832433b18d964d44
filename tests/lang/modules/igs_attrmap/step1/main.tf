resource "terraform_data" "a" {
  lifecycle {
    ignore_changes=[input.a]
  }
  input=tomap({a=1,b=1})
}
output "o" {
  value = terraform_data.a.output
  sensitive=true
}
