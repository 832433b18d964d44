resource "terraform_data" "a" {
  for_each = toset(["x"])
}
import {
  for_each = toset(["x","y"])
  to = terraform_data.a["x"]
  id = each.key
}
