data "terraform_remote_state" "r" {
  backend = "local"
  config = { path = [{ a = 1 }] }
}
