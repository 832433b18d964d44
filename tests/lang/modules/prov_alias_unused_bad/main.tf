provider "terraform" {
  alias = "x"
  nope = 1
}
resource "terraform_data" "a" {}
