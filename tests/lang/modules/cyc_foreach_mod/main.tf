module "m" {
  source = "./m"
  for_each = toset([terraform_data.a.id])
}
resource "terraform_data" "a" {
  input = module.m
}
