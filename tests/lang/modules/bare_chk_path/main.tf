check "c" {
 assert {
 condition = path == 1
 error_message = "x"
 }
}