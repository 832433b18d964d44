resource "terraform_data" "a" {
  count=3
  input=1
}
output "o" {
  value = length(terraform_data.a)
}
