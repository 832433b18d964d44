resource "terraform_data" "a" {
  count = 1
  input = 2
}
moved {
  from = terraform_data.a[1]
  to   = terraform_data.a[0]
}
output "o" {
  value = terraform_data.a
}
