resource "terraform_data" "a" {
input=1
provisioner "local-exec" {
command="exit 1"
}
}
output "o" {
  value = terraform_data.a.input
}
