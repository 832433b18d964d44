provider "terraform" {
  nope = var.x
}
