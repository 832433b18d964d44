resource "terraform_data" "a" {
  lifecycle {
    ignore_changes = [output]
  }
  input={k={j=1},l=1}
  triggers_replace=1
}
