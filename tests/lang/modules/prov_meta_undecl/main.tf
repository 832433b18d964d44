terraform {
  provider_meta "foo" {
    a = var.x
  }
}
