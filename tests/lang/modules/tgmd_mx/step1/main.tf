module "m" {
  source = "./m"
  count = 2
}
module "n" {
  source = "./m"
  i = module.m[0].o
}
output "o" {
  value = module.n.o
}
output "q" {
  value = module.m[*].o
}
