resource "terraform_data" "a" {
  lifecycle {
    ignore_changes=[input[0]]
  }
  input=[1,2]
}
output "o" {
  value = terraform_data.a.output
  sensitive=true
}
