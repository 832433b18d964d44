resource "terraform_data" "a" {
  triggers_replace = "other.tfstate"
  input = "1"
}
locals { path = terraform_data.a.triggers_replace }
data "terraform_remote_state" "d" {
  backend = "local"
  config  = { path = "other.tfstate" }
  lifecycle {
    precondition {
      condition     = local.path != ""
      error_message = "x"
    }
  }
}
