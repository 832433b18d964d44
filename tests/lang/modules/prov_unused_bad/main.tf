provider "terraform" {
  nope = 1
}
