module "m" {
  source = "./m"
  for_each = toset(["a"])
  v = module.m["a"].o
}
