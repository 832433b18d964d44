terraform {
  provider_meta "terraform" {
    a = 1
  }
  provider_meta "terraform" {
    a = 1
  }
}
