resource "terraform_data" "a" {
  lifecycle {
    ignore_changes = [output]
  }
  input={k={j=2},l=2}
  triggers_replace=2
}
