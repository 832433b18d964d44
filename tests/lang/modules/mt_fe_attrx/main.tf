module "m" {
  source = "./m"
  for_each = { x = 1, y = 2 }
}
output "r" {
  value = module.m.zz
}
