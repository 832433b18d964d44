locals { a = [] }
check "c" {
  assert {
    condition = local.a[0] == 2
    error_message = "no"
  }
}
