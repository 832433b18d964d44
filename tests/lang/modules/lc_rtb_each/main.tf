resource "terraform_data" "b" {
  input = 1
}
resource "terraform_data" "a" {
 for_each = toset(["x"])
 input=1
 lifecycle {
 replace_triggered_by = [terraform_data.b[each.key]]
 }
}