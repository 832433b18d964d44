module "m" {
 source="./m"
}
resource "terraform_data" "a" {
 count = module.m.o == 5 ? -1 : 0
}