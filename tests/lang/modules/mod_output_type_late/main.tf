module "m" {
 source="./m"
}
output "o" {
  value = upper(module.m.o)
}
