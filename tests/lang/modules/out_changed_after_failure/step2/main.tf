resource "terraform_data" "a" {
triggers_replace=1
input=2
provisioner "local-exec" {
command="exit 1"
}
}
output "o" {
  value = terraform_data.a.input
}
