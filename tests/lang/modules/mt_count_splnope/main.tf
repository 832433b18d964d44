module "m" {
  source = "./m"
  count = 2
}
output "r" {
  value = module.m[*].nope
}
