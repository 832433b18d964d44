resource "terraform_data" "a" {
  for_each = toset(["x"])
}
import {
  to = terraform_data.a
  id = "x"
  for_each = toset(["x"])
}
