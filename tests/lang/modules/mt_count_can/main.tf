module "m" {
  source = "./m"
  count = 2
}
output "r" {
  value = can(module.m["x"].nope)
}
