resource "terraform_data" "a" {
  triggers_replace = "other.tfstate"
  input = "1"
}
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = "other.tfstate" }
  count = length(terraform_data.a.triggers_replace) > 1 ? 1 : 0
}
