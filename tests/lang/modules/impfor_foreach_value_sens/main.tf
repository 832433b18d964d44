resource "terraform_data" "a" {
  for_each = toset(["x", "y"])
}
import {
  to = terraform_data.a[each.value]
  id = "x"
  for_each = sensitive(toset(["x"]))
}
