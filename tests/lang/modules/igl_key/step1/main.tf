resource "terraform_data" "a" {
  lifecycle {
    ignore_changes = [input["k"]]
  }
  input=[1,2]
  triggers_replace=[1]
}
