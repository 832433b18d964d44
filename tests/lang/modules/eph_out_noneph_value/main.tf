module "m" {
 source="./m"
}
output "q" {
 value=module.m.o
}