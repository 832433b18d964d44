resource "terraform_data" "a" {
  lifecycle {
    ignore_changes = [input["k"]]
  }
  input=[2,3]
  triggers_replace=[1]
}
