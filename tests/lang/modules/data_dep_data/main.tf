resource "terraform_data" "a" {
  triggers_replace = "other.tfstate"
  input = "1"
}
data "terraform_remote_state" "e" {
  backend = "local"
  config  = { path = terraform_data.a.triggers_replace }
}
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = "other.tfstate" }
  depends_on = [data.terraform_remote_state.e]
}
