resource "terraform_data" "a" {
  lifecycle {
    ignore_changes=[input[0]]
  }
  input=[sensitive(3),4]
}
output "o" {
  value = terraform_data.a.output
  sensitive=true
}
