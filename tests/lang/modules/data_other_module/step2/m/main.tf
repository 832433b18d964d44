variable "p" {}
resource "terraform_data" "m" {
  input = var.p
  triggers_replace = "other.tfstate"
}
data "terraform_remote_state" "m" {
  backend = "local"
  config  = { path = terraform_data.m.triggers_replace }
}
output "o" { value = data.terraform_remote_state.m.outputs.name }
