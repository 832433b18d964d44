variable "e" {
  type = set(string)
  ephemeral = true
  default = ["x"]
}
resource "terraform_data" "a" {
  for_each = toset(["x"])
}
import {
  for_each = var.e
  to = terraform_data.a[each.key]
  id = each.key
}
