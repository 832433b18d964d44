resource "terraform_data" "a" {
  triggers_replace = "other.tfstate"
  input = "2"
}
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = terraform_data.a.triggers_replace }
}
output "o" { value = data.terraform_remote_state.d.outputs.name }
