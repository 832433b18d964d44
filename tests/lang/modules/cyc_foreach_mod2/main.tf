module "m" {
  source = "./m"
  for_each = local.x
}
locals { x = toset([for k, v in module.m : v.o]) }
