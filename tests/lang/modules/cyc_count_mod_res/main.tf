module "m" {
  source = "./m"
  count = 1
  v = terraform_data.a.output
}
resource "terraform_data" "a" {
  input = module.m[0].o
}
