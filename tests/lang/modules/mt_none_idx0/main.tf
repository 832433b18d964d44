module "m" {
  source = "./m"
}
output "r" {
  value = module.m[0].o
}
