locals { a = "x" }
check "c" {
  assert {
    condition = local.a
    error_message = "no"
  }
}
