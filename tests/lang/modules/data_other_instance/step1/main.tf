resource "terraform_data" "b" {
  count = 2
  triggers_replace = ["other.tfstate", "x"][count.index]
}
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = terraform_data.b[0].triggers_replace }
}
