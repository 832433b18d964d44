module "m" {
 source="./m"
 v="a"
}
output "o" {
 value=module.m.o
}