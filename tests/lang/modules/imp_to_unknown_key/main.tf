resource "terraform_data" "b" {}
resource "terraform_data" "a" {
  for_each = toset(["x"])
}
import {
  for_each = toset(["y"])
  to = terraform_data.a[terraform_data.b.id]
  id = each.key
}
