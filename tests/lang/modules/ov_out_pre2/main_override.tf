output "o" {
  precondition {
    condition = path.module == "x"
    error_message = "no"
  }
}
