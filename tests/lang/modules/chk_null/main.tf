locals { a = null }
check "c" {
  assert {
    condition = local.a
    error_message = "no"
  }
}
