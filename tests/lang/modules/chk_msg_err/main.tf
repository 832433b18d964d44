locals { a = true }
check "c" {
  assert {
    condition = local.a
    error_message = local.a.b.c
  }
}
