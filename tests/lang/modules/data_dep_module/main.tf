module "m" {
  source = "./m"
  p = "1"
}
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = "other.tfstate" }
  depends_on = [module.m]
}
