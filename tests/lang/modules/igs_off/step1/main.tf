resource "terraform_data" "a" {
  lifecycle {
    ignore_changes=[input]
  }
  input=sensitive(1)
}
output "o" {
  value = terraform_data.a.output
  sensitive=true
}
