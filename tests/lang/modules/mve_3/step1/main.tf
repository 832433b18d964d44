resource "terraform_data" "a" {
  count = 2
  input = 1
}
output "o" {
  value = terraform_data.a
}
