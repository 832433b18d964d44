resource "terraform_data" "a" {
  count = 2

}
output "r" {
  value = terraform_data.a["0"].id
}
