resource "terraform_data" "a" {
input=1
provisioner "local-exec" {
command="exit 1"
}
}
module "m" {
 source="./m"
 v=terraform_data.a.input
}
output "o" {
  value = module.m.o
}
