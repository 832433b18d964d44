resource "terraform_data" "a" {
  triggers_replace = "other.tfstate"
  input = "1"
}
locals { path = terraform_data.a.triggers_replace }
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = local.path }
}
output "o" { value = data.terraform_remote_state.d.outputs.name }
