resource "terraform_data" "a" {

}
output "r" {
  value = terraform_data.a + 1
}
